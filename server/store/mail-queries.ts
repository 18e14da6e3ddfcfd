/** Reads across a user's mailboxes that no protocol needs: threads, what was deleted, and the journal as a feed of events. */
import { ObjectId } from 'mongodb';
import type { JournalEntry } from '../mail/change.ts';
import type { ContentId, MailboxId, Modseq, UserId } from '../mail/ids.ts';
import { type Database, guarded, oid } from './connect.ts';
import { readTexts } from './contents.ts';
import type { MessageDoc, SummaryDoc } from './documents.ts';
import { readJournal } from './journal.ts';
import { readPage } from './page.ts';
import type { ArchivedMessage } from './types-mail-records.ts';
import type { Page, PageRequest } from './types-page.ts';

/** How many messages each of these threads has, over all mailboxes. */
export async function countThreads(database: Database, user: UserId, threads: readonly string[]): Promise<Map<string, number>> {
  if (threads.length === 0) return new Map();
  const rows = await guarded(() =>
    database.messages
      .aggregate<{ _id: string; count: number }>([
        { $match: { user: oid(user), thread: { $in: [...threads] }, expunged: { $exists: false } } },
        { $group: { _id: '$thread', count: { $sum: 1 } } },
      ])
      .toArray(),
  );
  return new Map(rows.map((row) => [row._id, row.count]));
}

/** The mailboxes and UIDs of a thread. */
export async function findThread(
  database: Database,
  user: UserId,
  thread: string,
): Promise<{ mailbox: MailboxId; uid: number }[]> {
  const docs = await guarded(() =>
    database.messages
      .find({ user: oid(user), thread, expunged: { $exists: false } }, { projection: { mailbox: 1, uid: 1 } })
      .toArray(),
  );
  return docs.map((doc) => ({ mailbox: doc.mailbox.toHexString() as MailboxId, uid: doc.uid }));
}

/** Deleted messages that are still kept, newest deletion last in id order. */
export async function pageArchived(database: Database, user: UserId, request: PageRequest): Promise<Page<ArchivedMessage>> {
  const filter = { user: oid(user), expungedAt: { $exists: true }, released: { $exists: false } };
  const page = await guarded(() => readPage(database.main.collection('messages'), filter, request));
  return { ...page, results: page.results.map((doc) => archived(doc as unknown as MessageDoc)) };
}

export async function findArchived(
  database: Database,
  user: UserId,
  which: { readonly id?: string; readonly uid?: number; readonly from?: Date; readonly to?: Date },
): Promise<ArchivedMessage[]> {
  const { id, uid, from, to } = which;
  const dates =
    from === undefined || to === undefined ? { $exists: true as const } : { $exists: true as const, $gte: from, $lte: to };
  const filter = {
    user: oid(user),
    expungedAt: dates,
    released: { $exists: false },
    ...(id === undefined ? {} : { _id: oid(id) }),
    ...(uid === undefined ? {} : { uid }),
  };
  const docs = await guarded(() => database.messages.find(filter).sort({ _id: 1 }).limit(MAX_ARCHIVED).toArray());
  return docs.map(archived);
}

/** They are back, or were not to be kept: the archive does not show them any more. */
export async function releaseArchived(database: Database, user: UserId, ids: readonly string[]): Promise<void> {
  const filter = { user: oid(user), _id: { $in: ids.map(oid) }, expungedAt: { $exists: true } };
  await guarded(() => database.messages.updateMany(filter, { $set: { released: true } }, database.concerns.durable));
}

/** All mail of a user whose account ended, also what is only about to become a tombstone. */
export async function releaseAll(database: Database, user: UserId): Promise<void> {
  await guarded(() => database.messages.updateMany({ user: oid(user) }, { $set: { released: true } }, database.concerns.durable));
}

/** What was deleted of a mailbox since a moment. */
export async function releaseDeletedSince(database: Database, user: UserId, mailbox: MailboxId, modseq: Modseq): Promise<void> {
  const filter = { user: oid(user), mailbox: oid(mailbox), expunged: { $gte: modseq } };
  await guarded(() => database.messages.updateMany(filter, { $set: { released: true } }, database.concerns.durable));
}

/** Header fields of contents, wherever they are placed. */
export async function readSummaries(database: Database, contents: readonly ContentId[]): Promise<Map<string, SummaryDoc>> {
  const texts = await readTexts(database, contents, { summary: true });
  return new Map([...texts].map(([content, text]) => [content, text.summary]));
}

/** Restored in one go. */
const MAX_ARCHIVED = 10_000;

function archived(doc: MessageDoc): ArchivedMessage {
  return {
    id: doc._id.toHexString(),
    mailbox: doc.mailbox.toHexString(),
    uid: doc.uid,
    content: doc.content.toHexString(),
    thread: doc.thread,
    flags: doc.flags,
    internalDateMs: doc.internalDate,
    sizeBytes: doc.size,
    deletedAt: doc.expungedAt ?? new Date(0),
    bodyStructure: doc.bodyStructure,
  };
}

/** Entries of one mailbox with the ids by which a listener resumes. */
export type FeedEntry = { readonly id: string; readonly entry: JournalEntry };

/** Journal entries of a mailbox after `after`, with ids. */
export async function readFeed(
  database: Database,
  user: UserId,
  mailbox: MailboxId,
  after: Modseq,
  limit: number,
): Promise<FeedEntry[]> {
  const entries = await readJournal(database, user, mailbox, after, limit);
  if (entries.length === 0) return [];
  const last = entries[entries.length - 1]!.modseq;
  const docs = await guarded(() =>
    database.journal
      .find(
        { user: oid(user), mailbox: oid(mailbox), modseq: { $gt: after, $lte: last } },
        { projection: { modseq: 1 }, sort: { modseq: 1 } },
      )
      .toArray(),
  );
  const ids = new Map(docs.map((doc) => [doc.modseq, doc._id.toHexString()]));
  return entries.flatMap((entry) => {
    const id = ids.get(entry.modseq);
    return id === undefined ? [] : [{ id, entry }];
  });
}

/** Where each mailbox of the user stood at an event: the modseq that a listener who was told that event has surely not passed. */
export async function positionsAt(database: Database, user: UserId, event: string): Promise<Map<MailboxId, Modseq> | undefined> {
  const known = await guarded(() =>
    database.journal.findOne(
      { _id: ObjectId.createFromHexString(event), user: oid(user) },
      { projection: { at: 1, mailbox: 1, modseq: 1 } },
    ),
  );
  if (known === null) return undefined;
  const rows = await guarded(() =>
    database.journal
      .aggregate<{ _id: ObjectId; first: number }>([
        { $match: { user: oid(user), at: { $gte: new Date(known.at.getTime() - CLOCKS_MS) } } },
        { $group: { _id: '$mailbox', first: { $min: '$modseq' } } },
      ])
      .toArray(),
  );
  const positions = new Map(rows.map((row) => [row._id.toHexString() as MailboxId, (row.first - 1) as Modseq]));
  // In its own mailbox the place is exact.
  positions.set(known.mailbox.toHexString() as MailboxId, known.modseq as Modseq);
  return positions;
}

/** Workers' clocks differ by less than this; within it events may be told twice rather than not at all. */
const CLOCKS_MS = 5_000;
