/** Messages over the HTTP API: upload, list, read, parts, flags, moves, deletion. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiClient, type Body, startApi } from './api-kit.ts';

let api: ApiClient;
let user: string;
let inbox: string;
let boxes: Record<string, string>;

before(async () => {
  api = await startApi();
  user = await api.user({ name: 'Anna Test' });
  const { body } = await api.get(`/users/${user}/mailboxes`);
  boxes = Object.fromEntries(body['results'].map((box: Body) => [box['path'], box['id']]));
  inbox = boxes['INBOX']!;
});
after(() => api.close());

const path = (mailbox: string, rest = ''): string => `/users/${user}/mailboxes/${mailbox}/messages${rest}`;

const MULTIPART = [
  'From: =?utf-8?Q?J=C3=BCrgen?= <jurgen@example.org>',
  'To: Anna <user1@example.com>, otto@example.org',
  'Cc: cc@example.org',
  'Subject: =?utf-8?B?R3LDvMOfZQ==?=',
  'Message-ID: <one@example.org>',
  'Date: Tue, 3 Mar 2026 10:00:00 +0100',
  'List-Id: Talk <talk.example.org>',
  'List-Unsubscribe: <mailto:leave@example.org>',
  'X-Extra: first',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary="b1"',
  '',
  '--b1',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'hello world',
  '--b1',
  'Content-Type: application/pdf; name="report.pdf"',
  'Content-Disposition: attachment; filename="report.pdf"',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from('%PDF-1.4 not really').toString('base64'),
  '--b1--',
  '',
].join('\r\n');

async function upload(mailbox: string, raw = MULTIPART, query = ''): Promise<number> {
  const { status, body } = await api.post(`${path(mailbox)}${query}`, raw, { headers: { 'content-type': 'message/rfc822' } });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body['message']['mailbox'], mailbox);
  assert.equal(body['message']['size'], Buffer.byteLength(raw));
  return body['message']['id'];
}

test('an uploaded message is listed, read, and given back byte by byte', async () => {
  const id = await upload(inbox, MULTIPART, '?unseen=yes&date=2026-03-04T00:00:00.000Z');
  const { body } = await api.get(path(inbox));
  assert.equal(body['success'], true);
  assert.equal(body['total'], 1);
  assert.deepEqual([body['nextCursor'], body['previousCursor'], body['specialUse'], body['page']], [false, false, null, 1]);
  const [listed] = body['results'];
  const thread = listed!['thread'];
  assert.match(thread, /^[0-9a-f]{24}$/);
  assert.deepEqual(listed, {
    id,
    mailbox: inbox,
    thread,
    from: { name: 'Jürgen', address: 'jurgen@example.org' },
    to: [
      { name: 'Anna', address: 'user1@example.com' },
      { name: '', address: 'otto@example.org' },
    ],
    cc: [{ name: '', address: 'cc@example.org' }],
    bcc: [],
    messageId: '<one@example.org>',
    subject: 'Grüße',
    date: '2026-03-03T09:00:00.000Z',
    idate: '2026-03-04T00:00:00.000Z',
    intro: 'hello world',
    attachments: true,
    attachmentsList: [
      {
        id: 'ATT00001',
        filename: 'report.pdf',
        contentType: 'application/pdf',
        disposition: 'attachment',
        transferEncoding: 'base64',
        related: false,
        size: 19,
        sizeKb: 1,
      },
    ],
    size: MULTIPART.length,
    seen: false,
    deleted: false,
    flagged: false,
    draft: false,
    answered: false,
    forwarded: false,
    references: [],
    contentType: { value: 'multipart/mixed', params: { boundary: 'b1' } },
  });
  const full = await api.get(path(inbox, `/${id}`));
  assert.equal(full.status, 200);
  assert.equal(full.body['text'], 'hello world');
  assert.deepEqual(full.body['html'], ['<p>hello world</p>']);
  assert.deepEqual(full.body['list'], { id: 'Talk <talk.example.org>', unsubscribe: '<mailto:leave@example.org>' });
  assert.equal(full.body['seen'], false);
  assert.equal(full.body['user'], user);
  assert.equal(full.body['attachments'][0]!['id'], 'ATT00001');
  const source = await api.get(path(inbox, `/${id}/message.eml`));
  assert.equal(source.headers['content-type'], 'message/rfc822');
  assert.equal(source.bytes.toString(), MULTIPART);
  const seen = await api.get(path(inbox, `/${id}`), { markAsSeen: true });
  assert.equal(seen.body['seen'], true);
  assert.equal((await api.get(path(inbox), { unseen: true })).body['total'], 0);
  const headers = await api.get(path(inbox), { includeHeaders: 'X-Extra,Subject' });
  assert.deepEqual(headers.body['results'][0]!['headers'], { subject: 'Grüße', 'x-extra': 'first' });
});

test('attachments come decoded, in ranges too; unknown ones are 404', async () => {
  const id = await upload(boxes['Archive']!);
  const at = (rest: string): string => path(boxes['Archive']!, `/${id}/attachments/${rest}`);
  const whole = await api.get(at('ATT00001'));
  assert.deepEqual(
    [whole.status, whole.headers['content-type'], whole.bytes.toString()],
    [200, 'application/pdf', '%PDF-1.4 not really'],
  );
  assert.match(String(whole.headers['content-disposition']), /report\.pdf/);
  const range = await api.get(at('att00001'), {}, { headers: { range: 'bytes=1-3' } });
  assert.deepEqual([range.status, range.bytes.toString(), range.headers['content-range']], [206, 'PDF', 'bytes 1-3/19']);
  assert.equal((await api.get(at('ATT00001'), {}, { headers: { 'if-none-match': String(whole.headers['etag']) } })).status, 304);
  assert.deepEqual(codeOf(await api.get(at('ATT00002'))), [404, 'AttachmentNotFound']);
  assert.deepEqual(codeOf(await api.get(at('nonsense'))), [400, 'InputValidationError']);
});

test('flags and moves, of one, a list, and a range', async () => {
  const ids = [await upload(boxes['Junk']!), await upload(boxes['Junk']!), await upload(boxes['Junk']!)];
  const [first, second, third] = ids as [number, number, number];
  const flagged = await api.put(path(boxes['Junk']!, `/${first},${third}`), { flagged: 'yes', seen: false });
  assert.deepEqual(flagged.body, { success: true, updated: 2 });
  const state = async (): Promise<unknown> =>
    (await api.get(path(boxes['Junk']!), { order: 'asc' })).body['results'].map((one: Body) => [
      one['id'],
      one['flagged'],
      one['seen'],
    ]);
  assert.deepEqual(await state(), [
    [first, true, false],
    [second, false, true],
    [third, true, false],
  ]);
  const moved = await api.put(path(boxes['Junk']!), { message: `${second}:*`, moveTo: boxes['Trash']!, seen: true });
  assert.equal(moved.body['mailbox'], boxes['Trash']);
  assert.deepEqual(
    moved.body['id'].map((pair: Body) => pair[0]),
    [second, third],
  );
  const trash = await api.get(path(boxes['Trash']!), { order: 'asc' });
  assert.deepEqual(
    trash.body['results'].map((one: Body) => [one['id'], one['seen']]),
    moved.body['id'].map((pair: Body) => [pair[1], true]),
  );
  assert.deepEqual(codeOf(await api.put(path(boxes['Junk']!, '/999'), { seen: true })), [404, 'MessageNotFound']);
  assert.deepEqual(codeOf(await api.put(path(boxes['Junk']!, '/x'), { seen: true })), [400, 'InputValidationError']);
  assert.deepEqual(codeOf(await api.put(path(boxes['Junk']!, `/${first}`), { moveTo: 'a'.repeat(24) })), [404, 'NoSuchMailbox']);
});

test('deletion of one and of all', async () => {
  const box = (await api.post(`/users/${user}/mailboxes`, { path: 'Deletion' })).body['id'] as string;
  const ids = [await upload(box), await upload(box), await upload(box)];
  assert.deepEqual((await api.delete(path(box, `/${ids[1]}`))).body, { success: true });
  assert.deepEqual(codeOf(await api.delete(path(box, `/${ids[1]}`))), [404, 'MessageNotFound']);
  assert.deepEqual(codeOf(await api.get(path(box, `/${ids[1]}`))), [404, 'MessageNotFound']);
  assert.deepEqual((await api.delete(path(box))).body, { success: true, deleted: 2, errors: 0 });
  assert.equal((await api.get(path(box))).body['total'], 0);
});

test('a composed draft: parts, stored file, reference, notes; its next version replaces it', async () => {
  const original = await upload(inbox);
  const file = await api.post(`/users/${user}/storage?filename=note.txt`, 'stored bytes', {
    headers: { 'content-type': 'text/plain' },
  });
  assert.equal(file.status, 200, JSON.stringify(file.body));
  const fields = {
    to: [{ name: 'Otto', address: 'otto@example.org' }],
    bcc: [{ address: 'hidden@example.org' }],
    subject: 'Re: Grüße',
    text: 'see <this>',
    html: '<p>see <b>this</b></p>',
    headers: [{ key: 'X-Own', value: 'yes' }],
    files: [file.body['id']],
    attachments: [{ filename: 'a.bin', content: Buffer.from('abc').toString('base64') }],
    metaData: { own: { deep: true } },
    reference: { mailbox: inbox, id: original, action: 'reply' },
  };
  const drafts = boxes['Drafts']!;
  const made = await api.post(path(drafts), fields);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const id = made.body['message']['id'];
  const { body } = await api.get(path(drafts, `/${id}`));
  assert.equal(body['draft'], true);
  assert.deepEqual(body['from'], { name: 'Anna Test', address: 'user1@example.com' });
  assert.deepEqual(body['bcc'], [{ name: '', address: 'hidden@example.org' }]);
  assert.equal(body['text'].trim(), 'see <this>');
  assert.deepEqual(
    body['attachments'].map((one: Body) => one['filename']),
    ['a.bin', 'note.txt'],
  );
  assert.deepEqual(body['metaData'], { own: { deep: true } });
  assert.deepEqual(body['reference'], { mailbox: inbox, id: original, action: 'reply' });
  const source = (await api.get(path(drafts, `/${id}/message.eml`))).bytes.toString();
  assert.match(source, /^In-Reply-To: <one@example\.org>$/m);
  assert.match(source, /^X-Own: yes$/m);
  const next = await api.post(path(drafts), { ...fields, text: 'again', replacePrevious: { id } });
  assert.equal(next.body['previousDeleted'], true);
  assert.equal((await api.get(path(drafts))).body['total'], 1);
  assert.deepEqual(codeOf(await api.post(path(drafts), { files: ['a'.repeat(24)] })), [404, 'FileNotFound']);
  assert.deepEqual(codeOf(await api.post(path(inbox), {})), [400, 'EmptyMessage']);
  const bad = await api.post(path(inbox), { to: [{ address: 'nonsense' }], subject: 'x'.repeat(3000) });
  assert.deepEqual(Object.keys(bad.body['details']).sort(), ['subject', 'to.0.address']);
});

test('pages of a mailbox go through all of it and back', async () => {
  const box = (await api.post(`/users/${user}/mailboxes`, { path: 'Pages' })).body['id'] as string;
  for (let n = 0; n < 5; n += 1) await upload(box, `Subject: ${n}\r\n\r\n${n}\r\n`);
  const subjects = (body: Body): string[] => body['results'].map((one: Body) => one['subject'] as string);
  const one = (await api.get(path(box), { limit: 2 })).body;
  const two = (await api.get(path(box), { limit: 2, next: one['nextCursor'] })).body;
  const three = (await api.get(path(box), { limit: 2, next: two['nextCursor'] })).body;
  assert.deepEqual([one, two, three].map(subjects), [['4', '3'], ['2', '1'], ['0']]);
  assert.equal(three['nextCursor'], false);
  const back = (await api.get(path(box), { limit: 2, previous: three['previousCursor'] })).body;
  assert.deepEqual(subjects(back), ['2', '1']);
  assert.deepEqual(codeOf(await api.get(path(box), { next: 'nonsense' })), [400, 'InputValidationError']);
  assert.deepEqual(codeOf(await api.get(path(box), { limit: 251 })), [400, 'InputValidationError']);
});

test('who asks for what is not there, or not theirs', async () => {
  assert.deepEqual(codeOf(await api.get(path('b'.repeat(24)))), [404, 'NoSuchMailbox']);
  assert.deepEqual(codeOf(await api.get(`/users/${'b'.repeat(24)}/mailboxes/${inbox}/messages`)), [404, 'UserNotFound']);
  const other = await api.user();
  const token = (await api.store.accounts.tokens.create({ role: 'user', user: other })).token;
  const own = (await api.store.accounts.tokens.create({ role: 'user', user })).token;
  assert.deepEqual(codeOf(await api.as(token).get(path(inbox))), [403, 'MissingPrivileges']);
  assert.equal((await api.as(own).get(`/users/me/mailboxes/${inbox}/messages`)).status, 200);
  assert.deepEqual(codeOf(await api.as('f'.repeat(40)).get(path(inbox))), [403, 'InvalidToken']);
});

test('a full mailbox takes no more', async () => {
  const small = await api.user({ quota: 1000 });
  const { body } = await api.get(`/users/${small}/mailboxes`);
  const box = body['results'][0]!['id'];
  const raw = `Subject: big\r\n\r\n${'x'.repeat(2000)}\r\n`;
  const answer = await api.post(`/users/${small}/mailboxes/${box}/messages`, raw, {
    headers: { 'content-type': 'message/rfc822' },
  });
  assert.deepEqual(codeOf(answer), [400, 'OverQuotaError']);
});

function codeOf(answer: { readonly status: number; readonly body: Body }): unknown[] {
  return [answer.status, answer.body['code']];
}
