/**
 * The outgoing queue in the database, shared by all workers. An entry is one message to the recipients of one destination; it is worked on by whoever holds
 * its lease. Taking an entry moves its `next` time to the lease's end, so an entry whose worker died is due again by itself, and one index finds all that is due.
 *
 * Commit: a message with one entry is committed by inserting it. One with several is staged first and committed by one record; `recover` finishes or drops
 * what a crash left staged. Bodies are written before, and swept when no entry is left that needs them.
 */
import { Binary, type Collection, ObjectId } from 'mongodb';
import type { Database } from './connect.ts';
import { duplicateKey, guarded, oid } from './connect.ts';
import type { IndexEntry } from './indexes.ts';

export type QueueRecipient = {
  readonly address: string;
  /** DSN parameters (RFC 3461). */
  readonly notify?: 'NEVER' | readonly ('SUCCESS' | 'FAILURE' | 'DELAY')[];
  readonly originalRecipient?: string;
};

/** What the entries of one message share. */
export type QueueEnvelope = {
  /** Empty for the null reverse-path. */
  readonly from: string;
  readonly transactionId: string;
  /** The authenticated sender, when there was one. */
  readonly user?: string;
  readonly body: '7BIT' | '8BITMIME' | 'BINARYMIME';
  readonly smtpUtf8: boolean;
  readonly returnContent?: 'FULL' | 'HDRS';
  readonly envelopeId?: string;
  readonly requireTls: boolean;
  readonly sizeBytes: number;
  /** For lists and searches only. */
  readonly messageId: string;
  readonly subject: string;
};

export type QueueAttempt = {
  readonly at: Date;
  /** Who answered, e.g. `mx.example.test [192.0.2.1]`, or empty. */
  readonly server: string;
  /** The remote's words, or our own. */
  readonly text: string;
};

export type QueueEntry = QueueEnvelope & {
  readonly id: string;
  readonly message: string;
  /** Destination domain in ASCII form, or `local`. */
  readonly destination: string;
  /** Those still to be served. */
  readonly recipients: readonly QueueRecipient[];
  readonly state: 'queued' | 'held';
  readonly created: Date;
  readonly next: Date;
  readonly attempts: number;
  readonly delayTold: boolean;
  readonly last: QueueAttempt | undefined;
};

/** An entry with the right to work on it until the lease ends. */
export type LeasedEntry = QueueEntry & { readonly lease: string };

export type NewEntry = { readonly destination: string; readonly recipients: readonly QueueRecipient[] };

export type QueueFilter = {
  readonly user?: string;
  readonly message?: string;
  readonly destination?: string;
  readonly state?: 'queued' | 'held';
  readonly limit?: number;
};

export type QueueStore = {
  /**
   * Durable when it resolves. `key` makes it happen once: a second call with the same key does nothing (for bounces that are written before what caused them is
   * removed). Answers the message's id.
   */
  readonly enqueue: (
    envelope: QueueEnvelope,
    entries: readonly NewEntry[],
    body: Buffer,
    options: { readonly now: Date; readonly notBefore?: Date; readonly key?: string },
  ) => Promise<string>;
  /** Takes the entry that is due longest, leaving out destinations that are busy or taking only one. */
  readonly lease: (options: {
    readonly now: Date;
    readonly leaseMs: number;
    readonly exclude?: readonly string[];
    readonly only?: string;
  }) => Promise<LeasedEntry | undefined>;
  /** False when the lease was lost: then somebody else works on it. */
  readonly renew: (entry: LeasedEntry, until: Date) => Promise<boolean>;
  /** Every recipient is served or bounced: the entry goes, and the body with the last one. */
  readonly finish: (entry: LeasedEntry) => Promise<void>;
  /** Some recipients are left: try again at `next`. */
  readonly defer: (
    entry: LeasedEntry,
    change: {
      readonly recipients: readonly QueueRecipient[];
      readonly next: Date;
      readonly last: QueueAttempt;
      readonly delayTold: boolean;
      /** False when it was not the destination's fault. */
      readonly countAttempt: boolean;
    },
  ) => Promise<void>;
  /** When the next entry is due, undefined when there is none. */
  readonly nextDue: () => Promise<Date | undefined>;
  readonly readBody: (message: string) => Promise<Buffer>;
  readonly find: (filter: QueueFilter) => Promise<readonly QueueEntry[]>;
  readonly get: (id: string) => Promise<QueueEntry | undefined>;
  readonly setState: (id: string, state: 'queued' | 'held') => Promise<boolean>;
  readonly retryNow: (id: string, now: Date) => Promise<boolean>;
  readonly remove: (id: string) => Promise<boolean>;
  readonly count: () => Promise<number>;
  /** Finishes what a crash left staged and sweeps bodies without entries, both older than `before`. */
  readonly recover: (before: Date) => Promise<void>;
};

