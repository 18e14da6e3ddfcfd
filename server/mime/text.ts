/**
 * The searchable text of a message and its preview.
 *
 * Searching is a substring match on folded text (i;unicode-casemap), exact but for white space at line ends: a line end with the blanks around it is one blank, in the text as in the
 * needle. So words that stand next to each other are found together although the message breaks the line between them, also in folded header fields and
 * flowed text; blanks inside a line count one by one. LF separates header fields and body parts and is never in a needle, so no match crosses them.
 *
 * Body text is: every text part (HTML without markup, attribute values and URLs in them), delivery reports, headers and text of embedded messages,
 * and the names of attached files. An HTML alternative that says the same as the plain text is kept once.
 */
import { parseAddressList } from './addresses.ts';
import { foldCase, joinLines } from './casefold.ts';
import { decodeCharset } from './charset.ts';
import { decodeWords } from './encoded-words.ts';
import { fieldValue, readHeaderFields, unfold } from './header-fields.ts';
import { htmlToText } from './html-text.ts';
import { decodedParameter } from './parameters.ts';
import { filenameOf } from './part-table.ts';
import { makePreview } from './preview.ts';
import { decodeTransferEncoding } from './transfer-encoding.ts';
import type { MessageStructure, MimeLimits, MimePart, SearchText } from './types.ts';

const ADDRESS_FIELDS = new Set(['from', 'sender', 'reply-to', 'to', 'cc', 'bcc']);
/** Addresses of one field that are looked at here. */
const MAX_ADDRESSES = 1_000;

export type TextLimits = Pick<MimeLimits, 'maxTextChars' | 'maxHeaderBytes'>;

/** Encoded bytes read for each character wanted: base64 of UTF-16, or markup. Text that is thinner than that is cut a little early. */
const BYTES_PER_CHAR = 4;

/** Extracts text and preview. */
export function extractText(raw: Buffer, structure: MessageStructure, limits: TextLimits): { text: SearchText; preview: string } {
  const { root } = structure;
  const header = new TextCollector(limits.maxTextChars);
  header.add(headerText(raw, root, limits));
  const body = new BodyCollector(raw, limits);
  body.visit(root, false, 0);
  const text = {
    header: header.text,
    body: body.collector.text,
    headerTruncated: header.truncated || root.bodyStart - root.headerStart > limits.maxHeaderBytes,
    bodyTruncated: body.collector.truncated || structure.limited,
  };
  return { text, preview: makePreview(body.preview) };
}

/** True if a field of that name is in `SearchText.header` with `needle` (from `foldNeedle`) in its value; an empty needle asks if the field is there. */
export function headerContains(header: string, fieldName: string, needle: string): boolean {
  const prefix = `${foldCase(fieldName)}:`;
  let line = header.startsWith(prefix) ? 0 : header.indexOf(`\n${prefix}`) + 1;
  if (line === 0 && !header.startsWith(prefix)) return false;
  for (;;) {
    const end = header.indexOf('\n', line);
    // The blank behind the colon is ours.
    const value = header.slice(line + prefix.length + 1, end === -1 ? header.length : end);
    if (value.includes(needle)) return true;
    const next = end === -1 ? -1 : header.indexOf(`\n${prefix}`, end);
    if (next === -1) return false;
    line = next + 1;
  }
}

/** Joins folded pieces by LF up to a bound. */
class TextCollector {
  truncated = false;
  readonly #pieces: string[] = [];
  #room: number;

  constructor(maxChars: number) {
    this.#room = maxChars;
  }

  get room(): number {
    return this.#room;
  }

  get text(): string {
    return this.#pieces.join('\n');
  }

  /** Adds a piece that is folded already. */
  addFolded(piece: string): void {
    if (piece === '') return;
    if (piece.length > this.#room) this.truncated = true;
    const kept = piece.length > this.#room ? piece.slice(0, this.#room).toWellFormed() : piece;
    if (kept !== '') this.#pieces.push(kept);
    this.#room -= kept.length;
  }

  add(piece: string): void {
    this.addFolded(foldCase(piece));
  }
}

class BodyCollector {
  readonly collector: TextCollector;
  /** Text of the first part that a reader would see, unfolded, with its line ends. */
  preview = '';
  readonly #raw: Buffer;
  readonly #limits: TextLimits;

  constructor(raw: Buffer, limits: TextLimits) {
    this.#raw = raw;
    this.#limits = limits;
    this.collector = new TextCollector(limits.maxTextChars);
  }

