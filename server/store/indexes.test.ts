import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import { type Database, connectDatabase } from './connect.ts';
import { INDEXES, ensureIndexes } from './indexes.ts';

let database: Database;
before(async () => {
  database = await connectDatabase({ uri: (await sharedServers()).mongodbUri }, silentLogger);
});
after(() => database.close());

it('makes the indexes of the list, again without harm, and anew what an earlier release made otherwise', async () => {
  await ensureIndexes(database);
  await ensureIndexes(database);
  const keysOf = async (): Promise<unknown> => (await database.messages.indexes()).find((index) => index.name === 'uid')?.key;
  assert.deepEqual(await keysOf(), { user: 1, mailbox: 1, uid: 1 });
  await database.messages.dropIndex('uid');
  await database.messages.createIndex({ uid: 1 }, { name: 'uid' });
  await ensureIndexes(database);
  assert.deepEqual(await keysOf(), { user: 1, mailbox: 1, uid: 1 });
  for (const index of INDEXES) assert.ok(index.reason.length > 20, `${index.collection}.${index.name} says why it exists`);
});
