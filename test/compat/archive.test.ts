/** What was deleted, and comes back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { waitFor } from '../harness/wait-for.ts';
import { type ApiClient, type Body, startApi } from './api-kit.ts';

let api: ApiClient;
before(async () => {
  api = await startApi();
});
after(() => api.close());

async function setUp(): Promise<{
  user: string;
  boxes: Record<string, string>;
  add: (box: string, subject: string) => Promise<number>;
}> {
  const user = await api.user();
  const boxes = Object.fromEntries(
    (await api.get(`/users/${user}/mailboxes`)).body.results.map((box: Body) => [box.path, box.id]),
  );
  const add = async (box: string, subject: string): Promise<number> =>
    (
      await api.post(`/users/${user}/mailboxes/${boxes[box]}/messages?flagged=1`, `Subject: ${subject}\r\n\r\nx\r\n`, {
        headers: { 'content-type': 'message/rfc822' },
      })
    ).body.message.id;
  return { user, boxes, add };
}

test('a deleted message is in the archive, and is restored whole', async () => {
  const { user, boxes, add } = await setUp();
  const keeps = await add('INBOX', 'keeps');
  const gone = await add('INBOX', 'gone');
  await api.delete(`/users/${user}/mailboxes/${boxes['INBOX']}/messages/${gone}`);
  const list = (await api.get(`/users/${user}/archived/messages`, { includeHeaders: 'subject' })).body;
  assert.deepEqual([list.total, list.results.length], [1, 1]);
  const [archived] = list.results;
  assert.match(archived.id, /^[0-9a-f]{24}$/);
  assert.deepEqual(
    [archived.subject, archived.flagged, archived.mailbox, archived.headers.subject],
    ['gone', true, boxes['INBOX'], 'gone'],
  );
  const back = await api.post(`/users/${user}/archived/messages/${archived.id}/restore`);
  assert.equal(back.status, 200, JSON.stringify(back.body));
  assert.equal(back.body.mailbox, boxes['INBOX']);
  const inbox = (await api.get(`/users/${user}/mailboxes/${boxes['INBOX']}/messages`)).body.results;
  assert.deepEqual(
    inbox.map((one: Body) => [one.id, one.subject, one.flagged]),
    [
      [back.body.id, 'gone', true],
      [keeps, 'keeps', true],
    ],
  );
  assert.equal((await api.get(`/users/${user}/archived/messages`)).body.total, 0);
  const twice = await api.post(`/users/${user}/archived/messages/${archived.id}/restore`);
  assert.deepEqual([twice.status, twice.body.code], [404, 'MessageNotFound']);
});

test('by its number, into another mailbox; and everything of a time, also of mailboxes that are gone', async () => {
  const { user, boxes, add } = await setUp();
  const uid = await add('Trash', 'numbered');
  await api.delete(`/users/${user}/mailboxes/${boxes['Trash']}/messages/${uid}`);
  const back = await api.post(`/users/${user}/archived/messages/${uid}/restore`, { mailbox: boxes['Archive'] });
  assert.equal(back.body.mailbox, boxes['Archive']);
  boxes['Gone'] = (await api.post(`/users/${user}/mailboxes`, { path: 'Gone' })).body.id;
  const start = new Date(Date.now() - 1000).toISOString();
  await add('Gone', 'one');
  await add('Gone', 'two');
  await api.delete(`/users/${user}/mailboxes/${boxes['Gone']}`);
  // The end of a mailbox is applied behind the answer.
  await waitFor(async () => (await api.get(`/users/${user}/archived/messages`)).body.total === 2);
  const restored = await api.post(`/users/${user}/archived/restore`, { start, end: new Date(Date.now() + 1000).toISOString() });
  assert.equal(restored.status, 200, JSON.stringify(restored.body));
  assert.match(restored.body.task, /^[0-9a-f]{24}$/);
  const inbox = (await api.get(`/users/${user}/mailboxes/${boxes['INBOX']}/messages`)).body.results;
  assert.deepEqual(inbox.map((one: Body) => one.subject).sort(), ['one', 'two']);
});

test('what is not to be kept is not kept', async () => {
  const { user, boxes, add } = await setUp();
  for (let n = 0; n < 5; n += 1) await add('Trash', `secret ${n}`);
  await api.delete(`/users/${user}/mailboxes/${boxes['Trash']}/messages`, { skipArchive: true });
  assert.equal((await api.get(`/users/${user}/archived/messages`)).body.total, 0);
});

test('refusals', async () => {
  const { user } = await setUp();
  const table: readonly (readonly [string, object, number, string])[] = [
    [`/users/${user}/archived/messages/${'a'.repeat(24)}/restore`, {}, 404, 'MessageNotFound'],
    [`/users/${user}/archived/messages/x/restore`, {}, 400, 'InputValidationError'],
    [`/users/${user}/archived/restore`, { start: '2026-01-01' }, 400, 'InputValidationError'],
    [`/users/${'b'.repeat(24)}/archived/restore`, { start: '2026-01-01', end: '2026-01-02' }, 404, 'UserNotFound'],
  ];
  for (const [path, body, status, code] of table) {
    const answer = await api.post(path, body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], path);
  }
});
