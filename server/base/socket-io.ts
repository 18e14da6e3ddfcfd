/**
 * Reading and writing one socket in turns: `read` gives the next bytes, `write` collects, `flush` sends with back pressure. What line protocols with one
 * command in work at a time need: replies to pipelined commands leave in one packet, and a client that doesn't read can't make us buffer.
 *
 * Invariants: at most `highWaterBytes` plus one packet wait unread; after `close` every read answers undefined; a session that is silent or does not take
 * its replies for `idleTimeoutMs` gets an IdleTimeout.
 */
import type { Socket } from 'node:net';

export class IdleTimeout extends Error {}

export type SocketIoOptions = { readonly idleTimeoutMs: number; readonly highWaterBytes?: number };

const DEFAULT_HIGH_WATER = 256 * 1024;
/** Collected output from here on is sent although more may follow. */
const FLUSH_BYTES = 64 * 1024;

export class SocketIo {
  readonly #highWaterBytes: number;
  #idleTimeoutMs: number;
  #socket: Socket;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #ended = false;
  #ending = false;
  #waiter: { resolve: (bytes: Buffer | undefined) => void; reject: (error: Error) => void } | undefined;
  #drainWaiter: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #output: Uint8Array[] = [];
  #outputBytes = 0;

  constructor(socket: Socket, options: SocketIoOptions) {
    this.#socket = socket;
    this.#highWaterBytes = options.highWaterBytes ?? DEFAULT_HIGH_WATER;
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.#attach();
  }

  /** True while `read` is awaited: the session does nothing else. */
  get waiting(): boolean {
    return this.#waiter !== undefined;
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  set idleTimeoutMs(value: number) {
    this.#idleTimeoutMs = value;
    this.#socket.setTimeout(value);
  }

  /** The next bytes, undefined when the client has closed. One reader at a time. Rejects with IdleTimeout. */
  read(): Promise<Buffer | undefined> {
    const bytes = this.#queue.shift();
    if (bytes !== undefined) {
      this.#queuedBytes -= bytes.length;
      if (this.#socket.isPaused() && this.#queuedBytes <= this.#highWaterBytes / 2) this.#socket.resume();
      return Promise.resolve(bytes);
    }
    if (this.#ended || this.#socket.destroyed) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /** Collects; the bytes must not change until they are flushed. */
  write(bytes: string | Uint8Array): void {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.#output.push(chunk);
    this.#outputBytes += chunk.length;
  }

  /** True when so much is collected that the caller should flush before it goes on. */
  get wantsFlush(): boolean {
    return this.#outputBytes >= FLUSH_BYTES;
  }

  /** Sends what was collected; resolves when the socket takes more. Never rejects for a socket that is gone, but with IdleTimeout for a stuck one. */
  async flush(): Promise<void> {
    if (this.#outputBytes === 0) return;
    const pieces = this.#output;
    this.#output = [];
    this.#outputBytes = 0;
    const socket = this.#socket;
    if (socket.destroyed || !socket.writable) return;
    let roomLeft = true;
    if (pieces.length > 1) {
      socket.cork();
      for (const piece of pieces) roomLeft = socket.write(piece);
      socket.uncork();
      roomLeft &&= !socket.writableNeedDrain;
    } else {
      for (const piece of pieces) roomLeft = socket.write(piece);
    }
    if (roomLeft) return;
    await new Promise<void>((resolve, reject) => {
      this.#drainWaiter = { resolve, reject };
    });
  }

  /** Throws away everything received and not yet read (RFC 3207 §4.2), and lets go of the socket. `resumeOn` takes the next one. */
  detachForUpgrade(): void {
    this.#detach();
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  resumeOn(socket: Socket): void {
    this.#socket = socket;
    this.#attach();
  }

  /** Flushes and closes our side; a `read` that waits gets undefined. Idempotent; the socket is destroyed when the client does not close its own soon. */
  async end(lingerMs = 5_000): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    try {
      await this.flush();
    } catch (error) {
      if (!(error instanceof IdleTimeout)) throw error;
      this.#socket.destroy();
    }
    const socket = this.#socket;
    this.#ended = true;
    this.#settle(undefined);
    if (socket.destroyed) return;
    this.#detach();
    // A client that still sends must not keep the connection, and its bytes must be read or its side never sees our reply (reset).
    socket.on('data', () => {});
    socket.end();
    socket.setTimeout(0);
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('end', () => socket.destroySoon());
    socket.once('close', () => clearTimeout(timer));
  }

  readonly #onData = (bytes: Buffer): void => {
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = undefined;
      waiter.resolve(bytes);
      return;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > this.#highWaterBytes) this.#socket.pause();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#settle(undefined);
  };

  readonly #onClose = (): void => {
    this.#ended = true;
    this.#settle(undefined);
    this.#drainWaiter?.resolve();
    this.#drainWaiter = undefined;
  };

  readonly #onDrain = (): void => {
    this.#drainWaiter?.resolve();
    this.#drainWaiter = undefined;
  };

  readonly #onTimeout = (): void => {
    const stuck = this.#drainWaiter;
    this.#drainWaiter = undefined;
    stuck?.reject(new IdleTimeout('the client does not take its replies'));
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(new IdleTimeout('the client is silent'));
  };

  #settle(bytes: Buffer | undefined): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve(bytes);
  }

  #attach(): void {
    this.#ended = false;
    this.#socket.on('data', this.#onData);
    this.#socket.on('end', this.#onEnd);
    this.#socket.on('close', this.#onClose);
    this.#socket.on('drain', this.#onDrain);
    this.#socket.on('timeout', this.#onTimeout);
    this.#socket.setTimeout(this.#idleTimeoutMs);
  }

  #detach(): void {
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#onClose);
    this.#socket.off('drain', this.#onDrain);
    this.#socket.off('timeout', this.#onTimeout);
    this.#socket.setTimeout(0);
  }
}
