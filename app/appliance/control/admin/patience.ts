/**
 * Growing delays on wrong passwords. Nobody is locked out for good, and nobody is locked out by others: the delay belongs to the address that
 * failed (an IPv6 client to its /64), and the computer itself can always sign in by a link. A small delay for all follows when many addresses fail
 * at once.
 */
import { isIPv6 } from 'node:net';

const freeTries = 3;
const longestMs = 15 * 60_000;
const longestForAllMs = 30_000;
const freeTriesForAll = 30;
/** Failures older than this are forgotten. */
const memoryMs = 60 * 60_000;
const maxAddresses = 2000;
const all = '*';

interface Entry {
  failures: number;
  at: number;
  until: number;
}

export class Patience {
  readonly #now: () => number;
  /** In order of the last failure. */
  readonly #entries = new Map<string, Entry>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** How long this address has to wait until its next try counts. 0: it may try. */
  waitMs(address: string): number {
    const now = this.#now();
    return Math.max(0, ...[this.#entry(keyOf(address)), this.#entry(all)].map((entry) => (entry?.until ?? 0) - now));
  }

  failed(address: string): void {
    this.#note(keyOf(address), freeTries, longestMs);
    this.#note(all, freeTriesForAll, longestForAllMs);
  }

  succeeded(address: string): void {
    this.#entries.delete(keyOf(address));
  }

  #note(key: string, free: number, longest: number): void {
    const failures = (this.#entry(key)?.failures ?? 0) + 1;
    const now = this.#now();
    const waitMs = failures < free ? 0 : Math.min(longest, 1000 * 2 ** Math.min(failures - free, 30));
    this.#entries.delete(key);
    this.#entries.set(key, { failures, at: now, until: now + waitMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= maxAddresses) break;
      this.#entries.delete(oldest);
    }
  }

  #entry(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#now() - entry.at < memoryMs) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}

function keyOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address.replace(/^::ffff:/, '');
  // The part that a client can choose freely is its own; a "::" inside the first half only makes the key coarser.
  return address.split(':').slice(0, 4).join(':');
}
