/** One message as the API shows it in full: texts, attachments, envelope, notes. Read from the stored analysis and the few bytes that are shown. */
import type { MailboxId, UserId } from '../../mail/ids.ts';
import { decodePartTable } from '../../mime/part-table.ts';
import { findPart } from '../../mime/sections.ts';
import type { AttachmentBody, MessageDetails } from '../contract/messages.ts';
import {
  type MessageSources,
  type Row,
  flagFields,
  headersOf,
  listedAttachment,
  listedMessage,
  referenceBody,
  shownAddress,
} from './rows.ts';
import { readTexts } from './text-parts.ts';
import { verificationOf } from './verification.ts';

export type DetailOptions = {
  /** Links to attachments in HTML become paths of this API. */
  readonly linkBase?: string | undefined;
  /** Of this server, as its trace fields name it. */
  readonly hostname: string;
};

export async function messageDetails(
  { operations }: MessageSources,
  user: UserId,
  mailbox: MailboxId,
  row: Row,
  { linkBase, hostname }: DetailOptions,
): Promise<MessageDetails> {
  const { meta, summary, note } = row;
  const content = await operations.contents.open(meta.content);
  const table = decodePartTable(content.parts);
  const [header, texts] = await Promise.all([content.header(), readTexts(content, table, summary.attachments)]);
  const fields = headersOf(header, [
    'return-path',
    'delivered-to',
    'list-id',
    'list-unsubscribe',
    'received',
    'authentication-results',
  ]);
  const listed = listedMessage(row);
  const some = (list: typeof summary.to): { name: string; address: string }[] | undefined =>
    list.length > 0 ? list.map(shownAddress) : undefined;
  const attachments = summary.attachments.map((one, index): AttachmentBody => {
    const part = findPart(table, one.section.split('.').map(Number));
    return { ...listedAttachment(one, index), transferEncoding: part?.encoding ?? 'base64' };
  });
  const details: MessageDetails = {
    id: meta.uid,
    mailbox,
    user,
    envelope: envelopeOf(note, fields),
    thread: meta.thread,
    from: shownAddress(summary.from[0] ?? { name: '', address: '' }),
    subject: summary.subject,
    messageId: listed.messageId,
    date: listed.date,
    idate: listed.idate,
    size: meta.sizeBytes,
    ...flagFields(row.flags),
    text: texts.text,
    html: texts.html.map((html) =>
      linkBase === undefined ? html : html.replaceAll(/(["'])attachment:(ATT\d+)/g, `$1${linkBase}/attachments/$2`),
    ),
    attachments,
    contentType: listed.contentType,
    metaData: { ...note?.metaData },
    references: note?.reference === undefined ? [] : [referenceBody(note.reference)],
  };
  const [replyTo, to, cc, bcc] = [some(summary.replyTo), some(summary.to), some(summary.cc), some(summary.bcc)];
  if (replyTo !== undefined) details.replyTo = replyTo;
  if (to !== undefined) details.to = to;
  if (cc !== undefined) details.cc = cc;
  if (bcc !== undefined) details.bcc = bcc;
  if (fields['list-id'] !== undefined || fields['list-unsubscribe'] !== undefined)
    details.list = { id: one(fields['list-id']), unsubscribe: one(fields['list-unsubscribe']) };
  if (listed.encrypted === true) details.encrypted = true;
  if (note?.expires instanceof Date) details.expires = note.expires.toISOString();
  if (note?.reference !== undefined) details.reference = referenceBody(note.reference);
  if (note?.files !== undefined && note.files.length > 0) details.files = note.files;
  if (note?.outbound !== undefined) details.outbound = note.outbound.map(outboundBody);
  if (note?.forwardTargets !== undefined) details.forwardTargets = note.forwardTargets;
  const verification = verificationOf(fields, hostname);
  if (verification !== undefined) details.verificationResults = verification;
  return details;
}

/** As it was recorded, else from the trace fields that delivery puts on top (RFC 5321 §4.4). */
function envelopeOf(note: Row['note'], fields: Readonly<Record<string, string | string[]>>): MessageDetails['envelope'] {
  if (note?.envelope !== undefined) return { from: note.envelope.from, rcpt: note.envelope.rcpt.map((rcpt) => ({ ...rcpt })) };
  const recipients = fields['delivered-to'] === undefined ? [] : [fields['delivered-to']].flat();
  return {
    from: one(fields['return-path']).replace(/^<|>$/g, ''),
    rcpt: recipients.map((value) => ({ value, formatted: value })),
  };
}

function one(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

function outboundBody({ queueId, queued, recipients }: NonNullable<NonNullable<Row['note']>['outbound']>[number]) {
  const entries = recipients.map((recipient, at) => ({
    seq: String(at + 1).padStart(3, '0'),
    recipient,
    sendingZone: 'default',
    queued: queued.toISOString(),
  }));
  return { queueId, entries };
}
