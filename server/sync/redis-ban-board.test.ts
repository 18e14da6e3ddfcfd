import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestServer, startRedis, waitFor } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import type { BanBoard } from './ban-board.ts';
import { createRedisBanBoard } from './redis-ban-board.ts';

let redis: TestServer;
let boards: BanBoard[];
before(async () => {
  redis = await startRedis();
  boards = [0, 1].map(() => createRedisBanBoard(redis.uri, 'test', silentLogger));
});
after(async () => {
  await Promise.all(boards.map((board) => board.close()));
  await redis.stop();
});

const ban = (key: string, ms = 60_000) => ({ key, reason: 'test', since: new Date(), until: new Date(Date.now() + ms) });

test('workers count together, ban for all of them, and one call lets somebody in everywhere', async () => {
  const [one, two] = boards as [BanBoard, BanBoard];
  await waitFor(() => one.fingerprint('secret') === two.fingerprint('secret'));
  const counted = await Promise.all(['a', 'b', 'a', 'c'].map((guess, n) => boards[n % 2]!.count('pair', guess, 60_000)));
  assert.equal(Math.max(...counted), 3);
  await one.ban(ban('anna 203.0.113.5'));
  await waitFor(() => two.banOf('anna 203.0.113.5') !== undefined);
  assert.deepEqual(
    two.bans().map(({ key, reason }) => [key, reason]),
    [['anna 203.0.113.5', 'test']],
  );
  const late = createRedisBanBoard(redis.uri, 'test', silentLogger);
  boards.push(late);
  await waitFor(() => late.banOf('anna 203.0.113.5') !== undefined);
  assert.equal(await two.unban('anna 203.0.113.5'), true);
  await waitFor(() => one.banOf('anna 203.0.113.5') === undefined);
  await one.remember('known anna 203.0.113.5', 60_000);
  assert.deepEqual([await two.remembers('known anna 203.0.113.5'), await two.remembers('known otto 203.0.113.5')], [true, false]);
  await one.forget('pair');
  assert.equal(await two.count('pair', 'd', 60_000), 1);
});

test('without Redis a worker counts and bans by itself, and shares that when Redis is back', async () => {
  const [one] = boards as [BanBoard, BanBoard];
  await redis.kill();
  assert.equal(await one.count('alone', 'a', 60_000), 1);
  assert.equal(await one.count('alone', 'b', 60_000), 2);
  await one.ban(ban('otto 203.0.113.9'));
  assert.notEqual(one.banOf('otto 203.0.113.9'), undefined);
  await redis.start();
  const late = createRedisBanBoard(redis.uri, 'test', silentLogger);
  boards.push(late);
  await waitFor(() => late.banOf('otto 203.0.113.9') !== undefined);
});
