import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import { connectDatabase, type Database } from './connect.ts';
import { ensureIndexes } from './indexes.ts';
import type { ContentId } from '../mail/ids.ts';
import { QUEUE_INDEXES } from './queue-indexes.ts';
import { createQueueStore } from './queue.ts';
import type { QueueEnvelope, QueueStore } from './types-queue.ts';

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
const source = { content: '0123456789abcdef01234567' as ContentId };
const left = (): Promise<number> => database.main.collection('leftContents').countDocuments();
const count = async (): Promise<number> => {
  const { queued, held } = await queue.tally(at(0));
  return queued + held;
};

test('an entry is leased once, comes back when its lease ends, and leaves its content to the sweeper when it is finished', async () => {
  const head = Buffer.from('Received: x\r\n');
  const { entries } = await queue.enqueue(envelope, [entry('one.test', 'a', 'b')], { ...source, head }, { now: at(0) });
  assert.equal(await queue.lease({ now: at(-1), leaseMs: 100 }), undefined);
  const [first, second] = await Promise.all([
    queue.lease({ now: at(1), leaseMs: 100 }),
    queue.lease({ now: at(1), leaseMs: 100 }),
  ]);
  const mine = first ?? second;
  assert.ok(mine !== undefined && (first === undefined || second === undefined), 'one of two gets it');
  assert.deepEqual([mine.id, mine.content, mine.head, mine.working], [entries[0], source.content, head, true]);
  assert.deepEqual(mine.recipients, [{ address: 'a@one.test' }, { address: 'b@one.test' }]);
  // Its worker died: another one takes it over, and the first one's hold is worth nothing.
  const other = await queue.lease({ now: at(200), leaseMs: 100 });
  assert.equal(other?.id, mine.id);
  assert.equal(await queue.renew(mine, at(900)), false);
  assert.equal(await queue.renew(other, at(300)), true);
  const last = { at: at(250), server: 'mx', text: '450 later' };
  const change = { recipients: [{ address: 'b@one.test' }], next: at(1000), last, delayTold: false, countAttempt: true };
  assert.equal(await queue.defer(mine, change), false);
  assert.equal(await queue.defer(other, change), true);
  assert.equal((await queue.nextDue())?.getTime(), at(1000).getTime());
  const again = await queue.lease({ now: at(1000), leaseMs: 100 });
  assert.deepEqual([again?.attempts, again?.recipients, again?.last], [1, [{ address: 'b@one.test' }], last]);
  await queue.finish(again!);
  assert.deepEqual([await count(), await left()], [0, 1]);
});

test('several destinations are queued together; busy ones are left out', async () => {
  await queue.enqueue(envelope, [entry('one.test', 'a'), entry('two.test', 'b'), entry('three.test', 'c')], source, {
    now: at(0),
  });
  const two = await queue.lease({ now: at(0), leaseMs: 1000, exclude: ['one.test', 'three.test'] });
  assert.equal(two?.destination, 'two.test');
  const names = new Set<string | undefined>();
  for (let turn = 0; turn < 2; turn += 1) names.add((await queue.lease({ now: at(0), leaseMs: 1000 }))?.destination);
  assert.deepEqual(names, new Set(['one.test', 'three.test']));
  for (const { id } of await queue.find({})) await queue.remove(id);
  assert.equal(await count(), 0);
});

test('a key makes it happen once', async () => {
  const repeated: boolean[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    repeated.push((await queue.enqueue(envelope, [entry('one.test', 'a')], source, { now: at(0), key: 'bounce-1' })).repeated);
  }
  assert.deepEqual([repeated, await count()], [[false, true, true], 1]);
  const [only] = await queue.find({});
  assert.equal(await queue.remove(only!.id), true);
  assert.equal(await queue.remove(only!.id), false);
  // Also when the first one has come and gone.
  assert.equal((await queue.enqueue(envelope, [entry('one.test', 'a')], source, { now: at(0), key: 'bounce-1' })).repeated, true);
  assert.equal(await count(), 0);
});

