/**
 * The journal: the commit point of everything that happens to a mailbox. Insertion under the unique key (user, mailbox, modseq) is what makes a change real;
 * there are no gaps, because entry m+1 is only ever written by somebody who has seen m.
 */
import { type MongoServerError, ObjectId } from 'mongodb';
import { unavailable } from '../base/fault.ts';
import type { AppendedMessage, Change, JournalEntry, MailboxCounts, MoveIntent } from '../mail/change.ts';
import type { ContentId, MailboxId, MessageId, Modseq, Uid, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import { type Database, duplicateKey, guarded, isUnavailable, oid, storeFault } from './connect.ts';
import type { AppendedDoc, ChangeDoc, JournalDoc, RangesDoc } from './documents.ts';

/**
 * - `committed`: the entry stands
 * - `behind`: another writer's entry stands at that modseq; read on and try again
 * - `moved`: the second half of one of its moves was done already
 */
export type CommitOutcome = 'committed' | 'behind' | 'moved';

/** How long a commit whose reply was lost is asked after before it fails as busy (ms). */
const RESOLVE_TIMEOUT_MS = 8_000;

/**
 * Writes one entry, durably. A lost connection is resolved: the entry's own id tells afterwards whether it was written, so `committed` is never guessed and
 * a failed commit is not written by a later retry of somebody else. Before each retry `predecessorStands` may refuse, by a Fault: what the entry builds on may have gone with the server.
 * Throws a busy Fault when the outcome can't be learnt in time.
 */
export async function commitEntry(
  database: Database,
  entry: JournalEntry,
  moves: readonly string[],
  predecessorStands: () => Promise<void> = () => Promise.resolve(),
): Promise<CommitOutcome> {
  const doc = toDoc(entry, moves);
  const deadline = Date.now() + RESOLVE_TIMEOUT_MS;
  for (let attempt = 0; ; attempt += 1) {
    try {
      if (attempt > 0) await predecessorStands();
      return await tryCommit(database, doc, attempt > 0);
    } catch (error) {
      if (!isUnavailable(error) && !isWriteConcernFailure(error)) throw storeFault(error);
      if (Date.now() > deadline) throw unavailable('The mail store did not confirm the change in time.', error);
      await new Promise((resolve) => setTimeout(resolve, Math.min(50 * 2 ** attempt, 1_000)));
    }
  }
}

async function tryCommit(database: Database, doc: JournalDoc, again: boolean): Promise<CommitOutcome> {
  try {
    await database.journal.insertOne(doc, database.concerns.durable);
    return 'committed';
  } catch (error) {
    const key = duplicateKey(error);
    if (key === undefined) throw error;
    // A retry may meet its own earlier insert, at either key.
    if (again && (await standsDurably(database, doc))) return 'committed';
    if ('_id' in key) throw unavailable('The change was lost with the server that had taken it.'); // rolled back: try again
    return 'moves' in key ? 'moved' : 'behind';
  }
}

/**
 * True when the entry stands and is durable. Its own acknowledgement was lost, so another durable write is made behind it: the server's log is sequential, and what comes
 * before a durable write is durable.
 */
async function standsDurably(database: Database, doc: JournalDoc): Promise<boolean> {
  await guarded(() =>
    database.main
      .collection<{ _id: string; at: Date }>('marks')
      .updateOne({ _id: 'confirmed' }, { $set: { at: new Date() } }, { upsert: true, ...database.concerns.durable }),
  );
  const found = await guarded(() =>
    database.journal.findOne({ _id: doc._id }, { projection: { _id: 1 }, ...readConcern(database) }),
  );
  return found !== null;
}

function isWriteConcernFailure(error: unknown): boolean {
  return (error as MongoServerError | undefined)?.constructor.name === 'MongoWriteConcernError';
}

/** Entries after `after`, in order, at most `limit`. */
export async function readJournal(
  database: Database,
  user: UserId,
  mailbox: MailboxId,
  after: Modseq,
  limit = 500,
): Promise<JournalEntry[]> {
  const docs = await guarded(() =>
    database.journal
      .find(
        { user: oid(user), mailbox: oid(mailbox), modseq: { $gt: after } },
        { sort: { modseq: 1 }, limit, ...readConcern(database) },
      )
      .toArray(),
  );
  return docs.map(fromDoc);
}

/** When the entry of that number was made (ms); undefined when there is none, or none any more. */
export async function readEntryTime(
  database: Database,
  user: UserId,
  mailbox: MailboxId,
  modseq: Modseq,
): Promise<number | undefined> {
  const doc = await guarded(() =>
    database.journal.findOne(
      { user: oid(user), mailbox: oid(mailbox), modseq },
      { projection: { at: 1 }, ...readConcern(database) },
    ),
  );
  return doc?.at.getTime();
}

/** On a replica set only what a majority has is shown to anyone: it can't be rolled back. */
function readConcern(database: Database): { readConcern?: { level: 'majority' } } {
  return database.topology === 'standalone' ? {} : { readConcern: { level: 'majority' } };
}

/** What entries after `after` add to counters and UIDNEXT, without reading their changes. */
export type JournalTail = {
  readonly modseq: Modseq;
  readonly uidNext: Uid;
  readonly delta: MailboxCounts;
  readonly deleted: boolean;
};

/** The unapplied tails of several mailboxes of one user, in one query. Mailboxes without a tail are absent. */
export async function readTails(
  database: Database,
  user: UserId,
  positions: readonly { readonly mailbox: MailboxId; readonly modseq: Modseq }[],
): Promise<Map<MailboxId, JournalTail>> {
  const tails = new Map<MailboxId, JournalTail>();
  for (let at = 0; at < positions.length; at += 500) {
    const branch = positions
      .slice(at, at + 500)
      .map((position) => ({ user: oid(user), mailbox: oid(position.mailbox), modseq: { $gt: position.modseq } }));
    const docs = await guarded(() =>
      database.journal
        .find(
          { $or: branch },
          { projection: { mailbox: 1, modseq: 1, uidNext: 1, delta: 1, 'changes.kind': 1 }, ...readConcern(database) },
        )
        .toArray(),
    );
    docs.sort((a, b) => a.modseq - b.modseq);
    for (const doc of docs) {
      const id = doc.mailbox.toHexString() as MailboxId;
      const before = tails.get(id);
      tails.set(id, {
        modseq: doc.modseq as Modseq,
        uidNext: doc.uidNext as Uid,
        delta: addCounts(before?.delta ?? NO_COUNTS, doc.delta),
        deleted: doc.changes.some((change) => change.kind === 'delete'),
      });
    }
  }
  return tails;
}

/** The entry that carries the second half of a move, or what was to happen once under that key. */
export async function findMove(database: Database, key: string): Promise<JournalEntry | undefined> {
  const doc = await guarded(() => database.journal.findOne({ moves: key }));
  return doc === null ? undefined : fromDoc(doc);
}

/** What happened under that key did not count: it may happen again. */
export async function releaseKey(database: Database, key: string): Promise<void> {
  await guarded(() => database.journal.updateOne({ moves: key }, { $unset: { moves: 1 } }, database.concerns.durable));
}

export const NO_COUNTS: MailboxCounts = { messages: 0, unseen: 0, deleted: 0, bytes: 0 };

export function addCounts(a: MailboxCounts, b: MailboxCounts): MailboxCounts {
  return {
    messages: a.messages + b.messages,
    unseen: a.unseen + b.unseen,
    deleted: a.deleted + b.deleted,
    bytes: a.bytes + b.bytes,
  };
}

// ── Mapping ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function toRanges(uids: UidSet): RangesDoc {
  const flat: number[] = [];
  for (const range of uids.ranges()) flat.push(range.from, range.to);
  return flat;
}

