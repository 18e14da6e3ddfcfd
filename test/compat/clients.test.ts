/** What clients of the interface count on beyond its description: which fields are absent, which words an error has, what is made on the way. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiClient, type Body, startApi } from './api-kit.ts';

let api: ApiClient;
before(async () => {
  api = await startApi();
});
after(() => api.close());

const NOBODY = '0'.repeat(24);
const mailboxesOf = async (user: string): Promise<Body[]> => (await api.get(`/users/${user}/mailboxes`)).body.results;
const idOf = async (user: string, path: string): Promise<string> =>
  (await mailboxesOf(user)).find((one: Body) => one.path === path).id;

test('an automatic reply has only the dates that are set', async () => {
  const user = await api.user();
  const at = `/users/${user}/autoreply`;
  const empty = { success: true, status: false, name: '', subject: '', text: '', html: '' };
  assert.deepEqual((await api.get(at)).body, empty);
  const dates = { start: '2026-01-01T00:00:00.000Z', end: '2026-02-01T00:00:00.000Z' };
  await api.put(at, { status: true, subject: 'Away', ...dates });
  const { created, ...set } = (await api.get(at)).body;
  assert.deepEqual(set, { ...empty, status: true, subject: 'Away', ...dates });
  assert.match(created, /^\d{4}-/);
  await api.put(at, { start: false, subject: '' });
  const changed = (await api.get(at)).body;
  assert.deepEqual([changed.start, changed.end, changed.subject, changed.status], [undefined, dates.end, '', true]);
  await api.delete(at);
  assert.deepEqual((await api.get(at)).body, empty);
});

test('lists over all users show a user the own part', async () => {
  const [one, other] = [await api.user(), await api.user()];
  for (const user of [one, one, other])
    await api.post(`/users/${user}/filters`, { query: { from: 'x' }, action: { seen: true }, name: user });
  await api.post('/webhooks', { type: ['user.created'], url: 'https://example.com/', user: other });
  const { username } = (await api.get(`/users/${one}`)).body;
  const { token } = (await api.post('/authenticate', { username, password: 'verysecret', token: true })).body;
  const mine = api.as(token);
  const totals = await Promise.all(
    ['/filters', '/addresses', '/users', '/webhooks'].map(async (path) => {
      const { status, body } = await mine.get(path);
      return [status, body.total];
    }),
  );
  assert.deepEqual(totals, [
    [200, 2],
    [200, 1],
    [200, 1],
    [200, 0],
  ]);
  assert.equal((await mine.get('/users', { query: 'user' })).body.results[0].id, one);
  assert.equal((await mine.get('/filters', { forward: 'nobody' })).body.total, 0);
});

test('a new password: the token that set it goes on, others are void at once', async () => {
  const user = await api.user();
  const { username } = (await api.get(`/users/${user}`)).body;
  const enter = async (): Promise<string> =>
    (await api.post('/authenticate', { username, password: 'verysecret', token: true })).body.token;
  const [first, second] = [await enter(), await enter()];
  const works = async (token: string): Promise<number> => (await api.as(token).get('/users/me')).status;
  assert.deepEqual([await works(first), await works(second)], [200, 200]);
  assert.equal((await api.as(first).put('/users/me', { password: 'anothersecret' })).status, 200);
  assert.deepEqual([await works(first), await works(second)], [200, 403]);
  const bare = await api.app.inject({ method: 'GET', url: '/users/me', headers: { authorization: first } });
  assert.equal(bare.statusCode, 200);
});

test('the way to a new mailbox is made of names, which are no mailboxes', async () => {
  const user = await api.user();
  const before = (await mailboxesOf(user)).length;
  const made = await api.post(`/users/${user}/mailboxes`, { path: '/way/to/here' });
  assert.equal(made.status, 200);
  assert.equal((await mailboxesOf(user)).length, before + 1);
  assert.equal((await api.put(`/users/${user}/mailboxes/${made.body.id}`, { path: 'other/place' })).status, 200);
  assert.deepEqual(
    (await mailboxesOf(user)).map(({ path }: Body) => path).filter((path: string) => path.includes('/')),
    ['other/place'],
  );
  // A name becomes a mailbox when somebody makes it one.
  assert.equal((await api.post(`/users/${user}/mailboxes`, { path: 'way' })).status, 200);
  assert.equal((await mailboxesOf(user)).length, before + 2);
});

test('the words of errors about mailboxes', async () => {
  const user = await api.user();
  const at = `/users/${user}/mailboxes`;
  const inbox = await idOf(user, 'INBOX');
  const said = async (call: Promise<{ status: number; body: Body }>) => {
    const { status, body } = await call;
    return [status, body.code, body.error];
  };
  const failed = (what: string, code: string): string => `Mailbox ${what} failed with code ${code}`;
  assert.deepEqual(
    [
      await said(api.put(`${at}/${NOBODY}`, { path: 'x' })),
      await said(api.put(`/users/${NOBODY}/mailboxes/${inbox}`, { path: 'x' })),
      await said(api.put(`${at}/${inbox}`, { path: 'x' })),
      await said(api.put(`${at}/${inbox}`, {})),
      await said(api.delete(`${at}/${NOBODY}`)),
      await said(api.delete(`${at}/${inbox}`)),
      await said(api.post(at, { path: 'a/b/' })),
      await said(api.post(at, { path: Array.from({ length: 129 }, (_, level) => level).join('/') })),
      await said(api.post(at, { path: `a/${'b'.repeat(513)}` })),
    ],
    [
      [404, 'NoSuchMailbox', failed('update', 'NoSuchMailbox')],
      [404, 'NoSuchMailbox', failed('update', 'NoSuchMailbox')],
      [400, 'DisallowedMailboxMethod', failed('update', 'DisallowedMailboxMethod')],
      [400, 'InputValidationError', 'Nothing was changed'],
      [404, 'NoSuchMailbox', failed('deletion', 'NoSuchMailbox')],
      [400, 'DisallowedMailboxMethod', failed('deletion', 'DisallowedMailboxMethod')],
      [400, 'InputValidationError', '"path" with value "a/b/" matches the inverted pattern: /\\/{2,}|\\/$/'],
      [400, 'InputValidationError', 'The mailbox path cannot be more than 128 levels deep'],
      [400, 'InputValidationError', 'Any part of the mailbox path cannot be longer than 512 chars long'],
    ],
  );
  const deepest = Array.from({ length: 128 }, () => 'd'.repeat(512)).join('/');
  assert.equal((await api.post(at, { path: deepest })).status, 200);
  assert.equal((await mailboxesOf(user)).at(-1)?.path.length, deepest.length);
});

test('images in the text of a composed message become attachments, and a text is made of the HTML', async () => {
  const user = await api.user();
  const at = `/users/${user}/mailboxes/${await idOf(user, 'INBOX')}/messages`;
  const html = '<p>Look <img src="data:image/png;base64,iVBORw0KGgo=" alt="dot" /></p>';
  const { id } = (await api.post(at, { from: { address: 'a@example.com' }, subject: 'x', html })).body.message;
  const { body } = await api.get(`${at}/${id}`);
  assert.equal(body.html[0], '<p>Look <img src="attachment:ATT00001" alt="dot"></p>');
  assert.match(body.text, /Look/);
  const [{ filename, contentType, disposition, related, transferEncoding }] = body.attachments;
  assert.deepEqual(
    [filename, contentType, disposition, related, transferEncoding],
    ['attachment-1.png', 'image/png', 'inline', true, 'base64'],
  );
});

test('a draft in the name of somebody else is sent in the own, with the date of sending', async () => {
  const user = await api.user();
  const { address } = (await api.get(`/users/${user}`)).body;
  const at = `/users/${user}/mailboxes/${await idOf(user, 'Drafts')}/messages`;
  const to = ['one', 'two', 'three'].map((name) => ({ address: `${name}@nowhere.test` }));
  const made = await api.post(at, {
    draft: true,
    from: { name: 'Boss', address: 'boss@example.org' },
    to,
    subject: 'x',
    text: 'y',
  });
  const draft = (await api.get(`${at}/${made.body.message.id}`)).body;
  assert.deepEqual(draft.from, { name: 'Boss', address });
  const raw = await api.post(
    at,
    Buffer.from(
      'From: Böss <boss@example.org>\r\nDate: Thu, 1 Jan 2015 00:00:00 +0000\r\nTo: one@nowhere.test\r\nSubject: raw\r\n\r\nHi\r\n',
    ),
    { headers: { 'content-type': 'message/rfc822' } },
  );
  for (const [id, deleted] of [
    [made.body.message.id, 3],
    [raw.body.message.id, 1],
  ]) {
    const sendTime = new Date(Date.now() + 24 * 3_600_000).toISOString();
    const sent = await api.post(`${at}/${id}/submit`, { sendTime });
    assert.equal(sent.status, 200, JSON.stringify(sent.body));
    const { mailbox, id: uid } = sent.body.message;
    const kept = (await api.get(`/users/${user}/mailboxes/${mailbox}/messages/${uid}`)).body;
    assert.deepEqual([kept.from.address, kept.draft, kept.outbound[0].queueId], [address, false, sent.body.queueId]);
    assert.ok(Math.abs(Date.parse(kept.date) - Date.parse(sendTime)) < 2_000);
    assert.equal((await api.get(`${at}/${id}`)).status, 404);
    assert.equal((await api.delete(`/users/${user}/outbound/${sent.body.queueId}`)).body.deleted, deleted);
  }
  const alone = (await api.post(at, { draft: true, subject: 'to nobody' })).body.message.id;
  assert.deepEqual((await api.post(`${at}/${alone}/submit`)).body, { success: true });
});

test('more recipients than a message may have: 403, and the draft stays', async () => {
  const user = await api.user();
  const at = `/users/${user}/mailboxes/${await idOf(user, 'Drafts')}/messages`;
  const to = [1, 2, 3].map((name) => ({ address: `n${name}@nowhere.test` }));
  const { id } = (await api.post(at, { draft: true, to, text: 'y' })).body.message;
  await api.post('/settings/const:max:rcpt_to', { value: 2 });
  const refused = await api.post(`${at}/${id}/submit`);
  assert.deepEqual([refused.status, refused.body.code], [403, 'TooMany']);
  assert.equal((await api.get(`${at}/${id}`)).status, 200);
  await api.post('/settings/const:max:rcpt_to', { value: 100 });
});

test('a page that is none is the first', async () => {
  const user = await api.user();
  const at = `/users/${user}/mailboxes/${await idOf(user, 'INBOX')}/messages`;
  const { status, body } = await api.get(at, { page: '100?order=desc' });
  assert.deepEqual([status, body.page], [200, 1]);
});

test('a password of an old crypt(3)', async () => {
  const made = await api.post('/users', { username: 'oldcrypt', password: 'rl.3StKT.4T8M', hashedPassword: true });
  assert.equal(made.status, 200);
  const enter = async (password: string): Promise<number> =>
    (await api.post('/authenticate', { username: 'oldcrypt', password })).status;
  assert.deepEqual([await enter('rasmuslerdorf'), await enter('wrong')], [200, 403]);
});
