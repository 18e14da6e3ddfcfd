/**
 * Placements: the `messages` collection, derived from the journal. Applying an entry is idempotent and order-proof, so that any worker may repeat it at any time:
 * an insert meets its own _id, a flag change passes by placements that are already newer, an expunge leaves a tombstone (so a late insert can't bring a message back),
 * and the mailbox's position moves by compare-and-set, which counts each entry's delta exactly once.
 */
import { type AnyBulkWriteOperation, type Filter, MongoBulkWriteError, type ObjectId } from 'mongodb';
import type { AppendedMessage, Change, JournalEntry } from '../mail/change.ts';
import { isSystemFlag } from '../mail/flags.ts';
import type { ContentId, MailboxId, MessageId, Modseq, Uid, UserId } from '../mail/ids.ts';
import type { UidSet } from '../mail/uid-set.ts';
import { type Database, guarded, oid } from './connect.ts';
import type { WireForms } from './contents.ts';
import type { MessageDoc } from './documents.ts';

/** Placements inserted or updated per round trip. */
const BATCH = 1_000;

export type ApplyParts = {
  /** Wire forms of contents (cached or read); absent when the content is gone. */
  readonly forms: (contents: readonly ContentId[]) => Promise<ReadonlyMap<ContentId, WireForms>>;
  /** UIDs whose content is gone: swept long after their expunge, or lost with a server before their delivery was acknowledged. */
  readonly onLost: (entry: JournalEntry, uids: readonly Uid[]) => void;
};

/**
 * Applies entries that follow each other and whose predecessor has been applied. What is written here is not flushed; the server's log keeps its order, so a position that
 * survives a crash means that the placements before it did. That holds within one life of the server only: when it was lost in between, the placements are written again.
 *
 * @returns false when the position did not move here: another worker has moved it, perhaps not as far. Then read it again.
 */
export async function applyEntries(database: Database, entries: readonly JournalEntry[], parts: ApplyParts): Promise<boolean> {
  for (;;) {
    const epoch = database.epoch();
    if (entries.every(isDelivery)) await insertPlacements(database, entries.flatMap(appendsOf), parts);
    else for (const entry of entries) await applyChanges(database, entry, parts);
    if (database.epoch() !== epoch) continue;
    const moved = await moveOn(database, entries);
    if (database.epoch() === epoch) return moved;
  }
}

/** Whether the entry does nothing but bring messages: such entries may be applied together, with one insert. */
export function isDelivery(entry: JournalEntry): boolean {
  return entry.changes.every((change) => change.kind === 'append');
}

type Append = { readonly entry: JournalEntry; readonly message: AppendedMessage };

function appendsOf(entry: JournalEntry): Append[] {
  return entry.changes.flatMap((change) =>
    change.kind === 'append' ? change.messages.map((message) => ({ entry, message })) : [],
  );
}

/** The entry's effect on placements; repeating it changes nothing. */
export async function applyChanges(database: Database, entry: JournalEntry, parts: ApplyParts): Promise<void> {
  for (const change of entry.changes) await applyChange(database, entry, change, parts);
}

async function moveOn(database: Database, entries: readonly JournalEntry[]): Promise<boolean> {
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return true;
  const sum = (field: keyof JournalEntry['delta']): number => entries.reduce((total, { delta }) => total + delta[field], 0);
  const result = await guarded(() =>
    database.mailboxes.updateOne(
      { _id: oid(first.mailbox), modseq: first.modseq - 1 },
      {
        $set: { modseq: last.modseq, uidNext: last.uidNext },
        $inc: {
          'counts.messages': sum('messages'),
          'counts.unseen': sum('unseen'),
          'counts.deleted': sum('deleted'),
          'counts.bytes': sum('bytes'),
        },
      },
      database.concerns.ordered,
    ),
  );
  return result.matchedCount === 1;
}

async function insertPlacements(database: Database, appends: readonly Append[], parts: ApplyParts): Promise<void> {
  for (let at = 0; at < appends.length; at += BATCH) {
    const batch = appends.slice(at, at + BATCH);
    const wire = await parts.forms([...new Set(batch.map(({ message }) => message.content))]);
    const docs: MessageDoc[] = [];
    const lost = new Map<JournalEntry, Uid[]>();
    for (const { entry, message } of batch) {
      const form = wire.get(message.content);
      if (form === undefined) lost.set(entry, [...(lost.get(entry) ?? []), message.uid]);
      else docs.push(placementOf(entry, message, form));
    }
    await insertIgnoringDuplicates(database, docs);
    for (const [entry, uids] of lost) parts.onLost(entry, uids);
  }
}

