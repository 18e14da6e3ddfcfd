/**
 * What the workers know together of wrong passwords: how many different ones were tried where, who is banned, and from where somebody has come in before. The board of this
 * file is one worker's own, in memory and bounded; `redis-ban-board.ts` shares it and falls back to it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { LruCache } from '../base/lru.ts';

export type Ban = {
  /** What is banned: an address, `name address`, or `name *`. */
  readonly key: string;
  readonly reason: string;
  readonly since: Date;
  readonly until: Date;
};

export type BanBoard = {
  /** Adds a member to the set of that name and answers how many it has; the set is empty again `windowMs` after its first member. */
  readonly count: (name: string, member: string, windowMs: number) => Promise<number>;
  readonly forget: (name: string) => Promise<void>;
  /** Keeps a fact for a while, and asks for it. */
  readonly remember: (fact: string, forMs: number) => Promise<void>;
  readonly remembers: (fact: string) => Promise<boolean>;
  /** A short name of a secret, the same on every worker; nothing that could be reversed is kept. */
  readonly fingerprint: (secret: string) => string;
  /** Takes effect here at once and on other workers when they hear of it, within a second. */
  readonly ban: (ban: Ban) => Promise<void>;
  /** False when there is no such ban. */
  readonly unban: (key: string) => Promise<boolean>;
  /** From memory: asked at every sign-in. */
  readonly banOf: (key: string) => Ban | undefined;
  readonly bans: () => readonly Ban[];
  readonly close: () => Promise<void>;
};

export const MAX_KEYS = 50_000;
/** Members of a set; beyond the limits that anyone sets, more make no difference. */
export const MAX_MEMBERS = 1_000;

export type LocalBanBoard = BanBoard & {
  /** Every ban is replaced by these. */
  readonly replace: (bans: Iterable<Ban>) => void;
  /** Names of secrets are made with this key from now on. */
  readonly useKey: (key: Buffer) => void;
};

export function createLocalBanBoard(now: () => number = Date.now): LocalBanBoard {
  const counts = new LruCache<string, { readonly since: number; readonly members: Set<string> }>(MAX_KEYS);
  const facts = new LruCache<string, number>(MAX_KEYS);
  const banned = new Map<string, Ban>();
  let key: Buffer = randomBytes(32);

  const sweep = (): void => {
    for (const [name, ban] of banned) if (ban.until.getTime() <= now()) banned.delete(name);
  };

  return {
    count: (name, member, windowMs) => {
      let count = counts.get(name);
      if (count === undefined || now() - count.since > windowMs) {
        count = { since: now(), members: new Set() };
        counts.set(name, count);
      }
      if (count.members.size < MAX_MEMBERS) count.members.add(member);
      return Promise.resolve(count.members.size);
    },
    forget: (name) => {
      counts.delete(name);
      return Promise.resolve();
    },
    remember: (fact, forMs) => {
      facts.set(fact, now() + forMs);
      return Promise.resolve();
    },
    remembers: (fact) => Promise.resolve((facts.get(fact) ?? 0) > now()),
    fingerprint: (secret) => createHmac('sha256', key).update(secret).digest('base64url').slice(0, 16),
    ban: (ban) => {
      if (banned.size >= MAX_KEYS) sweep();
      if (banned.size < MAX_KEYS) banned.set(ban.key, ban);
      return Promise.resolve();
    },
    unban: (name) => Promise.resolve(banned.delete(name)),
    banOf: (name) => {
      const ban = banned.get(name);
      if (ban === undefined || ban.until.getTime() > now()) return ban;
      banned.delete(name);
      return undefined;
    },
    bans: () => {
      sweep();
      return [...banned.values()];
    },
    replace: (bans) => {
      banned.clear();
      for (const ban of bans) if (ban.until.getTime() > now() && banned.size < MAX_KEYS) banned.set(ban.key, ban);
    },
    useKey: (given) => {
      key = given;
    },
    close: () => Promise.resolve(),
  };
}
