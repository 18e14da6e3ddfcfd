/** What a new message takes from others: its place in a thread, attachments of what it forwards, files that were stored before. */
import type { MailboxId, Uid, UserId } from '../../mail/ids.ts';
import { decodePartTable } from '../../mime/part-table.ts';
import { findPart } from '../../mime/sections.ts';
import { decodeTransferEncoding } from '../../mime/transfer-encoding.ts';
import type { ApiContext } from '../context.ts';
import { refuse } from '../faults.ts';
import type { ComposeAttachment } from './compose.ts';
import { attachmentId, listedAttachment, readMailboxRows } from './rows.ts';

export type Reference = {
  readonly mailbox: string;
  readonly id: number;
  readonly action: 'reply' | 'replyAll' | 'forward';
  /** All, or these. */
  readonly attachments?: boolean | readonly string[] | undefined;
};

export type ReferencedMessage = {
  readonly inReplyTo: string | undefined;
  readonly references: readonly string[];
  readonly attachments: readonly ComposeAttachment[];
};

/** RFC 5322 §3.6.4: References grows by the message that is answered. More than this is cut in the middle. */
const MAX_REFERENCES = 50;

/** Refusal MessageNotFound. */
export async function readReference(
  { operations, store }: ApiContext,
  user: UserId,
  reference: Reference,
): Promise<ReferencedMessage> {
  const [row] = await readMailboxRows({ operations, records: store.records }, user, reference.mailbox as MailboxId, [
    reference.id as Uid,
  ]);
  if (row === undefined) throw refuse('MessageNotFound', 'The message that is referred to does not exist');
  const { messageId, references } = row.summary;
  const wanted = reference.attachments ?? reference.action === 'forward';
  const chosen = row.summary.attachments.filter((_, index) =>
    typeof wanted === 'boolean' ? wanted : wanted.includes(attachmentId(index)),
  );
  const attachments: ComposeAttachment[] = [];
  if (chosen.length > 0) {
    const content = await operations.contents.open(row.meta.content);
    const table = decodePartTable(content.parts);
    for (const one of chosen) {
      const part = findPart(table, one.section.split('.').map(Number));
      if (part === undefined) continue;
      const bytes = decodeTransferEncoding(await content.readAll(part.body.start, part.body.end), part.encoding);
      const { filename } = listedAttachment(one, row.summary.attachments.indexOf(one));
      const inline = one.related && one.contentId !== '';
      attachments.push({
        filename,
        contentType: one.contentType,
        content: bytes,
        ...(inline ? { cid: one.contentId, contentDisposition: 'inline' as const } : {}),
      });
    }
  }
  const thread = [...references, ...(messageId === undefined ? [] : [messageId])];
  return {
    inReplyTo: reference.action === 'forward' ? undefined : messageId,
    references: thread.length > MAX_REFERENCES ? [thread[0]!, ...thread.slice(1 - MAX_REFERENCES)] : thread,
    attachments,
  };
}

/** Refusal FileNotFound. */
export async function storedFiles({ store }: ApiContext, user: UserId, ids: readonly string[]): Promise<ComposeAttachment[]> {
  const { files } = store.records;
  return Promise.all(
    ids.map(async (id) => {
      const file = await files.findOne({ id, user });
      if (file === undefined) throw refuse('FileNotFound', 'This file does not exist');
      const { filename, contentType, cid } = file;
      return {
        content: await files.read(id),
        filename: filename ?? undefined,
        contentType: contentType ?? undefined,
        ...(cid === undefined ? {} : { cid }),
      };
    }),
  );
}
