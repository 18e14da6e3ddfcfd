/** `/users` as its clients know it. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { users } from '../../server/api/contract/users.ts';
import { type Api, startApi } from './api.ts';
import { checkBadInputs, long, pagingInputs, wrong } from './constraints.ts';

let api: Api;
before(async () => {
  api = await startApi();
});

const NOBODY = '0123456789abcdef01234567';
const limits = [
  'quota',
  'recipients',
  'forwards',
  'filters',
  'imapMaxUpload',
  'imapMaxDownload',
  'pop3MaxDownload',
  'pop3MaxMessages',
  'imapMaxConnections',
  'receivedMax',
];
const badLimits = Object.fromEntries(limits.map((name) => [name, wrong.count]));
const badSettings = {
  ...badLimits,
  password: [long(257), 5, {}],
  hashedPassword: wrong.boolean,
  allowUnsafe: wrong.boolean,
  language: [long(21)],
  name: [long(257)],
  targets: [...wrong.list, ['no target']],
  spamLevel: [-1, 101, 'much'],
  retention: wrong.count,
  fromWhitelist: [...wrong.list, [long(129)]],
  tags: [...wrong.list, [long(129)]],
  uploadSentMessages: wrong.boolean,
  encryptMessages: wrong.boolean,
  encryptForwarded: wrong.boolean,
  metaData: wrong.metaData,
  internalData: wrong.metaData,
  disabledScopes: [...wrong.list, ['web'], ['imap', 'imap']],
  pubKey: ['no key'],
  sess: [long(256)],
  ip: wrong.ip,
} as const;

test('a user is made with everything that can be said, and comes back so', async () => {
  const input = {
    username: 'myuser',
    name: 'John Smith',
    address: 'john@example.com',
    password: 'secretvalue',
    language: 'et',
    targets: ['other@example.com', 'https://example.com/upload'],
    spamLevel: 40,
    quota: 1_000_000_000,
    recipients: 500,
    tags: ['status:user', 'account:example.com'],
    fromWhitelist: ['*@example.com'],
    mailboxes: { sent: 'Saadetud kirjad', trash: 'Prügikast', junk: 'Praht', drafts: 'Mustandid' },
    disabledScopes: ['imap', 'pop3'],
    metaData: { icon: 'a.png' },
    internalData: { trial: true },
  };
  const { id } = await api.ok('POST /users', input, users.create);
  const user = await api.ok(`GET /users/${String(id)}`, undefined, users.get);
  for (const field of [
    'username',
    'name',
    'address',
    'language',
    'targets',
    'spamLevel',
    'tags',
    'fromWhitelist',
    'disabledScopes',
    'metaData',
    'internalData',
  ] as const)
    assert.deepEqual(user[field], input[field], field);
  assert.deepEqual((user['limits'] as Record<string, unknown>)['quota'], { allowed: 1_000_000_000, used: 0 });
  assert.deepEqual((user['limits'] as Record<string, unknown>)['recipients'], { allowed: 500, used: 0, ttl: false });
  assert.deepEqual(
    [user['hasPasswordSet'], user['activated'], user['disabled'], user['suspended'], user['retention']],
    [true, true, false, false, false],
  );
  const { results } = (await api.ok(`GET /users/${String(id)}/mailboxes`)) as {
    results: { path: string; specialUse: string | null }[];
  };
  const byUse = Object.fromEntries(results.map((one) => [one.specialUse ?? one.path, one.path]));
  assert.deepEqual(
    [byUse['INBOX'], byUse['\\Sent'], byUse['\\Trash'], byUse['\\Junk'], byUse['\\Drafts']],
    ['INBOX', 'Saadetud kirjad', 'Prügikast', 'Praht', 'Mustandid'],
  );

  await api.fails('POST /users', 400, 'UserExistsError', { body: { username: 'MyUser', password: 'x' } });
  await api.fails('POST /users', 400, 'UserExistsError', { body: { username: 'my.user', password: 'x' } });
  await api.fails('POST /users', 400, 'AddressExistsError', {
    body: { username: 'someone', address: 'J.Ohn@Example.Com', password: 'x' },
  });
  assert.equal((await api.ok('GET /users/resolve/MyUser', undefined, users.resolve))['id'], id);
  await api.fails('GET /users/resolve/nobody', 404, 'UserNotFound');
});

test('inputs in a query, a form or as multipart say the same', async () => {
  const form = await api.call('POST /users', {
    body: 'username=former&password=secret+value&tags=%5B%22a%22%5D&quota=5000&uploadSentMessages=yes',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  assert.equal(form.status, 200, form.text);
  const user = await api.ok(`GET /users/${String(form.body['id'])}`);
  assert.deepEqual([user['tags'], user['uploadSentMessages']], [['a'], true]);
  const parts = new FormData();
  parts.set('username', 'multi');
  parts.set('password', 'secret value');
  assert.equal((await api.call('POST /users', { body: parts })).status, 200);
  assert.equal((await api.call('POST /users?username=query&password=secretvalue')).status, 200);
  const broken = await api.call('POST /users', { body: '{"username":', headers: { 'content-type': 'application/json' } });
  assert.deepEqual([broken.status, broken.body['code']], [400, 'InputValidationError']);
  assert.equal((await api.call('POST /users', { body: '<x/>', headers: { 'content-type': 'text/xml' } })).status, 415);
  assert.equal(
    (await api.call('POST /users', { body: { username: 'big', password: 'x', metaData: { a: long(2_000_000) } } })).status,
    413,
  );
});

test('wrong inputs are refused by field', async () => {
  const { id } = await api.user();
  await checkBadInputs(api, {
    call: 'POST /users',
    good: { username: 'good', password: 'a fine secret' },
    required: ['username', 'password'],
    bad: {
      ...badSettings,
      username: ['', 'ömy', 'a b', '.a', 'a..b', 'a@', long(129), 5],
      address: ['no address', 'a@', '@b', 'a b@example.com', 'a+label@example.com'].slice(0, 4),
      emptyAddress: wrong.boolean,
      requirePasswordChange: wrong.boolean,
      addTagsToAddress: wrong.boolean,
      'mailboxes.sent': ['a//b', 'a/'],
    },
  });
  await checkBadInputs(api, {
    call: `PUT /users/${id}`,
    good: { name: 'Good' },
    bad: {
      ...badSettings,
      existingPassword: [long(257)],
      disable2fa: wrong.boolean,
      disabled: wrong.boolean,
      suspended: wrong.boolean,
    },
  });
  await checkBadInputs(api, {
    call: 'GET /users',
    bad: {
      ...pagingInputs,
      query: [long(256)],
      forward: [long(256)],
      tags: [long(1_025)],
      requiredTags: [long(1_025)],
      metaData: ['maybe'],
      internalData: ['maybe'],
    },
  });
  await checkBadInputs(api, { call: `DELETE /users/${id}`, bad: { deleteAfter: ['someday'] } });
  await checkBadInputs(api, { call: `POST /users/${id}/password/reset`, bad: { validAfter: wrong.date } });
  await checkBadInputs(api, { call: `PUT /users/${id}/logout`, bad: { reason: [long(129)] } });
  const unchanged = await api.ok(`GET /users/${id}`);
  assert.equal(unchanged['name'], '');
});

test('a user who is not there, an id that is none', async () => {
  const calls = [
    ['GET /users/ID', {}],
    ['PUT /users/ID', { name: 'x' }],
    ['DELETE /users/ID', {}],
    ['PUT /users/ID/logout', {}],
    ['POST /users/ID/password/reset', {}],
    ['POST /users/ID/quota/reset', {}],
    ['GET /users/ID/addresses', {}],
    ['GET /users/ID/mailboxes', {}],
    ['GET /users/ID/authlog', {}],
  ] as const;
  for (const [call, body] of calls) {
    const options = call.startsWith('GET') ? {} : { body };
    await api.fails(call.replace('ID', NOBODY), 404, 'UserNotFound', options);
    const { details } = await api.fails(call.replace('ID', '123'), 400, 'InputValidationError', options);
    assert.deepEqual(Object.keys(details as object), ['user'], call);
  }
  await api.fails(`GET /users/${NOBODY}/restore`, 404, 'AccountNotFound');
});

test('lists are paged forwards and backwards; searched by word, tag and target', async () => {
  for (const [index, name] of ['pa', 'pb', 'pc', 'pd', 'pe'].entries()) {
    const tags = index % 2 === 0 ? ['even', 'page'] : ['page'];
    await api.user({ username: name, address: `${name}@pages.test`, tags, targets: index === 3 ? ['copy@pages.test'] : [] });
  }
  type Page = {
    total: number;
    page: number;
    results: { username: string }[];
    nextCursor: string | false;
    previousCursor: string | false;
    query?: string;
  };
  const page = async (query: string): Promise<Page> =>
    (await api.ok(`GET /users?${query}`, undefined, users.list)) as unknown as Page;
  const names = (one: Page): string[] => one.results.map(({ username }) => username);

  const first = await page('query=pages.test&limit=2');
  assert.deepEqual(
    [names(first), first.total, first.page, first.previousCursor, first.query],
    [['pa', 'pb'], 5, 1, false, 'pages.test'],
  );
  const second = await page(`query=pages.test&limit=2&next=${String(first.nextCursor)}&page=2`);
  assert.deepEqual([names(second), second.page], [['pc', 'pd'], 2]);
  const last = await page(`query=pages.test&limit=2&next=${String(second.nextCursor)}`);
  assert.deepEqual([names(last), last.nextCursor], [['pe'], false]);
  assert.deepEqual(names(await page(`query=pages.test&limit=2&previous=${String(second.previousCursor)}`)), ['pa', 'pb']);
  await api.fails('GET /users?next=nonsense', 400, 'InputValidationError');
  assert.deepEqual(names(await page('tags=EVEN,other')), ['pa', 'pc', 'pe']);
  assert.deepEqual(names(await page('requiredTags=even,page')), ['pa', 'pc', 'pe']);
  assert.deepEqual(names(await page('requiredTags=even,other')), []);
  assert.deepEqual(names(await page('forward=copy@pages')), ['pd']);
  assert.deepEqual(names(await page('query=.*')), [], 'a pattern is a text');
});

test('changes: settings, password, closing; nothing to change is said', async () => {
  const { id, username, password } = await api.user();
  const enter = (secret: string) => api.call('POST /authenticate', { body: { username, password: secret } });
  await api.ok(`PUT /users/${id}`, { name: 'Renamed', quota: 77, tags: ['b'], retention: 5_000 }, users.update);
  const user = await api.ok(`GET /users/${id}`);
  assert.deepEqual([user['name'], user['tags'], user['retention']], ['Renamed', ['b'], 5_000]);
  await api.fails(`PUT /users/${id}`, 400, 'NoUpdates', { body: {} });
  await api.fails(`PUT /users/${id}`, 403, 'AuthFailed', { body: { existingPassword: 'wrong', password: 'next secret' } });
  await api.ok(`PUT /users/${id}`, { existingPassword: password, password: 'next secret' });
  assert.equal((await enter('next secret')).status, 200);
  assert.equal((await enter(password)).status, 403);
  await api.fails(`PUT /users/${id}`, 403, 'InsecurePasswordError', { body: { password: '123456', allowUnsafe: false } });
  const invalid = await api.fails(`PUT /users/${id}`, 400, 'InputValidationError', {
    body: { password: 'no hash', hashedPassword: true },
  });
  assert.ok('password' in (invalid['details'] as object));
  await api.ok(`PUT /users/${id}`, { disabled: true });
  assert.equal((await enter('next secret')).status, 403);
  await api.ok(`PUT /users/${id}`, { disabled: 'no', password: false });
  assert.equal((await api.ok(`GET /users/${id}`))['hasPasswordSet'], false);
});

test('a temporary password is good from its time on, and asks for another', async () => {
  const { id, username } = await api.user();
  const { password } = await api.ok(`POST /users/${id}/password/reset`, {}, users.resetPassword);
  const entered = await api.ok('POST /authenticate', { username, password });
  assert.equal(entered['requirePasswordChange'], true);
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const early = await api.ok(`POST /users/${id}/password/reset`, { validAfter: later }, users.resetPassword);
  assert.equal(early['validAfter'], later);
  await api.fails('POST /authenticate', 403, 'TempPasswordNotYetValid', { body: { username, password: early['password'] } });
});

test('deleted at once, or later and brought back', async () => {
  const gone = await api.user();
  await api.ok(`DELETE /users/${gone.id}`, undefined, users.remove);
  await api.fails(`GET /users/${gone.id}`, 404, 'UserNotFound');
  await api.user({ username: gone.username, address: `${gone.username}@example.test` });

  const late = await api.user({ tags: ['kept'] });
  await api.ok(`POST /users/${late.id}/addresses`, { address: 'second@restore.test' });
  const deleteAfter = new Date(Date.now() + 86_400_000).toISOString();
  const answer = await api.ok(`DELETE /users/${late.id}?deleteAfter=${deleteAfter}`, undefined, users.remove);
  assert.deepEqual([answer['addresses'], answer['deleteAfter'], answer['code']], [{ deleted: 2 }, deleteAfter, 'TaskScheduled']);
  await api.fails('POST /authenticate', 403, 'AuthFailed', { body: { username: late.username, password: late.password } });
  await api.user({ username: 'taker', address: 'second@restore.test' });
  const kept = await api.ok(`GET /users/${late.id}/restore`, undefined, users.restorable);
  assert.deepEqual(
    [kept['username'], kept['tags'], kept['recoverableAddresses']],
    [late.username, ['kept'], [`${late.username}@example.test`]],
  );
  const back = await api.ok(`POST /users/${late.id}/restore`, {}, users.restore);
  assert.deepEqual(back['addresses'], { recovered: 1, main: `${late.username}@example.test` });
  await api.ok('POST /authenticate', { username: late.username, password: late.password });
  await api.fails(`POST /users/${late.id}/restore`, 400, 'AccountFound', { body: {} });
});

test('quotas are counted, not stored', async () => {
  const { id } = await api.user();
  const answer = await api.ok(`POST /users/${id}/quota/reset`, {}, users.resetQuota);
  assert.deepEqual([answer['storageUsed'], answer['previousStorageUsed']], [0, 0]);
  await api.ok('POST /quota/reset', {}, users.resetAllQuotas);
});
