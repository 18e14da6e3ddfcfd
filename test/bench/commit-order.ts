/**
 * Two ways to keep message, counters and journal from drifting apart, measured on the same mongod: journal first (one durable insert is the commit, the rest is derived behind it) and one
 * transaction over all of them. Both on a replica set of one member, as transactions need it; journal first also on a stand-alone server, where it needs no oplog.
 *
 *   node test/bench/commit-order.ts [--seconds 5] [--writers 4]
 *
 * Every writer commits one message at a time into a mailbox of its own or, with `--one-mailbox`, into a common one, where transactions conflict and are retried and journal entries collide and are redrafted.
 */
import { parseArgs } from 'node:util';
import { type Collection, type Db, MongoClient, MongoServerError, ObjectId } from 'mongodb';
import { startMongod } from '../harness/servers.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    writers: { type: 'string', default: '4' },
    'one-mailbox': { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const writers = Number(values.writers);

type Mailbox = { _id: ObjectId; user: ObjectId; modseq: number; uidNext: number; counts: { messages: number; bytes: number } };
type Message = {
  user: ObjectId;
  mailbox: ObjectId;
  uid: number;
  modseq: number;
  flags: string[];
  size: number;
  envelope: Buffer;
  bodyStructure: Buffer;
};
type Journal = { user: ObjectId; mailbox: ObjectId; modseq: number; uidNext: number; changes: object[] };
type Store = {
  readonly client: MongoClient;
  readonly mailboxes: Collection<Mailbox>;
  readonly messages: Collection<Message>;
  readonly journal: Collection<Journal>;
};

const MAJORITY = { w: 'majority', j: true } as const;
const DURABLE = { w: 1, j: true } as const;
const envelope = Buffer.alloc(400, 'envelope ');
const bodyStructure = Buffer.alloc(300, 'structure ');

async function open(client: MongoClient, name: string): Promise<Store> {
  const db: Db = client.db(name);
  const store: Store = {
    client,
    mailboxes: db.collection('mailboxes'),
    messages: db.collection('messages'),
    journal: db.collection('journal'),
  };
  await store.journal.createIndex({ user: 1, mailbox: 1, modseq: 1 }, { unique: true });
  await store.messages.createIndex({ user: 1, mailbox: 1, uid: 1 }, { unique: true });
  return store;
}

const messageOf = (mailbox: Mailbox, uid: number, modseq: number): Message => ({
  user: mailbox.user,
  mailbox: mailbox._id,
  uid,
  modseq,
  flags: [],
  size: 5_000,
  envelope,
  bodyStructure,
});

/** `finish` waits for what is still to be applied; its time counts. */
type Writer = (
  store: Store,
  mailbox: Mailbox,
) => { readonly commit: () => Promise<void>; readonly finish: () => Promise<unknown> };

/** The entry is the commit; placement and counters follow it and are not waited for, except that they may not fall far behind. */
const journalFirst =
  (concern: typeof MAJORITY | typeof DURABLE): Writer =>
  ({ journal, messages, mailboxes }, mailbox) => {
    let modseq = mailbox.modseq;
    let applying: Promise<unknown> = Promise.resolve();
    let behind = 0;
    const commit = async (): Promise<void> => {
      for (;;) {
        const next = modseq + 1;
        try {
          await journal.insertOne(
            {
              user: mailbox.user,
              mailbox: mailbox._id,
              modseq: next,
              uidNext: next + 1,
              changes: [{ kind: 'append', size: 5_000, flags: [] }],
            },
            { writeConcern: concern },
          );
          modseq = next;
        } catch (error) {
          if (!(error instanceof MongoServerError) || error.code !== 11000) throw error;
          // Somebody else was first: read on. Here the entries themselves don't matter.
          const [last] = await journal.find({ user: mailbox.user, mailbox: mailbox._id }).sort({ modseq: -1 }).limit(1).toArray();
          modseq = last?.modseq ?? modseq;
          continue;
        }
        behind += 1;
        applying = applying
          .then(() => messages.insertOne(messageOf(mailbox, next, next), { writeConcern: { w: 1 } }))
          .then(() =>
            mailboxes.updateOne(
              { _id: mailbox._id },
              { $max: { modseq: next, uidNext: next + 1 }, $inc: { 'counts.messages': 1, 'counts.bytes': 5_000 } },
              { writeConcern: { w: 1 } },
            ),
          )
          .then(() => (behind -= 1));
        if (behind > 64) await applying;
        return;
      }
    };
    return { commit, finish: () => applying };
  };

/** Counters, placement and journal in one transaction; conflicts are retried, as the driver does it. */
const transaction: Writer = ({ client, journal, messages, mailboxes }, mailbox) => {
  const session = client.startSession();
  const commit = async (): Promise<void> => {
    await session.withTransaction(
      async () => {
        const after = await mailboxes.findOneAndUpdate(
          { _id: mailbox._id },
          { $inc: { modseq: 1, uidNext: 1, 'counts.messages': 1, 'counts.bytes': 5_000 } },
          { session, returnDocument: 'after' },
        );
        if (after === null) throw new Error('no mailbox');
        await messages.insertOne(messageOf(mailbox, after.uidNext - 1, after.modseq), { session });
        await journal.insertOne(
          {
            user: mailbox.user,
            mailbox: mailbox._id,
            modseq: after.modseq,
            uidNext: after.uidNext,
            changes: [{ kind: 'append', size: 5_000, flags: [] }],
          },
          { session },
        );
      },
      { writeConcern: MAJORITY, readConcern: { level: 'snapshot' } },
    );
  };
  return { commit, finish: () => session.endSession() };
};

async function measure(uri: string, title: string, writer: Writer): Promise<number> {
  const client = new MongoClient(uri);
  try {
    const store = await open(client, `order${Date.now().toString(36)}`);
    const user = new ObjectId();
    const boxes: Mailbox[] = Array.from({ length: values['one-mailbox'] ? 1 : writers }, () => ({
      _id: new ObjectId(),
      user,
      modseq: 1,
      uidNext: 1,
      counts: { messages: 0, bytes: 0 },
    }));
    await store.mailboxes.insertMany(boxes);
    const all = Array.from({ length: writers }, (_, n) => writer(store, boxes[n % boxes.length]!));
    const startedAt = performance.now();
    const until = startedAt + seconds * 1_000;
    let done = 0;
    await Promise.all(
      all.map(async ({ commit, finish }) => {
        while (performance.now() < until) {
          await commit();
          done += 1;
        }
        await finish();
      }),
    );
    const rate = (done / (performance.now() - startedAt)) * 1_000;
    console.log(`${title.padEnd(56)} ${Math.round(rate).toLocaleString('en').padStart(8)} commits/s`);
    return rate;
  } finally {
    await client.close();
  }
}

console.log(
  `${writers} writers, one message a commit, ${values['one-mailbox'] ? 'one mailbox' : 'a mailbox each'}, ${seconds} s each\n`,
);
const member = await startMongod({ replicaSet: 'order' });
const alone = await startMongod();
try {
  await measure(member.uri, '(warming up)', journalFirst(MAJORITY));
  const first = await measure(member.uri, 'journal first, replica set of one, w: majority', journalFirst(MAJORITY));
  const second = await measure(member.uri, 'transaction, replica set of one, w: majority', transaction);
  await measure(alone.uri, 'journal first, stand-alone, j: true', journalFirst(DURABLE));
  console.log(`\njournal first ÷ transaction on the same server: ${(first / second).toFixed(1)}`);
} finally {
  await Promise.all([member.stop(), alone.stop()]);
}
