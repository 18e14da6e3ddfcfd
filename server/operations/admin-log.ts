/**
 * The log of administrative acts: append-only, numbered without gaps, each entry hashed together with the one before it. Whoever changes or removes an entry in the database
 * breaks the chain from there on, and `verify` says where. The oldest go after their time; the hash of the last of them stays as the anchor that the first kept one must follow.
 */
import { createHash } from 'node:crypto';
import { DuplicateRecord, type Records, type Stored, type Where } from '../store/records.ts';
import type { AdminLogAnchorFields, AdminLogFields } from '../store/types-admin-log.ts';
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
  /** Part of what was asked for, of what it was before, or of the operation's name. */
  readonly text?: string | undefined;
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
  /** All of it, oldest first, as it is chained. */
  readonly all: () => AsyncIterable<AdminLogEntry>;
  readonly verify: () => Promise<Verification>;
  /** Removes what is older than the retention; answers how many. */
  readonly trim: () => Promise<number>;
};

const BATCH = 500;
const MAX_TRIES = 50;
const MAX_JSON = 8_000;
const NOTHING = '0'.repeat(64);

/** @param keepMs how long entries stay */
export function createAdminLog(
  records: Records<AdminLogFields>,
  anchors: Records<AdminLogAnchorFields>,
  keepMs: () => number,
  now: () => number = Date.now,
): AdminLog {
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

  async function* after(seq: number): AsyncGenerator<AdminLogEntry> {
    for (let from = seq + 1; ; ) {
      const batch = await records.find({ seq: { from } }, { sort: { seq: 1 }, limit: BATCH });
      yield* batch;
      if (batch.length < BATCH) return;
      from = (batch.at(-1)?.seq ?? from) + 1;
    }
  }

  const anchorOf = async (): Promise<AdminLogAnchorFields> =>
    (await anchors.find({}, { sort: { seq: -1 }, limit: 1 }))[0] ?? { seq: 0, hash: NOTHING };

  const check = async (anchor: AdminLogAnchorFields): Promise<Verification> => {
    let previous = anchor;
    let first = 0;
    let entries = 0;
    for await (const entry of after(anchor.seq)) {
      if (entries === 0) first = entry.seq;
      const follows = entry.seq === previous.seq + 1 && entry.previous === previous.hash;
      if (!follows || hashOf(entry) !== entry.hash)
        return { entries, first, last: entry.seq, brokenAt: follows ? entry.seq : previous.seq + 1 };
      previous = entry;
      entries += 1;
    }
    // The newest never goes: with an anchor there is one after it.
    const isEmptied = entries === 0 && anchor.seq > 0;
    return { entries, first, last: entries === 0 ? 0 : previous.seq, brokenAt: isEmptied ? anchor.seq + 1 : undefined };
  };

  return {
    append: (act) => {
      const mine = last.then(() => append(act));
      last = mine.catch(() => {});
      return mine;
    },
    page: ({ user, by, action, ip, from, to, text, ...page }) => {
      const at =
        from === undefined && to === undefined
          ? {}
          : { at: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) } };
      const told: Where =
        text === undefined ? {} : { or: ['input', 'before', 'action'].map((field): Where => ({ [field]: { contains: text } })) };
      const where: Where = { user, by, action, ip, ...at, ...told };
      return records.page(where, { ...page, sortBy: 'seq', descending: true });
    },
    all: () => after(0),
    verify: async () => {
      for (;;) {
        const anchor = await anchorOf();
        const found = await check(anchor);
        // What went after its time meanwhile is no gap: look again from the anchor that it left.
        if (found.brokenAt === undefined || (await anchorOf()).seq === anchor.seq) return found;
      }
    },
    // The newest stays whatever its age, so that numbers go on.
    trim: async () => {
      const [newest] = await records.find({}, { sort: { seq: -1 }, limit: 1 });
      const before = now() - keepMs();
      let end: AdminLogAnchorFields | undefined;
      for await (const { seq, hash, at } of after(0)) {
        if (seq === newest?.seq || at.getTime() >= before) break;
        end = { seq, hash };
      }
      if (end === undefined) return 0;
      try {
        await anchors.insert(end);
      } catch (error) {
        // Another worker removes the same ones.
        if (!(error instanceof DuplicateRecord)) throw error;
      }
      // Only with the anchor durable: a crash between the two leaves entries before it, which the next round removes.
      const removed = await records.delete({ seq: { to: end.seq + 1 } });
      await anchors.delete({ seq: { to: end.seq } });
      return removed;
    },
  };
}

/** Hex SHA-256 over `previous` and the JSON of the other fields in this order: whoever has an export can compute it. */
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
