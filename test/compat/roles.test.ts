/** What a token's role lets it do; what is decided before a body is read. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { before, test } from 'node:test';
import { type Api, type CallOptions, startApi } from './api.ts';

let api: Api;
before(async () => {
  api = await startApi();
});

const tokenOf = async (fields: Readonly<Record<string, unknown>>): Promise<string> =>
  String((await api.ok('POST /tokens', fields))['token']);

test('a manager administers the users of its domains and sees no others', async () => {
  const token = await tokenOf({ role: 'manager', domains: ['ours.test', 'уайлддак.орг'] });
  await api.fails('POST /tokens', 400, 'InputValidationError', { body: { role: 'manager' } });
  const call = (text: string, options: CallOptions = {}) => api.call(text, { token, ...options });
  const ours = await api.user({ username: 'anna', address: 'anna@ours.test' });
  const theirs = await api.user({ username: 'bert', address: 'bert@theirs.test' });
  await api.user({ username: 'carl', address: 'carl@notours.test' });
  await api.user({ username: 'андрис@уайлддак.орг', address: 'андрис@уайлддак.орг' });

  const list = (await call('GET /users')).body;
  assert.deepEqual(
    [list['total'], (list['results'] as { username: string }[]).map((one) => one.username).sort()],
    [2, ['anna', 'андрис@уайлддак.орг']],
  );
  const addresses = (await call('GET /addresses')).body;
  assert.deepEqual((addresses['results'] as { address: string }[]).map((one) => one.address).sort(), [
    'anna@ours.test',
    'андрис@уайлддак.орг',
  ]);

  const may = [
    [`GET /users/${ours.id}`, undefined],
    [`PUT /users/${ours.id}`, { quota: 5_000, name: 'Anna' }],
    [`GET /users/${ours.id}/mailboxes`, undefined],
    [`POST /users/${ours.id}/addresses`, { address: 'second@ours.test' }],
    [`POST /users/${ours.id}/asps`, { description: 'Phone' }],
    [`POST /users/${ours.id}/password/reset`, {}],
    ['POST /users', { username: 'dora', password: 'a fine secret', address: 'dora@ours.test' }],
    ['GET /users/resolve/anna', undefined],
    [`DELETE /users/${ours.id}`, undefined],
  ] as const;
  for (const [text, body] of may) assert.equal((await call(text, { body })).status, 200, text);
  const mayNot = [
    [`GET /users/${theirs.id}`, undefined],
    [`PUT /users/${theirs.id}`, { quota: 5_000 }],
    [`DELETE /users/${theirs.id}`, undefined],
    [`GET /users/${theirs.id}/mailboxes`, undefined],
    ['POST /users', { username: 'eve', password: 'a fine secret', address: 'eve@theirs.test' }],
    ['POST /users', { username: 'eve', password: 'a fine secret' }],
    ['POST /users', { username: 'eve@theirs.test', password: 'a fine secret' }],
    ['GET /users/resolve/bert', undefined],
    ['GET /addresses/resolve/bert@theirs.test', undefined],
    ['GET /settings', undefined],
    ['GET /certs', undefined],
    ['GET /dkim', undefined],
    ['GET /tokens', undefined],
    ['POST /tokens', { role: 'root' }],
    ['PUT /addresses/renameDomain', { oldDomain: 'theirs.test', newDomain: 'ours.test' }],
  ] as const;
  for (const [text, body] of mayNot) await api.fails(text, 403, 'MissingPrivileges', { token, body });
  const dora = String((await api.ok('GET /users/resolve/dora'))['id']);
  await api.fails(`POST /users/${dora}/addresses`, 403, 'MissingPrivileges', { token, body: { address: 'third@theirs.test' } });
});

test('read-only reads, custom does what is granted', async () => {
  const { id } = await api.user();
  const readonly = await tokenOf({ role: 'readonly' });
  assert.equal((await api.call('GET /users', { token: readonly })).status, 200);
  assert.equal((await api.call(`GET /users/${id}/mailboxes`, { token: readonly })).status, 200);
  for (const [call, body] of [
    [`PUT /users/${id}`, { name: 'x' }],
    [`DELETE /users/${id}`, undefined],
    ['POST /users', {}],
    ['GET /audit/0123456789abcdef01234567', undefined],
  ] as const)
    await api.fails(call, 403, 'MissingPrivileges', { token: readonly, body });
  const custom = await tokenOf({ role: 'custom', grants: ['users:read:any', 'users:create:any'] });
  assert.equal((await api.call(`GET /users/${id}`, { token: custom })).status, 200);
  assert.equal(
    (await api.call('POST /users', { token: custom, body: { username: 'made', password: 'a fine secret' } })).status,
    200,
  );
  await api.fails('GET /users', 403, 'MissingPrivileges', { token: custom });
  await api.fails(`DELETE /users/${id}`, 403, 'MissingPrivileges', { token: custom });
});

test('without a token nothing of a big body is read', async () => {
  const { id } = await api.user();
  const inbox = ((await api.ok(`GET /users/${id}/mailboxes`))['results'] as { id: string }[])[0]?.id ?? '';
  const url = new URL(`/users/${id}/mailboxes/${inbox}/messages`, api.url);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const upload = request(
      url,
      { method: 'POST', headers: { 'content-type': 'message/rfc822', 'content-length': 50_000_000 } },
      (answer) => {
        resolve(answer.statusCode);
        upload.destroy();
      },
    );
    upload.on('error', reject);
    // The header and a little: the answer must come without the rest.
    upload.write('Subject: x\r\n');
  });
  assert.equal(status, 403);
});

test('what was used counts in the limits', async () => {
  const { id } = await api.user({ receivedMax: 7, filters: 3 });
  await api.ok(`POST /users/${id}/filters`, { query: { from: 'x' }, action: { seen: true } });
  const { storeOf } = await import('../harness/worker.ts');
  const store = await storeOf(api.worker);
  assert.ok(await store.usage.take(id, 'received', 2, 7, 3_600_000));
  const limits = (await api.ok(`GET /users/${id}`))['limits'] as Record<
    string,
    { allowed: number; used: number; ttl: number | false }
  >;
  assert.deepEqual([limits['filters'], limits['received']?.allowed, limits['received']?.used], [{ allowed: 3, used: 1 }, 7, 2]);
  assert.ok(Number(limits['received']?.ttl) > 0 && Number(limits['received']?.ttl) <= 3_600);
  assert.equal(limits['recipients']?.ttl, false);
});
