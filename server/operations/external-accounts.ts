/**
 * Mailboxes elsewhere whose mail a user wants here. One worker at a time fetches from an account: taking it moves its `next` time to the lease's end and writes a
 * token, so an account whose worker died is due again by itself. What was dealt with is remembered, durably, message by message.
 */
import { randomUUID } from 'node:crypto';
import type { ExternalTables } from '../store/external-tables.ts';
import { DuplicateRecord, type Stored } from '../store/records.ts';
import type { ExternalAccountFields, ExternalMessageFields, FetchFailure } from '../store/types-external.ts';
import { Refusal } from './refusal.ts';

export type ExternalAccount = Stored<ExternalAccountFields>;
export type LeasedAccount = ExternalAccount & { readonly lease: string };
export type ExternalMessage = Stored<ExternalMessageFields>;

/** What a person sets; the rest is written by fetching. */
export type ExternalSettings = Pick<
  ExternalAccountFields,
  'kind' | 'host' | 'port' | 'tls' | 'verifyCertificate' | 'username' | 'folder' | 'keep' | 'keepDays' | 'intervalMs' | 'enabled'
> & { readonly mailbox?: string | undefined; readonly password: string };

export type FetchResult = {
  readonly next: Date;
  readonly fetched: number;
  readonly refused: number;
  /** Undefined: it worked. */
  readonly error?: FetchFailure | undefined;
  readonly refusal?: FetchFailure | undefined;
};

export type ExternalAccounts = {
  readonly list: (user: string) => Promise<readonly ExternalAccount[]>;
  /** Refusal ExternalAccountNotFound. */
  readonly expect: (user: string, id: string) => Promise<ExternalAccount>;
  /** Refusal TooMany beyond `limit`. It is fetched from at once. */
  readonly create: (user: string, settings: ExternalSettings, limit: number) => Promise<ExternalAccount>;
  /** What is not given stays. `mailbox: null` = INBOX. */
  readonly change: (
    user: string,
    id: string,
    changes: Partial<Omit<ExternalSettings, 'mailbox'>> & { readonly mailbox?: string | null | undefined },
  ) => Promise<void>;
  readonly remove: (user: string, id: string) => Promise<void>;
  readonly removeAll: (user: string) => Promise<void>;
  /** As soon as a worker has time. */
  readonly fetchNow: (user: string, id: string) => Promise<void>;
  /** Takes the account that is due longest. */
  readonly lease: (now: Date, leaseMs: number) => Promise<LeasedAccount | undefined>;
  /** False when somebody else has it, or it is gone or switched off: stop. */
  readonly renew: (account: LeasedAccount, until: Date) => Promise<boolean>;
  readonly finish: (account: LeasedAccount, result: FetchResult) => Promise<void>;
  readonly messages: FetchedMessages;
};

