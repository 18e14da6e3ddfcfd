/**
 * Slows down guessing without locking the right person out.
 *
 * - Different wrong passwords are counted for a user from one address (a pair), from one address over all users, and for a user from everywhere; the same one again counts
 *   once: a mail program with an old password must not ban its owner.
 * - The answer to a failure is delayed more and more. Past a limit the pair or the address is refused for a while, longer each time it happens again that day.
 * - Past the limit of a user, who is guessed at from many places, strange addresses are refused; those from where the user has come in before are not.
 * - Private networks, trusted ones, and addresses from which an administrator has come are delayed, never banned.
 *
 * What is counted and banned is on a board that all workers share (`sync/ban-board.ts`).
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type Ban, type BanBoard, createLocalBanBoard } from '../sync/ban-board.ts';

export type LimiterOptions = {
  readonly windowMs: number;
  /** Different wrong passwords for one user from one address within the window. */
  readonly pairFailures: number;
  /** The same from one address, over all users. */
  readonly addressFailures: number;
  /** The same for one user, from strange addresses. */
  readonly userFailures: number;
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
  userFailures: 200,
  banMs: 15 * 60_000,
  firstDelayMs: 50,
  maxDelayMs: 3_000,
  trusted: [],
};

export type { Ban } from '../sync/ban-board.ts';

const DAY_MS = 24 * 60 * 60_000;
/** How long it is remembered that a user came in from an address. */
const KNOWN_MS = 30 * DAY_MS;
const MAX_BAN_MS = DAY_MS;
/** A user who is guessed at from everywhere: the delay doubles with every so many guesses. */
const GUESSES_PER_STEP = 20;

export class SignInLimiter {
  readonly #options: LimiterOptions;
  readonly #board: BanBoard;
  readonly #now: () => number;

  constructor(options: Partial<LimiterOptions> = {}, board?: BanBoard, now: () => number = Date.now) {
    this.#options = { ...DEFAULT_LIMITER, ...options };
    this.#board = board ?? createLocalBanBoard(now);
    this.#now = now;
  }

  /** The ban that stops this sign-in, if any. */
  async banOf(name: string, ip: string): Promise<Ban | undefined> {
    const address = addressKeyOf(ip);
    const ban = this.#board.banOf(address) ?? this.#board.banOf(pairKey(name, ip));
    if (ban !== undefined) return ban;
    const everywhere = this.#board.banOf(userKey(name));
    if (everywhere === undefined || (await this.#mayNotBeBanned(ip))) return undefined;
    return (await this.#board.remembers(knownFact(name, address))) ? undefined : everywhere;
  }

  /** Counts a failure; answers how long to wait before telling it (ms). */
  async failed(name: string, ip: string, password: string): Promise<number> {
    const { windowMs, pairFailures, addressFailures, userFailures, firstDelayMs, maxDelayMs } = this.#options;
    const guess = this.#board.fingerprint(`${name}\0${password}`);
    const [pair, address, user] = await Promise.all(
      [pairKey(name, ip), addressKeyOf(ip), userKey(name)].map((key) => this.#board.count(key, guess, windowMs)),
    );
    if (!(await this.#mayNotBeBanned(ip))) {
      if (pair! >= pairFailures) await this.#ban(pairKey(name, ip), `${pair} wrong passwords for ${name}`);
      if (address! >= addressFailures) await this.#ban(addressKeyOf(ip), `${address} wrong passwords`);
      if (user! >= userFailures) await this.#ban(userKey(name), `${user} wrong passwords for ${name} from everywhere`);
    }
    const steps = Math.max(pair! - 1, Math.floor(user! / GUESSES_PER_STEP));
    return Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(20, steps));
  }

  /** The right password was given: this pair starts anew. The address does not, or one own account would buy any number of guesses. */
  async succeeded(name: string, ip: string): Promise<void> {
    const fact = knownFact(name, addressKeyOf(ip));
    await this.#board.forget(pairKey(name, ip));
    if (!this.#recent.has(fact)) await this.#board.remember(fact, KNOWN_MS);
    this.#noteRecent(fact);
  }

  /** An administrator has come from there: a slip of the hand must not close the door from inside. */
  async trust(ip: string): Promise<void> {
    const fact = trustFact(ip);
    if (this.#recent.has(fact) || this.#isTrusted(ip)) return;
    this.#noteRecent(fact);
    await this.#board.remember(fact, KNOWN_MS);
  }

  bans(): readonly Ban[] {
    return this.#board.bans();
  }

  /** True when there was such a ban. Takes its counts along: the next wrong password is the first. */
  async unban(key: string): Promise<boolean> {
    await this.#board.forget(key);
    await this.#board.forget(`again ${key}`);
    return this.#board.unban(key);
  }

  close(): Promise<void> {
    return this.#board.close();
  }

  /** Facts that were written a moment ago: every message that is sent signs in. */
  readonly #recent = new Set<string>();

  #noteRecent(fact: string): void {
    if (this.#recent.size >= 10_000) this.#recent.clear();
    this.#recent.add(fact);
  }

  async #ban(key: string, reason: string): Promise<void> {
    const now = this.#now();
    const times = await this.#board.count(`again ${key}`, String(now), DAY_MS);
    const lastsMs = Math.min(MAX_BAN_MS, this.#options.banMs * 2 ** Math.min(20, times - 1));
    await this.#board.ban({ key, reason, since: new Date(now), until: new Date(now + lastsMs) });
    await this.#board.forget(key);
  }

  async #mayNotBeBanned(ip: string): Promise<boolean> {
    return this.#isTrusted(ip) || this.#board.remembers(trustFact(ip));
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

function userKey(name: string): string {
  return `${name} *`;
}

function knownFact(name: string, address: string): string {
  return `known ${name} ${address}`;
}

function trustFact(ip: string): string {
  return `administrator ${addressKeyOf(ip)}`;
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
