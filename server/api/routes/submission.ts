/** Sending from the API: composed, from a draft, on to others; and taking back. */
import { createHash } from 'node:crypto';
import type { MailboxId, UserId } from '../../mail/ids.ts';
import { UidSet } from '../../mail/uid-set.ts';
import { completeSubmitted, finishDraft } from '../../delivery/submitted-message.ts';
import type { UserView } from '../../operations/accounts-users.ts';
import type { MailboxInfo } from '../../operations/contract.ts';
import { type ApiContext, type Call, asUser, type Route, route } from '../context.ts';
import type { InputOf } from '../contract/route.ts';
import { submission } from '../contract/submission.ts';
import { refuse } from '../faults.ts';
import { composeMessage } from '../messages/compose.ts';
import { findCorrespondents } from '../messages/correspondents.ts';
import { ownsAddress, sendOutbound } from '../messages/outbound.ts';
import { readReference, storedFiles } from '../messages/references.ts';
import { type Row, readMailboxRows } from '../messages/rows.ts';
import { expectMailbox } from './messages.ts';
import { markReferenced } from './uploads.ts';

export function submissionRoutes(context: ApiContext): Route[] {
  const { operations, store, outgoing } = context;

  return [
    route(submission.submit, (call) => submitComposed(context, call)),
    route(submission.submitStored, async ({ input, ip }) => {
      const user = await expectOpen(context, input.user);
      const mailbox = input.mailbox as MailboxId;
      const row = await expectMessage(context, asUser(user.id), mailbox, input.message);
      if (!row.flags.includes('\\Draft')) throw refuse('MessageNotDraft', 'The message is not a draft');
      const sent = await sendDraft(context, user, mailbox, row, input.sendTime, ip);
      if (sent === undefined) return { success: true };
      const reference = row.note?.reference;
      if (reference !== undefined) await markReferenced(context, asUser(user.id), reference);
      if (input.deleteFiles === true) for (const file of row.note?.files ?? []) await store.records.files.remove(file);
      return { success: true, ...sent };
    }),
    route(submission.forward, async ({ input, ip }) => {
      const user = await expectOpen(context, input.user);
      const row = await expectMessage(context, asUser(user.id), input.mailbox as MailboxId, input.message);
      const known =
        row.note?.forwardTargets?.map((one) => one.value) ??
        user.targets.filter((one) => one.type === 'mail').map((one) => one.value);
      const chosen = input.target === undefined ? known : known.slice(input.target - 1, input.target);
      const addresses = [...new Set(input.addresses ?? chosen)];
      if (addresses.length === 0) return { success: true, forwarded: [] };
      const content = await operations.contents.open(row.meta.content);
      const queueId = await sendOutbound(context, {
        user,
        from: user.address,
        recipients: addresses,
        raw: await content.readAll(0, content.sizeBytes),
        messageId: row.summary.messageId ?? '',
        subject: row.summary.subject,
        ip,
      });
      const forwarded = addresses.map((value, at) => ({ seq: String(at + 1).padStart(3, '0'), type: 'mail', value }));
      return { success: true, queueId, forwarded };
    }),
    route(submission.cancel, async ({ input }) => {
      await store.accounts.users.expect(input.user);
      const waiting = await outgoing.queue.find({ user: input.user, transaction: input.queueId });
      let deleted = 0;
      // Counted by recipients, as clients know it.
      for (const entry of waiting) if (await outgoing.queue.remove(entry.id)) deleted += entry.recipients.length;
      if (deleted === 0) throw refuse('NoSuchQueueEntry', 'This message is not in the queue');
      return { success: true, deleted, queueId: input.queueId };
    }),
    route(submission.correspondents, async ({ input }) => {
      await store.accounts.users.expect(input.user);
      const found = await findCorrespondents(context, asUser(input.user), input.query, input.limit);
      const results = found.map(({ name, address }) => ({ id: idOf(address), address, ...(name === '' ? {} : { name }) }));
      return { success: true, results };
    }),
  ];
}

