/** Messages as the API shows them in lists: placement, header fields, flags and notes put together. */
import type { MailboxId, Uid, UserId } from '../../mail/ids.ts';
import { UidSet } from '../../mail/uid-set.ts';
import { readHeaderFields, fieldValue, unfold } from '../../mime/header-fields.ts';
import { isEncryptedType } from '../../mime/encryption/envelope-fields.ts';
import { decodeWords } from '../../mime/encoded-words.ts';
import type { AttachmentSummary, MailAddress } from '../../mime/types.ts';
import type { Flags, MessageMeta, MessageSummary, Operations } from '../../operations/contract.ts';
import type { MailRecords, MessageNote } from '../../operations/mail-records.ts';
import type { AttachmentBody, ListedMessage } from '../contract/messages.ts';
import { contentTypeOf } from './wire-values.ts';

export type MessageSources = { readonly operations: Operations; readonly records: MailRecords };

export type Row = {
  readonly mailbox: MailboxId;
  readonly meta: MessageMeta;
  readonly summary: MessageSummary;
  readonly flags: Flags;
  readonly note: MessageNote | undefined;
};

/** Of the wanted messages those that are there, by UID. `flagsOf` answers undefined for one that is gone. */
export async function readRows(
  { operations, records }: MessageSources,
  user: UserId,
  mailbox: MailboxId,
  uids: UidSet,
  flagsOf: (uid: Uid) => Flags | undefined,
): Promise<ReadonlyMap<number, Row>> {
  const [metas, summaries] = await Promise.all([
    collect(operations.reads.metadata(user, mailbox, uids)),
    collect(operations.reads.summaries(user, mailbox, uids)),
  ]);
  const notes = await records.notesOf(
    user,
    [...metas.values()].map((meta) => meta.content),
  );
  const rows = new Map<number, Row>();
  for (const [uid, meta] of metas) {
    const summary = summaries.get(uid);
    const flags = flagsOf(uid);
    if (summary !== undefined && flags !== undefined)
      rows.set(uid, { mailbox, meta, summary, flags, note: notes.get(meta.content) });
  }
  return rows;
}

async function collect<T extends { readonly uid: Uid }>(batches: AsyncIterable<readonly T[]>): Promise<Map<Uid, T>> {
  const all = new Map<Uid, T>();
  for await (const batch of batches) for (const one of batch) all.set(one.uid, one);
  return all;
}

/** Messages of one mailbox at this moment, in the order of `uids`. */
export async function readMailboxRows(
  sources: MessageSources,
  user: UserId,
  mailbox: MailboxId,
  uids: readonly number[],
): Promise<Row[]> {
  const { view, release } = await sources.operations.views.open(user, mailbox);
  try {
    const rows = await readRows(sources, user, mailbox, UidSet.from(uids), (uid) => {
      const index = view.indexOf(uid);
      return index === -1 ? undefined : view.flagsAt(index);
    });
    return uids.flatMap((uid) => rows.get(uid) ?? []);
  } finally {
    release();
  }
}

export type ListOptions = {
  readonly metaData?: boolean;
  readonly threadCounters?: boolean;
  /** Names of header fields, in lower case. */
  readonly headers?: readonly string[];
};

export async function listedMessages(
  { operations, records }: MessageSources,
  user: UserId,
  rows: readonly Row[],
  options: ListOptions,
): Promise<ListedMessage[]> {
  const counts =
    options.threadCounters === true
      ? await records.threadCounts(
          user,
          rows.map((row) => row.meta.thread),
        )
      : undefined;
  return Promise.all(
    rows.map(async (row): Promise<ListedMessage> => {
      const listed = listedMessage(row);
      if (options.metaData === true) listed.metaData = { ...row.note?.metaData };
      if (counts !== undefined) listed.threadMessageCount = counts.get(row.meta.thread) ?? 1;
      if (options.headers !== undefined && options.headers.length > 0) {
        const content = await operations.contents.open(row.meta.content);
        listed.headers = headersOf(await content.header(), options.headers);
      }
      return listed;
    }),
  );
}

