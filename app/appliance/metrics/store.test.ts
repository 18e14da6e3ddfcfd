import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { clockToMs, readUsage } from './process-usage.ts';
import { MetricsStore } from './store.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mallard-metrics-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const hour = 3_600_000;
const start = 1_700_000_000_000 - (1_700_000_000_000 % (24 * hour));

test('a short span is fine, a long one coarse; mean, least and greatest are kept', () => {
  let now = start;
  const store = new MetricsStore({ file: path.join(folder, 'a.sqlite'), keepMs: 30 * 24 * hour, now: () => now });
  for (let i = 0; i < 720; i += 1) {
    store.record({ rss: i, 'cpu.mongod': 50 });
    now += 10_000;
  }
  const short = store.history(['rss', 'missing'], now - 10 * 60_000, now, 200);
  assert.equal(short.stepMs, 10_000);
  assert.equal(short.series['rss']?.length, 60);
  assert.deepEqual(short.series['rss']?.at(-1), { at: now - 10_000, mean: 719, min: 719, max: 719, sum: 719 });
  assert.equal(short.series['missing'], undefined);

  const long = store.history(['rss'], start, now, 10);
  assert.equal(long.stepMs, 900_000);
  assert.deepEqual(long.series['rss']?.[0], { at: start, mean: 44.5, min: 0, max: 89, sum: 4005 });
  assert.ok((long.series['rss']?.length ?? 0) <= 10);
  assert.deepEqual(store.names(), ['cpu.mongod', 'rss']);
  store.close();
});

test('each resolution forgets at its own age, and a series without points is gone', () => {
  let now = start;
  const store = new MetricsStore({ file: path.join(folder, 'b.sqlite'), keepMs: 10 * 24 * hour, now: () => now });
  store.record({ old: 1 });
  now += 3 * hour;
  store.record({ new: 2, infinite: Number.POSITIVE_INFINITY });
  assert.equal(store.history(['old'], now - 4 * hour, now, 10_000).stepMs, 60_000);
  assert.equal(store.history(['old'], now - 4 * hour, now, 10_000).series['old']?.length, 1);
  now += 3 * 24 * hour;
  store.prune();
  assert.equal(store.history(['old'], start, now, 10_000).stepMs, 900_000);
  now += 20 * 24 * hour;
  store.prune();
  assert.deepEqual(store.names(), []);
  store.close();
});

test('the number of series is bounded', () => {
  const store = new MetricsStore({ file: path.join(folder, 'c.sqlite'), keepMs: 24 * hour });
  store.record(Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`s${i}`, i])));
  assert.equal(store.names().length, 500);
  store.close();
});

test('usage of living processes, and nothing of one that is gone', async () => {
  const usage = await readUsage([process.pid, 2 ** 22 + 1]);
  assert.deepEqual([...usage.keys()], [process.pid]);
  const own = usage.get(process.pid);
  assert.ok(own !== undefined && own.rssBytes > 10_000_000 && own.cpuMs > 0);
});

test('times of ps', () => {
  assert.equal(clockToMs('3:04.56'), 184_560);
  assert.equal(clockToMs('02:03:04'), 7_384_000);
  assert.equal(clockToMs('1-00:00:01'), 86_401_000);
});
