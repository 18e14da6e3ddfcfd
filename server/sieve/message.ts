/** A message as scripts look at it: its header, which they may edit (RFC 5293), and its body. Read when asked for, and bounded. */
import { decodeCharset } from '../mime/charset.ts';
import { decodeWords } from '../mime/encoded-words.ts';
import { fieldValue, readHeaderFields } from '../mime/header-fields.ts';
import { htmlToText } from '../mime/html-text.ts';
import { parseStructure } from '../mime/structure.ts';
import { decodeTransferEncoding } from '../mime/transfer-encoding.ts';
import type { MimePart } from '../mime/types.ts';

export type Field = {
  /** Lower case. */
  readonly name: string;
  /** Unfolded, as a binary string. */
  readonly value: string;
  /** As it stands in the message, line end included. */
  readonly bytes: Buffer;
};

const MAX_HEADER_BYTES = 1024 * 1024;
const MAX_FIELDS = 2_000;
/** Text of one part, and of all that one test looks at. */
const MAX_BODY_CHARS = 1024 * 1024;
const MAX_BODY_PARTS = 100;
/** RFC 5293 §6: a server may protect fields; these tell where mail has been, and stop circles. */
const PROTECTED: ReadonlySet<string> = new Set([
  'received',
  'auto-submitted',
  'return-path',
  'delivered-to',
  'x-mallard-fetched',
]);

/** The fields of a header are a new list after each edit: who holds an older one holds the message as it was. */
export class SieveMessage {
  readonly #raw: Buffer;
  readonly #bodyStart: number;
  readonly #original: readonly Field[];
  #fields: readonly Field[];

  constructor(raw: Buffer) {
    this.#raw = raw;
    const found = readHeaderFields(raw, 0, raw.length, MAX_HEADER_BYTES);
    this.#bodyStart = found.at(-1)?.end ?? 0;
    this.#original = found.map((field) => ({
      name: field.name,
      value: fieldValue(raw, field),
      bytes: raw.subarray(field.start, field.end),
    }));
    this.#fields = this.#original;
  }

  get sizeBytes(): number {
    return this.#raw.length;
  }

  get fields(): readonly Field[] {
    return this.#fields;
  }

  /** Values in their order, as binary strings. */
  rawValues(name: string): readonly string[] {
    const key = name.toLowerCase();
    return this.#fields.filter((field) => field.name === key).map(({ value }) => value);
  }

  /** The same as text, encoded words decoded. */
  values(name: string): readonly string[] {
    return this.rawValues(name).map(decodeWords);
  }

  /** Adds a field; false when the header is full. `value` is text. */
  add(name: string, value: string, last: boolean): boolean {
    if (this.#fields.length >= MAX_FIELDS) return false;
    const line = encodeValue(value);
    const field = {
      name: name.toLowerCase(),
      value: Buffer.from(value).toString('latin1'),
      bytes: Buffer.from(`${name}: ${line}\r\n`),
    };
    this.#fields = last ? [...this.#fields, field] : [field, ...this.#fields];
    return true;
  }

  /** Removes the fields of that name for which `which` answers true; protected ones stay. */
  remove(name: string, which: (value: string, position: number, count: number) => boolean): void {
    const key = name.toLowerCase();
    if (PROTECTED.has(key)) return;
    const named = this.#fields.filter((field) => field.name === key);
    const gone = new Set(named.filter((field, position) => which(decodeWords(field.value), position, named.length)));
    if (gone.size > 0) this.#fields = this.#fields.filter((field) => !gone.has(field));
  }

  /** The message with these fields; undefined when they are those that it came with. */
  bytesWith(fields: readonly Field[]): Buffer | undefined {
    if (fields === this.#original) return undefined;
    return Buffer.concat([...fields.map(({ bytes }) => bytes), this.#raw.subarray(this.#bodyStart)]);
  }

  /** The body as it was sent, as text of one character an octet. */
  rawBody(): string {
    const blank = this.#raw[this.#bodyStart] === 13 ? 2 : 1;
    return this.#raw.toString('latin1', this.#bodyStart + blank, this.#bodyStart + blank + MAX_BODY_CHARS);
  }

  /** The text of the text parts; HTML without its marks. */
  texts(): readonly string[] {
    return this.#partTexts((part) => part.type === 'text').map(({ part, text }) =>
      part.subtype === 'html' ? htmlToText(text, MAX_BODY_CHARS) : text,
    );
  }

  /** Decoded parts of these types: `type/subtype`, `type`, or empty for all (RFC 5173 §5.2). */
  contents(types: readonly string[]): readonly string[] {
    const wanted = types.map((type) => type.toLowerCase());
    const fits = ({ type, subtype }: MimePart): boolean =>
      wanted.some((one) => one === '' || one === type || one === `${type}/${subtype}`);
    return this.#partTexts(fits).map(({ text }) => text);
  }

  #partTexts(fits: (part: MimePart) => boolean): readonly { readonly part: MimePart; readonly text: string }[] {
    const found: { part: MimePart; text: string }[] = [];
    let chars = 0;
    const walk = (part: MimePart): void => {
      if (found.length >= MAX_BODY_PARTS || chars >= MAX_BODY_CHARS) return;
      if (part.kind === 'leaf' && fits(part)) {
        // Four octets of base64 are three: a little more than is kept.
        const end = Math.min(part.bodyEnd, part.bodyStart + 2 * MAX_BODY_CHARS);
        const bytes = decodeTransferEncoding(this.#raw.subarray(part.bodyStart, end), part.encoding);
        const charset = part.params.find(({ name }) => name === 'charset')?.value;
        const text = decodeCharset(bytes.subarray(0, MAX_BODY_CHARS), charset).slice(0, MAX_BODY_CHARS - chars);
        chars += text.length;
        found.push({ part, text });
      }
      for (const child of part.children) walk(child);
    };
    walk(parseStructure(this.#raw).root);
    return found;
  }
}

/** RFC 2047, in words of at most 75 characters; ASCII as it is. Never with a line end of its own. */
function encodeValue(value: string): string {
  const line = value.replace(/[\r\n]+/g, ' ').replace(/\0/g, '');
  if (/^[\u0020-\u007e\t]*$/.test(line)) return line;
  const words: string[] = [];
  let word = '';
  for (const char of line) {
    if (Buffer.byteLength(word + char) > 45) {
      words.push(word);
      word = '';
    }
    word += char;
  }
  words.push(word);
  return words.map((one) => `=?utf-8?B?${Buffer.from(one).toString('base64')}?=`).join('\r\n ');
}
