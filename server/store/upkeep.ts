/**
 * What the housekeeping task asks of the collections: mailboxes whose journal is ahead of their placements, journals that may be trimmed, contents that nothing refers to.
 * Every query here touches only a window of recent documents or an index made for it, so its cost does not grow with the store.
 */
import { ObjectId } from 'mongodb';
import type { MailboxId, Modseq, UserId } from '../mail/ids.ts';
import { type Database, guarded } from './connect.ts';

type MarkDoc = { _id: string; at: Date };

const marks = (database: Database) => database.main.collection<MarkDoc>('marks');

/** How far a recurring walk has come; undefined before the first time. */
export async function readMark(database: Database, name: string): Promise<Date | undefined> {
  return (await guarded(() => marks(database).findOne({ _id: name })))?.at;
}

export async function writeMark(database: Database, name: string, at: Date): Promise<void> {
  await guarded(() => marks(database).updateOne({ _id: name }, { $max: { at } }, { upsert: true }));
}

/**
 * Takes a named lease for `ttlMs`, so that one worker at a time does a job. Answers false when another holds it; a holder that died loses it by time.
 */
export async function takeLease(database: Database, name: string, owner: string, ttlMs: number): Promise<boolean> {
  const leases = database.main.collection<{ _id: string; owner: string; until: Date }>('leases');
  const now = new Date();
  try {
    const result = await leases.findOneAndUpdate(
      { _id: name, $or: [{ owner }, { until: { $lt: now } }] },
      { $set: { owner, until: new Date(now.getTime() + ttlMs) } },
      { upsert: true, returnDocument: 'after' },
    );
    return result?.owner === owner;
  } catch (error) {
    // The upsert met the other holder's document.
    if ((error as { code?: unknown }).code === 11000) return false;
    return guarded(() => Promise.reject(error));
  }
}

export type Behind = { readonly user: UserId; readonly mailbox: MailboxId; readonly modseq: Modseq };

/** Mailboxes with journal entries written in [from, to) that are not applied yet. */
export async function findUnapplied(database: Database, from: Date, to: Date): Promise<Behind[]> {
  const rows = await guarded(() =>
    database.journal
      .aggregate<{ _id: { user: ObjectId; mailbox: ObjectId }; modseq: number; applied: number[] }>([
        { $match: { _id: { $gte: idAt(from), $lt: idAt(to) } } },
        { $group: { _id: { user: '$user', mailbox: '$mailbox' }, modseq: { $max: '$modseq' } } },
        { $lookup: { from: 'mailboxes', localField: '_id.mailbox', foreignField: '_id', as: 'node' } },
        { $project: { modseq: 1, applied: '$node.modseq' } },
      ])
      .toArray(),
  );
  return rows
    .filter((row) => row.applied[0] !== undefined && row.applied[0] < row.modseq)
    .map((row) => ({
      user: row._id.user.toHexString() as UserId,
      mailbox: row._id.mailbox.toHexString() as MailboxId,
      modseq: row.modseq as Modseq,
    }));
}

/** Mailboxes with entries written in [from, to), and the modseq before the first of these. */
export async function mailboxesWritten(database: Database, from: Date, to: Date): Promise<Behind[]> {
  const rows = await guarded(() =>
    database.journal
      .aggregate<{ _id: { user: ObjectId; mailbox: ObjectId }; modseq: number }>([
        { $match: { _id: { $gte: idAt(from), $lt: idAt(to) } } },
        { $group: { _id: { user: '$user', mailbox: '$mailbox' }, modseq: { $min: '$modseq' } } },
      ])
      .toArray(),
  );
  return rows.map((row) => ({
    user: row._id.user.toHexString() as UserId,
    mailbox: row._id.mailbox.toHexString() as MailboxId,
    modseq: (row.modseq - 1) as Modseq,
  }));
}

/**
 * Removes the applied entries that were written in [from, to); QRESYNC then reaches back to `to`. Answers how many went. A reader that slept through it notices
 * (`MailboxLog.freshen`), and starts anew.
 */
export async function trimJournal(database: Database, from: Date, to: Date): Promise<number> {
  const rows = await guarded(() =>
    database.journal
      .aggregate<{ _id: { user: ObjectId; mailbox: ObjectId }; modseq: number; applied: number[] }>([
        { $match: { _id: { $gte: idAt(from), $lt: idAt(to) } } },
        { $group: { _id: { user: '$user', mailbox: '$mailbox' }, modseq: { $max: '$modseq' } } },
        { $lookup: { from: 'mailboxes', localField: '_id.mailbox', foreignField: '_id', as: 'node' } },
        { $project: { modseq: 1, applied: '$node.modseq' } },
      ])
      .toArray(),
  );
  let gone = 0;
  for (const { _id, modseq, applied } of rows) {
    const through = Math.min(modseq, applied[0] ?? modseq);
    const result = await guarded(() =>
      database.journal.deleteMany({ user: _id.user, mailbox: _id.mailbox, modseq: { $lte: through } }),
    );
    gone += result.deletedCount;
  }
  return gone;
}

/** Contents stored in [from, to), to look for those that were never placed. */
export async function contentsStored(database: Database, from: Date, to: Date, limit: number): Promise<ObjectId[]> {
  const docs = await guarded(() =>
    database.contents
      .find({ _id: { $gte: idAt(from), $lt: idAt(to) } }, { projection: { _id: 1 }, sort: { _id: 1 }, limit })
      .toArray(),
  );
  return docs.map((doc) => doc._id);
}

/** Blobs untouched since `before` that were stored or touched after `after`: candidates of an interrupted delivery. */
export async function blobsTouched(database: Database, after: Date, before: Date, limit: number): Promise<Buffer[]> {
  const docs = await guarded(() =>
    database.blobDocs
      .find({ touchedAt: { $gte: after, $lt: before } }, { projection: { _id: 1 }, sort: { touchedAt: 1 }, limit })
      .toArray(),
  );
  return docs.map((doc) => doc._id);
}

/** The smallest id that a document made at that time can have. */
function idAt(time: Date): ObjectId {
  return ObjectId.createFromTime(Math.floor(time.getTime() / 1000));
}
