/** The FETCH items that need a message's content: sections, RFC822 and its parts, BODY, PREVIEW, BINARY (RFC 3501 §6.4.5, RFC 3516, RFC 8970). */
import { Fault } from '../../../base/fault.ts';
import { type PartTable, decodePartTable } from '../../../mime/part-table.ts';
import { filterHeaderFields, findPart, resolveSection } from '../../../mime/sections.ts';
import { decodeTransferEncoding, isKnownTransferEncoding } from '../../../mime/transfer-encoding.ts';
import type { ByteRange } from '../../../mime/types.ts';
import type { OpenContent } from '../../../operations/contract.ts';
import type { ImapOutput } from '../output.ts';
import { type FetchItem, formatFetchItem } from '../wire/fetch-items.ts';
import type { OctetRange } from '../wire/parser.ts';
import type { Section, SectionText } from '../wire/sections.ts';

/** A message being answered for: its content and, once it is needed, its part table. */
export class FetchedContent {
  readonly content: OpenContent;
  #table: PartTable | undefined;

  constructor(content: OpenContent) {
    this.content = content;
  }

  get table(): PartTable {
    this.#table ??= decodePartTable(this.content.parts);
    return this.#table;
  }
}

const WHOLE: Section = { part: [], text: '', fields: [] };
const HEADER: Section = { part: [], text: 'HEADER', fields: [] };
const TEXT: Section = { part: [], text: 'TEXT', fields: [] };

/** BINARY of a part whose transfer encoding nobody can decode; the command answers NO [UNKNOWN-CTE] after the rest (RFC 3516 §4.3). */
export class UnknownEncoding extends Error {
  override readonly name = 'UnknownEncoding';
}

/** True when every BINARY item of the message can be decoded: checked before its response is begun. */
export function canDecode(items: readonly FetchItem[], message: FetchedContent): boolean {
  return items.every((item) => {
    if (item.item !== 'BINARY[]' && item.item !== 'BINARY.SIZE[]') return true;
    const part = findPart(message.table, item.part);
    return part === undefined || item.part.length === 0 || isKnownTransferEncoding(part.encoding) || part.encoding === '';
  });
}

/** Writes `NAME value`. Waits only where the content has to be read or the client is slow. */
export async function writeContentItem(out: ImapOutput, item: FetchItem, message: FetchedContent): Promise<void> {
  switch (item.item) {
    case 'BODY':
      out.raw('BODY ').encoded(message.content.body);
      return;
    case 'RFC822':
      out.raw('RFC822 ');
      return writeSection(out, message, WHOLE, undefined);
    case 'RFC822.HEADER':
      out.raw('RFC822.HEADER ');
      return writeSection(out, message, HEADER, undefined);
    case 'RFC822.TEXT':
      out.raw('RFC822.TEXT ');
      return writeSection(out, message, TEXT, undefined);
    case 'BODY[]':
      out.raw(`${formatFetchItem(item)} `);
      return writeSection(out, message, item.section, item.range);
    case 'PREVIEW':
      out.raw('PREVIEW ').string(message.content.preview);
      return;
    case 'BINARY[]': {
      out.raw(`${formatFetchItem(item)} `);
      const bytes = await decodedPart(message, item.part);
      if (bytes === undefined) out.raw('NIL');
      else writeBinary(out, slice(bytes, item.range));
      return;
    }
    case 'BINARY.SIZE[]': {
      const bytes = await decodedPart(message, item.part);
      out.raw(`${formatFetchItem(item)} ${bytes?.length ?? 0}`);
      return;
    }
    default:
      throw new Error(`no content item: ${item.item}`);
  }
}

const SECTION_PARTS = {
  '': 'all',
  HEADER: 'header',
  TEXT: 'text',
  MIME: 'mime',
  'HEADER.FIELDS': 'fields',
  'HEADER.FIELDS.NOT': 'fields',
} as const satisfies Record<SectionText, string>;

async function writeSection(
  out: ImapOutput,
  message: FetchedContent,
  section: Section,
  range: OctetRange | undefined,
): Promise<void> {
  const { content } = message;
  const isWhole = section.part.length === 0;
  if (isWhole && section.text !== '' && section.text !== 'TEXT') {
    const header = await content.header();
    writeBytes(
      out,
      slice(section.text === 'HEADER' ? header : filterHeaderFields(header, section.fields, isNot(section)), range),
    );
    return;
  }
  if (isWhole && section.text === '') return writeRange(out, content, { start: 0, end: content.sizeBytes }, range);
  const found = resolveSection(message.table, { path: section.part, part: SECTION_PARTS[section.text] });
  if (found === undefined) {
    out.raw('NIL');
    return;
  }
  if (section.text === 'HEADER.FIELDS' || section.text === 'HEADER.FIELDS.NOT') {
    const header = await content.readAll(found.start, found.end);
    writeBytes(out, slice(filterHeaderFields(header, section.fields, isNot(section)), range));
    return;
  }
  return writeRange(out, content, found, range);
}

function isNot(section: Section): boolean {
  return section.text === 'HEADER.FIELDS.NOT';
}

/** Streams a range of the raw message as a literal. Once its size is told, a failure to read can only end the connection. */
async function writeRange(out: ImapOutput, content: OpenContent, whole: ByteRange, range: OctetRange | undefined): Promise<void> {
  const start = range === undefined ? whole.start : Math.min(whole.start + range.offset, whole.end);
  const end = range === undefined ? whole.end : Math.min(start + range.count, whole.end);
  if (end <= start) {
    out.raw('""');
    return;
  }
  out.literalHeader(end - start);
  let left = end - start;
  try {
    for await (const piece of content.read(start, end)) {
      out.encoded(piece);
      left -= piece.length;
      if (out.isFull) await out.drain();
    }
  } catch (error) {
    throw new Fault('connection', 'CLOSED', 'Reading the message failed', { cause: error });
  }
  if (left !== 0) throw new Fault('connection', 'CLOSED', 'The message has another size than it should');
}

function writeBytes(out: ImapOutput, bytes: Buffer): void {
  if (bytes.length === 0) out.raw('""');
  else out.literal(bytes);
}

/** RFC 3516 §4.3: literal8 when there is a NUL in it. */
function writeBinary(out: ImapOutput, bytes: Buffer): void {
  if (bytes.includes(0)) out.literal8(bytes);
  else writeBytes(out, bytes);
}

function slice(bytes: Buffer, range: OctetRange | undefined): Buffer {
  return range === undefined ? bytes : bytes.subarray(range.offset, range.offset + range.count);
}

/** The part's body without its transfer encoding; undefined when there is no such part. BINARY[] is the message as it is. */
async function decodedPart(message: FetchedContent, path: readonly number[]): Promise<Buffer | undefined> {
  const { content } = message;
  if (path.length === 0) return content.readAll(0, content.sizeBytes);
  const part = findPart(message.table, path);
  if (part === undefined) return undefined;
  const encoded = await content.readAll(part.body.start, part.body.end);
  return part.kind === 'leaf' || part.kind === 'opaque' ? decodeTransferEncoding(encoded, part.encoding) : encoded;
}
