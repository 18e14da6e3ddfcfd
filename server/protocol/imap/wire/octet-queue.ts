/**
 * Received octets, waiting to be taken as lines or as pieces of a literal.
 *
 * A line that lies in one chunk is handed out as a view on it; a line in many chunks is gathered in a Buffer of its own that grows by doubling, so tiny
 * chunks cost neither memory nor quadratic time. The lengths that decide about `too-long` do not depend on the chunks.
 */

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = Buffer.alloc(0);

export class OctetQueue {
  #chunks: Buffer[] = [];
  #head = 0;
  #at = 0;
  #waitingBytes = 0;
  /** The start of a line whose end has not come yet. */
  #partial: Buffer = EMPTY;
  #partialBytes = 0;

  /** Octets not taken yet, the start of an unfinished line included. */
  get bufferedBytes(): number {
    return this.#waitingBytes + this.#partialBytes;
  }

  /** Octets held of a line whose end has not come. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#at = 0;
    this.#waitingBytes = 0;
    this.dropPartial();
  }

  /** Everything, in one Buffer; the queue is empty then. */
  takeAll(): Buffer {
    const rest = this.#chunks.slice(this.#head);
    if (rest[0] !== undefined) rest[0] = rest[0].subarray(this.#at);
    const all = Buffer.concat([this.#partial.subarray(0, this.#partialBytes), ...rest]);
    this.clear();
    return all;
  }

  dropPartial(): void {
    this.#partial = EMPTY;
    this.#partialBytes = 0;
  }

  /** The last octets held of an unfinished line, copied. */
  endOfPartial(bytes: number): Buffer {
    return Buffer.from(this.#partial.subarray(Math.max(0, this.#partialBytes - bytes), this.#partialBytes));
  }

  /** What is there of a line, up to and with its LF, without looking for its start: for throwing lines away. */
  takeLinePiece(): { readonly piece: Buffer; readonly ended: boolean } | undefined {
    const chunk = this.#chunks[this.#head];
    if (chunk === undefined) return undefined;
    const end = chunk.indexOf(LF, this.#at);
    return { piece: this.takePiece(end === -1 ? chunk.length : end + 1 - this.#at)!, ended: end !== -1 };
  }

  /** A line without its CRLF (a bare LF will do), undefined when its end has not come, `too-long` without consuming its end. */
  takeLine(maxBytes: number): Buffer | 'too-long' | undefined {
    for (;;) {
      const chunk = this.#chunks[this.#head];
      if (chunk === undefined) return undefined;
      const end = chunk.indexOf(LF, this.#at);
      const length = this.#partialBytes + (end === -1 ? chunk.length : end) - this.#at;
      if (end === -1) {
        // One octet more than allowed may still turn out to be the CR of the line end.
        if (length > maxBytes + 1) return 'too-long';
        this.#keepPartial(this.takePiece(chunk.length)!);
        continue;
      }
      const before = end > this.#at ? chunk[end - 1] : this.#partial[this.#partialBytes - 1];
      const content = length > 0 && before === CR ? length - 1 : length;
      if (content > maxBytes) return 'too-long';
      const piece = this.takePiece(end + 1 - this.#at)!;
      if (this.#partialBytes === 0) return piece.subarray(0, content);
      this.#keepPartial(piece);
      const line = this.#partial.subarray(0, content);
      this.dropPartial();
      return line;
    }
  }

  /** The first octets of the current line, which is longer than that. */
  startOfLine(bytes: number): Buffer {
    const held = this.#partial.subarray(0, Math.min(bytes, this.#partialBytes));
    const chunk = this.#chunks[this.#head] ?? EMPTY;
    return Buffer.concat([held, chunk.subarray(this.#at, this.#at + bytes - held.length)]);
  }

  /** Copies into a growing Buffer of our own, so that a line in tiny chunks costs neither memory nor quadratic time. */
  #keepPartial(piece: Buffer): void {
    const needed = this.#partialBytes + piece.length;
    if (needed > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#partial.length * 2, 64));
      this.#partial.copy(grown, 0, 0, this.#partialBytes);
      this.#partial = grown;
    }
    piece.copy(this.#partial, this.#partialBytes);
    this.#partialBytes = needed;
  }

  /** Consumes at most `bytes` from the first chunk. */
  takePiece(bytes: number): Buffer | undefined {
    const chunk = this.#chunks[this.#head];
    if (chunk === undefined) return undefined;
    const end = Math.min(chunk.length, this.#at + bytes);
    const piece = chunk.subarray(this.#at, end);
    this.#at = end;
    this.#waitingBytes -= piece.length;
    if (end === chunk.length) {
      this.#at = 0;
      this.#head += 1;
      if (this.#head === this.#chunks.length) {
        this.#chunks = [];
        this.#head = 0;
      } else if (this.#head >= 1024) {
        this.#chunks = this.#chunks.slice(this.#head);
        this.#head = 0;
      }
    }
    return piece;
  }
}
