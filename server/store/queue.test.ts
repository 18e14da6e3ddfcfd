import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import { connectDatabase, type Database } from './connect.ts';
import { ensureIndexes } from './indexes.ts';
import { createQueueStore, QUEUE_INDEXES, type QueueEnvelope, type QueueStore } from './queue.ts';

let database: Database;
let queue: QueueStore;

before(async () => {
  const { mongodbUri } = await sharedServers();
  database = await connectDatabase({ uri: mongodbUri }, silentLogger);
  await ensureIndexes(database, QUEUE_INDEXES);
  queue = createQueueStore(database);
});
after(() => database.close());

const envelope: QueueEnvelope = {
  from: 'a@mail.test',
  transactionId: 't',
  body: '7BIT',
  smtpUtf8: false,
  requireTls: false,
  sizeBytes: 1,
  messageId: '',
  subject: '',
};
const at = (ms: number): Date => new Date(1_700_000_000_000 + ms);
const entry = (destination: string, ...names: string[]) => ({
  destination,
  recipients: names.map((name) => ({ address: `${name}@${destination}` })),
});
const bodies = (): Promise<number> => database.main.collection('queueBodies').countDocuments();

test('an entry is leased once, comes back when its lease ends, and takes its body along when it is finished', async () => {
  const body = Buffer.alloc(2_500_000, 'x');
  body[2_400_000] = 0;
  const message = await queue.enqueue(envelope, [entry('one.test', 'a', 'b')], body, { now: at(0) });
  assert.deepEqual(await queue.readBody(message), body);
  assert.equal(await queue.lease({ now: at(-1), leaseMs: 100 }), undefined);
  const [first, second] = await Promise.all([
    queue.lease({ now: at(1), leaseMs: 100 }),
    queue.lease({ now: at(1), leaseMs: 100 }),
  ]);
  const mine = first ?? second;
  assert.ok(mine !== undefined && (first === undefined || second === undefined), 'one of two gets it');
  assert.deepEqual(mine.recipients, [{ address: 'a@one.test' }, { address: 'b@one.test' }]);
  // Its worker died: another one takes it over, and the first one's hold is worth nothing.
  const other = await queue.lease({ now: at(200), leaseMs: 100 });
  assert.equal(other?.id, mine.id);
  assert.equal(await queue.renew(mine, at(900)), false);
  assert.equal(await queue.renew(other!, at(300)), true);
  const last = { at: at(250), server: 'mx', text: '450 later' };
  await queue.defer(other!, {
    recipients: [{ address: 'b@one.test' }],
    next: at(1000),
    last,
    delayTold: false,
    countAttempt: true,
  });
  assert.equal((await queue.nextDue())?.getTime(), at(1000).getTime());
  const again = await queue.lease({ now: at(1000), leaseMs: 100 });
  assert.deepEqual([again?.attempts, again?.recipients, again?.last], [1, [{ address: 'b@one.test' }], last]);
  await queue.finish(again!);
  assert.deepEqual([await queue.count(), await bodies()], [0, 0]);
});

test('several destinations share a body until the last one is done; busy ones are left out', async () => {
  await queue.enqueue(envelope, [entry('one.test', 'a'), entry('two.test', 'b'), entry('three.test', 'c')], Buffer.from('m'), {
    now: at(0),
  });
  const one = await queue.lease({ now: at(0), leaseMs: 1000, only: 'one.test' });
  const two = await queue.lease({ now: at(0), leaseMs: 1000, exclude: ['one.test', 'three.test'] });
  assert.deepEqual([one?.destination, two?.destination], ['one.test', 'two.test']);
  await queue.finish(one!);
  await queue.finish(two!);
  assert.equal(await bodies(), 1);
  const three = await queue.lease({ now: at(0), leaseMs: 1000 });
  assert.equal((await queue.readBody(three!.message)).toString(), 'm');
  await queue.finish(three!);
  assert.equal(await bodies(), 0);
});

test('a key makes it happen once', async () => {
  for (let count = 0; count < 3; count += 1) {
    await queue.enqueue(envelope, [entry('one.test', 'a')], Buffer.from('m'), { now: at(0), key: 'bounce-1' });
  }
  assert.deepEqual([await queue.count(), await bodies()], [1, 1]);
  const [only] = await queue.find({});
  assert.equal(await queue.remove(only!.id), true);
  assert.equal(await queue.remove(only!.id), false);
  assert.deepEqual([await queue.count(), await bodies()], [0, 0]);
});

test('held entries wait for a person; retry makes an entry due now', async () => {
  await queue.enqueue(envelope, [entry('one.test', 'a')], Buffer.from('m'), { now: at(0), notBefore: at(5000) });
  const [found] = await queue.find({ destination: 'one.test' });
  assert.equal(await queue.lease({ now: at(1), leaseMs: 1000 }), undefined);
  assert.equal(await queue.setState(found!.id, 'held'), true);
  assert.equal(await queue.lease({ now: at(9000), leaseMs: 1000 }), undefined);
  assert.equal((await queue.get(found!.id))?.state, 'held');
  assert.equal(await queue.retryNow(found!.id, at(1)), true);
  const leased = await queue.lease({ now: at(1), leaseMs: 1000 });
  assert.equal(leased?.id, found!.id);
  // In work: no second sending beside the first one.
  assert.equal(await queue.retryNow(found!.id, at(1)), false);
  await queue.finish(leased!);
});

test('what a crash left half done is finished or dropped', async () => {
  const now = new Date();
  const later = new Date(now.getTime() + 3_600_000);
  const message = await queue.enqueue(envelope, [entry('one.test', 'a'), entry('two.test', 'b')], Buffer.from('m'), { now });
  const entries = database.main.collection('queue');
  const commits = database.main.collection('queueCommits');
  // Committed, but not released.
  await entries.updateMany({}, { $set: { state: 'staged' } });
  assert.equal(await queue.count(), 0);
  await queue.recover(later);
  assert.equal((await queue.find({ message })).length, 2);
  // Never committed: nobody was told 250.
  await entries.updateMany({}, { $set: { state: 'staged' } });
  await commits.deleteMany({});
  await queue.recover(new Date(now.getTime() - 1000));
  assert.equal(await entries.countDocuments(), 2);
  await queue.recover(later);
  assert.deepEqual([await entries.countDocuments(), await bodies()], [0, 0]);
});
