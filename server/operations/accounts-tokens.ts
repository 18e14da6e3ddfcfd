/** Access tokens of the HTTP API. Only a token's SHA-256 is stored; who it stands for is looked up on every call, so revoking works at once. */
import { createHash, randomBytes } from 'node:crypto';
import { LruCache } from '../base/lru.ts';
import type { UserId } from '../mail/ids.ts';
import type { Stored } from '../store/records.ts';
import type { TokenFields, TokenRole } from '../store/types-accounts.ts';
import { type AccountContext, isClosed } from './accounts-context.ts';
import { userNotFound } from './refusal.ts';

/** Who calls the API. */
export type ApiActor = {
  readonly role: TokenRole;
  /** The user whose token it is. */
  readonly user: UserId | undefined;
  /** Id of the token's record; undefined for the configured root token and for callers that need none. */
  readonly token: string | undefined;
  readonly grants: readonly string[];
  readonly domains: readonly string[];
};

export type NewToken = {
  readonly role: TokenRole;
  readonly user?: string | undefined;
  readonly description?: string | undefined;
  /** Ms after the last use; undefined = for ever. */
  readonly ttlMs?: number | undefined;
  readonly grants?: readonly string[] | undefined;
  readonly domains?: readonly string[] | undefined;
};

/** All that may be done with the token of somebody who has still to show a second factor. */
export const SECOND_FACTOR_GRANT = 'secondfactor:create:own';
/** How long there is for that (ms). */
export const SECOND_FACTOR_MS = 10 * 60_000;

export type TokenView = Omit<Stored<TokenFields>, 'hash' | 'accessVersion'>;

export type TokenAdministration = {
  /** The token itself is answered this once. */
  readonly create: (token: NewToken) => Promise<{ readonly id: string; readonly token: string }>;
  readonly list: (filter: { readonly user?: string | undefined; readonly role?: TokenRole | undefined }) => Promise<TokenView[]>;
  readonly revoke: (id: string) => Promise<boolean>;
  /** The token with which its user has just changed the password goes on; the user's other tokens are void. */
  readonly renew: (id: string) => Promise<void>;
  /** Every token is looked up anew. */
  readonly forget: () => void;
  /** What waited for its second factor becomes the user's own. */
  readonly complete: (id: string) => Promise<void>;
  /** Undefined: unknown, expired, or void because its user's access changed. */
  readonly check: (token: string) => Promise<ApiActor | undefined>;
  /** The same for a token's id, at this very moment: for what goes on for long under one token. */
  readonly isGood: (id: string) => Promise<boolean>;
};

/** A token that was good a moment ago is not looked up again for so long: the promise is that revoking takes effect within a second. */
const CACHE_MS = 800;
const CACHE_ENTRIES = 10_000;
/** The time of last use is written at most so often. */
const TOUCH_MS = 60_000;

export function createTokenAdministration(context: AccountContext): TokenAdministration {
  const { tokens, users } = context.tables;
  const cache = new LruCache<string, { actor: ApiActor; until: number }>(CACHE_ENTRIES);

  const isValid = async (token: Stored<TokenFields>): Promise<boolean> => {
    if (token.expires !== undefined && token.expires.getTime() <= context.now()) return false;
    if (token.user === undefined) return true;
    const user = await users.get(token.user);
    if (user === undefined || isClosed(user)) return false;
    return token.accessVersion === undefined || token.accessVersion === user.accessVersion;
  };
  const read = async (hash: Buffer): Promise<ApiActor | undefined> => {
    const found = await tokens.findOne({ hash });
    if (found === undefined || !(await isValid(found))) return undefined;
    touch(context, found);
    const { role, user, id, grants, domains } = found;
    return { role, user: user as UserId | undefined, token: id, grants: grants ?? [], domains: domains ?? [] };
  };

  return {
    isGood: async (id) => {
      const found = await tokens.get(id);
      return found !== undefined && isValid(found);
    },
    create: async (input) => {
      const token = randomBytes(20).toString('hex');
      const user = input.user === undefined ? undefined : await users.get(input.user);
      if (input.user !== undefined && user === undefined) throw userNotFound();
      const { id } = await tokens.insert({
        hash: hashOf(token),
        role: input.role,
        description: input.description ?? '',
        ...(user === undefined ? {} : { user: user.id, accessVersion: user.accessVersion }),
        ...(input.ttlMs === undefined ? {} : { ttlMs: input.ttlMs, expires: new Date(context.now() + input.ttlMs) }),
        ...(input.grants === undefined ? {} : { grants: input.grants }),
        ...(input.domains === undefined ? {} : { domains: input.domains }),
      });
      return { id, token };
    },
    list: async ({ user, role }) => {
      const found = await tokens.find({ user, role }, { sort: { id: 1 } });
      return found.map(({ hash, accessVersion, ...view }) => {
        void [hash, accessVersion];
        return view;
      });
    },
    revoke: async (id) => {
      const gone = await tokens.take({ id });
      cache.clear();
      // Streams that go on under it hear it here: on the channel of its user, or, for a token without one, on a channel of its own.
      if (gone !== undefined) context.mail.accessChanged((gone.user ?? id) as UserId, 'token revoked', { token: id });
      return gone !== undefined;
    },
    renew: async (id) => {
      const token = await tokens.get(id);
      const user = token?.user === undefined ? undefined : await users.get(token.user);
      if (user !== undefined) await tokens.update({ id }, { set: { accessVersion: user.accessVersion } });
      cache.clear();
    },
    forget: () => cache.clear(),
    complete: async (id) => {
      const ttlMs = context.defaults.tokenTtlMs;
      const set = { role: 'user' as const, ttlMs, expires: new Date(context.now() + ttlMs) };
      await tokens.update({ id, role: 'custom', grants: { all: [SECOND_FACTOR_GRANT] } }, { set, unset: ['grants'] });
      cache.clear();
    },
    check: async (token) => {
      if (!/^[0-9a-f]{40}$/i.test(token)) return undefined;
      const hash = hashOf(token.toLowerCase());
      const key = hash.toString('base64');
      const known = cache.get(key);
      if (known !== undefined && known.until > context.now()) return known.actor;
      const actor = await read(hash);
      if (actor === undefined) cache.delete(key);
      else cache.set(key, { actor, until: context.now() + CACHE_MS });
      return actor;
    },
  };
}

function touch(context: AccountContext, token: Stored<TokenFields>): void {
  const now = context.now();
  if (token.lastUse !== undefined && now - token.lastUse.getTime() < TOUCH_MS) return;
  const set = { lastUse: new Date(now), ...(token.ttlMs === undefined ? {} : { expires: new Date(now + token.ttlMs) }) };
  context.tables.tokens
    .update({ id: token.id }, { set })
    .catch((error: unknown) => context.log.warn('last use of a token', { error }));
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
