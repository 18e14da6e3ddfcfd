/** `/users/:user/mailboxes` as its clients know it. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { mailboxes } from '../../server/api/contract/mailboxes.ts';
import type { MailboxId, UserId } from '../../server/mail/ids.ts';
import { storeOf } from '../harness/worker.ts';
import { type Api, startApi } from './api.ts';
import { checkBadInputs, wrong } from './constraints.ts';

let api: Api;
before(async () => {
  api = await startApi();
});

const NOBODY = '0123456789abcdef01234567';
type Mailbox = Record<string, unknown>;
const listOf = async (user: string, query = ''): Promise<Mailbox[]> =>
  (await api.ok(`GET /users/${user}/mailboxes${query}`, undefined, mailboxes.list))['results'] as Mailbox[];

test('the mailboxes of a new user', async () => {
  const { id } = await api.user();
  const list = await listOf(id);
  assert.deepEqual(
    list.map((one) => [
      one['path'],
      one['name'],
      one['specialUse'],
      one['subscribed'],
      one['hidden'],
      one['encryptMessages'],
      'total' in one,
    ]),
    [
      ['INBOX', 'INBOX', null, true, false, false, false],
      ['Archive', 'Archive', '\\Archive', true, false, false, false],
      ['Drafts', 'Drafts', '\\Drafts', true, false, false, false],
      ['Junk', 'Junk', '\\Junk', true, false, false, false],
      ['Sent', 'Sent', '\\Sent', true, false, false, false],
      ['Trash', 'Trash', '\\Trash', true, false, false, false],
    ],
  );
  assert.equal((await listOf(id, '?specialUse=true')).length, 5);
});

test('counters and sizes', async () => {
  const { id } = await api.user();
  const store = await storeOf(api.worker);
  const inbox = (await listOf(id))[0]?.['id'] as MailboxId;
  const stored = await store.operations.contents.store(Buffer.from('Subject: x\r\n\r\nhi\r\n'));
  const message = { stored, internalDateMs: Date.now() };
  await store.operations.messages.append(id as UserId, inbox, [
    { ...message, flags: [] },
    { ...message, flags: ['\\Seen'] },
  ]);
  const [found] = await listOf(id, '?counters=1&sizes=yes');
  assert.deepEqual([found?.['total'], found?.['unseen'], found?.['size']], [2, 1, 36]);
  const one = await api.ok(`GET /users/${id}/mailboxes/${inbox}`, undefined, mailboxes.get);
  assert.deepEqual([one['total'], one['unseen'], one['path']], [2, 1, 'INBOX']);
});

test('made, found by path, renamed, changed, hidden, deleted', async () => {
  const { id: user } = await api.user();
  const at = `/users/${user}/mailboxes`;
  const made = await api.ok(`POST ${at}`, { path: 'Projects/Ä/2026', retention: 5_000 }, mailboxes.create);
  const mailbox = String(made['id']);
  await api.fails(`POST ${at}`, 400, 'MailboxExistsError', { body: { path: 'Projects/Ä/2026' } });
  const resolved = await api.ok(`GET ${at}/resolve?path=${encodeURIComponent('Projects/Ä/2026')}`, undefined, mailboxes.get);
  assert.deepEqual(
    [resolved['id'], resolved['name'], resolved['retention'], resolved['subscribed'], resolved['total']],
    [mailbox, '2026', 5_000, true, 0],
  );
  assert.equal((await api.ok(`GET ${at}/resolve?path=${encodeURIComponent('/Projects/Ä/2026')}`))['id'], mailbox);
  await api.fails(`POST ${at}`, 400, 'MailboxExistsError', { body: { path: '/Sent' } });
  await api.fails(`GET ${at}/resolve?path=Nothing`, 404, 'NoSuchMailbox');
  await api.fails(`GET ${at}/resolve`, 400, 'InputValidationError');
  await api.ok(
    `PUT ${at}/${mailbox}`,
    { path: 'Done', subscribed: false, hidden: true, retention: 0, encryptMessages: true },
    mailboxes.update,
  );
  const changed = await api.ok(`GET ${at}/${mailbox}`);
  assert.deepEqual(
    [changed['path'], changed['subscribed'], changed['hidden'], changed['retention'], changed['encryptMessages']],
    ['Done', false, true, undefined, true],
  );
  assert.ok(!(await listOf(user)).some((one) => one['id'] === mailbox));
  assert.ok((await listOf(user, '?showHidden=true')).some((one) => one['id'] === mailbox));
  await api.fails(`PUT ${at}/${mailbox}`, 400, 'MailboxExistsError', { body: { path: 'Sent' } });
  await api.ok(`DELETE ${at}/${mailbox}`, undefined, mailboxes.remove);
  await api.fails(`GET ${at}/${mailbox}`, 404, 'NoSuchMailbox');
});

test('what may not be done, and what is not there', async () => {
  const { id: user } = await api.user();
  const list = await listOf(user);
  const idOf = (path: string): string => String(list.find((one) => one['path'] === path)?.['id']);
  const at = `/users/${user}/mailboxes`;
  await api.fails(`DELETE ${at}/${idOf('INBOX')}`, 400, 'DisallowedMailboxMethod');
  await api.fails(`DELETE ${at}/${idOf('Sent')}`, 400, 'DisallowedMailboxMethod');
  await api.fails(`PUT ${at}/${idOf('INBOX')}`, 400, 'DisallowedMailboxMethod', { body: { path: 'Elsewhere' } });
  for (const call of [`GET ${at}/${NOBODY}`, `PUT ${at}/${NOBODY}`, `DELETE ${at}/${NOBODY}`])
    await api.fails(call, 404, 'NoSuchMailbox', call.startsWith('PUT') ? { body: { hidden: true } } : {});
  for (const call of [`GET /users/${NOBODY}/mailboxes/${NOBODY}`, `POST /users/${NOBODY}/mailboxes`])
    await api.fails(call, 404, 'UserNotFound', call.startsWith('POST') ? { body: { path: 'x' } } : {});
  // Another user's mailbox is none of this one's.
  const other = await api.user();
  await api.fails(`GET /users/${other.id}/mailboxes/${idOf('INBOX')}`, 404, 'NoSuchMailbox');
});

test('wrong inputs are refused by field', async () => {
  const { id: user } = await api.user();
  const inbox = String((await listOf(user))[0]?.['id']);
  const at = `/users/${user}/mailboxes`;
  const path = ['a//b', 'a/', '/', 5, 'x'.repeat(65_664), 'a/'.repeat(200)];
  await checkBadInputs(api, {
    call: `GET ${at}`,
    bad: { specialUse: ['maybe'], showHidden: ['maybe'], counters: ['maybe'], sizes: ['maybe'] },
  });
  await checkBadInputs(api, {
    call: `POST ${at}`,
    good: { path: 'fine' },
    required: ['path'],
    bad: { path, hidden: wrong.boolean, retention: wrong.count, encryptMessages: wrong.boolean },
  });
  await checkBadInputs(api, {
    call: `PUT ${at}/${inbox}`,
    bad: { path, retention: wrong.count, subscribed: wrong.boolean, hidden: wrong.boolean, encryptMessages: wrong.boolean },
  });
  for (const call of [`GET ${at}/12`, `PUT ${at}/12`, `DELETE ${at}/12`])
    await api.fails(call, 400, 'InputValidationError', call.startsWith('PUT') ? { body: {} } : {});
});
