/** The log's retention: what goes leaves an anchor, and the chain can still be checked from there. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import { ADMIN_INDEXES, type AdminTables, createAdminTables } from '../store/admin-tables.ts';
import { connectDatabase, type Database } from '../store/connect.ts';
import { ensureIndexes } from '../store/indexes.ts';
import { type AdminLog, createAdminLog } from './admin-log.ts';

const DAY = 24 * 60 * 60_000;
const START = Date.UTC(2026, 0, 1);

let database: Database;
let tables: AdminTables;
let now = START;
let keepMs = 10 * DAY;
const open = (): AdminLog =>
  createAdminLog(
    tables.adminLog,
    tables.adminLogAnchors,
    () => keepMs,
    () => now,
  );
const act = (log: AdminLog): Promise<void> =>
  log.append({
    action: 'updateUser',
    role: 'root',
    token: null,
    by: null,
    ip: '192.0.2.1',
    session: '',
    user: null,
    input: { name: 'Anna' },
    before: undefined,
  });

before(async () => {
  database = await connectDatabase({ uri: (await sharedServers()).mongodbUri }, silentLogger);
  await ensureIndexes(database, ADMIN_INDEXES);
  tables = createAdminTables(database);
});
after(() => database.close());

test('what went after its time leaves an anchor that the rest must follow', async () => {
  const [log, other] = [open(), open()];
  assert.deepEqual([await log.trim(), (await log.verify()).brokenAt], [0, undefined], 'empty');
  // 20 entries, one a day.
  for (let day = 0; day < 20; day += 1) {
    now = START + day * DAY;
    await act(log);
  }
  assert.deepEqual(await log.verify(), { entries: 20, first: 1, last: 20, brokenAt: undefined });

  // Entries 1 to 9 are more than ten days old; two workers remove them at once.
  await Promise.all([log.trim(), other.trim()]);
  assert.deepEqual(await log.verify(), { entries: 11, first: 10, last: 20, brokenAt: undefined });
  assert.equal(await log.trim(), 0);

  keepMs = 5 * DAY;
  assert.equal(await other.trim(), 5);
  assert.equal((await tables.adminLogAnchors.find({})).length, 1);
  const kept: number[] = [];
  for await (const { seq } of log.all()) kept.push(seq);
  assert.deepEqual(kept, [15, 16, 17, 18, 19, 20]);

  // A worker that ended between anchor and removal left entries: they are not part of the log, and go.
  const [first, second] = await tables.adminLog.find({}, { sort: { seq: 1 }, limit: 2 });
  assert.ok(first !== undefined && second !== undefined);
  await tables.adminLogAnchors.insert({ seq: first.seq, hash: first.hash });
  assert.deepEqual(await log.verify(), { entries: 5, first: 16, last: 20, brokenAt: undefined });

  // Whoever removes more than went after its time is found out.
  await tables.adminLog.delete({ seq: { to: 17 } });
  assert.equal((await log.verify()).brokenAt, 16);
});

test('the newest stays, whatever its age, and numbers go on', async () => {
  const log = open();
  now += 1_000 * DAY;
  await log.trim();
  assert.deepEqual(await log.verify(), { entries: 1, first: 20, last: 20, brokenAt: undefined });
  await act(log);
  assert.deepEqual(await log.verify(), { entries: 2, first: 20, last: 21, brokenAt: undefined });
  await tables.adminLog.delete({});
  assert.equal((await log.verify()).brokenAt, 20);
});