test('held entries wait for a person; retry makes an entry due now', async () => {
  await queue.enqueue(envelope, [entry('one.test', 'a')], source, { now: at(0), notBefore: at(5000) });
  const [found] = await queue.find({ destination: 'one.test' });
  assert.equal(await queue.lease({ now: at(1), leaseMs: 1000 }), undefined);
  assert.equal(await queue.setState(found!.id, 'held'), true);
  assert.equal(await queue.lease({ now: at(9000), leaseMs: 1000 }), undefined);
  assert.equal((await queue.get(found!.id))?.state, 'held');
  assert.equal(await queue.retryNow(found!.id, at(1)), true);
  const leased = await queue.lease({ now: at(1), leaseMs: 1000 });
  assert.equal(leased?.id, found!.id);
  // In work: no second sending beside the first one, unless its worker has died.
  assert.equal(await queue.retryNow(found!.id, at(1)), false);
  assert.equal(await queue.giveUp(found!.id, 'no', at(1)), false);
  assert.equal(await queue.giveUp(found!.id, 'no', at(2000)), true);
  assert.equal((await queue.get(found!.id))?.giveUp, 'no');
  assert.equal(await queue.setRoute(found!.id, { host: 'there.test', port: 26 }), true);
  assert.deepEqual((await queue.get(found!.id))?.route, { host: 'there.test', port: 26 });
  assert.equal(await queue.setRoute(found!.id, undefined), true);
  assert.equal((await queue.get(found!.id))?.route, undefined);
  await queue.finish(leased);
});

test('what a crash left half done is finished or dropped', async () => {
  const now = new Date();
  const later = new Date(now.getTime() + 3_600_000);
  const { message } = await queue.enqueue(envelope, [entry('one.test', 'a'), entry('two.test', 'b')], source, { now });
  const entries = database.main.collection('queue');
  const commits = database.main.collection('queueCommits');
  // Committed, but not released.
  await entries.updateMany({}, { $set: { state: 'staged' } });
  assert.equal(await count(), 0);
  await queue.recover(later);
  assert.equal((await queue.find({ message })).length, 2);
  // Never committed: nobody was told 250.
  await entries.updateMany({}, { $set: { state: 'staged' } });
  await commits.deleteMany({});
  await queue.recover(new Date(now.getTime() - 1000));
  assert.equal(await entries.countDocuments(), 2);
  await queue.recover(later);
  assert.deepEqual(await entries.countDocuments(), 0);
});

test('lists are searched and paged; outgoing mail is paused for all workers', async () => {
  const facts = { ...envelope, subject: 'Rechnung (7)', user: '5'.repeat(24) };
  await queue.enqueue(facts, [entry('one.test', 'a'), entry('two.test', 'b')], source, { now: at(0) });
  await queue.enqueue(envelope, [entry('three.test', 'c')], source, { now: at(0), state: 'held' });
  const found = async (filter: Parameters<QueueStore['find']>[0]): Promise<string[]> =>
    (await queue.find(filter)).map(({ destination }) => destination);
  assert.deepEqual(await found({ search: 'rechnung (' }), ['one.test', 'two.test']);
  assert.deepEqual(await found({ search: 'B@two' }), ['two.test']);
  assert.deepEqual(await found({ state: 'held' }), ['three.test']);
  assert.deepEqual(await found({ user: '5'.repeat(24), destination: 'one.test' }), ['one.test']);
  const first = await queue.page({}, { limit: 2 });
  const second = await queue.page({}, { limit: 2, next: String(first.nextCursor) });
  assert.deepEqual([first.total, second.results.map(({ destination }) => destination)], [3, ['three.test']]);
  const { queued, held, due, oldest } = await queue.tally(at(0));
  assert.deepEqual([queued, held, due, oldest?.getTime()], [2, 1, 2, at(0).getTime()]);
  assert.equal(await queue.paused(), undefined);
  await queue.setPaused({ since: at(5), reason: 'moving' });
  assert.deepEqual(await createQueueStore(database).paused(), { since: at(5), reason: 'moving' });
  await queue.setPaused(undefined);
  assert.equal(await queue.paused(), undefined);
});
