import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import { connectDatabase, type Database } from './connect.ts';
import { ensureIndexes } from './indexes.ts';
import { createUsage, USAGE_INDEXES } from './usage.ts';

let database: Database;
before(async () => {
  const { mongodbUri } = await sharedServers();
  database = await connectDatabase({ uri: mongodbUri }, silentLogger);
  await ensureIndexes(database, USAGE_INDEXES);
});
after(() => database.close());

test('a limit holds whoever takes at the same time, and is new in the next span', async () => {
  let now = 1_000_000;
  const usage = createUsage(database, () => now);
  const takes = await Promise.all(Array.from({ length: 30 }, () => usage.take('user', 'recipients', 2, 41, 1000)));
  assert.equal(takes.filter((taken) => taken).length, 20);
  assert.equal(await usage.used('user', 'recipients', 1000), 40);
  assert.deepEqual(
    [
      await usage.take('user', 'recipients', 1, 41, 1000),
      await usage.take('user', 'recipients', 1, 41, 1000),
      await usage.take('other', 'recipients', 42, 41, 1000),
      await usage.take('other', 'recipients', 41, 41, 1000),
    ],
    [true, false, false, true],
  );
  now += 1000;
  assert.equal(await usage.used('user', 'recipients', 1000), 0);
  assert.equal(await usage.take('user', 'recipients', 41, 41, 1000), true);
});
