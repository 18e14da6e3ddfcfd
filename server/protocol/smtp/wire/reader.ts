/**
 * SMTP and LMTP input: bytes in, command lines and message bytes out. Knows no session; the session says what it expects next.
 *
 * Only CRLF ends a line and only CRLF.CRLF ends DATA (RFC 5321 §2.3.8, §4.1.1.4): a bare LF or CR in a message is kept as it was sent, so no other server's
 * idea of a line end can smuggle a second message through this one. Any chunking of the same bytes gives the same events. What `data` events carry may be
 * the pushed buffer itself, changed in place.
 */

export type SmtpEvent =
  | { readonly kind: 'command'; readonly line: Buffer }
  /** The line is consumed; the session can go on. */
  | { readonly kind: 'fault'; readonly fault: LineFault }
  | { readonly kind: 'data'; readonly bytes: Buffer }
  /** The message (DATA) or the chunk (BDAT) is complete; commands follow. */
  | { readonly kind: 'end' };

export type LineFault = 'line-too-long' | 'bare-line-end' | 'control-character';

export type ReaderLimits = {
  /** Without its CRLF. RFC 4954 §4.3 asks for 12288 with AUTH. */
  readonly maxLineBytes: number;
};

const NO_BYTES: Buffer = Buffer.alloc(0);
const LF = 10;
const CR = 13;
const DOT = 46;
const LINE_DOT = Buffer.from('\r\n.');

export class SmtpReader {
  readonly #limits: ReaderLimits;
  #buffer: Buffer = NO_BYTES;
  #mode: 'command' | 'data' | 'chunk' = 'command';
  /** Inside a line that was too long, until its end. */
  #skipping = false;
  #chunkLeft = 0;
  #atLineStart = false;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
  }

  /** The reader owns `bytes` from now on. */
  push(bytes: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
  }

  /** True when nothing is buffered. */
  get empty(): boolean {
    return this.#buffer.length === 0;
  }

  /** Forgets everything buffered: what came before a TLS handshake. */
  reset(): void {
    this.#buffer = NO_BYTES;
    this.#mode = 'command';
    this.#skipping = false;
  }

  /** A dot-stuffed message follows (after 354). */
  expectData(): void {
    this.#mode = 'data';
    this.#atLineStart = true;
  }

  /** `size` octets follow, as they are (BDAT). */
  expectChunk(size: number): void {
    this.#mode = 'chunk';
    this.#chunkLeft = size;
  }

  /** The next event; undefined = more bytes are needed. */
  next(): SmtpEvent | undefined {
    if (this.#mode === 'command') return this.#nextLine();
    return this.#mode === 'data' ? this.#nextData() : this.#nextChunk();
  }

  #nextLine(): SmtpEvent | undefined {
    const buffer = this.#buffer;
    const end = buffer.indexOf(LF);
    if (end < 0) {
      // A CR may be the last byte of a line that is just short enough.
      if (buffer.length > this.#limits.maxLineBytes + 1) {
        this.#skipping = true;
        this.#buffer = NO_BYTES;
      }
      return undefined;
    }
    this.#buffer = buffer.subarray(end + 1);
    // The same whether the end came in one piece or after the line had been given up.
    if (this.#skipping || end > this.#limits.maxLineBytes + 1) {
      this.#skipping = false;
      return { kind: 'fault', fault: 'line-too-long' };
    }
    if (end === 0 || buffer[end - 1] !== CR) return { kind: 'fault', fault: 'bare-line-end' };
    const line = buffer.subarray(0, end - 1);
    if (line.includes(CR)) return { kind: 'fault', fault: 'bare-line-end' };
    if (line.includes(0)) return { kind: 'fault', fault: 'control-character' };
    return { kind: 'command', line };
  }

  #nextChunk(): SmtpEvent | undefined {
    if (this.#chunkLeft === 0) {
      this.#mode = 'command';
      return { kind: 'end' };
    }
    if (this.#buffer.length === 0) return undefined;
    const bytes = this.#buffer.subarray(0, this.#chunkLeft);
    this.#buffer = this.#buffer.subarray(bytes.length);
    this.#chunkLeft -= bytes.length;
    return { kind: 'data', bytes };
  }

  #nextData(): SmtpEvent | undefined {
    const buffer = this.#buffer;
    const { length } = buffer;
    if (length === 0) return undefined;
    // Everything kept is moved down over the dots taken out: [0, kept) is ready, [from, …) not yet looked at.
    let kept = 0;
    let from = 0;
    let dot = -1;
    if (this.#atLineStart && buffer[0] === DOT) dot = 0;
    for (;;) {
      if (dot < 0) {
        const found = buffer.indexOf(LINE_DOT, from);
        if (found < 0) return this.#yieldData(kept, from, length - openTail(buffer, from));
        dot = found + 2;
      }
      // Four bytes decide: `.` CR LF is the end, anything else a stuffed dot.
      const next = buffer[dot + 1];
      const afterNext = buffer[dot + 2];
      const isEnd = next === CR && afterNext === LF;
      const undecided = next === undefined || (next === CR && afterNext === undefined);
      if (undecided) return this.#yieldUndecided(kept, from, dot);
      if (isEnd) return this.#yieldEnd(kept, from, dot);
      if (kept !== from) buffer.copyWithin(kept, from, dot);
      kept += dot - from;
      from = dot + 1;
      dot = -1;
    }
  }

  /** No dot left to decide: [from, end) is ready, what follows may begin a CRLF and stays. */
  #yieldData(kept: number, from: number, end: number): SmtpEvent | undefined {
    const buffer = this.#buffer;
    if (kept !== from) buffer.copyWithin(kept, from, end);
    const bytes = buffer.subarray(0, kept + end - from);
    this.#buffer = end === buffer.length ? NO_BYTES : buffer.subarray(end);
    // What stays begins with CR, so the next bytes are not at a line's start; and nothing else follows a dot taken out either.
    if (end > 0) this.#atLineStart = false;
    return bytes.length === 0 ? undefined : { kind: 'data', bytes };
  }

  /** A dot at a line's start whose meaning the next bytes will tell: everything before it is ready, CRLF included. */
  #yieldUndecided(kept: number, from: number, dot: number): SmtpEvent | undefined {
    const buffer = this.#buffer;
    if (kept !== from) buffer.copyWithin(kept, from, dot);
    const bytes = buffer.subarray(0, kept + dot - from);
    this.#buffer = buffer.subarray(dot);
    this.#atLineStart = true;
    return bytes.length === 0 ? undefined : { kind: 'data', bytes };
  }

  #yieldEnd(kept: number, from: number, dot: number): SmtpEvent {
    const buffer = this.#buffer;
    if (dot > from || kept > 0) {
      // First the bytes, then, with the dot at the buffer's head, the end.
      if (kept !== from) buffer.copyWithin(kept, from, dot);
      this.#buffer = buffer.subarray(dot);
      this.#atLineStart = true;
      return { kind: 'data', bytes: buffer.subarray(0, kept + dot - from) };
    }
    this.#buffer = buffer.subarray(dot + 3);
    this.#mode = 'command';
    return { kind: 'end' };
  }
}

/** How many bytes at the end could be the beginning of CRLF-dot. */
function openTail(buffer: Buffer, from: number): number {
  const { length } = buffer;
  if (length - from >= 1 && buffer[length - 1] === CR) return 1;
  if (length - from >= 2 && buffer[length - 1] === LF && buffer[length - 2] === CR) return 2;
  return 0;
}
