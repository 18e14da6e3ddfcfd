/** Inserts at the same time go together, and each hears of its own fate. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { type MongodServer, startMongod } from '../../test/harness/servers.ts';
import { duplicateKey } from './connect.ts';
import { createInsertBatcher } from './insert-batcher.ts';

let mongod: MongodServer;
let client: MongoClient;
let inserts = 0;

before(async () => {
  mongod = await startMongod();
  client = new MongoClient(mongod.uri, { monitorCommands: true });
  client.on('commandStarted', ({ commandName }) => {
    if (commandName === 'insert') inserts += 1;
  });
});
after(async () => {
  await client.close();
  await mongod.stop();
});

test('what comes while a request is under way goes with the next one; a refused document hears of it alone', async () => {
  const things = client.db('batches').collection<{ _id: number; text: string }>('things');
  await things.insertOne({ _id: 7, text: 'there before' });
  const batcher = createInsertBatcher(things, { writeConcern: { w: 1 } });
  inserts = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, _id) => batcher.insert({ _id, text: `thing ${_id}` }, 20)),
  );
  assert.deepEqual(
    outcomes.flatMap((outcome, n) => (outcome.status === 'rejected' ? [n] : [])),
    [7],
  );
  const [refused] = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.ok(refused?.status === 'rejected' && duplicateKey(refused.reason) !== undefined, 'a duplicate key, as by insertOne');
  assert.equal(inserts, 3, 'the first alone, the rest together, the refused one again');
  assert.equal(await things.countDocuments(), 20);
  assert.equal((await things.findOne({ _id: 7 }))?.text, 'there before');
});

test('a large batch is divided', async () => {
  const things = client.db('batches').collection<{ _id: number }>('large');
  const batcher = createInsertBatcher(things, { writeConcern: { w: 1 } });
  inserts = 0;
  await Promise.all(Array.from({ length: 9 }, (_, _id) => batcher.insert({ _id }, 4 << 20)));
  assert.equal(inserts, 5, 'one, then two at a time');
  assert.equal(await things.countDocuments(), 9);
});

test('when the server is away, everybody waiting hears so', async () => {
  const away = new MongoClient('mongodb://127.0.0.1:9/x', { serverSelectionTimeoutMS: 200 });
  const batcher = createInsertBatcher(away.db().collection<{ _id: number }>('x'), { writeConcern: { w: 1 } });
  const outcomes = await Promise.allSettled([1, 2, 3].map((_id) => batcher.insert({ _id }, 10)));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
  await away.close();
});