export type FetchedMessages = {
  /** Durable when it resolves; again and again is once. */
  readonly remember: (message: ExternalMessageFields) => Promise<void>;
  /** Those of `uids` that are known, in one generation. */
  readonly known: (account: string, generation: string, uids: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly newest: (account: string, generation: string) => Promise<string | undefined>;
  readonly sameBytes: (account: string, digest: Buffer) => Promise<readonly ExternalMessage[]>;
  /** Whether anything was remembered under another generation. */
  readonly hasOlder: (account: string, generation: string) => Promise<boolean>;
  /** Fetched before that time and still there, as far as is known; at most `limit`, oldest first. */
  readonly toDelete: (account: string, generation: string, before: Date, limit: number) => Promise<readonly ExternalMessage[]>;
  readonly deleted: (messages: readonly ExternalMessage[]) => Promise<void>;
};

export function createExternalAccounts({ accounts, messages }: ExternalTables): ExternalAccounts {
  const expect = async (user: string, id: string): Promise<ExternalAccount> => {
    const found = await accounts.findOne({ id, user });
    if (found === undefined)
      throw new Refusal('ExternalAccountNotFound', 'This account is not among those that are fetched from');
    return found;
  };

  return {
    expect,
    list: (user) => accounts.find({ user }, { sort: { id: 1 } }),
    create: async (user, { mailbox, ...settings }, limit) => {
      if ((await accounts.count({ user })) >= limit) throw new Refusal('TooMany', `At most ${limit} accounts are fetched from`);
      const state = { next: new Date(), failures: 0, fetched: 0, refused: 0 };
      return accounts.insert({
        user,
        ...settings,
        ...(mailbox === undefined ? {} : { mailbox }),
        ...state,
      });
    },
    change: async (user, id, { mailbox, ...changes }) => {
      await expect(user, id);
      const set = {
        ...changes,
        ...(typeof mailbox === 'string' ? { mailbox } : {}),
        next: new Date(),
        failures: 0,
      };
      // The lease goes: whoever fetches by the old settings stops at its next step.
      await accounts.update(
        { id, user },
        { set, unset: ['lease', 'lastError', ...(mailbox === null ? (['mailbox'] as const) : [])] },
      );
    },
    remove: async (user, id) => {
      await expect(user, id);
      await accounts.delete({ id, user });
      await messages.delete({ account: id });
    },
    removeAll: async (user) => {
      const found = await accounts.find({ user });
      await accounts.delete({ user });
      if (found.length > 0) await messages.delete({ account: { in: found.map(({ id }) => id) } });
    },
    fetchNow: async (user, id) => {
      const { lease, next } = await expect(user, id);
      const held = lease !== undefined && next.getTime() > Date.now();
      // What is being fetched now needs no second time.
      if (!held) await accounts.update({ id, user }, { set: { next: new Date(), failures: 0 } });
    },
    lease: async (now, leaseMs) => {
      const lease = randomUUID();
      const taken = await accounts.update(
        { enabled: true, next: { to: now } },
        { set: { lease, next: new Date(now.getTime() + leaseMs), lastTry: now } },
      );
      return taken === undefined ? undefined : { ...taken, lease };
    },
    renew: async ({ id, lease }, until) =>
      (await accounts.update({ id, lease, enabled: true }, { set: { next: until } })) !== undefined,
    finish: async ({ id, lease }, { next, fetched, refused, error, refusal }) => {
      const state =
        error === undefined
          ? { set: { next, lastSuccess: new Date(), failures: 0 }, unset: ['lease', 'lastError'] as const, increment: {} }
          : { set: { next, lastError: error }, unset: ['lease'] as const, increment: { failures: 1 } };
      await accounts.update(
        { id, lease },
        {
          set: { ...state.set, ...(refusal === undefined ? {} : { lastRefusal: refusal }) },
          unset: state.unset,
          increment: { ...state.increment, fetched, refused },
        },
      );
    },
    messages: {
      remember: async (message) => {
        try {
          await messages.insert(message);
        } catch (error) {
          if (!(error instanceof DuplicateRecord)) throw error;
        }
      },
      known: async (account, generation, uids) => {
        const found = await messages.find({ account, generation, uid: { in: uids } });
        return new Set(found.map(({ uid }) => uid));
      },
      newest: async (account, generation) => (await messages.findOne({ account, generation }, { sort: { uid: -1 } }))?.uid,
      sameBytes: (account, digest) => messages.find({ account, digest }, { limit: 100 }),
      hasOlder: async (account, generation) =>
        (await messages.findOne({ account, generation: { notIn: [generation] } })) !== undefined,
      toDelete: (account, generation, before, limit) =>
        messages.find({ account, generation, state: 'fetched', at: { to: before } }, { sort: { at: 1 }, limit }),
      deleted: async (gone) => {
        if (gone.length > 0) await messages.updateAll({ id: { in: gone.map(({ id }) => id) } }, { set: { state: 'deleted' } });
      },
    },
  };
}
