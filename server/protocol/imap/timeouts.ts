/**
 * One timer for all connections: each has a deadline in plain milliseconds, a coarse tick looks who is past it. Ten thousand idle sessions cost ten
 * thousand comparisons every few seconds instead of ten thousand timers.
 */

export type Expiring = {
  /** When it expires, in ms of `Date.now()`; Infinity = never. */
  readonly deadlineMs: number;
  readonly expire: () => void;
};

export class Timeouts {
  readonly #members = new Set<Expiring>();
  readonly #tickMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(tickMs = 5_000) {
    this.#tickMs = tickMs;
  }

  add(member: Expiring): void {
    this.#members.add(member);
    // The tick never keeps the process alive, and runs only while somebody is there.
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs).unref();
  }

  delete(member: Expiring): void {
    this.#members.delete(member);
    if (this.#members.size > 0 || this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  get size(): number {
    return this.#members.size;
  }

  #tick(): void {
    const now = Date.now();
    for (const member of this.#members) if (member.deadlineMs <= now) member.expire();
  }
}