type EntryDoc = QueueEnvelope & {
  _id: ObjectId;
  message: ObjectId;
  destination: string;
  recipients: readonly QueueRecipient[];
  state: 'queued' | 'held' | 'staged';
  created: Date;
  next: Date;
  attempts: number;
  delayTold: boolean;
  last?: QueueAttempt;
  lease?: string;
};
type CommitDoc = { _id: ObjectId; created: Date; key?: string };
type BodyDoc = { _id: { message: ObjectId; part: number }; data: Binary };

export const QUEUE_INDEXES: readonly IndexEntry[] = [
  {
    collection: 'queue',
    name: 'due',
    key: { state: 1, next: 1 },
    reason: 'Workers take what is due longest.',
  },
  { collection: 'queue', name: 'message', key: { message: 1 }, reason: 'The body goes with the last entry of its message.' },
  {
    collection: 'queueCommits',
    name: 'key',
    key: { key: 1 },
    options: { unique: true, partialFilterExpression: { key: { $exists: true } } },
    reason: 'What is enqueued with a key is enqueued once.',
  },
  {
    collection: 'queueCommits',
    name: 'age',
    key: { created: 1 },
    options: { expireAfterSeconds: 7 * 24 * 3600 },
    reason: 'Commit records are of no use after a week.',
  },
];

const BODY_PART_BYTES = 1024 * 1024;