function placementOf(entry: JournalEntry, message: AppendedMessage, form: WireForms): MessageDoc {
  return {
    _id: oid(message.id),
    user: oid(entry.user),
    mailbox: oid(entry.mailbox),
    uid: message.uid,
    modseq: entry.modseq,
    flags: [...message.flags],
    internalDate: message.internalDateMs,
    savedAt: message.savedAtMs,
    size: message.sizeBytes,
    content: oid(message.content),
    thread: message.thread,
    envelope: form.envelope,
    bodyStructure: form.bodyStructure,
  };
}

async function applyChange(database: Database, entry: JournalEntry, change: Change, parts: ApplyParts): Promise<void> {
  switch (change.kind) {
    case 'append':
      await insertPlacements(
        database,
        change.messages.map((message) => ({ entry, message })),
        parts,
      );
      return;
    case 'flags': {
      const set = { modseq: entry.modseq };
      const update =
        change.operation === 'add'
          ? { $addToSet: { flags: { $each: [...change.flags] } }, $set: set }
          : change.operation === 'remove'
            ? { $pull: { flags: { $in: change.flags.map(anySpelling) } }, $set: set }
            : { $set: { ...set, flags: [...change.flags] } };
      await updateRanges(database, entry, change.uids, { modseq: { $lt: entry.modseq } }, update);
      return;
    }
    case 'expunge':
      await updateRanges(
        database,
        entry,
        change.uids,
        { expunged: { $exists: false } },
        { $set: { expunged: entry.modseq, expungedAt: new Date(entry.atMs) } },
      );
      return;
    case 'delete':
      await guarded(() =>
        database.messages.updateMany(
          { user: oid(entry.user), mailbox: oid(entry.mailbox), expunged: { $exists: false } },
          { $set: { expunged: entry.modseq, expungedAt: new Date(entry.atMs) } },
          database.concerns.ordered,
        ),
      );
      return;
  }
}

/** Keywords compare without case; a delivery may have brought another spelling than the mailbox's. */
function anySpelling(flag: string): string | RegExp {
  return isSystemFlag(flag) ? flag : new RegExp(`^${flag.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`, 'i');
}

async function insertIgnoringDuplicates(database: Database, docs: MessageDoc[]): Promise<void> {
  if (docs.length === 0) return;
  await guarded(async () => {
    try {
      await database.messages.insertMany(docs, { ordered: false, ...database.concerns.ordered });
    } catch (error) {
      if (error instanceof MongoBulkWriteError && writeErrorsOf(error).every((one) => one.code === 11000)) return;
      throw error;
    }
  });
}

function writeErrorsOf(error: MongoBulkWriteError): { code: number }[] {
  return [error.writeErrors].flat();
}

/** One update per run of ranges; a set with many small ranges becomes a few `$in` lists rather than thousands of statements. */
async function updateRanges(
  database: Database,
  entry: JournalEntry,
  uids: UidSet,
  guard: Filter<MessageDoc>,
  update: Record<string, unknown>,
): Promise<void> {
  const operations: AnyBulkWriteOperation<MessageDoc>[] = [];
  const base = { user: oid(entry.user), mailbox: oid(entry.mailbox), ...guard };
  let singles: number[] = [];
  const flushSingles = (): void => {
    if (singles.length > 0) operations.push({ updateMany: { filter: { ...base, uid: { $in: singles } }, update } });
    singles = [];
  };
  for (const { from, to } of uids.ranges()) {
    if (to - from >= 8) {
      operations.push({ updateMany: { filter: { ...base, uid: { $gte: from, $lte: to } }, update } });
    } else {
      for (let uid = from; uid <= to; uid += 1) singles.push(uid);
      if (singles.length >= BATCH) flushSingles();
    }
  }
  flushSingles();
  if (operations.length === 0) return;
  await guarded(() => database.messages.bulkWrite(operations, { ordered: false, ...database.concerns.ordered }));
}

// ── Reads ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The columns of a view. */
export type PlacementRow = {
  readonly uid: Uid;
  readonly modseq: Modseq;
  readonly flags: readonly string[];
  readonly sizeBytes: number;
  readonly internalDateMs: number;
};

/** All live placements of a mailbox in UID order, in batches. */
export async function* readRows(database: Database, user: UserId, mailbox: MailboxId): AsyncGenerator<PlacementRow[]> {
  const cursor = database.messages.find(
    { user: oid(user), mailbox: oid(mailbox), expunged: { $exists: false } },
    {
      projection: { _id: 0, uid: 1, modseq: 1, flags: 1, size: 1, internalDate: 1 },
      sort: { uid: 1 },
      hint: 'uid',
      batchSize: 2_000,
    },
  );
  yield* batches(cursor, 2_000, (doc) => ({
    uid: doc.uid as Uid,
    modseq: doc.modseq as Modseq,
    flags: doc.flags,
    sizeBytes: doc.size,
    internalDateMs: doc.internalDate,
  }));
}

