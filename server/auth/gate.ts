/**
 * Bounded parallelism: at most `parallel` tasks run, at most `waiting` wait, the next is refused at once. Password hashing goes through a gate, so that a storm
 * of sign-ins can't take every thread and all memory from the mail.
 */
import { unavailable } from '../base/fault.ts';

export type GateLimits = { readonly parallel: number; readonly waiting: number };

export class Gate {
  readonly #limits: GateLimits;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /** Runs the task when there is room. Throws busy UNAVAILABLE when too many wait already. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limits.parallel) {
      if (this.#queue.length >= this.#limits.waiting) throw unavailable('Too many sign-ins at once. Try again in a moment.');
      // A finished task hands its place over, so `#running` stays as it is.
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await task();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  get waiting(): number {
    return this.#queue.length;
  }
}