/** Entries are found in the mail itself and have no record: the same address has the same id. */
function idOf(address: string): string {
  return createHash('sha256').update(address.toLowerCase()).digest('hex').slice(0, 24);
}

async function expectOpen({ store }: ApiContext, id: string): Promise<UserView> {
  const user = await store.accounts.users.expect(id);
  if (user.disabled || user.suspended) throw refuse('UserDisabled', 'This user is disabled');
  return user;
}

async function expectMessage(context: ApiContext, user: UserId, mailbox: MailboxId, uid: number): Promise<Row> {
  await expectMailbox(context, user, mailbox);
  const sources = { operations: context.operations, records: context.store.records };
  const [row] = await readMailboxRows(sources, user, mailbox, [uid]);
  if (row === undefined) throw refuse('MessageNotFound', 'This message does not exist');
  return row;
}

type Submitted = { success: true; message: { mailbox: string; id: number; queueId?: string } };

async function submitComposed(context: ApiContext, { input, ip }: Call<InputOf<typeof submission.submit>>): Promise<Submitted> {
  const { operations, store, config } = context;
  const user = await expectOpen(context, input.user);
  const id = asUser(user.id);
  const { to = [], cc = [], bcc = [], reference, sendTime, envelope, draft, meta } = input;
  const target = await targetMailbox(context, id, input.mailbox as MailboxId | undefined, input.isDraft);
  const original = reference === undefined ? undefined : await readReference(context, id, reference);
  const from = await senderOf(context, user, input.from);
  const { replyTo, headers, subject, text, html } = input;
  const attachments = [
    ...(input.attachments ?? []),
    ...(original?.attachments ?? []),
    ...(await storedFiles(context, id, input.files ?? [])),
  ];
  const { inReplyTo, references } = original ?? {};
  const parts = { from, replyTo, to, cc, bcc, headers, subject, text, html, attachments, inReplyTo, references };
  const composed = await composeMessage(parts, { keepBcc: true, hostname: config.hostname });
  const outgoingForm = completeSubmitted(composed, { hostname: config.hostname, nowMs: Date.now(), defaultFrom: user.address });
  const recipients = (envelope?.to ?? [...to, ...cc, ...bcc]).map(({ address }) => address);
  const sends = !input.isDraft && !input.uploadOnly;
  if (sends && recipients.length === 0) throw refuse('ENORECIPIENTS', 'The message has no recipients');

  // Kept first: what was sent and has no copy could not be found again, the other way it can be sent anew.
  const { contents } = operations;
  const stored = await (input.isDraft ? contents.store(composed) : contents.storeFor(id, target.id, composed));
  const flags = input.isDraft ? ['\\Seen', '\\Draft'] : ['\\Seen'];
  const { uids } = await operations.messages.append(id, target.id, [{ stored, flags, internalDateMs: Date.now() }]);
  const uid = uids[0]!;
  let queueId: string | undefined;
  if (sends) {
    try {
      const sender = envelope?.from === undefined ? from.address : (await senderOf(context, user, envelope.from)).address;
      const { raw, messageId } = outgoingForm;
      queueId = await sendOutbound(context, {
        user,
        from: sender,
        recipients,
        raw,
        messageId,
        subject: subject ?? '',
        sendTime,
        ip,
      });
    } catch (error) {
      await operations.messages.expunge(id, target.id, { uids: UidSet.of(uid), onlyDeleted: false });
      throw error;
    }
  }
  const outbound = queueId === undefined ? undefined : [{ queueId, queued: new Date(), recipients }];
  if (meta !== undefined || reference !== undefined || outbound !== undefined)
    await store.records.note(id, stored.content, { metaData: meta, reference, outbound });
  if (reference !== undefined && sends) await markReferenced(context, id, reference);
  if (draft !== undefined)
    await operations.messages.expunge(id, draft.mailbox as MailboxId, { uids: UidSet.of(draft.id), onlyDeleted: false });
  return { success: true, message: { mailbox: target.id, id: uid, ...(queueId === undefined ? {} : { queueId }) } };
}

