/**
 * The outgoing queue in the database, shared by all workers. An entry is one message to the recipients of one destination; it is worked on by whoever holds
 * its lease. Taking an entry moves its `next` time to the lease's end, so an entry whose worker died is due again by itself, and one index finds all that is due.
 *
 * Commit: a message with one entry is committed by inserting it. One with several is staged first and committed by one record; `recover` finishes or drops
 * what a crash left staged. The message's bytes are a content, as those of mailboxes are; the sweeper keeps what an entry refers to, and looks at it again
 * when the last entry is gone.
 */
import { Binary, type Collection, type Document, type Filter, ObjectId } from 'mongodb';
import { unavailable } from '../base/fault.ts';
import type { ContentId } from '../mail/ids.ts';
import type { Database } from './connect.ts';
import { duplicateKey, guarded, oid } from './connect.ts';
import { leaveForSweeper } from './contents.ts';
import { readPage } from './page.ts';
import type { NewEntry, QueueEntry, QueueEnvelope, QueueFilter, QueuePause, QueueStore, QueueTally } from './types-queue.ts';

type EntryDoc = QueueEnvelope &
  Pick<QueueEntry, 'destination' | 'recipients' | 'created' | 'next' | 'attempts' | 'delayTold' | 'last' | 'route' | 'giveUp'> &
  Pick<QueueEntry, 'list' | 'approved' | 'moderated' | 'forwardedBy'> & {
    _id: ObjectId;
    message: ObjectId;
    content: ObjectId;
    head?: Binary | Buffer;
    state: QueueEntry['state'] | 'staged';
    lease?: string;
  };
type CommitDoc = { _id: ObjectId; created: Date; key?: string };
type SettingDoc = { _id: 'outgoing'; paused: boolean; since: Date; reason: string };

const SHOWN = { state: { $ne: 'staged' as const } };

