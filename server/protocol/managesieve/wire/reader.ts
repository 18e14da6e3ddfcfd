/**
 * ManageSieve input (RFC 5804 §1.2, §4): octets in, commands out. A command is a line of words; texts in it may be quoted or literals, which come without being asked for.
 * Bounded: a literal that is too long is read past, so that the client learns of it by a reply; one that is far too long ends the connection.
 */
import { isUtf8 } from 'node:buffer';

export type Word =
  | { readonly kind: 'atom' /** Upper case. */; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly text: string };

export type ReaderEvent =
  | { readonly kind: 'command'; readonly words: readonly Word[] }
  /** `fatal`: nothing after it can be understood. `tooLong`: a text had more octets than are taken. */
  | { readonly kind: 'fault'; readonly text: string; readonly fatal: boolean; readonly tooLong: boolean };

export type ReaderLimits = { readonly maxLineBytes: number; readonly maxLiteralBytes: number };

const LF = 10;
const QUOTE = 34;
const BACKSLASH = 92;
/** RFC 5804 §4: a quoted text has at most 1024 octets; some clients send longer ones. */
const MAX_WORDS = 16;
/** Read past a literal that is too long, up to here. */
const MAX_SKIPPED_BYTES = 16 * 1024 * 1024;
const NO_BYTES: Buffer = Buffer.alloc(0);
const NUMBER = /^\d{1,10}$/;

export class ManageSieveReader {
  readonly #limits: ReaderLimits;
  #buffer: Buffer = NO_BYTES;
  #words: Word[] = [];
  /** Octets of a literal that are still to be thrown away. */
  #skip = 0;
  #tooLong = false;
  #bad: string | undefined;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
  }

  push(bytes: Buffer): void {
    let rest = bytes;
    if (this.#skip > 0) {
      const gone = Math.min(this.#skip, rest.length);
      this.#skip -= gone;
      rest = rest.subarray(gone);
    }
    this.#buffer = this.#buffer.length === 0 ? rest : Buffer.concat([this.#buffer, rest]);
  }

  /** Forgets everything: what came before a TLS handshake. */
  reset(): void {
    this.#buffer = NO_BYTES;
    this.#words = [];
    this.#skip = 0;
    this.#tooLong = false;
    this.#bad = undefined;
  }

  /** Undefined = more octets are needed. */
  next(): ReaderEvent | undefined {
    while (this.#skip === 0) {
      const step = this.#step();
      if (step === 'more') return undefined;
      if (step !== 'word') return step;
    }
    return undefined;
  }

  /** Takes one word, or the end of the line. */
  #step(): 'more' | 'word' | ReaderEvent {
    const buffer = this.#buffer;
    let at = 0;
    while (buffer[at] === 32 || buffer[at] === 9) at += 1;
    const first = buffer[at];
    if (first === undefined) return 'more';
    if (first === LF || (first === 13 && buffer[at + 1] === LF)) return this.#end(at + (first === LF ? 1 : 2));
    if (first === 13 && buffer[at + 1] === undefined) return 'more';
    if (this.#words.length >= MAX_WORDS) return this.#toLineEnd('The command has too many words');
    if (first === QUOTE) return this.#quoted(at);
    if (first === 123) return this.#literal(at);
    return this.#atom(at);
  }

  #end(length: number): ReaderEvent {
    this.#buffer = this.#buffer.subarray(length);
    const words = this.#words;
    const [bad, tooLong] = [this.#bad, this.#tooLong];
    this.#words = [];
    this.#bad = undefined;
    this.#tooLong = false;
    if (tooLong) return { kind: 'fault', text: 'The text is too long', fatal: false, tooLong };
    return bad === undefined ? { kind: 'command', words } : { kind: 'fault', text: bad, fatal: false, tooLong };
  }

  #quoted(from: number): 'more' | 'word' | ReaderEvent {
    const buffer = this.#buffer;
    for (let at = from + 1; at < buffer.length; at += 1) {
      if (buffer[at] === BACKSLASH) at += 1;
      else if (buffer[at] === QUOTE) {
        this.#add(buffer.subarray(from + 1, at), true);
        this.#buffer = buffer.subarray(at + 1);
        return 'word';
      }
      if (at - from > this.#limits.maxLineBytes) return fatal('The line is too long');
    }
    return 'more';
  }

  #literal(from: number): 'more' | 'word' | ReaderEvent {
    const buffer = this.#buffer;
    const lineEnd = buffer.indexOf(LF, from);
    if (lineEnd < 0) return buffer.length - from > 32 ? fatal('The literal can’t be understood') : 'more';
    const found = /^\{(\d{1,10})\+?\}\r?\n$/.exec(buffer.toString('latin1', from, lineEnd + 1));
    if (found === null) return fatal('The literal can’t be understood');
    const size = Number(found[1]);
    if (size > this.#limits.maxLiteralBytes) {
      if (size > MAX_SKIPPED_BYTES) return fatal('The literal is too long');
      this.#tooLong = true;
      const here = Math.min(size, buffer.length - lineEnd - 1);
      this.#skip = size - here;
      this.#buffer = buffer.subarray(lineEnd + 1 + here);
      return 'word';
    }
    if (buffer.length - lineEnd - 1 < size) return 'more';
    this.#add(buffer.subarray(lineEnd + 1, lineEnd + 1 + size), false);
    this.#buffer = buffer.subarray(lineEnd + 1 + size);
    return 'word';
  }

  #atom(from: number): 'more' | 'word' | ReaderEvent {
    const buffer = this.#buffer;
    let at = from;
    while (at < buffer.length && (buffer[at] ?? 0) > 32 && buffer[at] !== QUOTE && buffer[at] !== 123) at += 1;
    if (at - from > this.#limits.maxLineBytes) return fatal('The line is too long');
    if (at === buffer.length) return 'more';
    const text = buffer.toString('latin1', from, at);
    // A control character is no word, and must not hold the reader up.
    if (at === from) at += 1;
    if (NUMBER.test(text)) this.#words.push({ kind: 'number', value: Number(text) });
    else if (/^[A-Za-z0-9_.*+-]+$/.test(text)) this.#words.push({ kind: 'atom', text: text.toUpperCase() });
    else this.#bad ??= 'The command can’t be understood';
    this.#buffer = buffer.subarray(at);
    return 'word';
  }

  #toLineEnd(text: string): 'more' | 'word' | ReaderEvent {
    this.#bad ??= text;
    const end = this.#buffer.indexOf(LF);
    if (end < 0) return this.#buffer.length > this.#limits.maxLineBytes ? fatal('The line is too long') : 'more';
    return this.#end(end + 1);
  }

  #add(bytes: Buffer, escaped: boolean): void {
    if (!isUtf8(bytes)) this.#bad ??= 'A text is not UTF-8';
    const text = bytes.toString('utf8');
    this.#words.push({ kind: 'string', text: escaped ? text.replace(/\\(.)/gs, '$1') : text });
  }
}

function fatal(text: string): ReaderEvent {
  return { kind: 'fault', text, fatal: true, tooLong: false };
}