export function listedMessage(row: Row): ListedMessage {
  const { meta, summary, mailbox, note } = row;
  const type = contentTypeOf(meta.bodyStructure);
  const from = summary.from[0];
  return {
    id: meta.uid,
    mailbox,
    thread: meta.thread,
    ...(from === undefined ? {} : { from: shownAddress(from) }),
    to: summary.to.map(shownAddress),
    cc: summary.cc.map(shownAddress),
    bcc: summary.bcc.map(shownAddress),
    messageId: summary.messageId ?? '',
    subject: summary.subject,
    date: new Date(summary.sentDate?.epochMs ?? meta.internalDateMs).toISOString(),
    idate: new Date(meta.internalDateMs).toISOString(),
    intro: summary.preview,
    attachments: summary.attachments.some((one) => !one.related),
    attachmentsList: summary.attachments.map(listedAttachment),
    size: meta.sizeBytes,
    ...flagFields(row.flags),
    references: note?.reference === undefined ? [] : [referenceBody(note.reference)],
    contentType: type,
    ...(isEncryptedType(type.value, type.params['smime-type']) ? { encrypted: true } : {}),
  };
}

export function referenceBody(reference: NonNullable<MessageNote['reference']>): ListedMessage['references'][number] {
  const { mailbox, id, action, attachments } = reference;
  if (attachments === undefined) return { mailbox, id, action };
  return { mailbox, id, action, attachments: typeof attachments === 'boolean' ? attachments : [...attachments] };
}

/** `$Forwarded` is the keyword that clients agreed on (RFC 5788's registry). */
export function flagFields(
  flags: Flags,
): Pick<ListedMessage, 'seen' | 'deleted' | 'flagged' | 'draft' | 'answered' | 'forwarded'> {
  return {
    seen: flags.includes('\\Seen'),
    deleted: flags.includes('\\Deleted'),
    flagged: flags.includes('\\Flagged'),
    draft: flags.includes('\\Draft'),
    answered: flags.includes('\\Answered'),
    forwarded: flags.some((flag) => flag.toLowerCase() === '$forwarded'),
  };
}

export function attachmentId(index: number): string {
  return `ATT${String(index + 1).padStart(5, '0')}`;
}

export function listedAttachment(attachment: AttachmentSummary, index: number): AttachmentBody {
  return {
    id: attachmentId(index),
    filename: attachment.filename === '' ? defaultName(attachment, index) : attachment.filename,
    contentType: attachment.contentType,
    disposition: attachment.disposition === '' ? false : attachment.disposition,
    transferEncoding: 'base64',
    related: attachment.related,
    ...(attachment.contentId === '' ? {} : { cid: `<${attachment.contentId}>` }),
    size: attachment.sizeBytes,
    sizeKb: Math.ceil(attachment.sizeBytes / 1024),
  };
}

function defaultName(attachment: AttachmentSummary, index: number): string {
  const [type, subtype = ''] = attachment.contentType.split('/');
  const ending = type === 'message' ? 'eml' : (/^[a-z0-9]{1,8}$/.exec(subtype)?.[0] ?? 'bin');
  return `attachment-${index + 1}.${ending}`;
}

export function shownAddress({ name, address }: MailAddress): { name: string; address: string } {
  return { name, address };
}

/** The wanted fields, decoded; several of one name make a list. */
export function headersOf(header: Buffer, names: readonly string[]): Record<string, string | string[]> {
  const wanted = new Set(names);
  const found: Record<string, string | string[]> = {};
  for (const field of readHeaderFields(header, 0, header.length)) {
    if (!wanted.has(field.name)) continue;
    const value = decodeWords(unfold(fieldValue(header, field))).trim();
    const before = found[field.name];
    found[field.name] = before === undefined ? value : [before, value].flat();
  }
  return found;
}

/** `Subject, List-Id` → lower-case names. */
export function headerNames(text: string | boolean | undefined): string[] {
  if (typeof text !== 'string') return [];
  return text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => /^[!-9;-~]{1,100}$/.test(name));
}
