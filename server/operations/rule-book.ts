/** What a user has ordered for new mail: filters, forwards, autoreply. Read for every delivery, so remembered for a moment. */
import { LruCache } from '../base/lru.ts';
import type { UserId } from '../mail/ids.ts';
import type { AccountTables } from '../store/account-tables.ts';
import type { FlowTables } from '../store/flow-tables.ts';
import type { SieveScript, SieveScripts } from './sieve-scripts.ts';
import type { AutoreplyFields, ForwardTarget } from '../store/types-accounts.ts';
import type { FilterAction, FilterQuery } from '../store/types-flow.ts';

export type Filter = { readonly id: string; readonly name: string; readonly query: FilterQuery; readonly action: FilterAction };

export type RuleBook = {
  /** Enabled ones, in the user's order. */
  readonly filters: readonly Filter[];
  /** Where a copy of everything goes. */
  readonly targets: readonly ForwardTarget[];
  /** Switched on, whatever its dates. */
  readonly autoreply: AutoreplyFields | undefined;
  /** The user's display name. */
  readonly name: string;
  /** Forwarded messages a day; 0 = the default. */
  readonly forwardsPerDay: number;
  /** The Sieve script that works. */
  readonly script: SieveScript | undefined;
  /** Forwarded messages are encrypted with this. */
  readonly encryptForwardedWith: string | undefined;
};

export type RuleBooks = {
  readonly of: (user: UserId) => Promise<RuleBook>;
  /** Changed here: read anew. */
  readonly forget: (user: UserId) => void;
};

const FRESH_MS = 2_000;
const MAX_FILTERS = 1_000;

export function createRuleBooks(
  accounts: Pick<AccountTables, 'users' | 'autoreplies'>,
  flow: Pick<FlowTables, 'filters'>,
  sieve: Pick<SieveScripts, 'active'>,
): RuleBooks {
  const known = new LruCache<UserId, { book: RuleBook; atMs: number }>(10_000);

  const read = async (user: UserId): Promise<RuleBook> => {
    const [record, filters, autoreply, script] = await Promise.all([
      accounts.users.get(user),
      flow.filters.find({ user, disabled: false }, { sort: { id: 1 }, limit: MAX_FILTERS }),
      accounts.autoreplies.findOne({ user }),
      sieve.active(user),
    ]);
    return {
      filters: inOrder(filters).map(({ id, name, query, action }) => ({ id, name, query, action })),
      targets: record?.targets ?? [],
      autoreply: autoreply?.status === true ? autoreply : undefined,
      name: record?.name ?? '',
      forwardsPerDay: record?.forwards ?? 0,
      script,
      encryptForwardedWith: record?.encryptForwarded === true && record.pubKey !== '' ? record.pubKey : undefined,
    };
  };

  return {
    of: async (user) => {
      const cached = known.get(user);
      if (cached !== undefined && Date.now() - cached.atMs < FRESH_MS) return cached.book;
      const book = await read(user);
      known.set(user, { book, atMs: Date.now() });
      return book;
    },
    forget: (user) => known.delete(user),
  };
}

/** As their user has ordered them; the others after, as they were made. Takes them as they were made. */
export function inOrder<T extends { readonly place?: number }>(filters: readonly T[]): T[] {
  const place = (filter: T): number => filter.place ?? Number.MAX_SAFE_INTEGER;
  return filters.toSorted((a, b) => place(a) - place(b));
}
