/** Search over the HTTP API. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiClient, type Body, startApi } from './api-kit.ts';

let api: ApiClient;
let user: string;
const boxes = new Map<string, string>();

const MAIL: readonly { readonly box: string; readonly query: string; readonly raw: string }[] = [
  {
    box: 'INBOX',
    query: 'unseen=1&date=2026-01-01T00:00:00Z',
    raw: 'From: Anna <anna@example.org>\r\nTo: otto@example.org\r\nSubject: Plans\r\nMessage-ID: <t1@x>\r\n\r\nLet us meet in Grünau\r\n',
  },
  {
    box: 'INBOX',
    query: 'date=2026-02-01T00:00:00Z',
    raw: 'From: otto@example.org\r\nCc: Anna <anna@example.org>\r\nSubject: Re: Plans\r\nReferences: <t1@x>\r\n\r\nYes, bring the map\r\n',
  },
  {
    box: 'Archive',
    query: 'flagged=1&date=2026-03-01T00:00:00Z',
    raw: `From: shop@example.net\r\nSubject: Bill\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${'words '.repeat(400)}needle\r\n--b\r\nContent-Type: application/pdf; name=bill.pdf\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n`,
  },
  { box: 'Junk', query: 'date=2026-04-01T00:00:00Z', raw: 'From: win@example.biz\r\nSubject: NIL\r\n\r\nneedle in spam\r\n' },
];

before(async () => {
  api = await startApi();
  user = await api.user();
  for (const box of (await api.get(`/users/${user}/mailboxes`)).body.results) boxes.set(box.path, box.id);
  for (const { box, query, raw } of MAIL)
    await api.post(`/users/${user}/mailboxes/${boxes.get(box)}/messages?${query}`, raw, {
      headers: { 'content-type': 'message/rfc822' },
    });
});
after(() => api.close());

async function subjects(query: Record<string, string>): Promise<string[]> {
  const { status, body } = await api.get(`/users/${user}/search`, query);
  assert.equal(status, 200, JSON.stringify(body));
  return body.results.map((one: Body) => one.subject);
}

test('each criterion, alone and together', async () => {
  const table: readonly (readonly [Record<string, string>, string[]])[] = [
    [{}, ['NIL', 'Bill', 'Re: Plans', 'Plans']],
    [{ order: 'asc', limit: '2' }, ['Plans', 'Re: Plans']],
    [{ query: 'needle' }, ['NIL', 'Bill']],
    [{ query: 'needle', searchable: 'yes' }, ['Bill']],
    [{ query: 'grünau' }, ['Plans']],
    [{ query: 'runa' }, []],
    [{ query: 'rüna' }, ['Plans']],
    [{ query: '"bring the map"' }, ['Re: Plans']],
    [{ query: 'map bring' }, ['Re: Plans']],
    [{ from: 'anna' }, ['Plans']],
    [{ to: 'anna' }, ['Re: Plans']],
    [{ subject: 'plans' }, ['Re: Plans', 'Plans']],
    [{ subject: 'NIL' }, ['NIL']],
    [{ 'or.from': 'shop', 'or.subject': 'nil' }, ['NIL', 'Bill']],
    [{ unseen: 'true' }, ['Plans']],
    [{ flagged: '1' }, ['Bill']],
    [{ attachments: 'true' }, ['Bill']],
    [{ minSize: '1000' }, ['Bill']],
    [{ maxSize: '1000', datestart: '2026-01-15', dateend: '2026-03-15' }, ['Re: Plans']],
    [{ mailbox: boxes.get('INBOX')!, id: '2:*' }, ['Re: Plans']],
    [{ q: 'from:otto is:read' }, ['Re: Plans']],
    [{ q: 'in:junk needle' }, ['NIL']],
  ];
  for (const [query, expected] of table) assert.deepEqual(await subjects(query), expected, JSON.stringify(query));
});

test('threads over mailboxes, with counters', async () => {
  const { body } = await api.get(`/users/${user}/search`, { subject: 'plans', threadCounters: true });
  const [first, second] = body.results;
  assert.equal(first.thread, second.thread);
  assert.equal(first.threadMessageCount, 2);
  assert.equal((await api.get(`/users/${user}/search`, { thread: first.thread })).body.total, 2);
});

test('pages', async () => {
  const one = (await api.get(`/users/${user}/search`, { limit: 3 })).body;
  const two = (await api.get(`/users/${user}/search`, { limit: 3, next: one.nextCursor })).body;
  assert.deepEqual([one.results.length, two.results.length, two.nextCursor, one.total], [3, 1, false, 4]);
});

test('a deed for everything found; the search that finds nothing', async () => {
  const done = await api.post(`/users/${user}/search`, {
    query: 'needle',
    action: { moveTo: boxes.get('Trash'), flagged: true, seen: false },
  });
  assert.equal(done.status, 200, JSON.stringify(done.body));
  assert.match(done.body.scheduled, /^[0-9a-f]{24}$/);
  const trash = (await api.get(`/users/${user}/mailboxes/${boxes.get('Trash')}/messages`)).body;
  assert.deepEqual(
    trash.results.map((one: Body) => [one.flagged, one.seen]),
    [
      [true, false],
      [true, false],
    ],
  );
  assert.equal((await api.get(`/users/${user}/search`, { query: 'nothing-like-this' })).body.total, 0);
});

test('wrong searches', async () => {
  const table: readonly (readonly [Record<string, string>, number, string, string])[] = [
    [{ mailbox: 'a'.repeat(24) }, 404, 'NoSuchMailbox', ''],
    [{ mailbox: 'x' }, 400, 'InputValidationError', 'mailbox'],
    [{ query: 'x'.repeat(300) }, 400, 'InputValidationError', 'query'],
    [{ order: 'sideways' }, 400, 'InputValidationError', 'order'],
    [{ datestart: 'someday' }, 400, 'InputValidationError', 'datestart'],
    [{ limit: '0' }, 400, 'InputValidationError', 'limit'],
  ];
  for (const [query, status, code, field] of table) {
    const answer = await api.get(`/users/${user}/search`, query);
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(query));
    if (field !== '') assert.deepEqual(Object.keys(answer.body.details), [field]);
  }
  assert.equal((await api.get(`/users/${'b'.repeat(24)}/search`)).body.code, 'UserNotFound');
  assert.equal((await api.post(`/users/${user}/search`, { query: 'x' })).body.code, 'InputValidationError');
});
