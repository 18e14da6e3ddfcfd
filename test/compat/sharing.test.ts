import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiClient, startApi } from './api-kit.ts';

let api: ApiClient;
before(async () => {
  api = await startApi();
});
after(() => api.close());

test('a mailbox is shared for reading, for writing, and no longer; orders and filters stay their owner’s', async () => {
  const [owner, other, third] = [await api.user({ name: 'Office' }), await api.user({ name: 'Ben' }), await api.user()];
  const inbox = (await api.get(`/users/${owner}/mailboxes/resolve`, { path: 'INBOX' })).body.id;
  const at = `/users/${owner}/mailboxes/${inbox}/shares`;
  const ben = (await api.get(`/users/${other}`)).body;

  assert.deepEqual((await api.get(at)).body, { success: true, results: [] });
  assert.deepEqual((await api.put(at, { member: ben.username, access: 'read' })).body, { success: true });
  assert.deepEqual((await api.put(at, { member: third, access: 'manage' })).body, { success: true });
  const { results } = (await api.get(at)).body;
  assert.deepEqual(
    results.map((one: { member: string; access: string; rights: string }) => [one.member, one.access, one.rights]),
    [
      [other, 'read', 'lrs'],
      [third, 'manage', 'lrswipkxtea'],
    ],
  );
  assert.equal(results[0].name, 'Ben');
  assert.deepEqual(await api.store.operations.acls.rightsOf(other as never, owner as never, inbox), 'lrs');

  const all = (await api.get('/shares')).body.results.find((one: { user: string }) => one.user === owner);
  assert.deepEqual([all.name, all.path, all.shares.length], ['Office', 'INBOX', 2]);

  await api.put(at, { member: other, access: 'write' });
  await api.put(at, { member: third, access: 'none' });
  assert.deepEqual(
    (await api.get(at)).body.results.map((one: { access: string }) => one.access),
    ['write'],
  );
});

test('what cannot be shared', async () => {
  const owner = await api.user();
  const inbox = (await api.get(`/users/${owner}/mailboxes/resolve`, { path: 'INBOX' })).body.id;
  const at = `/users/${owner}/mailboxes/${inbox}/shares`;
  const table: [object, string][] = [
    [{ member: owner, access: 'read' }, 'NotPermitted'],
    [{ member: 'nobody-there', access: 'read' }, 'UserNotFound'],
    [{ member: owner, access: 'some' }, 'InputValidationError'],
  ];
  for (const [body, code] of table) assert.equal((await api.put(at, body)).body.code, code);
  const missing = `/users/${owner}/mailboxes/${'0'.repeat(24)}/shares`;
  assert.equal((await api.get(missing)).body.code, 'NoSuchMailbox');
});

test('people share their own and nobody else’s', async () => {
  const [owner, other] = [await api.user(), await api.user()];
  const { token } = await api.store.accounts.tokens.create({ role: 'user', user: owner });
  const inboxOf = async (user: string): Promise<string> =>
    (await api.get(`/users/${user}/mailboxes/resolve`, { path: 'INBOX' })).body.id;
  const own = api.as(token);
  const to = { member: 'anyone', access: 'read' };
  assert.equal((await own.put(`/users/me/mailboxes/${await inboxOf(owner)}/shares`, to)).status, 200);
  assert.equal((await own.put(`/users/${other}/mailboxes/${await inboxOf(other)}/shares`, to)).status, 403);
  assert.equal((await own.get('/shares')).status, 403);
});
