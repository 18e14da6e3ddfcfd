/**
 * Sign-in links and the browser sessions they become.
 *
 * A link holds a secret that works once and for a limited time; it stands in the URL's fragment, which no server log sees. A session is a random
 * id in an HttpOnly cookie; the file keeps only its hash, so that reading the file signs nobody in. Both are bounded in number.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

export interface SessionsOptions {
  /** Where sessions outlive a restart of the appliance. Mode 0600. */
  readonly file: string;
  readonly now?: () => number;
  readonly linkTtlMs?: number;
  readonly sessionTtlMs?: number;
}

const maxLinks = 20;
const maxSessions = 100;
const fileSchema = z.record(z.string(), z.number());

export class Sessions {
  readonly #file: string;
  readonly #now: () => number;
  readonly #linkTtlMs: number;
  readonly #sessionTtlMs: number;
  /** Hash → end, in order of making. */
  readonly #links = new Map<string, number>();
  readonly #sessions: Map<string, number>;
  /** Cookies are shared between the ports of a host: two appliances on one computer need two names. */
  #cookieName = 'mallard';

  constructor(options: SessionsOptions) {
    this.#file = options.file;
    this.#now = options.now ?? Date.now;
    this.#linkTtlMs = options.linkTtlMs ?? 3_600_000;
    this.#sessionTtlMs = options.sessionTtlMs ?? 30 * 86_400_000;
    this.#sessions = load(options.file);
  }

  usePort(port: number): void {
    this.#cookieName = `mallard-${port}`;
  }

  /** The secret for a new sign-in link. */
  makeLink(): string {
    const secret = randomBytes(24).toString('base64url');
    keep(this.#links, hash(secret), this.#now() + this.#linkTtlMs, maxLinks);
    return secret;
  }

  /** The Set-Cookie value of a new session, or undefined when the link was used, is too old or never was. */
  signIn(link: string): string | undefined {
    const key = hash(link);
    const end = this.#links.get(key);
    this.#links.delete(key);
    if (end === undefined || end < this.#now()) return undefined;
    const id = randomBytes(32).toString('base64url');
    keep(this.#sessions, hash(id), this.#now() + this.#sessionTtlMs, maxSessions);
    this.#save();
    return `${this.#cookieName}=${id}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${Math.floor(this.#sessionTtlMs / 1000)}`;
  }

  isValid(cookies: string | undefined): boolean {
    const id = this.#idOf(cookies);
    const end = id === undefined ? undefined : this.#sessions.get(hash(id));
    return end !== undefined && end >= this.#now();
  }

  /** @returns the Set-Cookie value that removes the cookie */
  signOut(cookies: string | undefined): string {
    const id = this.#idOf(cookies);
    if (id !== undefined && this.#sessions.delete(hash(id))) this.#save();
    return `${this.#cookieName}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0`;
  }

  #idOf(cookies: string | undefined): string | undefined {
    for (const pair of (cookies ?? '').split(';')) {
      const at = pair.indexOf('=');
      if (at > 0 && pair.slice(0, at).trim() === this.#cookieName) return pair.slice(at + 1).trim();
    }
    return undefined;
  }

  #save(): void {
    for (const [key, end] of this.#sessions) if (end < this.#now()) this.#sessions.delete(key);
    writeFileSync(`${this.#file}.new`, JSON.stringify(Object.fromEntries(this.#sessions)), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function load(file: string): Map<string, number> {
  try {
    return new Map(Object.entries(fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))));
  } catch {
    // None yet, or damaged: people sign in again.
    return new Map();
  }
}

function keep(map: Map<string, number>, key: string, end: number, max: number): void {
  map.set(key, end);
  for (const oldest of map.keys()) {
    if (map.size <= max) break;
    map.delete(oldest);
  }
}

/** The secrets are random and long: a plain hash is enough. */
function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
