/**
 * Builds replies (RFC 9051 §7, §4.3) into few chunks, so that a batch of them is one write to the socket.
 *
 * Text is gathered as one string and turned into octets once; small Buffers are copied beside it; big ones (message bodies) are passed on by
 * reference, so their owner must not change them before the chunks are written. Nothing here waits: the session watches `pendingBytes`, takes the chunks
 * and heeds the socket's back pressure.
 * With a trace, the same calls also make a readable line for the log, in which literals and raw octets show their size alone.
 */
import type { Uid, UidValidity } from '../../../mail/ids.ts';
import { encodeMutf7 } from '../../../mail/mutf7.ts';
import type { UidSet } from '../../../mail/uid-set.ts';
import { encodeAstring, isQuotable, quote } from './quoting.ts';

export type WriterOptions = {
  /** Gather `takeTrace`'s text too. */
  readonly trace: boolean;
  /** Buffers from this size on are passed by reference. */
  readonly referenceBytes: number;
};

/** `OK`, `NO` and `BAD` of tagged and untagged status replies. */
export type Status = 'OK' | 'NO' | 'BAD';

const DEFAULTS: WriterOptions = { trace: false, referenceBytes: 4096 };
/** When this much text has gathered it becomes octets, to keep the string short. */
const TEXT_LIMIT = 16 * 1024;
const FIRST_SLAB = 4096;
const LARGEST_SLAB = 64 * 1024;
const TRACE_LIMIT = 2000;

export class ImapWriter {
  /** True once UTF8=ACCEPT or IMAP4rev2 is enabled: UTF-8 in quoted strings and mailbox names. */
  utf8 = false;
  readonly #options: WriterOptions;
  #text = '';
  #slab: Buffer | undefined;
  #slabStart = 0;
  #slabEnd = 0;
  #slabBytes = FIRST_SLAB;
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  #trace = '';

