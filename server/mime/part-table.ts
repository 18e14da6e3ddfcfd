/**
 * The part table: what FETCH and the API need to find and describe a part later, without the parser. Stored with the message in a compact binary form:
 * a version byte, then the parts in pre-order, each as varints (LEB128) and length-prefixed UTF-8 strings. Some 20 to 60 bytes per part.
 *
 * The form is read long after it was written: a new layout takes a new version and keeps the reader of the old one.
 */
import { decodeWords } from './encoded-words.ts';
import { decodedParameter } from './parameters.ts';
import type { ByteRange, MessageStructure, MimePart, PartKind } from './types.ts';

const VERSION = 1;
const KINDS: readonly PartKind[] = ['leaf', 'multipart', 'message', 'opaque'];
const ENCODINGS: readonly string[] = ['7bit', '8bit', 'binary', 'base64', 'quoted-printable'];
const DISPOSITIONS: readonly string[] = ['', 'inline', 'attachment'];

/** One part as the table knows it. Strings are decoded. */
export type PartEntry = {
  readonly kind: PartKind;
  /** With its blank line. */
  readonly header: ByteRange;
  readonly body: ByteRange;
  /** Lower case, such as `text/plain`. */
  readonly contentType: string;
  /** As declared; empty if none was. */
  readonly charset: string;
  /** Lower case. */
  readonly encoding: string;
  /** Lower case; empty if there is none. */
  readonly disposition: string;
  readonly filename: string;
  /** Without angle brackets. */
  readonly contentId: string;
  readonly children: readonly PartEntry[];
};

/** The whole table: the root part is the message itself. */
export type PartTable = PartEntry;

export class PartTableFault extends Error {
  override readonly name = 'PartTableFault';
}

/** The table of a parsed message. */
export function partTableOf(structure: MessageStructure): PartTable {
  return entryOf(structure.root);
}

function entryOf(part: MimePart): PartEntry {
  return {
    kind: part.kind,
    header: { start: part.headerStart, end: part.bodyStart },
    body: { start: part.bodyStart, end: part.bodyEnd },
    contentType: `${part.type}/${part.subtype}`,
    charset: bounded(decodedParameter(part.params, 'charset') ?? ''),
    encoding: part.encoding,
    disposition: part.disposition?.value ?? '',
    filename: filenameOf(part),
    contentId: contentIdOf(part),
    children: part.children.map(entryOf),
  };
}

/** The decoded file name of a part: Content-Disposition's, else Content-Type's `name`; without any path; empty if none. */
export function filenameOf(part: MimePart): string {
  const name = decodedParameter(part.disposition?.params ?? [], 'filename') ?? decodedParameter(part.params, 'name') ?? '';
  // RFC 2183 §2.3: a path in it must not be believed.
  return bounded(
    name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1).replaceAll(/[\u0000-\u001f\u007f]/g, ''),
  );
}

/** The Content-ID without its angle brackets; empty if none. */
export function contentIdOf(part: MimePart): string {
  const id = decodeWords(part.contentId ?? '').trim();
  return bounded(id.startsWith('<') && id.endsWith('>') ? id.slice(1, -1) : id);
}

function bounded(text: string): string {
  return text.length <= 1000 ? text : text.slice(0, 1000).toWellFormed();
}

/** Encodes a table for storage. */
export function encodePartTable(table: PartTable): Buffer {
  const pieces: Buffer[] = [Buffer.from([VERSION])];
  const number = (value: number): void => void pieces.push(encodeVarint(value));
  const text = (value: string): void => {
    const bytes = Buffer.from(value, 'utf8');
    number(bytes.length);
    pieces.push(bytes);
  };
  const known = (list: readonly string[], value: string): void => {
    const index = list.indexOf(value);
    number(index + 1);
    if (index === -1) text(value);
  };
  const visit = (entry: PartEntry): void => {
    number(KINDS.indexOf(entry.kind));
    number(entry.header.start);
    number(entry.header.end - entry.header.start);
    number(entry.body.end - entry.body.start);
    text(entry.contentType);
    known(ENCODINGS, entry.encoding);
    known(DISPOSITIONS, entry.disposition);
    text(entry.charset);
    text(entry.filename);
    text(entry.contentId);
    number(entry.children.length);
    entry.children.forEach(visit);
  };
  visit(table);
  return Buffer.concat(pieces);
}

/** Reads a stored table. Throws PartTableFault when the bytes are no table: stored data is damaged then. */
export function decodePartTable(bytes: Uint8Array): PartTable {
  const reader = new TableReader(bytes);
  const version = reader.number();
  if (version !== VERSION) throw new PartTableFault(`part table has version ${version}, this program reads ${VERSION}`);
  const table = readEntry(reader);
  if (!reader.atEnd) throw new PartTableFault('bytes after the part table');
  return table;
}

function readEntry(reader: TableReader): PartEntry {
  const kind = KINDS[reader.number()];
  if (kind === undefined) throw new PartTableFault('unknown kind of part');
  const headerStart = reader.number();
  const bodyStart = headerStart + reader.number();
  const bodyEnd = bodyStart + reader.number();
  const contentType = reader.text();
  const encoding = reader.known(ENCODINGS);
  const disposition = reader.known(DISPOSITIONS);
  const charset = reader.text();
  const filename = reader.text();
  const contentId = reader.text();
  const children: PartEntry[] = [];
  for (let count = reader.number(); count > 0; count--) children.push(readEntry(reader));
  const header = { start: headerStart, end: bodyStart };
  return {
    kind,
    header,
    body: { start: bodyStart, end: bodyEnd },
    contentType,
    charset,
    encoding,
    disposition,
    filename,
    contentId,
    children,
  };
}

class TableReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  number(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw new PartTableFault('part table ends too early');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new PartTableFault('number out of range in part table');
  }

  text(): string {
    const end = this.number() + this.#position;
    if (end > this.#bytes.length) throw new PartTableFault('part table ends too early');
    const value = this.#bytes.toString('utf8', this.#position, end);
    this.#position = end;
    return value;
  }

  known(list: readonly string[]): string {
    const index = this.number();
    return index === 0 ? this.text() : (list[index - 1] ?? '');
  }
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