/** What COPY and MOVE need to know of a placement. */
export type PlacementRef = {
  readonly uid: Uid;
  readonly id: MessageId;
  readonly content: ContentId;
  readonly thread: string;
  readonly internalDateMs: number;
  readonly savedAtMs: number;
  readonly sizeBytes: number;
};

const REF_FIELDS = { uid: 1, content: 1, thread: 1, internalDate: 1, savedAt: 1, size: 1 } as const;

export async function readRefs(database: Database, user: UserId, mailbox: MailboxId, uids: UidSet): Promise<PlacementRef[]> {
  const refs: PlacementRef[] = [];
  for (const filter of uidFilters(user, mailbox, uids)) {
    const docs = await guarded(() =>
      database.messages.find(filter, { projection: REF_FIELDS, sort: { uid: 1 }, hint: 'uid', batchSize: 5_000 }).toArray(),
    );
    for (const doc of docs) refs.push(toRef(doc));
  }
  return refs;
}

/** A placement with its wire forms; `MessageMeta` of the contract. */
export type PlacementMeta = PlacementRef & { readonly envelope: Buffer; readonly bodyStructure: Buffer };

/** Placements in UID order, in batches of a bounded size, for streaming. Tombstones are included. */
export async function* readMeta(
  database: Database,
  user: UserId,
  mailbox: MailboxId,
  uids: UidSet,
  batchSize = 500,
): AsyncGenerator<PlacementMeta[]> {
  for (const filter of uidFilters(user, mailbox, uids)) {
    const cursor = database.messages.find(filter, {
      projection: { ...REF_FIELDS, envelope: 1, bodyStructure: 1 },
      sort: { uid: 1 },
      hint: 'uid',
      batchSize,
    });
    yield* batches(cursor, batchSize, (doc) => ({ ...toRef(doc), envelope: doc.envelope, bodyStructure: doc.bodyStructure }));
  }
}

function toRef(doc: MessageDoc): PlacementRef {
  return {
    uid: doc.uid as Uid,
    id: doc._id.toHexString() as MessageId,
    content: doc.content.toHexString() as ContentId,
    thread: doc.thread,
    internalDateMs: doc.internalDate,
    savedAtMs: doc.savedAt,
    sizeBytes: doc.size,
  };
}

/** Filters that cover the set in ascending order: a dense set as one range scan with a check behind, a sparse one as `$in` lists. */
function* uidFilters(user: UserId, mailbox: MailboxId, uids: UidSet): Generator<Filter<MessageDoc>> {
  const base = { user: oid(user), mailbox: oid(mailbox) };
  let singles: number[] = [];
  for (const { from, to } of uids.ranges()) {
    if (to - from >= 32) {
      if (singles.length > 0) yield { ...base, uid: { $in: singles } };
      singles = [];
      yield { ...base, uid: { $gte: from, $lte: to } };
      continue;
    }
    for (let uid = from; uid <= to; uid += 1) singles.push(uid);
    if (singles.length >= BATCH) {
      yield { ...base, uid: { $in: singles } };
      singles = [];
    }
  }
  if (singles.length > 0) yield { ...base, uid: { $in: singles } };
}

type MessageCursor = {
  hasNext(): Promise<boolean>;
  next(): Promise<MessageDoc | null>;
  readBufferedDocuments(n?: number): MessageDoc[];
  close(): Promise<void>;
};

/** Drains a cursor by its own buffered batches: one await per batch, not per document, and the next is on its way while the caller works on this one. */
async function* batches<T>(cursor: MessageCursor, size: number, map: (doc: MessageDoc) => T): AsyncGenerator<T[]> {
  try {
    let more = cursor.hasNext();
    while (await guarded(() => more)) {
      const buffered = cursor.readBufferedDocuments(size);
      more = cursor.hasNext();
      more.catch(() => {}); // met at the loop's next turn; until then it must not count as unhandled
      if (buffered.length > 0) yield buffered.map(map);
    }
  } finally {
    await cursor.close();
  }
}

// ── Sweeping ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Removes tombstones older than `before`, of released messages those older than `releasedBefore`, at most `limit` of each; answers the contents they referred to.
 */
export async function sweepTombstones(
  database: Database,
  before: Date,
  releasedBefore: Date,
  limit: number,
): Promise<ObjectId[]> {
  return guarded(async () => {
    const options = { projection: { content: 1 }, limit };
    const old = await database.messages.find({ expungedAt: { $lt: before } }, options).toArray();
    const released = await database.messages.find({ released: true, expungedAt: { $lt: releasedBefore } }, options).toArray();
    const docs = [...old, ...released];
    if (docs.length === 0) return [];
    await database.messages.deleteMany({ _id: { $in: docs.map((doc) => doc._id) } }, database.concerns.ordered);
    return docs.map((doc) => doc.content);
  });
}
