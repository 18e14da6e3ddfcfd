/** Sending over the HTTP API: composed, from a draft, on to others, later, and not at all. Recipients are users here, by way of the queue. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { waitFor } from '../harness/wait-for.ts';
import { type ApiClient, type Body, startApi } from './api-kit.ts';

let api: ApiClient;
type Person = {
  readonly id: string;
  readonly address: string;
  readonly box: (path: string) => string;
  readonly list: (path: string) => Promise<Body[]>;
};

before(async () => {
  api = await startApi();
  api.outgoing.start();
});
after(() => api.close());

let count = 0;
async function person(fields: object = {}): Promise<Person> {
  count += 1;
  const address = `person${count}@sending.example`;
  const id = await api.user({ username: `person${count}`, name: `Person ${count}`, address, ...fields });
  const boxes = new Map<string, string>(
    (await api.get(`/users/${id}/mailboxes`)).body.results.map((box: Body) => [box.path, box.id]),
  );
  const box = (path: string): string => boxes.get(path)!;
  const list = async (path: string): Promise<Body[]> =>
    (await api.get(`/users/${id}/mailboxes/${box(path)}/messages`)).body.results;
  return { id, address, box, list };
}

test('a composed message reaches everybody, blind copies unseen; the copy in Sent has them', async () => {
  const [anna, otto, eve] = [await person(), await person(), await person()];
  const original = await api.post(
    `/users/${anna.id}/mailboxes/${anna.box('INBOX')}/messages`,
    'Message-ID: <first@x>\r\nSubject: q\r\n\r\n?\r\n',
    {
      headers: { 'content-type': 'message/rfc822' },
    },
  );
  const reference = { mailbox: anna.box('INBOX'), id: original.body.message.id, action: 'reply' };
  const { status, body } = await api.post(`/users/${anna.id}/submit`, {
    from: { name: 'Fake', address: 'boss@elsewhere.example' },
    to: [{ name: 'Otto', address: otto.address }],
    bcc: [{ address: eve.address }],
    subject: 'Re: q',
    text: 'answer',
    reference,
    meta: { app: 'webmail' },
  });
  assert.equal(status, 200, JSON.stringify(body));
  assert.match(body.message.queueId, /^[0-9a-f]{18}$/);
  assert.equal(body.message.mailbox, anna.box('Sent'));
  const [got] = await waitFor(async () => ((await otto.list('INBOX')).length > 0 ? otto.list('INBOX') : undefined));
  await waitFor(async () => (await eve.list('INBOX')).length === 1);
  assert.deepEqual([got!.from, got!.subject, got!.bcc], [{ name: 'Fake', address: anna.address }, 'Re: q', []]);
  const source = (
    await api.get(`/users/${otto.id}/mailboxes/${otto.box('INBOX')}/messages/${got!.id}/message.eml`)
  ).bytes.toString();
  assert.match(source, /^In-Reply-To: <first@x>\r$/m);
  assert.doesNotMatch(source, /^Bcc/im);
  const sent = await api.get(`/users/${anna.id}/mailboxes/${anna.box('Sent')}/messages/${body.message.id}`);
  assert.deepEqual(sent.body.bcc, [{ name: '', address: eve.address }]);
  assert.equal(sent.body.seen, true);
  assert.deepEqual(sent.body.metaData, { app: 'webmail' });
  assert.equal(sent.body.outbound[0].queueId, body.message.queueId);
  assert.equal((await anna.list('INBOX'))[0].answered, true);
  const found = await api.get(`/users/${anna.id}/addressregister`, { query: 'ott' });
  assert.deepEqual(
    found.body.results.map((one: Body) => [one.name, one.address]),
    [['Otto', otto.address]],
  );
});

test('a draft is sent, marked and moved; a message that is none is not', async () => {
  const [anna, otto] = [await person(), await person()];
  const drafts = `/users/${anna.id}/mailboxes/${anna.box('Drafts')}/messages`;
  const file = await api.post(`/users/${anna.id}/storage`, {
    filename: 'a.txt',
    contentType: 'text/plain',
    content: 'in the file',
  });
  const made = await api.post(drafts, { to: [{ address: otto.address }], subject: 'later', text: 'x', files: [file.body.id] });
  const sent = await api.post(`${drafts}/${made.body.message.id}/submit`, { deleteFiles: true });
  assert.equal(sent.status, 200, JSON.stringify(sent.body));
  assert.equal(sent.body.message.mailbox, anna.box('Sent'));
  await waitFor(async () => (await otto.list('INBOX')).length === 1);
  assert.deepEqual((await otto.list('INBOX'))[0].attachmentsList[0].filename, 'a.txt');
  assert.deepEqual(await anna.list('Drafts'), []);
  const [kept] = await anna.list('Sent');
  assert.deepEqual([kept.draft, kept.seen], [false, true]);
  assert.equal((await api.get(`/users/${anna.id}/storage/${file.body.id}`)).status, 404);
  const again = await api.post(`/users/${anna.id}/mailboxes/${anna.box('Sent')}/messages/${kept.id}/submit`);
  assert.deepEqual([again.status, again.body.code], [400, 'MessageNotDraft']);
});

test('a message goes on to others as it is', async () => {
  const [anna, otto] = [await person(), await person()];
  const raw = 'Subject: as is\r\n\r\nbody\r\n';
  const made = await api.post(`/users/${anna.id}/mailboxes/${anna.box('INBOX')}/messages`, raw, {
    headers: { 'content-type': 'message/rfc822' },
  });
  const at = `/users/${anna.id}/mailboxes/${anna.box('INBOX')}/messages/${made.body.message.id}/forward`;
  const sent = await api.post(at, { addresses: [otto.address] });
  assert.deepEqual(sent.body.forwarded, [{ seq: '001', type: 'mail', value: otto.address }]);
  await waitFor(async () => (await otto.list('INBOX')).length === 1);
  const [got] = await otto.list('INBOX');
  const source = await api.get(`/users/${otto.id}/mailboxes/${otto.box('INBOX')}/messages/${got.id}/message.eml`);
  assert.ok(source.bytes.toString().endsWith(raw));
  assert.deepEqual((await api.post(at)).body, { success: true, forwarded: [] });
});

test('what is for later waits, and can be taken back; drafts and copies are not sent', async () => {
  const [anna, otto] = [await person(), await person()];
  const to = [{ address: otto.address }];
  const later = await api.post(`/users/${anna.id}/submit`, {
    to,
    subject: 'later',
    text: 'x',
    sendTime: new Date(Date.now() + 3_600_000).toISOString(),
  });
  const { queueId } = later.body.message;
  const gone = await api.delete(`/users/${anna.id}/outbound/${queueId}`);
  assert.deepEqual(gone.body, { success: true, deleted: 1, queueId });
  const twice = await api.delete(`/users/${anna.id}/outbound/${queueId}`);
  assert.deepEqual([twice.status, twice.body.code], [404, 'NoSuchQueueEntry']);
  const draft = await api.post(`/users/${anna.id}/submit`, { to, isDraft: true, subject: 'd' });
  assert.deepEqual([draft.body.message.mailbox, draft.body.message.queueId], [anna.box('Drafts'), undefined]);
  const final = await api.post(`/users/${anna.id}/submit`, { to, subject: 'd', uploadOnly: true, draft: draft.body.message });
  assert.equal(final.body.message.mailbox, anna.box('Sent'));
  assert.deepEqual(await anna.list('Drafts'), []);
  assert.deepEqual(await otto.list('INBOX'), []);
});

test('an address that nobody has here comes back as a report', async () => {
  const anna = await person();
  const sent = await api.post(`/users/${anna.id}/submit`, {
    to: [{ address: 'nobody@sending.example' }],
    subject: 's',
    text: 't',
  });
  assert.equal(sent.status, 200);
  await waitFor(async () => (await anna.list('INBOX')).length === 1);
  assert.match((await anna.list('INBOX'))[0].contentType.value, /^multipart\/report/);
});

test('refusals', async () => {
  const [anna, closed, small] = [await person(), await person(), await person({ recipients: 1 })];
  await api.put(`/users/${closed.id}`, { disabled: true });
  const to = [{ address: anna.address }];
  const table: readonly (readonly [string, object, number, string])[] = [
    [`/users/${anna.id}/submit`, { text: 'x' }, 400, 'ENORECIPIENTS'],
    [`/users/${closed.id}/submit`, { to }, 403, 'UserDisabled'],
    [`/users/${small.id}/submit`, { to: [...to, { address: closed.address }], text: 'x' }, 403, 'RateLimitedError'],
    [`/users/${anna.id}/submit`, { to: [{ address: 'x' }] }, 400, 'InputValidationError'],
    [`/users/${anna.id}/submit`, { to, mailbox: 'd'.repeat(24) }, 404, 'NoSuchMailbox'],
    [`/users/${'d'.repeat(24)}/submit`, { to }, 404, 'UserNotFound'],
    [`/users/${anna.id}/mailboxes/${anna.box('INBOX')}/messages/99/submit`, {}, 404, 'MessageNotFound'],
  ];
  for (const [path, body, status, code] of table) {
    const answer = await api.post(path, body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], `${path} ${JSON.stringify(body)}`);
  }
  assert.deepEqual(await small.list('Sent'), [], 'what was refused left no copy');
});
