/**
 * The log of administrative acts: append-only, numbered without gaps, each entry hashed together with the one before it. Whoever changes or removes an entry in the database
 * breaks the chain from there on, and `verify` says where. The oldest go after their time; the chain then begins later.
 */
import { createHash } from 'node:crypto';
import { DuplicateRecord, type Records, type Stored, type Where } from '../store/records.ts';
import type { AdminLogFields } from '../store/types-admin-log.ts';
import type { Page, PageRequest } from '../store/types-page.ts';
import { unavailable } from '../base/fault.ts';

export type AdminAct = Omit<AdminLogFields, 'seq' | 'at' | 'input' | 'before' | 'previous' | 'hash'> & {
  readonly input: Readonly<Record<string, unknown>>;
  readonly before: Readonly<Record<string, unknown>> | undefined;
};
export type AdminLogEntry = Stored<AdminLogFields>;

export type AdminLogQuery = PageRequest & {
  readonly user?: string | undefined;
  readonly by?: string | undefined;
  readonly action?: string | undefined;
  readonly ip?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
};

export type Verification = {
  readonly entries: number;
  readonly first: number;
  readonly last: number;
  /** The first entry that is not what it was, or is missing. */
  readonly brokenAt: number | undefined;
};

export type AdminLog = {
  /** Durable when it resolves. */
  readonly append: (act: AdminAct) => Promise<void>;
  /** Newest first. */
  readonly page: (query: AdminLogQuery) => Promise<Page<AdminLogEntry>>;
  readonly verify: () => Promise<Verification>;
  /** Removes what is older than the retention; answers how many. */
  readonly trim: () => Promise<number>;
};

const RETENTION_MS = 2 * 365 * 86_400_000;
const BATCH = 500;
const MAX_TRIES = 50;
const MAX_JSON = 8_000;
const NOTHING = '0'.repeat(64);

export function createAdminLog(records: Records<AdminLogFields>, now: () => number = Date.now): AdminLog {
  // One at a time from this worker; other workers are met by the unique number.
  let last: Promise<unknown> = Promise.resolve();

  const append = async (act: AdminAct): Promise<void> => {
    const { input, before, ...rest } = act;
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const [newest] = await records.find({}, { sort: { seq: -1 }, limit: 1 });
      const entry = {
        ...rest,
        seq: (newest?.seq ?? 0) + 1,
        at: new Date(now()),
        input: toJson(input),
        before: before === undefined ? null : toJson(before),
        previous: newest?.hash ?? NOTHING,
      };
      try {
        await records.insert({ ...entry, hash: hashOf(entry) });
        return;
      } catch (error) {
        if (!(error instanceof DuplicateRecord)) throw error;
      }
    }
    throw unavailable('The log of administration could not be written.');
  };

  return {
    append: (act) => {
      const mine = last.then(() => append(act));
      last = mine.catch(() => {});
      return mine;
    },
    page: ({ user, by, action, ip, from, to, ...page }) => {
      const at =
        from === undefined && to === undefined
          ? {}
          : { at: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) } };
      const where: Where = { user, by, action, ip, ...at };
      return records.page(where, { ...page, sortBy: 'seq', descending: true });
    },
    verify: async () => {
      let previous: AdminLogEntry | undefined;
      let first = 0;
      let entries = 0;
      for (;;) {
        const batch = await records.find({ seq: { from: (previous?.seq ?? 0) + 1 } }, { sort: { seq: 1 }, limit: BATCH });
        for (const entry of batch) {
          if (previous === undefined) first = entry.seq;
          const follows = previous === undefined || (entry.seq === previous.seq + 1 && entry.previous === previous.hash);
          if (!follows || hashOf(entry) !== entry.hash)
            return { entries, first, last: entry.seq, brokenAt: follows ? entry.seq : (previous?.seq ?? 0) + 1 };
          previous = entry;
          entries += 1;
        }
        if (batch.length < BATCH) return { entries, first, last: previous?.seq ?? 0, brokenAt: undefined };
      }
    },
    // The newest stays whatever its age, so that numbers go on.
    trim: async () => {
      const [newest] = await records.find({}, { sort: { seq: -1 }, limit: 1 });
      if (newest === undefined) return 0;
      return records.delete({ at: { to: new Date(now() - RETENTION_MS) }, seq: { to: newest.seq } });
    },
  };
}

function hashOf(entry: Omit<AdminLogFields, 'hash'>): string {
  const { seq, at, action, role, token, by, ip, session, user, input, before, previous } = entry;
  const told = JSON.stringify([seq, at.toISOString(), action, role, token, by, ip, session, user, input, before]);
  return createHash('sha256').update(previous).update(told).digest('hex');
}

const SECRETS = /password|token|secret|^code$|private|^seed$|^content$|^accessToken$/i;
/** Says nothing of a secret, though it is named like one. */
const HARMLESS: ReadonlySet<string> = new Set(['requirePasswordChange', 'hashedPassword', 'allowUnsafe']);

/** Without secrets, cut where it is long. */
function toJson(value: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(value, (key, one: unknown) => {
    if (one === undefined) return undefined;
    if (SECRETS.test(key) && !HARMLESS.has(key)) return '…';
    return typeof one === 'string' && one.length > 500 ? `${one.slice(0, 499)}…` : one;
  });
  return text.length > MAX_JSON ? JSON.stringify({ cut: text.slice(0, MAX_JSON) }) : text;
}
