/**
 * Slows down guessing without locking the right person out. Failures are counted per (user, address) pair and per address; the answer to a failure is delayed
 * more and more; past a limit the pair, or the address, is refused for a while. The same wrong password again counts once: a mail program with an old password
 * must not ban its owner. Private networks are delayed, never banned: that is where the owner sits.
 *
 * Counts live in memory, in this worker, and are bounded.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { LruCache } from '../base/lru.ts';

export type LimiterOptions = {
  readonly windowMs: number;
  /** Different wrong passwords for one user from one address within the window. */
  readonly pairFailures: number;
  /** The same from one address, over all users. */
  readonly addressFailures: number;
  readonly banMs: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Addresses (CIDR) that are never banned, besides private networks. */
  readonly trusted: readonly string[];
};

export const DEFAULT_LIMITER: LimiterOptions = {
  windowMs: 15 * 60_000,
  pairFailures: 20,
  addressFailures: 100,
  banMs: 15 * 60_000,
  firstDelayMs: 50,
  maxDelayMs: 3_000,
  trusted: [],
};

export type Ban = { readonly key: string; readonly reason: string; readonly since: Date; readonly until: Date };

type Count = { since: number; seen: Set<string> };

const MAX_KEYS = 50_000;
/** Wrong passwords remembered per key; beyond the limits above more make no difference. */
const MAX_SEEN = 200;

export class SignInLimiter {
  readonly #options: LimiterOptions;
  readonly #counts = new LruCache<string, Count>(MAX_KEYS);
  readonly #banned = new Map<string, Ban>();
  readonly #key = randomBytes(16);
  readonly #now: () => number;

  constructor(options: Partial<LimiterOptions> = {}, now: () => number = Date.now) {
    this.#options = { ...DEFAULT_LIMITER, ...options };
    this.#now = now;
  }

  /** The ban that stops this sign-in, if any. */
  banOf(name: string, ip: string): Ban | undefined {
    return this.#banAt(addressKeyOf(ip)) ?? this.#banAt(pairKey(name, ip));
  }

  /** Counts a failure; answers how long to wait before telling it (ms). */
  failed(name: string, ip: string, password: string): number {
    const guess = createHmac('sha256', this.#key).update(`${name}\0${password}`).digest('base64url').slice(0, 16);
    const pair = this.#count(pairKey(name, ip), guess);
    const address = this.#count(addressKeyOf(ip), guess);
    if (!this.#isTrusted(ip)) {
      if (pair.seen.size >= this.#options.pairFailures)
        this.#ban(pairKey(name, ip), `${pair.seen.size} wrong passwords for ${name}`);
      if (address.seen.size >= this.#options.addressFailures) this.#ban(addressKeyOf(ip), `${address.seen.size} wrong passwords`);
    }
    return Math.min(this.#options.maxDelayMs, this.#options.firstDelayMs * 2 ** Math.min(20, pair.seen.size - 1));
  }

  /** The right password was given: this pair starts anew. The address does not, or one own account would buy any number of guesses. */
  succeeded(name: string, ip: string): void {
    this.#counts.delete(pairKey(name, ip));
  }

  bans(): Ban[] {
    const now = this.#now();
    for (const [key, ban] of this.#banned) if (ban.until.getTime() <= now) this.#banned.delete(key);
    return [...this.#banned.values()];
  }

  /** True when there was such a ban. */
  unban(key: string): boolean {
    this.#counts.delete(key);
    return this.#banned.delete(key);
  }

  #count(key: string, guess: string): Count {
    const now = this.#now();
    let count = this.#counts.get(key);
    if (count === undefined || now - count.since > this.#options.windowMs) {
      count = { since: now, seen: new Set() };
      this.#counts.set(key, count);
    }
    if (count.seen.size < MAX_SEEN) count.seen.add(guess);
    return count;
  }

  #ban(key: string, reason: string): void {
    if (this.#banned.size >= MAX_KEYS) this.bans();
    if (this.#banned.size >= MAX_KEYS) return;
    const now = this.#now();
    this.#banned.set(key, { key, reason, since: new Date(now), until: new Date(now + this.#options.banMs) });
    this.#counts.delete(key);
  }

  #banAt(key: string): Ban | undefined {
    const ban = this.#banned.get(key);
    if (ban === undefined || ban.until.getTime() > this.#now()) return ban;
    this.#banned.delete(key);
    return undefined;
  }

  #isTrusted(ip: string): boolean {
    const address = tryAddress(ip);
    if (address === undefined) return true;
    if (['private', 'loopback', 'linkLocal', 'uniqueLocal'].includes(address.range())) return true;
    return this.#options.trusted.some((range) => {
      const [net, bits] = ipaddr.parseCIDR(range.includes('/') ? range : `${range}/${isIP(range) === 6 ? 128 : 32}`);
      return net.kind() === address.kind() && address.match(net, bits);
    });
  }
}

function pairKey(name: string, ip: string): string {
  return `${name} ${addressKeyOf(ip)}`;
}

/** One IPv6 network of a household is one address. */
function addressKeyOf(ip: string): string {
  const address = tryAddress(ip);
  if (address === undefined) return ip;
  if (address.kind() === 'ipv4') return address.toString();
  return `${address.toNormalizedString().split(':').slice(0, 4).join(':')}::/64`;
}

function tryAddress(ip: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return ipaddr.isValid(ip) ? ipaddr.process(ip) : undefined;
}
