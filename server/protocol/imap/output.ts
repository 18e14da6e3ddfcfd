/**
 * Replies on their way to the socket: the wire's writer plus a stream. One write per reply batch, or one per `flushBytes` of a long reply. `drain` waits until
 * the stream has taken what was written, so a slow reader holds back its own command and no more than about two flushes wait in memory.
 */
import type { Duplex } from 'node:stream';
import { ImapWriter } from './wire/writer.ts';

export type OutputOwner = {
  /** The stream does not take what was written: the stall clock runs. */
  readonly stalled: () => void;
  readonly flowing: () => void;
};

export class ImapOutput extends ImapWriter {
  #stream: Duplex;
  readonly #owner: OutputOwner;
  readonly #flushBytes: number;
  #flushedBytes = 0;

  constructor(stream: Duplex, owner: OutputOwner, flushBytes: number) {
    super();
    this.#stream = stream;
    this.#owner = owner;
    this.#flushBytes = flushBytes;
  }

  /** After STARTTLS or COMPRESS; everything must have been flushed. */
  set stream(stream: Duplex) {
    this.#stream = stream;
  }

  get closed(): boolean {
    return this.#stream.destroyed || this.#stream.writableEnded;
  }

  /** True when enough waits for a flush: a streaming command then awaits `drain`. */
  get isFull(): boolean {
    return this.pendingBytes >= this.#flushBytes;
  }

  /** Everything that was written since the connection began. */
  get writtenBytes(): number {
    return this.#flushedBytes + this.pendingBytes;
  }

  /** Hands everything to the stream, in one write. */
  flush(): void {
    if (this.isEmpty) return;
    this.#flushedBytes += this.pendingBytes;
    const chunks = this.take();
    if (this.closed) return;
    if (chunks.length === 1) {
      this.#stream.write(chunks[0]!);
      return;
    }
    this.#stream.cork();
    for (const chunk of chunks) this.#stream.write(chunk);
    this.#stream.uncork();
  }

  /** Writes the rest and ends the stream. */
  end(): void {
    this.flush();
    if (!this.closed) this.#stream.end();
  }

  /** Flushes; a promise when the stream can't take more yet. It resolves also when the connection ends. */
  drain(): Promise<void> | undefined {
    this.flush();
    if (this.closed || !this.#stream.writableNeedDrain) return undefined;
    const stream = this.#stream;
    this.#owner.stalled();
    return new Promise((resolve) => {
      const done = (): void => {
        stream.off('drain', done);
        stream.off('close', done);
        this.#owner.flowing();
        resolve();
      };
      stream.on('drain', done);
      stream.on('close', done);
    });
  }
}