export function createQueueStore(database: Database): QueueStore {
  const entries: Collection<EntryDoc> = database.main.collection('queue');
  const commits: Collection<CommitDoc> = database.main.collection('queueCommits');
  const settings: Collection<SettingDoc> = database.main.collection('queueSettings');
  const { durable, ordered } = database.concerns;

  async function letGo(doc: Pick<EntryDoc, 'content'>): Promise<void> {
    // Before the entry goes: a crash in between leaves a mark too many, not a content too many.
    await leaveForSweeper(database, doc.content);
  }

  async function release(message: ObjectId): Promise<number> {
    return (await entries.updateMany({ message, state: 'staged' }, { $set: { state: 'queued' } }, ordered)).matchedCount;
  }

  const change = async (filter: Filter<EntryDoc>, set: Document): Promise<boolean> =>
    (await entries.updateOne({ ...SHOWN, ...filter }, set, durable)).matchedCount === 1;

  return {
    epoch: () => database.epoch(),

    enqueue: (envelope, wanted, { content, head }, { now, notBefore, key, state }) =>
      guarded(async () => {
        const message = new ObjectId();
        if (wanted.length === 0) return { message: message.toHexString(), entries: [], repeated: false };
        const single = wanted.length === 1 && key === undefined;
        const shown = state ?? 'queued';
        const docs = wanted.map((entry) => entryDoc(entry, envelope, { message, content, head, now, notBefore }));
        for (const doc of docs) doc.state = single ? shown : 'staged';
        await entries.insertMany(docs, single ? durable : ordered);
        const answer = { message: message.toHexString(), entries: docs.map(({ _id }) => _id.toHexString()) };
        if (single) return { ...answer, repeated: false };
        try {
          await commits.insertOne({ _id: message, created: now, ...(key === undefined ? {} : { key }) }, durable);
        } catch (error) {
          if (duplicateKey(error) === undefined) throw error;
          await entries.deleteMany({ message }, ordered);
          return { ...answer, entries: [], repeated: true };
        }
        if ((await release(message)) !== docs.length) {
          // The server lost unjournaled writes between staging and commit: nothing of this is acknowledged.
          await entries.deleteMany({ message }, ordered);
          throw unavailable('The queue lost a part of the message while writing it.');
        }
        if (shown === 'held') await entries.updateMany({ message }, { $set: { state: 'held' } }, ordered);
        return { ...answer, repeated: false };
      }),

    withdraw: (message) =>
      guarded(async () => {
        await entries.deleteMany({ message: oid(message) }, durable);
      }),

    lease: ({ now, leaseMs, exclude }) =>
      guarded(async () => {
        const lease = new ObjectId().toHexString();
        const doc = await entries.findOneAndUpdate(
          { state: 'queued', next: { $lte: now }, ...(exclude?.length ? { destination: { $nin: [...exclude] } } : {}) },
          { $set: { lease, next: new Date(now.getTime() + leaseMs) } },
          { sort: { next: 1 }, returnDocument: 'after', ...ordered },
        );
        return doc === null ? undefined : { ...fromDoc(doc), lease };
      }),

    renew: (entry, until) =>
      guarded(async () => {
        const result = await entries.updateOne({ _id: oid(entry.id), lease: entry.lease }, { $set: { next: until } }, ordered);
        return result.matchedCount === 1;
      }),

    finish: (entry) =>
      guarded(async () => {
        await letGo({ content: oid(entry.content) });
        // Whoever holds the lease now: the recipients are served.
        await entries.deleteOne({ _id: oid(entry.id) }, durable);
      }),

    defer: (entry, { recipients, next, last, delayTold, countAttempt }) =>
      guarded(async () => {
        const result = await entries.updateOne(
          { _id: oid(entry.id), lease: entry.lease },
          { $set: { recipients, next, last, delayTold }, $inc: { attempts: countAttempt ? 1 : 0 }, $unset: { lease: 1 } },
          durable,
        );
        return result.matchedCount === 1;
      }),

    inHand: (destination, now) =>
      guarded(() => entries.countDocuments({ destination, lease: { $exists: true }, next: { $gt: now } })),

    putBack: (entry, next) =>
      guarded(async () => {
        await entries.updateOne({ _id: oid(entry.id), lease: entry.lease }, { $set: { next }, $unset: { lease: 1 } }, ordered);
      }),

    holdForModerator: (entry, last) =>
      guarded(async () => {
        const result = await entries.updateOne(
          { _id: oid(entry.id), lease: entry.lease },
          { $set: { state: 'held', moderated: true, last }, $unset: { lease: 1 } },
          durable,
        );
        return result.matchedCount === 1;
      }),

    approve: (id, by, now) =>
      guarded(() =>
        change(
          { _id: oid(id), state: 'held', moderated: true },
          { $set: { state: 'queued', approved: by, next: now }, $unset: { moderated: 1 } },
        ),
      ),

    expireModerated: (before, reason, now) =>
      guarded(async () => {
        const result = await entries.updateMany(
          { state: 'held', moderated: true, created: { $lt: before } },
          { $set: { state: 'queued', giveUp: reason, next: now }, $unset: { moderated: 1 } },
          durable,
        );
        return result.modifiedCount;
      }),

    nextDue: () =>
      guarded(async () => {
        const doc = await entries.findOne({ state: 'queued' }, { sort: { next: 1 }, projection: { _id: 0, next: 1 } });
        return doc?.next;
      }),

    find: (filter) =>
      guarded(async () => {
        const found = await entries
          .find(toFilter(filter))
          .sort({ _id: 1 })
          .limit(filter.limit ?? 1000)
          .toArray();
        return found.map(fromDoc);
      }),

    page: (filter, request) =>
      guarded(async () => {
        const page = await readPage(entries as unknown as Collection<Document>, toFilter(filter) as Filter<Document>, request);
        return { ...page, results: page.results.map((doc) => fromDoc(doc as EntryDoc)) };
      }),

    get: (id) =>
      guarded(async () => {
        const doc = await entries.findOne({ _id: oid(id), ...SHOWN });
        return doc === null ? undefined : fromDoc(doc);
      }),

    setState: (id, state) => guarded(() => change({ _id: oid(id) }, { $set: { state } })),
    retryNow: (id, now) => guarded(() => change({ _id: oid(id), ...notInHand(now) }, { $set: { state: 'queued', next: now } })),
    giveUp: (id, reason, now) =>
      guarded(() =>
        change(
          { _id: oid(id), ...notInHand(now) },
          { $set: { state: 'queued', giveUp: reason, next: now }, $unset: { moderated: 1 } },
        ),
      ),
    setRoute: (id, route) =>
      guarded(() => change({ _id: oid(id) }, route === undefined ? { $unset: { route: 1 } } : { $set: { route } })),

    remove: (id) =>
      guarded(async () => {
        const doc = await entries.findOne({ _id: oid(id), ...SHOWN }, { projection: { content: 1 } });
        if (doc === null) return false;
        await letGo(doc);
        return (await entries.deleteOne({ _id: oid(id) }, durable)).deletedCount === 1;
      }),

    tally: (now) =>
      guarded(async (): Promise<QueueTally> => {
        const [queued, held, due, oldest] = await Promise.all([
          entries.countDocuments({ state: 'queued' }),
          entries.countDocuments({ state: 'held' }),
          entries.countDocuments({ state: 'queued', next: { $lte: now } }),
          entries.findOne(SHOWN, { sort: { _id: 1 }, projection: { created: 1 } }),
        ]);
        return { queued, held, due, ...(oldest === null ? {} : { oldest: oldest.created }) };
      }),

    paused: () =>
      guarded(async (): Promise<QueuePause | undefined> => {
        const doc = await settings.findOne({ _id: 'outgoing' });
        return doc?.paused === true ? { since: doc.since, reason: doc.reason } : undefined;
      }),

    setPaused: (pause) =>
      guarded(async () => {
        const set = pause === undefined ? { paused: false } : { paused: true, since: pause.since, reason: pause.reason };
        await settings.updateOne({ _id: 'outgoing' }, { $set: set }, { upsert: true, ...durable });
      }),

    recover: (before) =>
      guarded(async () => {
        const staged = entries.find({ state: 'staged', created: { $lt: before } }, { projection: { message: 1, content: 1 } });
        for await (const doc of staged) {
          if ((await commits.findOne({ _id: doc.message })) !== null) await release(doc.message);
          else {
            await letGo(doc);
            await entries.deleteMany({ message: doc.message, state: 'staged' }, ordered);
          }
        }
      }),
  };
}

