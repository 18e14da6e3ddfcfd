/**
 * Outgoing connections that are kept for the next message on the same way. Bounded in number, in idle time, and in messages per connection; a way is a
 * domain's servers or a relay.
 */
import type { SmtpClient } from './smtp-client.ts';

export type Connection = {
  readonly client: SmtpClient;
  /** `name [address]`, for traces. */
  readonly server: string;
  /** Messages sent so far. */
  sent: number;
};

export type ConnectionLimits = {
  /** At a time on one way, busy ones included. */
  readonly perWay: number;
  /** Idle ones altogether. */
  readonly idle: number;
  readonly idleMs: number;
  readonly messages: number;
};

export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = { perWay: 10, idle: 100, idleMs: 5_000, messages: 100 };

/** An idle time after which the server is asked whether it is still there. */
const FRESH_MS = 1_000;

type Idle = { readonly way: string; readonly connection: Connection; readonly sinceMs: number; timer: NodeJS.Timeout };

export class Connections {
  readonly #limits: ConnectionLimits;
  #idle: Idle[] = [];
  readonly #busy = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(limits: ConnectionLimits = DEFAULT_CONNECTION_LIMITS) {
    this.#limits = limits;
  }

  /** Runs `work` with a connection on the way, opened if need be. It is kept afterwards while it is usable; `work` owns it meanwhile. */
  async use<T>(way: string, open: () => Promise<Connection>, work: (connection: Connection) => Promise<T>): Promise<T> {
    await this.#enter(way);
    let connection: Connection | undefined;
    try {
      connection = (await this.#takeIdle(way)) ?? (await open());
      const result = await work(connection);
      connection.sent += 1;
      return result;
    } finally {
      if (connection !== undefined) this.#keep(way, connection);
      this.#leave(way);
    }
  }

  close(): void {
    for (const { connection, timer } of this.#idle) {
      clearTimeout(timer);
      connection.client.quit();
    }
    this.#idle = [];
  }

  async #takeIdle(way: string): Promise<Connection | undefined> {
    for (;;) {
      const found = this.#idle.findLast((idle) => idle.way === way);
      if (found === undefined) return undefined;
      this.#drop(found);
      if (await found.connection.client.reset(Date.now() - found.sinceMs > FRESH_MS)) return found.connection;
      found.connection.client.quit();
    }
  }

  #keep(way: string, connection: Connection): void {
    const { client } = connection;
    if (!client.usable || connection.sent >= this.#limits.messages || this.#idle.length >= this.#limits.idle) {
      client.quit();
      return;
    }
    const idle: Idle = {
      way,
      connection,
      sinceMs: Date.now(),
      timer: setTimeout(() => {
        this.#drop(idle);
        client.quit();
      }, this.#limits.idleMs).unref(),
    };
    this.#idle.push(idle);
  }

  #drop(idle: Idle): void {
    clearTimeout(idle.timer);
    this.#idle.splice(this.#idle.indexOf(idle), 1);
  }

  async #enter(way: string): Promise<void> {
    const busy = this.#busy.get(way) ?? 0;
    if (busy < this.#limits.perWay) {
      this.#busy.set(way, busy + 1);
      return;
    }
    const queue = this.#waiting.get(way) ?? [];
    this.#waiting.set(way, queue);
    // The place is handed over by the one who leaves.
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  #leave(way: string): void {
    const queue = this.#waiting.get(way);
    const next = queue?.shift();
    if (queue?.length === 0) this.#waiting.delete(way);
    if (next !== undefined) return next();
    const left = (this.#busy.get(way) ?? 1) - 1;
    if (left > 0) this.#busy.set(way, left);
    else this.#busy.delete(way);
  }
}
