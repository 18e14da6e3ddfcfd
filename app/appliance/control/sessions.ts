/**
 * Sign-in links and the browser sessions of the administrator.
 *
 * A link holds a secret that works once and for a limited time; it stands in the URL's fragment, which no server log sees. A session is a random
 * id in an HttpOnly cookie; the file keeps only its hash, so that reading the file signs nobody in. A session that began on the computer itself is
 * good only there, and one that began over TLS only over TLS. Links and sessions are bounded in number.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writePrivately } from '../secrets.ts';
import { type SignInMethod, signInMethodSchema } from './contract-access.ts';

export interface SessionsOptions {
  /** Where sessions outlive a restart of the appliance. Mode 0600. */
  readonly file: string;
  readonly now?: () => number;
  readonly linkTtlMs?: number;
  readonly sessionTtlMs?: number;
}

/** Where a request comes from, as far as sessions care. */
export interface Client {
  /** On the computer itself. */
  readonly here: boolean;
  readonly secure: boolean;
  readonly address: string;
  /** The User-Agent header. */
  readonly browser: string;
}

const maxLinks = 20;
const maxSessions = 100;
const day = 86_400_000;
/** How exactly the time of the last use is kept. */
const seenStepMs = 5 * 60_000;

const sessionSchema = z.object({
  id: z.string(),
  end: z.number(),
  method: signInMethodSchema,
  here: z.boolean(),
  secure: z.boolean(),
  address: z.string(),
  browser: z.string(),
  createdAt: z.number(),
  seenAt: z.number(),
});
export type Session = z.output<typeof sessionSchema>;
const fileSchema = z.record(z.string(), sessionSchema);

export class Sessions {
  readonly #file: string;
  readonly #now: () => number;
  readonly #linkTtlMs: number;
  readonly #sessionTtlMs: number;
  /** Hash → end, in order of making. */
  readonly #links = new Map<string, number>();
  /** By the hash of the cookie's value, in order of making. */
  readonly #sessions: Map<string, Session>;
  /** Cookies are shared between the ports of a host: two appliances on one computer need two names. */
  #cookieName = 'mallard';

  constructor(options: SessionsOptions) {
    this.#file = options.file;
    this.#now = options.now ?? Date.now;
    this.#linkTtlMs = options.linkTtlMs ?? 3_600_000;
    this.#sessionTtlMs = options.sessionTtlMs ?? 30 * day;
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

  /** False when the link was used, is too old or never was. It is used up in any case. */
  takeLink(link: string): boolean {
    const key = hash(link);
    const end = this.#links.get(key);
    this.#links.delete(key);
    return end !== undefined && end >= this.#now();
  }

  /** Begins a session. @returns the Set-Cookie value */
  begin(method: SignInMethod, client: Client): string {
    const value = randomBytes(32).toString('base64url');
    const now = this.#now();
    const session: Session = {
      id: randomBytes(9).toString('base64url'),
      end: now + this.#sessionTtlMs,
      method,
      here: client.here,
      secure: client.secure,
      address: client.address,
      browser: client.browser.slice(0, 300),
      createdAt: now,
      seenAt: now,
    };
    keep(this.#sessions, hash(value), session, maxSessions);
    this.#save();
    return this.#cookie(value, client.secure, Math.floor(this.#sessionTtlMs / 1000));
  }

  /** The session of this request; undefined when there is none that is good for it. */
  find(cookies: string | undefined, client: Client): Session | undefined {
    const key = this.#keyOf(cookies, client.secure);
    const session = key === undefined ? undefined : this.#sessions.get(key);
    const now = this.#now();
    if (session === undefined || session.end < now || session.secure !== client.secure || (session.here && !client.here))
      return undefined;
    if (now - session.seenAt > seenStepMs) {
      Object.assign(session, { seenAt: now, address: client.address });
      this.#save();
    }
    return session;
  }

  /** Ends the session of this request. @returns the Set-Cookie value that removes the cookie */
  signOut(cookies: string | undefined, client: Client): string {
    const key = this.#keyOf(cookies, client.secure);
    if (key !== undefined && this.#sessions.delete(key)) this.#save();
    return this.#cookie('', client.secure, 0);
  }

  /** Newest first. */
  list(): Session[] {
    return [...this.#sessions.values()].filter(({ end }) => end >= this.#now()).sort((a, b) => b.createdAt - a.createdAt);
  }

  /** False when there is no such session. */
  end(id: string): boolean {
    return this.#endWhere((session) => session.id === id) > 0;
  }

  /** Ends all but the one with this id. */
  endOthers(id: string | undefined): void {
    this.#endWhere((session) => session.id !== id);
  }

  #endWhere(ends: (session: Session) => boolean): number {
    const keys = [...this.#sessions].filter(([, session]) => ends(session)).map(([key]) => key);
    for (const key of keys) this.#sessions.delete(key);
    if (keys.length > 0) this.#save();
    return keys.length;
  }

  /** Over TLS the name's prefix makes the browser refuse a cookie of that name that anybody else set. */
  #nameFor(secure: boolean): string {
    return secure ? `__Host-${this.#cookieName}` : this.#cookieName;
  }

  #cookie(value: string, secure: boolean, maxAgeSeconds: number): string {
    return `${this.#nameFor(secure)}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAgeSeconds}${secure ? '; Secure' : ''}`;
  }

  #keyOf(cookies: string | undefined, secure: boolean): string | undefined {
    const name = this.#nameFor(secure);
    for (const pair of (cookies ?? '').split(';')) {
      const at = pair.indexOf('=');
      if (at > 0 && pair.slice(0, at).trim() === name) return hash(pair.slice(at + 1).trim());
    }
    return undefined;
  }

  #save(): void {
    for (const [key, { end }] of this.#sessions) if (end < this.#now()) this.#sessions.delete(key);
    writePrivately(this.#file, JSON.stringify(Object.fromEntries(this.#sessions)));
  }
}

function load(file: string): Map<string, Session> {
  try {
    return new Map(Object.entries(fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))));
  } catch {
    // None yet, damaged, or of an earlier release: people sign in again.
    return new Map();
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= max) break;
    map.delete(oldest);
  }
}

/** The secrets are random and long: a plain hash is enough. */
function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
