/** The octets of a message that APPEND or REPLACE brings: a literal as it was sent, or put together by CATENATE (RFC 4469). */
import { refused } from '../../base/fault.ts';
import type { Uid } from '../../mail/ids.ts';
import { decodePartTable } from '../../mime/part-table.ts';
import { filterHeaderFields, resolveSection } from '../../mime/sections.ts';
import type { MailboxInfo, NewMessage, OpenContent } from '../../operations/contract.ts';
import type { CommandContext, Completion } from './command.ts';
import { type ImapUrl, parseImapUrl } from './imap-url.ts';
import { resolveMailbox } from './mailbox-names.ts';
import type { AppendMessage, CatenatePart } from './wire/append-args.ts';
import { syntaxFault } from './wire/cursor.ts';
import type { SectionText } from './wire/sections.ts';

/** A message ready to be placed into that mailbox, or the refusal. Faults: TOOBIG, those of storing. */
export async function storeMessage(
  context: CommandContext,
  { user, id }: Pick<MailboxInfo, 'user' | 'id'>,
  message: AppendMessage,
): Promise<NewMessage | Completion> {
  const { ops, settings, session } = context;
  const raw = await bytesOf(context, message);
  if (!Buffer.isBuffer(raw)) return raw;
  if (raw.length === 0) return { status: 'NO', code: 'CANNOT', text: 'A message can not be empty' };
  if (raw.length > settings.maxMessageBytes) throw refused('TOOBIG', 'The message is too big');
  if ((await ops.traffic?.allows(session.account.user, 'imapUpload')) === false)
    return { status: 'NO', code: 'LIMIT', text: 'The upload limit of today is reached, try again tomorrow' };
  ops.traffic?.count(session.account.user, 'imapUpload', raw.length);
  const stored = await ops.contents.storeFor(user, id, raw);
  return { stored, flags: message.flags, internalDateMs: message.internalDate ?? Date.now() };
}

async function bytesOf(context: CommandContext, { data }: AppendMessage): Promise<Buffer | Completion> {
  switch (data.kind) {
    case 'literal':
      return data.literal.bytes;
    case 'utf8':
      // RFC 6855 §4: only after ENABLE UTF8=ACCEPT.
      if (!context.session.utf8) throw syntaxFault('UTF8 needs ENABLE UTF8=ACCEPT');
      return data.literal.bytes;
    case 'catenate':
      return catenate(context, data.parts);
  }
}

async function catenate(context: CommandContext, parts: readonly CatenatePart[]): Promise<Buffer | Completion> {
  const pieces: Buffer[] = [];
  let left = context.settings.maxMessageBytes;
  for (const part of parts) {
    const piece = part.kind === 'text' ? part.literal.bytes : await fetchUrl(context, part.url, left);
    // RFC 4469 §4.1: the first URL that can't be used is named.
    if (piece === undefined)
      return { status: 'NO', code: `BADURL "${part.kind === 'url' ? printable(part.url) : ''}"`, text: 'CATENATE failed' };
    left -= piece.length;
    if (left < 0) throw refused('TOOBIG', 'The message is too big');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function printable(url: string): string {
  return url
    .replaceAll(/[^\u0020-\u007e]/g, '?')
    .replaceAll(/["\\\]]/g, '?')
    .slice(0, 500);
}

/** undefined when the URL names nothing. */
async function fetchUrl(context: CommandContext, text: string, maxBytes: number): Promise<Buffer | undefined> {
  const { ops } = context;
  const url = parseImapUrl(text);
  if (url === undefined) return undefined;
  const place = await placeOf(context, url);
  if (place === undefined) return undefined;
  const meta = await ops.reads.metadataOf(place.user, place.mailbox, url.uid as Uid);
  if (meta === undefined) return undefined;
  return sectionBytes(await ops.contents.open(meta.content), url, maxBytes);
}

async function placeOf(context: CommandContext, url: ImapUrl) {
  const { session } = context;
  if (url.mailbox === undefined) {
    const view = session.boxOrNone?.view;
    return view === undefined || (url.uidValidity !== undefined && url.uidValidity !== view.uidValidity) ? undefined : view;
  }
  const found = await resolveMailbox(context, url.mailbox, { needs: 'r' }).catch(() => undefined);
  if (found === undefined || (url.uidValidity !== undefined && url.uidValidity !== found.mailbox.uidValidity)) return undefined;
  return { user: found.mailbox.user, mailbox: found.mailbox.id };
}

const PARTS = {
  '': 'all',
  HEADER: 'header',
  TEXT: 'text',
  MIME: 'mime',
  'HEADER.FIELDS': 'fields',
  'HEADER.FIELDS.NOT': 'fields',
} as const satisfies Record<SectionText, string>;

async function sectionBytes(content: OpenContent, { section, partial }: ImapUrl, maxBytes: number): Promise<Buffer | undefined> {
  const range =
    section === undefined
      ? { start: 0, end: content.sizeBytes }
      : resolveSection(decodePartTable(content.parts), { path: section.part, part: PARTS[section.text] });
  if (range === undefined) return undefined;
  if (range.end - range.start > maxBytes && partial === undefined) throw refused('TOOBIG', 'The message is too big');
  const bytes = await content.readAll(range.start, range.end);
  const fields =
    section === undefined || section.fields.length === 0
      ? bytes
      : filterHeaderFields(bytes, section.fields, section.text === 'HEADER.FIELDS.NOT');
  if (partial === undefined) return fields;
  return fields.subarray(partial.offset, partial.count === undefined ? undefined : partial.offset + partial.count);
}
