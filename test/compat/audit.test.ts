/** `/audit`: a copy of somebody's mail that stays whatever its owner does. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { audit } from '../../server/api/contract/audit.ts';
import type { UserId } from '../../server/mail/ids.ts';
import { UidSet } from '../../server/mail/uid-set.ts';
import { storeOf } from '../harness/worker.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type Api, startApi } from './api.ts';
import { checkBadInputs, wrong } from './constraints.ts';

let api: Api;
let token: string;
before(async () => {
  api = await startApi();
  token = (await (await storeOf(api.worker)).accounts.tokens.create({ role: 'audit' })).token;
});

const DAY = 86_400_000;
const soon = (): string => new Date(Date.now() + DAY).toISOString();

test('mail of a period is copied, outlives its deletion, and comes as mbox', async () => {
  const store = await storeOf(api.worker);
  const { operations, housekeeping } = store;
  const { id } = await api.user();
  const user = id as UserId;
  const inbox = await operations.mailboxes.inboxOf(user);
  const put = async (subject: string, internalDateMs: number): Promise<void> => {
    const stored = await operations.contents.store(Buffer.from(`Subject: ${subject}\r\n\r\nFrom me\r\nto you\r\n`));
    await operations.messages.append(user, inbox, [{ stored, flags: [], internalDateMs }]);
  };
  await put('old', Date.UTC(2020, 0, 1));
  await put('first', Date.UTC(2024, 0, 1));
  await put('second', Date.UTC(2024, 5, 1));
  await put('new', Date.UTC(2026, 0, 1));
  const made = await api.call('POST /audit', {
    token,
    body: { user: id, start: '2023-01-01', end: '2025-01-01', expires: soon() },
  });
  assert.equal(made.status, 200, made.text);
  const at = `/audit/${String(made.body['id'])}`;
  const state = async () => {
    const answer = await api.call(`GET ${at}`, { token });
    assert.deepEqual(audit.get.output?.safeParse(answer.body).error?.issues ?? [], []);
    return answer.body['import'] as { status: string; copied: number; failed: number };
  };
  await waitFor(async () => (await state()).status === 'imported', { what: 'the copy' });
  assert.deepEqual(await state(), { status: 'imported', copied: 2, failed: 0 });

  await operations.messages.expunge(user, inbox, { onlyDeleted: false });
  const later = new Date(Date.now() + DAY);
  await housekeeping.sweep(later);
  await housekeeping.sweep(later);
  const mbox = await api.call(`GET ${at}/export.mbox`, { token });
  assert.equal(
    mbox.text,
    [
      'From MAILER-DAEMON Mon Jan 01 00:00:00 2024\nSubject: first\n\n>From me\nto you\n\n',
      'From MAILER-DAEMON Sat Jun 01 00:00:00 2024\nSubject: second\n\n>From me\nto you\n\n',
    ].join(''),
  );
  assert.match(mbox.headers.get('content-type') ?? '', /^application\/octet-stream/);
});

test('mail that arrives later is copied within the period, whatever becomes of it', async () => {
  const { operations } = await storeOf(api.worker);
  const { id } = await api.user();
  const user = id as UserId;
  const inbox = await operations.mailboxes.inboxOf(user);
  const put = async (subject: string, internalDateMs: number): Promise<void> => {
    const stored = await operations.contents.store(Buffer.from(`Subject: ${subject}\r\n\r\nx\r\n`));
    await operations.messages.append(user, inbox, [{ stored, flags: [], internalDateMs }]);
  };
  await put('there', Date.now());
  const end = new Date(Date.now() + DAY / 2).toISOString();
  const made = await api.call('POST /audit', { token, body: { user: id, start: '2026-01-01', end, expires: soon() } });
  const at = `/audit/${String(made.body['id'])}`;
  const copied = async (): Promise<number> =>
    ((await api.call(`GET ${at}`, { token })).body['import'] as { status: string; copied: number }).copied;
  await waitFor(async () => (await copied()) === 1);
  await put('later', Date.now());
  await put('long ago', Date.UTC(2020, 0, 1));
  await put('gone at once', Date.now());
  const archive = (await operations.mailboxes.create(user, 'Elsewhere')).id;
  await operations.messages.move(user, inbox, UidSet.range(1, 1_000), archive);
  await operations.messages.expunge(user, archive, { onlyDeleted: false });
  assert.equal(await copied(), 3);
  const { text } = await api.call(`GET ${at}/export.mbox`, { token });
  assert.deepEqual(text.match(/^Subject: .*$/gm), ['Subject: there', 'Subject: later', 'Subject: gone at once']);
});

test('another worker goes on with a copy, and twice is once', async () => {
  const { operations, audits } = await storeOf(api.worker);
  const { id } = await api.user();
  const user = id as UserId;
  const stored = await operations.contents.store(Buffer.from('Subject: x\r\n\r\nx\r\n'));
  const inbox = await operations.mailboxes.inboxOf(user);
  await operations.messages.append(
    user,
    inbox,
    Array.from({ length: 20 }, () => ({ stored, flags: [], internalDateMs: 1 })),
  );
  const audited = await audits.create({ user: id, expires: new Date(Date.now() + DAY) });
  await audits.work();
  await waitFor(async () => (await audits.get(audited)).status === 'imported', { what: 'the copy' });
  assert.equal((await audits.get(audited)).copied, 20);
});

test('only auditors, and what is not there', async () => {
  const { id } = await api.user();
  for (const call of ['POST /audit', 'GET /audit/0123456789abcdef01234567', 'GET /audit/0123456789abcdef01234567/export.mbox'])
    await api.fails(call, 403, 'MissingPrivileges', call.startsWith('POST') ? { body: { user: id, expires: soon() } } : {});
  await api.fails('GET /users', 403, 'MissingPrivileges', { token });
  for (const call of ['GET /audit/0123456789abcdef01234567', 'GET /audit/0123456789abcdef01234567/export.mbox'])
    await api.fails(call, 404, 'AuditNotFoundError', { token });
  await api.fails('POST /audit', 404, 'UserNotFound', { token, body: { user: '0123456789abcdef01234567', expires: soon() } });
  const asAuditor: Api = { ...api, call: (call, options) => api.call(call, { token, ...options }) };
  await checkBadInputs(asAuditor, {
    call: 'POST /audit',
    good: { user: id, expires: soon() },
    required: ['user', 'expires'],
    bad: { user: wrong.id, expires: ['someday', '2001-01-01'], start: ['someday'], end: ['someday'] },
  });
  await api.fails('GET /audit/12', 400, 'InputValidationError', { token });
});
