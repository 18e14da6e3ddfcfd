/** POP3 input: bytes in, lines out. A line ends with LF; a CR before it belongs to the line end (nothing a POP3 client sends could be smuggled). */
export type LineEvent = { readonly kind: 'line'; readonly line: Buffer } | { readonly kind: 'too-long' };

const LF = 10;
const CR = 13;
const NO_BYTES: Buffer = Buffer.alloc(0);

export class LineReader {
  readonly #maxLineBytes: number;
  #buffer: Buffer = NO_BYTES;
  #skipping = false;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  push(bytes: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
  }

  /** Forgets what is buffered: what came before a TLS handshake. */
  reset(): void {
    this.#buffer = NO_BYTES;
    this.#skipping = false;
  }

  /** Undefined = more bytes are needed. */
  next(): LineEvent | undefined {
    const buffer = this.#buffer;
    const end = buffer.indexOf(LF);
    if (end < 0) {
      if (buffer.length > this.#maxLineBytes + 1) {
        this.#skipping = true;
        this.#buffer = NO_BYTES;
      }
      return undefined;
    }
    this.#buffer = buffer.subarray(end + 1);
    const line = buffer.subarray(0, buffer[end - 1] === CR ? end - 1 : end);
    if (this.#skipping || line.length > this.#maxLineBytes) {
      this.#skipping = false;
      return { kind: 'too-long' };
    }
    return { kind: 'line', line };
  }
}
