/**
 * What a submission server does to a user's message (RFC 6409 §8): a missing Date, Message-ID or From is added, Bcc is taken out. Everything else stays as it
 * is, byte for byte.
 */
import { randomBytes } from 'node:crypto';
import { parseAddressList } from '../mime/addresses.ts';
import { fieldValue, findField, type HeaderField } from '../mime/header-fields.ts';
import { headerOf, identityOf, type MessageIdentity } from './message-identity.ts';
import { mailDate } from './trace-header.ts';

export type SubmittedMessage = MessageIdentity & {
  /** Without Bcc, with the added fields at its head. */
  readonly raw: Buffer;
  /** Of From; empty when it had none that can be read. */
  readonly from: readonly string[];
};

export type SubmissionContext = {
  readonly hostname: string;
  readonly nowMs: number;
  /** Becomes From when there is none. */
  readonly defaultFrom: string;
};

const REMOVED: ReadonlySet<string> = new Set(['bcc', 'resent-bcc', 'return-path']);
const MAX_FROM = 100;

/** A stored draft as it is sent: its Date is that of sending, and a From that is not the user's gives way. Everything else stays, Bcc too. */
export function finishDraft(
  raw: Buffer,
  sentAtMs: number,
  from: { readonly name: string; readonly address: string } | undefined,
): Buffer {
  const fields = headerOf(raw);
  if (fields[0] === undefined || fields[0].name === '') return raw;
  const replaced = new Set(from === undefined ? ['date'] : ['date', 'from']);
  const head = `Date: ${mailDate(sentAtMs)}\r\n${from === undefined ? '' : `From: ${mailbox(from)}\r\n`}`;
  return Buffer.concat([Buffer.from(head), ...without(raw, fields, replaced)]);
}

/** The name in RFC 2047 words of at most 75 octets each, whatever it holds. */
function mailbox({ name, address }: { readonly name: string; readonly address: string }): string {
  const words: string[] = [];
  const characters = Array.from(name.slice(0, 250).replace(/[\u0000-\u001f\u007f]/g, ' '));
  for (let at = 0; at < characters.length; at += 10)
    words.push(`=?UTF-8?B?${Buffer.from(characters.slice(at, at + 10).join('')).toString('base64')}?=`);
  return words.length === 0 ? `<${address}>` : `${words.join('\r\n ')} <${address}>`;
}

/** The message without the fields of some names. */
function without(raw: Buffer, fields: readonly HeaderField[], names: ReadonlySet<string>): Buffer[] {
  const pieces: Buffer[] = [];
  let kept = 0;
  for (const { name, start, end } of fields) {
    if (!names.has(name)) continue;
    pieces.push(raw.subarray(kept, start));
    kept = end;
  }
  pieces.push(raw.subarray(kept));
  return pieces;
}

export function completeSubmitted(raw: Buffer, context: SubmissionContext): SubmittedMessage {
  const fields = headerOf(raw);
  const headless = fields[0] !== undefined && fields[0].name === '';
  const known = headless ? [] : fields;
  const added: string[] = [];
  const identity = identityOf(raw, known);
  let { messageId } = identity;
  if (findField(known, 'message-id') === undefined) {
    messageId = `<${randomBytes(16).toString('hex')}@${context.hostname}>`;
    added.push(`Message-ID: ${messageId}`);
  }
  if (findField(known, 'date') === undefined) added.push(`Date: ${mailDate(context.nowMs)}`);
  const fromField = findField(known, 'from');
  if (fromField === undefined && context.defaultFrom !== '') added.push(`From: <${context.defaultFrom}>`);
  const from = known
    .filter(({ name }) => name === 'from')
    .flatMap((field) => parseAddressList(fieldValue(raw, field), MAX_FROM).map(({ address }) => address));
  const pieces: Buffer[] = [];
  if (added.length > 0) pieces.push(Buffer.from(`${added.join('\r\n')}\r\n`));
  // A message that begins with its text gets the blank line that it lacks.
  if (headless) pieces.push(Buffer.from('\r\n'));
  pieces.push(...without(raw, known, REMOVED));
  return {
    raw: pieces.length === 1 ? raw : Buffer.concat(pieces),
    messageId,
    subject: identity.subject,
    from,
  };
}