export function fromRanges(flat: RangesDoc): UidSet {
  return UidSet.unchecked(flat);
}

function toDoc(entry: JournalEntry, moves: readonly string[]): JournalDoc {
  return {
    _id: new ObjectId(),
    user: oid(entry.user),
    mailbox: oid(entry.mailbox),
    modseq: entry.modseq,
    at: new Date(entry.atMs),
    uidNext: entry.uidNext,
    changes: entry.changes.map(toChangeDoc),
    delta: { ...entry.delta },
    ...(moves.length === 0 ? {} : { moves: [...moves] }),
  };
}

function toChangeDoc(change: Change): ChangeDoc {
  switch (change.kind) {
    case 'append':
      return { kind: 'append', messages: change.messages.map((message) => ({ u: message.uid, ...toAppendedDoc(message) })) };
    case 'flags':
      return { kind: 'flags', operation: change.operation, flags: [...change.flags], uids: toRanges(change.uids) };
    case 'expunge':
      return {
        kind: 'expunge',
        uids: toRanges(change.uids),
        ...(change.move === undefined
          ? {}
          : { move: { to: oid(change.move.to), key: change.move.key, messages: change.move.messages.map(toAppendedDoc) } }),
      };
    case 'delete':
      return { kind: 'delete' };
  }
}

function toAppendedDoc(message: Omit<AppendedMessage, 'uid'>): Omit<AppendedDoc, 'u'> {
  return {
    i: oid(message.id),
    c: oid(message.content),
    f: [...message.flags],
    d: message.internalDateMs,
    s: message.savedAtMs,
    z: message.sizeBytes,
    t: message.thread,
  };
}

function fromDoc(doc: JournalDoc): JournalEntry {
  return {
    user: doc.user.toHexString() as UserId,
    mailbox: doc.mailbox.toHexString() as MailboxId,
    modseq: doc.modseq as Modseq,
    atMs: doc.at.getTime(),
    uidNext: doc.uidNext as Uid,
    changes: doc.changes.map(fromChangeDoc),
    delta: doc.delta,
  };
}

function fromChangeDoc(change: ChangeDoc): Change {
  switch (change.kind) {
    case 'append':
      return {
        kind: 'append',
        messages: change.messages.map((message) => ({ uid: message.u as Uid, ...fromAppendedDoc(message) })),
      };
    case 'flags':
      return { kind: 'flags', operation: change.operation, flags: change.flags, uids: fromRanges(change.uids) };
    case 'expunge': {
      const uids = fromRanges(change.uids);
      return change.move === undefined ? { kind: 'expunge', uids } : { kind: 'expunge', uids, move: fromMoveDoc(change.move) };
    }
    case 'delete':
      return { kind: 'delete' };
  }
}

function fromMoveDoc(move: { to: ObjectId; key: string; messages: Omit<AppendedDoc, 'u'>[] }): MoveIntent {
  return { to: move.to.toHexString() as MailboxId, key: move.key, messages: move.messages.map(fromAppendedDoc) };
}

function fromAppendedDoc(message: Omit<AppendedDoc, 'u'>): Omit<AppendedMessage, 'uid'> {
  return {
    id: message.i.toHexString() as MessageId,
    content: message.c.toHexString() as ContentId,
    flags: message.f,
    internalDateMs: message.d,
    savedAtMs: message.s,
    sizeBytes: message.z,
    thread: message.t,
  };
}
