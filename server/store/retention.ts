/** Which mailboxes keep messages only for a time, and which messages have had theirs. */
import type { Filter, ObjectId } from 'mongodb';
import type { MailboxId, Uid, UserId } from '../mail/ids.ts';
import { type Database, guarded, oid } from './connect.ts';
import type { MailboxDoc } from './documents.ts';

export type Kept = { readonly user: UserId; readonly mailbox: MailboxId; readonly keepMs: number };

/** What holds for a special-use mailbox that says nothing itself; ms, 0 = for ever. */
export type RetentionDefaults = Readonly<Record<string, number>>;

/** Mailboxes whose messages go some time: their own rule, else their user's, else that of their use. */
export async function* mailboxesKept(database: Database, defaults: RetentionDefaults): AsyncGenerator<Kept> {
  const byUser = await usersKept(database);
  const uses = Object.keys(defaults).filter((use) => (defaults[use] ?? 0) > 0);
  const filter: Filter<MailboxDoc> = {
    deletedAt: { $exists: false },
    $or: [
      { retentionMs: { $gt: 0 } },
      { specialUse: { $in: uses }, retentionMs: { $exists: false } },
      ...(byUser.size === 0 ? [] : [{ user: { $in: [...byUser.values()].map(({ id }) => id) } }]),
    ],
  };
  const cursor = database.mailboxes.find(filter, { projection: { user: 1, retentionMs: 1, specialUse: 1 }, batchSize: 1_000 });
  for await (const doc of cursor) {
    const ofUser = byUser.get(doc.user.toHexString())?.keepMs ?? 0;
    const ofUse = doc.specialUse === undefined ? 0 : (defaults[doc.specialUse] ?? 0);
    const keepMs = doc.retentionMs ?? shortest(ofUser, ofUse);
    if (keepMs > 0) yield { user: doc.user.toHexString() as UserId, mailbox: doc._id.toHexString() as MailboxId, keepMs };
  }
}

async function usersKept(database: Database): Promise<Map<string, { id: ObjectId; keepMs: number }>> {
  const docs = await guarded(() =>
    database.main
      .collection<{ _id: ObjectId; retention: number }>('users')
      .find({ retention: { $gt: 0 } }, { projection: { retention: 1 } })
      .toArray(),
  );
  return new Map(docs.map((doc) => [doc._id.toHexString(), { id: doc._id, keepMs: doc.retention }]));
}

function shortest(a: number, b: number): number {
  if (a === 0 || b === 0) return Math.max(a, b);
  return Math.min(a, b);
}

/**
 * The oldest messages of a mailbox that came there before that time, up to `limit`. Messages come in order of their UIDs, so reading ends with the first one that is
 * younger.
 */
export async function messagesBefore(
  database: Database,
  user: UserId,
  mailbox: MailboxId,
  beforeMs: number,
  limit: number,
): Promise<Uid[]> {
  const docs = await guarded(() =>
    database.messages
      .find(
        { user: oid(user), mailbox: oid(mailbox), expunged: { $exists: false } },
        { projection: { _id: 0, uid: 1, savedAt: 1 }, sort: { uid: 1 }, limit },
      )
      .toArray(),
  );
  const end = docs.findIndex(({ savedAt }) => savedAt >= beforeMs);
  return (end === -1 ? docs : docs.slice(0, end)).map(({ uid }) => uid as Uid);
}