function entryDoc(
  entry: NewEntry,
  envelope: QueueEnvelope,
  parts: {
    readonly message: ObjectId;
    readonly content: ContentId;
    readonly head: Buffer | undefined;
    readonly now: Date;
    readonly notBefore: Date | undefined;
  },
): EntryDoc {
  const { message, content, head, now, notBefore } = parts;
  return {
    ...envelope,
    ...entry,
    _id: new ObjectId(),
    message,
    content: oid(content),
    ...(head === undefined || head.length === 0 ? {} : { head: new Binary(head) }),
    state: 'staged',
    created: now,
    next: notBefore ?? now,
    attempts: 0,
    delayTold: false,
    last: undefined,
    route: entry.route,
    giveUp: undefined,
  };
}

/** No worker has it, or one that died. */
function notInHand(now: Date): Filter<EntryDoc> {
  return { $or: [{ lease: { $exists: false } }, { next: { $lte: now } }] };
}

function toFilter({ user, message, destination, state, search, transaction, heldFor }: QueueFilter): Filter<EntryDoc> {
  const text = search === undefined ? undefined : { $regex: search.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), $options: 'i' };
  return {
    state: state ?? { $in: ['queued', 'held'] },
    ...(user === undefined ? {} : { user }),
    ...(heldFor === undefined ? {} : { state: 'held', moderated: true, list: heldFor }),
    ...(message === undefined ? {} : { message: oid(message) }),
    ...(destination === undefined ? {} : { destination }),
    ...(transaction === undefined ? {} : { transactionId: transaction }),
    ...(text === undefined
      ? {}
      : { $or: [{ from: text }, { 'recipients.address': text }, { subject: text }, { messageId: text }, { destination: text }] }),
  } as Filter<EntryDoc>;
}

function fromDoc(doc: EntryDoc): QueueEntry {
  const { _id, message, content, head, state, lease, last, route, giveUp, ...rest } = doc;
  return {
    ...rest,
    id: _id.toHexString(),
    message: message.toHexString(),
    content: content.toHexString() as ContentId,
    head: head === undefined ? Buffer.alloc(0) : bufferOf(head),
    state: state === 'held' ? 'held' : 'queued',
    working: lease !== undefined,
    last: last ?? undefined,
    route: route ?? undefined,
    giveUp: giveUp ?? undefined,
  };
}

/** The driver gives Buffers or Binaries, as its options say. */
function bufferOf(data: Binary | Buffer): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.value());
}
