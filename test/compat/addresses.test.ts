/** `/addresses` and the addresses of users as their clients know them. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { addresses } from '../../server/api/contract/addresses.ts';
import { type Api, startApi } from './api.ts';
import { checkBadInputs, long, pagingInputs, wrong } from './constraints.ts';

let api: Api;
before(async () => {
  api = await startApi();
});

const NOBODY = '0123456789abcdef01234567';
const described = {
  name: [long(129)],
  tags: [...wrong.list, [long(129)]],
  metaData: wrong.metaData,
  internalData: wrong.metaData,
} as const;

test('addresses of a user: added, made the main one, respelled, removed', async () => {
  const { id, username } = await api.user();
  const at = `/users/${id}/addresses`;
  const added = await api.ok(
    `POST ${at}`,
    { address: 'First.Alias@Example.Test', name: 'Alias', tags: ['t'], metaData: { a: 1 }, internalData: { b: 2 } },
    addresses.create,
  );
  await api.fails(`POST ${at}`, 400, 'AddressExistsError', { body: { address: 'firstalias@example.test' } });
  const list = async (query = '') =>
    (await api.ok(`GET ${at}${query}`, undefined, addresses.ofUser))['results'] as Record<string, unknown>[];
  assert.deepEqual(
    (await list()).map((one) => [one['address'], one['main'], one['name'], 'metaData' in one]),
    [
      [`${username}@example.test`, true, false, false],
      ['First.Alias@example.test', false, 'Alias', false],
    ],
  );
  assert.deepEqual((await list('?metaData=1&internalData=yes'))[1]?.['internalData'], { b: 2 });
  const one = await api.ok(`GET ${at}/${String(added['id'])}`, undefined, addresses.get);
  assert.deepEqual(
    [one['address'], one['metaData'], one['internalData'], one['main']],
    ['First.Alias@example.test', { a: 1 }, { b: 2 }, false],
  );

  await api.fails(`DELETE ${at}/${String((await list())[0]?.['id'])}`, 400, 'NotPermitted');
  await api.ok(`PUT ${at}/${String(added['id'])}`, { main: true, name: 'Main', tags: ['u'] }, addresses.update);
  await api.ok(`PUT ${at}/${String(added['id'])}`, { address: 'firstAlias@example.test' });
  await api.fails(`PUT ${at}/${String(added['id'])}`, 400, 'ChangeNotAllowed', { body: { address: 'other@example.test' } });
  assert.equal((await api.ok(`GET /users/${id}`))['address'], 'firstAlias@example.test');
  const [former] = await list();
  await api.ok(`DELETE ${at}/${String(former?.['id'])}`, undefined, addresses.remove);
  await api.fails(`GET ${at}/${String(former?.['id'])}`, 404, 'AddressNotFound');
  await api.fails(`PUT ${at}/${NOBODY}`, 404, 'AddressNotFound', { body: { main: true } });
  await api.fails(`DELETE ${at}/${NOBODY}`, 404, 'AddressNotFound');
  await api.fails(`POST /users/${NOBODY}/addresses`, 404, 'UserNotFound', { body: { address: 'lost@example.test' } });
});

test('wildcards are found when they are asked for', async () => {
  const { id } = await api.user();
  const at = `/users/${id}/addresses`;
  await api.fails(`POST ${at}`, 400, 'InputValidationError', { body: { address: '*@wild.test' } });
  const added = await api.ok(`POST ${at}`, { address: '*@wild.test', allowWildcard: true });
  await api.ok(`POST ${at}`, { address: 'everywhere@*', allowWildcard: true });
  await api.fails(`POST ${at}`, 400, 'WildcardNotPermitted', {
    body: { address: '*@other.test', allowWildcard: true, main: true },
  });
  await api.fails(`PUT ${at}/${String(added['id'])}`, 400, 'WildcardNotPermitted', { body: { main: true } });
  await api.fails('GET /addresses/resolve/any@wild.test', 404, 'AddressNotFound');
  const found = await api.ok('GET /addresses/resolve/any@wild.test?allowWildcard=true', undefined, addresses.resolve);
  assert.deepEqual([found['address'], found['user']], ['*@wild.test', id]);
  assert.equal((await api.ok('GET /addresses/resolve/everywhere@far.test?allowWildcard=true'))['user'], id);
});

test('any spelling of an address finds its owner', async () => {
  const { id } = await api.user({ username: 'андрис@уайлддак.орг', address: 'андрис@уайлддак.орг' });
  for (const spelling of [
    'андрис@уайлддак.орг',
    'АНДРИС@уайлддак.орг',
    'андрис+label@уайлддак.орг',
    `андрис@${new URL('http://уайлддак.орг').hostname}`,
  ]) {
    const found = await api.ok(`GET /addresses/resolve/${encodeURIComponent(spelling)}`, undefined, addresses.resolve);
    assert.deepEqual([found['user'], found['address']], [id, 'андрис@уайлддак.орг'], spelling);
    assert.equal((await api.ok(`GET /addresses/resolve/${String(found['id'])}`))['user'], id);
  }
  assert.equal((await api.ok(`GET /users/resolve/${encodeURIComponent('андрис@уайлддак.орг')}`))['id'], id);
});

test('forwarding addresses: made, shown, changed, listed, removed', async () => {
  const autoreply = { status: true, name: 'Desk', subject: 'Away', text: 'Later', start: '2026-01-01T00:00:00.000Z' };
  const targets = ['one@example.com', 'smtp://mx.example.com:25', 'https://example.com/in'];
  const made = await api.ok(
    'POST /addresses/forwarded',
    { address: 'desk@forward.test', name: 'Desk', targets, forwards: 9, autoreply, tags: ['x'], metaData: { a: 1 } },
    addresses.createForwarder,
  );
  const at = `/addresses/forwarded/${String(made['id'])}`;
  const shown = await api.ok(`GET ${at}`, undefined, addresses.getForwarder);
  assert.deepEqual(
    [shown['address'], shown['targets'], shown['limits'], shown['autoreply'], shown['tags'], shown['metaData']],
    ['desk@forward.test', targets, { forwards: { allowed: 9, used: 0, ttl: false } }, autoreply, ['x'], { a: 1 }],
  );
  await api.ok(
    `PUT ${at}`,
    { targets: ['two@example.com'], forwardedDisabled: true, address: 'D.esk@forward.test', autoreply: { status: false } },
    addresses.updateForwarder,
  );
  const changed = await api.ok(`GET ${at}`);
  assert.deepEqual(
    [changed['targets'], changed['forwardedDisabled'], changed['address'], changed['autoreply']],
    [['two@example.com'], true, 'D.esk@forward.test', { status: false }],
  );
  await api.fails(`PUT ${at}`, 400, 'ChangeNotAllowed', { body: { address: 'other@forward.test' } });
  await api.fails('POST /addresses/forwarded', 400, 'AddressExistsError', { body: { address: 'desk@forward.test' } });

  const { id: user } = await api.user({ address: 'person@forward.test' });
  const page = await api.ok('GET /addresses?query=forward.test', undefined, addresses.list);
  const results = page['results'] as Record<string, unknown>[];
  assert.deepEqual(
    results.map((one) => [one['address'], one['user'], one['forwarded'], one['forwardedDisabled'], one['targets']]),
    [
      ['D.esk@forward.test', undefined, true, true, ['two@example.com']],
      ['person@forward.test', user, false, undefined, undefined],
    ],
  );
  const byTarget = await api.ok('GET /addresses?forward=two@example');
  assert.equal(byTarget['total'], 1);
  assert.equal((await api.ok('GET /addresses?requiredTags=X&metaData=true'))['total'], 1);
  await api.ok(`DELETE ${at}`, undefined, addresses.removeForwarder);
  for (const call of [`GET ${at}`, `DELETE ${at}`, `PUT ${at}`])
    await api.fails(call, 404, 'AddressNotFound', call.startsWith('PUT') ? { body: { name: 'x' } } : {});
});

test('a domain is renamed with all that is in it', async () => {
  const { id } = await api.user({ username: 'mover@old.test', address: 'mover@old.test' });
  await api.ok(`POST /users/${id}/addresses`, { address: 'second@old.test' });
  const moved = await api.ok(
    'PUT /addresses/renameDomain',
    { oldDomain: 'old.test', newDomain: 'new.test' },
    addresses.renameDomain,
  );
  assert.deepEqual([moved['modifiedAddresses'], moved['modifiedUsers']], [2, 1]);
  const user = await api.ok(`GET /users/${id}`);
  assert.deepEqual([user['username'], user['address']], ['mover@new.test', 'mover@new.test']);
  await api.fails('GET /addresses/resolve/second@old.test', 404, 'AddressNotFound');
});

test('wrong inputs are refused by field', async () => {
  const { id } = await api.user();
  const { results } = (await api.ok(`GET /users/${id}/addresses`)) as { results: { id: string }[] };
  const forwarder = await api.ok('POST /addresses/forwarded', { address: 'bad@forward.test' });
  const badAddress = ['no address', 'a@', 'a b@example.com', 5];
  const autoreply = {
    'autoreply.status': ['maybe'],
    'autoreply.subject': [long(2_049)],
    'autoreply.text': [long(131_073)],
    'autoreply.start': ['someday'],
    'autoreply.end': ['someday'],
  } as const;
  await checkBadInputs(api, {
    call: `POST /users/${id}/addresses`,
    good: { address: 'fine@example.test' },
    required: ['address'],
    bad: { address: [...badAddress, 'a+b@example.test'], ...described, main: wrong.boolean, allowWildcard: wrong.boolean },
  });
  await checkBadInputs(api, {
    call: `PUT /users/${id}/addresses/${results[0]?.id}`,
    bad: { ...described, address: badAddress, main: wrong.boolean },
  });
  await checkBadInputs(api, {
    call: 'POST /addresses/forwarded',
    good: { address: 'fine@forward.test' },
    required: ['address'],
    bad: {
      address: badAddress,
      ...described,
      ...autoreply,
      targets: [...wrong.list, ['none']],
      forwards: wrong.count,
      allowWildcard: wrong.boolean,
    },
  });
  await checkBadInputs(api, {
    call: `PUT /addresses/forwarded/${String(forwarder['id'])}`,
    bad: {
      address: badAddress,
      ...described,
      ...autoreply,
      targets: [...wrong.list, ['none']],
      forwards: wrong.count,
      forwardedDisabled: wrong.boolean,
    },
  });
  await checkBadInputs(api, {
    call: 'GET /addresses',
    bad: {
      ...pagingInputs,
      query: [long(256)],
      forward: [long(256)],
      tags: [long(1_025)],
      requiredTags: [long(1_025)],
      metaData: ['maybe'],
    },
  });
  await checkBadInputs(api, {
    call: 'PUT /addresses/renameDomain',
    good: { oldDomain: 'a.test', newDomain: 'b.test' },
    required: ['oldDomain', 'newDomain'],
    bad: { oldDomain: ['no domain!'], newDomain: ['no domain!'] },
  });
  for (const call of [
    `GET /users/${id}/addresses/12`,
    `PUT /users/${id}/addresses/12`,
    `DELETE /users/${id}/addresses/12`,
    'GET /addresses/forwarded/12',
    'DELETE /addresses/forwarded/12',
    'PUT /addresses/forwarded/12',
    'GET /addresses/resolve/12',
  ])
    await api.fails(call, 400, 'InputValidationError', call.startsWith('PUT') ? { body: {} } : {});
});