  constructor(options: Partial<WriterOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** Octets waiting (text counted by its characters). */
  get pendingBytes(): number {
    return this.#chunkBytes + (this.#slabEnd - this.#slabStart) + this.#text.length;
  }

  get isEmpty(): boolean {
    return this.pendingBytes === 0;
  }

  /** Everything so far, for one `writev`; the writer is empty then. */
  take(): Buffer[] {
    if (this.#chunks.length === 0 && this.#slabEnd === this.#slabStart) {
      const text = this.#text;
      this.#text = '';
      return text === '' ? [] : [Buffer.from(text)];
    }
    this.#flushText();
    this.#closeSlab();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#chunkBytes = 0;
    // An idle session holds no buffer.
    this.#slab = undefined;
    this.#slabBytes = FIRST_SLAB;
    return chunks;
  }

  /** The readable form of what was written since the last call; empty without `trace`. */
  takeTrace(): string {
    const trace = this.#trace;
    this.#trace = '';
    return trace;
  }

  /** As it is: protocol words, spaces, parentheses, line ends. The caller vouches for it. */
  raw(text: string): this {
    this.#text += text;
    if (this.#options.trace) this.#note(text);
    if (this.#text.length > TEXT_LIMIT) this.#flushText();
    return this;
  }

  sp(): this {
    return this.raw(' ');
  }

  crlf(): this {
    return this.raw('\r\n');
  }

  number(value: number): this {
    return this.raw(`${value}`);
  }

  /** Octets that are already in wire form (ENVELOPE, BODYSTRUCTURE). The trace shows their size only. */
  encoded(bytes: Buffer): this {
    this.#append(bytes);
    if (this.#options.trace) this.#note(`<${bytes.length} octets>`);
    return this;
  }

  /** `{n}` and the octets. */
  literal(bytes: Buffer): this {
    return this.literalHeader(bytes.length).encoded(bytes);
  }

  /** `~{n}` and the octets, which may hold NUL (RFC 3516 §4.4). */
  literal8(bytes: Buffer): this {
    return this.raw('~').literalHeader(bytes.length).encoded(bytes);
  }

  /** `{n}` CRLF alone: the caller follows up with exactly that many octets by `encoded`. */
  literalHeader(sizeBytes: number): this {
    return this.raw(`{${sizeBytes}}\r\n`);
  }

  /** A quoted string when it can be one, else a literal. Text is sent as UTF-8; NUL is not allowed in either and is dropped. */
  string(value: string): this {
    const text = value.includes('\u0000') ? value.replaceAll('\u0000', '') : value;
    return isQuotable(text, this.utf8) ? this.raw(quote(text)) : this.literal(Buffer.from(text));
  }

  /** NIL for null and undefined. */
  nstring(value: string | null | undefined): this {
    return value === null || value === undefined ? this.raw('NIL') : this.string(value);
  }

  /** Octets as a quoted string when they are short and printable, else a literal; NIL for null. */
  nstringBytes(value: Buffer | null | undefined): this {
    if (value === null || value === undefined) return this.raw('NIL');
    if (value.length <= 1000 && isPrintable(value)) return this.raw(quote(value.toString('latin1')));
    return value.includes(0) ? this.literal8(value) : this.literal(value);
  }

  astring(value: string): this {
    return isQuotable(value, this.utf8) ? this.raw(encodeAstring(value)) : this.string(value);
  }

  /** A mailbox name: UTF-8 once enabled, else modified UTF-7. */
  mailbox(name: string): this {
    return this.astring(this.utf8 ? name : encodeMutf7(name));
  }

  /** `(\Seen $Junk)` */
  flags(flags: readonly string[]): this {
    return this.raw(`(${flags.join(' ')})`);
  }

  /** `(a b c)` of words as they are. */
  list(words: readonly string[]): this {
    return this.raw(`(${words.join(' ')})`);
  }

  /** `* text` CRLF */
  untagged(text: string): this {
    return this.raw(`* ${text}\r\n`);
  }

  /** `* OK [CODE] text` and its kin. */
  untaggedStatus(status: Status | 'BYE' | 'PREAUTH', text: string, code?: string): this {
    return this.raw(`* ${statusLine(status, text, code)}`);
  }

  /** `tag OK [CODE] text`; without a tag (it could not be read) untagged. */
  tagged(tag: string | undefined, status: Status, text: string, code?: string): this {
    return this.raw(`${tag ?? '*'} ${statusLine(status, text, code)}`);
  }

  /** `+ text` CRLF: go on with the literal, the SASL answer (text in base64), IDLE. */
  continuation(text: string): this {
    return this.raw(`+ ${text}\r\n`);
  }

  #append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#flushText();
    if (bytes.length >= this.#options.referenceBytes) {
      this.#closeSlab();
      this.#chunks.push(bytes);
      this.#chunkBytes += bytes.length;
      return;
    }
    const slab = this.#room(bytes.length);
    bytes.copy(slab, this.#slabEnd);
    this.#slabEnd += bytes.length;
  }

  #flushText(): void {
    const text = this.#text;
    if (text === '') return;
    this.#text = '';
    // Three octets at most for each UTF-16 unit.
    const slab = this.#room(text.length * 3);
    this.#slabEnd += slab.write(text, this.#slabEnd, 'utf8');
  }

  /** A slab with that much room after `#slabEnd`. */
  #room(bytes: number): Buffer {
    if (this.#slab !== undefined && this.#slab.length - this.#slabEnd >= bytes) return this.#slab;
    this.#closeSlab();
    this.#slab = Buffer.allocUnsafeSlow(Math.max(bytes, this.#slabBytes));
    this.#slabBytes = Math.min(this.#slabBytes * 2, LARGEST_SLAB);
    this.#slabStart = 0;
    this.#slabEnd = 0;
    return this.#slab;
  }

  /** What the slab holds becomes a chunk; the rest of the slab stays in use. */
  #closeSlab(): void {
    if (this.#slab === undefined || this.#slabEnd === this.#slabStart) return;
    this.#chunks.push(this.#slab.subarray(this.#slabStart, this.#slabEnd));
    this.#chunkBytes += this.#slabEnd - this.#slabStart;
    this.#slabStart = this.#slabEnd;
  }

  #note(text: string): void {
    if (this.#trace.length < TRACE_LIMIT) this.#trace += text.slice(0, TRACE_LIMIT - this.#trace.length);
  }
}

function statusLine(status: string, text: string, code: string | undefined): string {
  // resp-text is one line, and is never empty (RFC 9051 §9).
  const line = text.replace(/[\r\n\u0000]+/g, ' ');
  return `${status} ${code === undefined ? '' : `[${code}] `}${line === '' ? '.' : line}\r\n`;
}

function isPrintable(bytes: Buffer): boolean {
  for (const code of bytes) if (code < 0x20 || code > 0x7e) return false;
  return true;
}

/** Response codes that carry values, for the `code` of `tagged` and `untaggedStatus`. */
export const responseCode = {
  appendUid: (uidValidity: UidValidity, uids: UidSet): string => `APPENDUID ${uidValidity} ${uids.toString()}`,
  /** Source and destination UIDs as ascending sets of the same size (RFC 4315 §3). */
  copyUid: (uidValidity: UidValidity, source: UidSet, destination: UidSet): string =>
    `COPYUID ${uidValidity} ${source.toString()} ${destination.toString()}`,
  modified: (set: UidSet): string => `MODIFIED ${set.toString()}`,
  highestModseq: (modseq: number): string => `HIGHESTMODSEQ ${modseq}`,
  uidNext: (uid: Uid): string => `UIDNEXT ${uid}`,
  uidValidity: (uidValidity: UidValidity): string => `UIDVALIDITY ${uidValidity}`,
  permanentFlags: (flags: readonly string[], canCreate: boolean): string =>
    `PERMANENTFLAGS (${[...flags, ...(canCreate ? ['\\*'] : [])].join(' ')})`,
  badCharset: (charsets: readonly string[]): string => `BADCHARSET (${charsets.map(encodeAstring).join(' ')})`,
  capability: (names: readonly string[]): string => `CAPABILITY ${names.join(' ')}`,
  mailboxId: (id: string): string => `MAILBOXID (${id})`,
};