export function createQueueStore(database: Database): QueueStore {
  const entries: Collection<EntryDoc> = database.main.collection('queue');
  const commits: Collection<CommitDoc> = database.main.collection('queueCommits');
  const bodies: Collection<BodyDoc> = database.main.collection('queueBodies');
  const { durable, ordered } = database.concerns;

  async function writeBody(message: ObjectId, body: Buffer): Promise<void> {
    for (let at = 0, part = 0; at === 0 || at < body.length; at += BODY_PART_BYTES, part += 1) {
      const data = new Binary(body.subarray(at, at + BODY_PART_BYTES));
      await bodies.insertOne({ _id: { message, part }, data }, ordered);
    }
  }

  async function dropBodyIfUnused(message: ObjectId): Promise<void> {
    if ((await entries.findOne({ message }, { projection: { _id: 1 } })) !== null) return;
    await bodies.deleteMany({ '_id.message': message }, ordered);
  }

  async function release(message: ObjectId): Promise<void> {
    await entries.updateMany({ message, state: 'staged' }, { $set: { state: 'queued' } }, ordered);
  }

  return {
    enqueue: (envelope, wanted, body, { now, notBefore, key }) =>
      guarded(async () => {
        const message = new ObjectId();
        const single = wanted.length === 1 && key === undefined;
        await writeBody(message, body);
        const docs = wanted.map(
          (entry): EntryDoc => ({
            ...envelope,
            ...entry,
            _id: new ObjectId(),
            message,
            state: single ? 'queued' : 'staged',
            created: now,
            next: notBefore ?? now,
            attempts: 0,
            delayTold: false,
          }),
        );
        await entries.insertMany(docs, single ? durable : ordered);
        if (single) return message.toHexString();
        try {
          await commits.insertOne({ _id: message, created: now, ...(key === undefined ? {} : { key }) }, durable);
        } catch (error) {
          if (duplicateKey(error) === undefined) throw error;
          await entries.deleteMany({ message }, ordered);
          await bodies.deleteMany({ '_id.message': message }, ordered);
          return message.toHexString();
        }
        await release(message);
        return message.toHexString();
      }),

    lease: ({ now, leaseMs, exclude, only }) =>
      guarded(async () => {
        const lease = new ObjectId().toHexString();
        const destination =
          only !== undefined ? { destination: only } : exclude?.length ? { destination: { $nin: [...exclude] } } : {};
        const doc = await entries.findOneAndUpdate(
          { state: 'queued', next: { $lte: now }, ...destination },
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
        await entries.deleteOne({ _id: oid(entry.id) }, durable);
        await dropBodyIfUnused(oid(entry.message));
      }),

    defer: (entry, { recipients, next, last, delayTold, countAttempt }) =>
      guarded(async () => {
        await entries.updateOne(
          { _id: oid(entry.id), lease: entry.lease },
          { $set: { recipients, next, last, delayTold }, $inc: { attempts: countAttempt ? 1 : 0 }, $unset: { lease: 1 } },
          durable,
        );
      }),

    nextDue: () =>
      guarded(async () => {
        const doc = await entries.findOne({ state: 'queued' }, { sort: { next: 1 }, projection: { next: 1 } });
        return doc?.next;
      }),

    readBody: (message) =>
      guarded(async () => {
        const parts: Buffer[] = [];
        for await (const { data } of bodies.find({ '_id.message': oid(message) }).sort({ '_id.part': 1 }))
          parts.push(bufferOf(data));
        if (parts.length === 0) throw new Error(`queue: message ${message} has no body`);
        return Buffer.concat(parts);
      }),

    find: ({ user, message, destination, state, limit }) =>
      guarded(async () => {
        const found = await entries
          .find({
            state: state ?? { $in: ['queued', 'held'] },
            ...(user === undefined ? {} : { user }),
            ...(message === undefined ? {} : { message: oid(message) }),
            ...(destination === undefined ? {} : { destination }),
          })
          .sort({ _id: 1 })
          .limit(limit ?? 1000)
          .toArray();
        return found.map(fromDoc);
      }),

    get: (id) =>
      guarded(async () => {
        const doc = await entries.findOne({ _id: oid(id), state: { $ne: 'staged' } });
        return doc === null ? undefined : fromDoc(doc);
      }),

    setState: (id, state) =>
      guarded(
        async () =>
          (await entries.updateOne({ _id: oid(id), state: { $ne: 'staged' } }, { $set: { state } }, durable)).matchedCount === 1,
      ),

    retryNow: (id, now) =>
      guarded(
        async () =>
          (
            await entries.updateOne(
              { _id: oid(id), lease: { $exists: false } },
              { $set: { state: 'queued', next: now } },
              durable,
            )
          ).matchedCount === 1,
      ),

    remove: (id) =>
      guarded(async () => {
        const doc = await entries.findOneAndDelete({ _id: oid(id) }, durable);
        if (doc === null) return false;
        await dropBodyIfUnused(doc.message);
        return true;
      }),

    count: () => guarded(() => entries.countDocuments({ state: { $in: ['queued', 'held'] } })),

    recover: (before) =>
      guarded(async () => {
        for await (const doc of entries.find({ state: 'staged', created: { $lt: before } }, { projection: { message: 1 } })) {
          if ((await commits.findOne({ _id: doc.message })) === null)
            await entries.deleteMany({ message: doc.message, state: 'staged' }, ordered);
          else await release(doc.message);
        }
        const oldest = ObjectId.createFromTime(Math.floor(before.getTime() / 1000));
        for await (const doc of bodies.find({ '_id.message': { $lt: oldest }, '_id.part': 0 }, { projection: { _id: 1 } })) {
          await dropBodyIfUnused(doc._id.message);
        }
      }),
  };
}

function fromDoc(doc: EntryDoc): QueueEntry {
  const { _id, message, state, lease: _lease, last, ...rest } = doc;
  return { ...rest, id: _id.toHexString(), message: message.toHexString(), state: state === 'held' ? 'held' : 'queued', last };
}

/** The driver gives Buffers or Binaries, as its options say. */
function bufferOf(data: Binary | Buffer): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.value());
}