/** Sent, or Drafts for a draft, unless the call names another; INBOX where a user has none of these. */
async function targetMailbox(
  context: ApiContext,
  user: UserId,
  wanted: MailboxId | undefined,
  isDraft: boolean,
): Promise<MailboxInfo> {
  if (wanted !== undefined) return expectMailbox(context, user, wanted);
  const { mailboxes } = context.operations;
  const special = await mailboxes.findBySpecialUse(user, isDraft ? '\\Drafts' : '\\Sent');
  return special ?? expectMailbox(context, user, await mailboxes.inboxOf(user));
}

type Sender = { readonly name: string; readonly address: string };

/** Another's address is replaced by the user's own: clients of this interface count on being sent, not refused. */
async function senderOf(
  context: ApiContext,
  user: UserView,
  given: { readonly name?: string | undefined; readonly address: string } | undefined,
): Promise<Sender> {
  const name = given?.name ?? user.name;
  if (given !== undefined && (await ownsAddress(context, user, given.address))) return { name, address: given.address };
  if (user.address === '') throw refuse('NotPermitted', 'This user has no address to send from');
  return { name, address: user.address };
}

type SentDraft = {
  readonly queueId: string;
  readonly message: { readonly id: number; readonly mailbox: string; readonly size: number };
};

/** The draft gives way to a copy in Sent, with the date of sending. Undefined for a draft that is to nobody: nothing happens. */
async function sendDraft(
  context: ApiContext,
  user: UserView,
  mailbox: MailboxId,
  row: Row,
  sendTime: Date | undefined,
  ip: string,
): Promise<SentDraft | undefined> {
  const { operations, store, config } = context;
  const id = asUser(user.id);
  const { from, to, cc, bcc, subject } = row.summary;
  const recipients = [...to, ...cc, ...bcc].map(({ address }) => address).filter((address) => address.includes('@'));
  if (recipients.length === 0) return undefined;
  const content = await operations.contents.open(row.meta.content);
  const sender = await senderOf(context, user, from[0]);
  const sentAtMs = Math.max(Date.now(), sendTime?.getTime() ?? 0);
  // Others see the user's own name, whatever the draft says.
  const isForeign = from[0] !== undefined && sender.address !== from[0].address;
  const bytes = finishDraft(await content.readAll(0, content.sizeBytes), sentAtMs, isForeign ? sender : undefined);
  const { raw, messageId } = completeSubmitted(bytes, {
    hostname: config.hostname,
    nowMs: sentAtMs,
    defaultFrom: user.address,
  });
  const target = (await operations.mailboxes.findBySpecialUse(id, '\\Sent'))?.id ?? mailbox;
  const stored = await operations.contents.storeFor(id, target, bytes);
  const flags = [...new Set(['\\Seen', ...row.flags.filter((flag) => flag !== '\\Draft')])];
  const { uids } = await operations.messages.append(id, target, [{ stored, flags, internalDateMs: Date.now() }]);
  const uid = uids[0]!;
  let queueId: string;
  try {
    queueId = await sendOutbound(context, { user, from: sender.address, recipients, raw, messageId, subject, sendTime, ip });
  } catch (error) {
    await operations.messages.expunge(id, target, { uids: UidSet.of(uid), onlyDeleted: false });
    throw error;
  }
  const outbound = [...(row.note?.outbound ?? []), { queueId, queued: new Date(), recipients }];
  const { metaData, reference, files, expires } = row.note ?? {};
  await store.records.note(id, stored.content, { metaData, reference, files, expires, outbound });
  const { modseq } = await operations.messages.expunge(id, mailbox, { uids: UidSet.of(row.meta.uid), onlyDeleted: false });
  // It lives on in Sent: there is nothing to restore.
  await store.records.releaseDeletedSince(id, mailbox, modseq);
  return { queueId, message: { id: uid, mailbox: target, size: stored.sizeBytes } };
}