  /** Returns the folded text of a text part, so that alternatives can be compared. */
  visit(part: MimePart, embedded: boolean, depth: number, siblings: readonly string[] = []): string {
    if (part.kind === 'multipart') {
      const seen: string[] = [];
      const isAlternative = part.subtype === 'alternative';
      for (const child of part.children) {
        const text = this.visit(child, embedded, depth + 1, seen);
        if (isAlternative && text !== '') seen.push(text);
      }
      return '';
    }
    if (part.kind === 'message') {
      this.collector.add(filenameOf(part));
      for (const child of part.children) {
        this.collector.add(headerText(this.#raw, child, { ...this.#limits, maxTextChars: this.collector.room }));
        this.visit(child, true, depth + 1);
      }
      return '';
    }
    this.collector.add(filenameOf(part));
    if (!isTextual(part)) return '';
    const readable = this.#decode(part);
    if (
      this.preview === '' &&
      !embedded &&
      part.type === 'text' &&
      part.disposition?.value !== 'attachment' &&
      readable.trim() !== ''
    )
      this.preview = readable;
    const folded = foldCase(joinLines(readable));
    if (!siblings.includes(folded)) this.collector.addFolded(folded);
    return folded;
  }

  #decode(part: MimePart): string {
    const maxBytes = (this.collector.room + 1) * BYTES_PER_CHAR;
    const end = Math.min(part.bodyEnd, part.bodyStart + maxBytes);
    if (end < part.bodyEnd) this.collector.truncated = true;
    const bytes = decodeTransferEncoding(this.#raw.subarray(part.bodyStart, end), part.encoding);
    const charset = decodedParameter(part.params, 'charset');
    if (part.subtype !== 'html' && part.subtype !== 'xhtml') return decodeCharset(bytes, charset);
    return htmlToText(decodeCharset(bytes, charset ?? metaCharset(bytes)), this.collector.room + 1);
  }
}

function isTextual(part: MimePart): boolean {
  if (part.kind !== 'leaf') return false;
  // Delivery and disposition notifications (RFC 3464, RFC 8098) are header-like text.
  return part.type === 'text'
    ? part.subtype !== 'rtf'
    : part.type === 'message' && part.subtype !== 'external-body' && part.subtype !== 'partial';
}

function metaCharset(bytes: Buffer): string | undefined {
  return /<meta[^>]{1,200}charset\s{0,9}=\s{0,9}["']?([\w.:-]{1,40})/i.exec(bytes.toString('latin1', 0, 2048))?.[1];
}

function headerText(raw: Buffer, part: MimePart, limits: TextLimits): string {
  const lines: string[] = [];
  let room = limits.maxTextChars;
  for (const field of readHeaderFields(raw, part.headerStart, part.bodyStart, limits.maxHeaderBytes)) {
    if (room < 0) break;
    // Lines that are no field stay searchable, as they are shown by no client but belong to the header.
    const value = joinLines(decodeWords(unfoldToBlanks(raw.toString('latin1', field.valueStart, field.end))));
    const line = field.name === '' ? value : `${field.name}: ${value}`;
    lines.push(line);
    room -= line.length;
    if (!ADDRESS_FIELDS.has(field.name)) continue;
    const plain = addressesIfHidden(fieldValue(raw, field), value);
    if (plain !== '') lines.push(`${field.name}: ${plain}`);
    room -= plain.length;
  }
  return lines.join('\n');
}

/**
 * The addresses of a field, plainly written, if one of them is not in its text as such: `<user (comment)@ (comment) example.org>` has to be found
 * as user@example.org (SEARCH FROM looks in the envelope's addresses, RFC 9051 §6.4.4). Empty if all of them can be found already.
 */
function addressesIfHidden(written: string, text: string): string {
  const addresses = parseAddressList(written, MAX_ADDRESSES);
  let position = 0;
  for (const { address } of addresses) {
    // In order, so that a long list is walked once.
    const index = text.indexOf(address, position);
    if (index === -1) return addresses.map(({ name, address }) => (name === '' ? address : `${name} <${address}>`)).join(', ');
    position = index + address.length;
  }
  return '';
}

/** As `unfold`, but a fold with the blanks around it is one blank, as a reader sees it. */
function unfoldToBlanks(value: string): string {
  return value.includes('\n')
    ? unfold(
        value
          .split('\n')
          .map((line) => line.trim())
          .join(' '),
      )
    : unfold(value);
}
