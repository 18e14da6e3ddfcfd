/**
 * Browser sessions of people with a mailbox. The browser has a random id in an HttpOnly cookie for `/me` alone; the worker's token of that person stays here, sealed
 * with a key that only the id gives. The file holds neither: reading it signs nobody in.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

export interface UserSessionsOptions {
  /** Where sessions outlive a restart of the appliance. Mode 0600. */
  readonly file: string;
  readonly now?: () => number;
  /** A session that nobody kept ends with the browser, and at the latest then. */
  readonly ttlMs?: number;
}

export interface MakeOptions {
  /** The cookie outlives the browser's window. */
  readonly keep: boolean;
  /** The cookie travels encrypted only. */
  readonly secure: boolean;
}

/** More than that many people do not stay signed in: the oldest go. */
const maxSessions = 20_000;
const algorithm = 'aes-256-gcm';
const fileSchema = z.record(z.string(), z.object({ end: z.number(), sealed: z.string() }));

export class UserSessions {
  readonly #file: string;
  readonly #now: () => number;
  readonly #ttlMs: number;
  /** By the hash of the id, in order of making. */
  readonly #sessions: Map<string, { readonly end: number; readonly sealed: string }>;
  #cookieName = 'mallard-me';

  constructor(options: UserSessionsOptions) {
    this.#file = options.file;
    this.#now = options.now ?? Date.now;
    this.#ttlMs = options.ttlMs ?? 30 * 86_400_000;
    this.#sessions = load(options.file);
  }

  /** Cookies are shared between the ports of a host. */
  usePort(port: number): void {
    this.#cookieName = `mallard-me-${port}`;
  }

  /** @returns the Set-Cookie value of a session that holds the token */
  make(token: string, { keep, secure }: MakeOptions): string {
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(hash(id), { end: this.#now() + this.#ttlMs, sealed: seal(token, id) });
    this.#save();
    const age = keep ? `; Max-Age=${Math.floor(this.#ttlMs / 1000)}` : '';
    return `${this.#cookieName}=${id}${attributes(secure)}${age}`;
  }

  /** The token of whose session it is; undefined when there is none. */
  tokenOf(cookies: string | undefined): string | undefined {
    const id = this.#idOf(cookies);
    const session = id === undefined ? undefined : this.#sessions.get(hash(id));
    return id === undefined || session === undefined || session.end < this.#now() ? undefined : unseal(session.sealed, id);
  }

  /** @returns the Set-Cookie value that removes the cookie */
  end(cookies: string | undefined, secure: boolean): string {
    const id = this.#idOf(cookies);
    if (id !== undefined && this.#sessions.delete(hash(id))) this.#save();
    return `${this.#cookieName}=${attributes(secure)}; Max-Age=0`;
  }

  #idOf(cookies: string | undefined): string | undefined {
    for (const pair of (cookies ?? '').split(';')) {
      const at = pair.indexOf('=');
      if (at > 0 && pair.slice(0, at).trim() === this.#cookieName) return pair.slice(at + 1).trim();
    }
    return undefined;
  }

  #save(): void {
    for (const [key, { end }] of this.#sessions) if (end < this.#now()) this.#sessions.delete(key);
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= maxSessions) break;
      this.#sessions.delete(oldest);
    }
    writeFileSync(`${this.#file}.new`, JSON.stringify(Object.fromEntries(this.#sessions)), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function attributes(secure: boolean): string {
  return `; HttpOnly; SameSite=Strict; Path=/me${secure ? '; Secure' : ''}`;
}

function load(file: string): Map<string, { end: number; sealed: string }> {
  try {
    return new Map(Object.entries(fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))));
  } catch {
    // None yet, or damaged: people sign in again.
    return new Map();
  }
}

function keyOf(id: string): Buffer {
  return Buffer.from(hkdfSync('sha256', id, '', 'mallard user session', 32));
}

function seal(token: string, id: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv(algorithm, keyOf(id), nonce);
  const body = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

function unseal(sealed: string, id: string): string | undefined {
  try {
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv(algorithm, keyOf(id), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  } catch {
    // The file was changed by somebody else: no session.
    return undefined;
  }
}

/** The ids are random and long: a plain hash is enough. */
function hash(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
