/**
 * Passwords: made into argon2id hashes, checked against those and against every foreign form that an import may bring.
 *
 * - All hashing passes one gate, so a login storm waits instead of starving the mail.
 * - A positive check is remembered for a short while, as an HMAC under a key that lives only in this process and over the stored hash itself: a changed
 *   password has another hash, so it is forgotten at once, on every worker.
 * - A check against nothing (unknown user) costs what a real one costs.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { LruCache } from '../base/lru.ts';
import { type Argon2Cost, DEFAULT_ARGON2_COST, hashArgon2id, isOutdatedArgon2, tryArgon2, verifyArgon2 } from './argon2.ts';
import { findForeignHash } from './foreign-hashes.ts';
import { Gate } from './gate.ts';

export type PasswordOptions = {
  readonly cost?: Argon2Cost;
  /** Hashes computed at once; each takes a thread and the memory of its cost. */
  readonly parallel?: number;
  /** Sign-ins that wait for their turn; the next is refused as busy. */
  readonly waiting?: number;
  /** How long a positive check is remembered; 0 = never. */
  readonly rememberMs?: number;
  readonly rememberEntries?: number;
  readonly now?: () => number;
};

export type PasswordCheck = {
  readonly ok: boolean;
  /** The stored hash should be replaced by a new one of this password. Only ever true when ok. */
  readonly outdated: boolean;
};

const WRONG: PasswordCheck = { ok: false, outdated: false };

/** Beyond this a password is refused unread: hashing time must not be the sender's choice. */
export const MAX_PASSWORD_BYTES = 1024;

export class Passwords {
  readonly #cost: Argon2Cost;
  readonly #gate: Gate;
  readonly #key = randomBytes(32);
  readonly #remembered: LruCache<string, number>;
  readonly #rememberMs: number;
  readonly #now: () => number;
  #nothing: Promise<string> | undefined;

  constructor(options: PasswordOptions = {}) {
    this.#cost = options.cost ?? DEFAULT_ARGON2_COST;
    this.#gate = new Gate({ parallel: options.parallel ?? 2, waiting: options.waiting ?? 500 });
    this.#rememberMs = options.rememberMs ?? 60_000;
    this.#remembered = new LruCache(options.rememberEntries ?? 10_000);
    this.#now = options.now ?? Date.now;
  }

  /** The argon2id hash to store. */
  hash(password: string): Promise<string> {
    return this.#gate.run(() => hashArgon2id(prepare(password), this.#cost));
  }

  async verify(password: string, stored: string): Promise<PasswordCheck> {
    if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return WRONG;
    const memory = this.#memory(password, stored);
    const until = this.#remembered.get(memory);
    if (until !== undefined && until > this.#now()) return { ok: true, outdated: false };
    const check = await this.#gate.run(() => this.#compute(password, stored));
    if (check.ok && this.#rememberMs > 0) this.#remembered.set(memory, this.#now() + this.#rememberMs);
    return check;
  }

  /** Takes as long as a real check, and always fails: for users that don't exist or have no password. */
  async verifyNothing(password: string): Promise<PasswordCheck> {
    if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return WRONG;
    this.#nothing ??= this.hash(randomBytes(16).toString('hex'));
    const stored = await this.#nothing;
    await this.#gate.run(() => verifyArgon2(prepare(password), stored));
    return WRONG;
  }

  async #compute(password: string, stored: string): Promise<PasswordCheck> {
    if (tryArgon2(stored) !== undefined) {
      // Imported argon2 hashes were made of the password as it was typed; ours of its prepared form. They differ for few passwords.
      const raw = Buffer.from(password);
      const prepared = prepare(password);
      let ok = await verifyArgon2(prepared, stored);
      const differs = !raw.equals(prepared);
      if (!ok && differs) ok = await verifyArgon2(raw, stored);
      return { ok, outdated: ok && isOutdatedArgon2(stored, this.#cost) };
    }
    const ok = (await findForeignHash(stored)?.verify(password, stored)) ?? false;
    return { ok, outdated: ok };
  }

  #memory(password: string, stored: string): string {
    return createHmac('sha256', this.#key).update(`${stored}\0${password}`).digest('base64');
  }
}

/** True when a text is a password hash that `verify` understands. */
export function isKnownHash(stored: string): boolean {
  return tryArgon2(stored) !== undefined || findForeignHash(stored) !== undefined;
}

/** RFC 8265 §4.2 OpaqueString, as far as it concerns equality: other spaces are a space, NFC. */
function prepare(password: string): Buffer {
  return Buffer.from(password.replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ').normalize('NFC'));
}
