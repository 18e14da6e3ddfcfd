/** Access tokens and bans over the HTTP API. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { waitFor } from '../harness/wait-for.ts';
import { type ApiClient, type Body, startApi } from './api-kit.ts';

let api: ApiClient;
before(async () => {
  api = await startApi();
});
after(() => api.close());

test('each role opens what it should, and a revoked token nothing', async () => {
  const [anna, otto] = [await api.user(), await api.user()];
  const make = async (fields: object): Promise<ApiClient> => {
    const { status, body } = await api.post('/tokens', fields);
    assert.equal(status, 200, JSON.stringify(body));
    assert.match(body.token, /^[0-9a-f]{40}$/);
    return api.as(body.token);
  };
  const [root, own, reader, custom] = [
    await make({ role: 'root', description: 'second administrator' }),
    await make({ role: 'user', user: anna, ttl: 60 }),
    await make({ role: 'readonly' }),
    await make({ role: 'custom', user: anna, grants: ['mailboxes:read:own', 'userlisting:read:any'] }),
  ];
  const code = async (client: ApiClient, method: 'get' | 'put' | 'post', path: string): Promise<string> => {
    const { status, body } = await client[method](path);
    return status === 200 ? 'ok' : body.code;
  };
  const table: readonly (readonly ['get' | 'put' | 'post', string, string, string, string, string])[] = [
    // Of all users a user sees the one that is the own.
    ['get', '/users', 'ok', 'ok', 'ok', 'ok'],
    ['get', `/users/${anna}`, 'ok', 'ok', 'ok', 'MissingPrivileges'],
    ['get', `/users/${anna}/mailboxes`, 'ok', 'ok', 'ok', 'ok'],
    ['get', `/users/${otto}/mailboxes`, 'ok', 'MissingPrivileges', 'ok', 'MissingPrivileges'],
    ['get', '/users/me/mailboxes', 'UserNotFound', 'ok', 'UserNotFound', 'ok'],
    ['post', '/users', 'InputValidationError', 'MissingPrivileges', 'MissingPrivileges', 'MissingPrivileges'],
    ['get', '/tokens', 'ok', 'MissingPrivileges', 'ok', 'MissingPrivileges'],
  ];
  for (const [method, path, ...expected] of table) {
    const got = await Promise.all([root, own, reader, custom].map((client) => code(client, method, path)));
    assert.deepEqual(got, expected, `${method} ${path}`);
  }
  const list = (await api.get('/tokens', { user: anna })).body.results;
  assert.deepEqual(
    list.map((one: Body) => one.role),
    ['user', 'custom'],
  );
  assert.ok(!JSON.stringify(list).includes('hash'));
  assert.ok(Date.parse(list[0].expires) > Date.now());
  assert.deepEqual((await api.delete(`/tokens/${list[0].id}`)).body, { success: true });
  assert.equal(await code(own, 'get', `/users/${anna}`), 'InvalidToken');
  assert.equal((await api.delete(`/tokens/${list[0].id}`)).status, 403);
});

test('tokens that can not be', async () => {
  for (const body of [
    {},
    { role: 'king' },
    { role: 'user' },
    { role: 'custom' },
    { role: 'custom', grants: ['everything'] },
    { role: 'root', ttl: 0 },
  ])
    assert.equal((await api.post('/tokens', body)).body.code, 'InputValidationError', JSON.stringify(body));
  assert.equal((await api.post('/tokens', { role: 'user', user: 'a'.repeat(24) })).body.code, 'UserNotFound');
});

test('a password change, and closing the account, void the tokens of the user', async () => {
  const user = await api.user();
  const token = async (): Promise<ApiClient> => api.as((await api.post('/tokens', { role: 'user', user })).body.token);
  const before = await token();
  assert.equal((await before.get(`/users/${user}`)).status, 200);
  await api.put(`/users/${user}`, { password: 'the next secret' });
  // A second is promised; a busy machine may need longer to notice.
  await waitFor(async () => (await before.get(`/users/${user}`)).body?.code === 'InvalidToken');
  const next = await token();
  await api.put(`/users/${user}`, { disabled: true });
  assert.equal((await next.get(`/users/${user}`)).body.code, 'InvalidToken');
});

test('who guesses is banned, listed, and let in again', async () => {
  await api.user({ username: 'guessed' });
  const { limiter } = api.store.accounts.context;
  for (let n = 0; n < 20; n += 1) await limiter.failed('guessed', '203.0.113.9', `guess ${n}`);
  // Every worker knows, whoever counted.
  const other = await api.sibling();
  await waitFor(async () => (await other.get('/bans')).body.results.length === 1);
  const [ban] = (await api.get('/bans')).body.results;
  assert.match(ban.key, /guessed 203\.0\.113\.9/);
  const signIn = (): Promise<{ body: Body }> =>
    other.post('/authenticate', { username: 'guessed', password: 'verysecret', ip: '203.0.113.9' });
  assert.equal((await signIn()).body.code, 'RateLimitedError');
  assert.deepEqual((await api.delete('/bans', { key: ban.key })).body, { success: true, removed: true });
  await waitFor(async () => (await signIn()).body.success === true);
  await other.close();
});
