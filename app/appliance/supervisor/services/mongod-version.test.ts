import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../../../test/harness/temp-dir.ts';
import { cacheBytes, copyBeforeUpgrade, mongodArgs } from './mongod.ts';
import {
  judgeVersion,
  RAISE_FCV_AFTER_MS,
  readDataVersion,
  shouldRaise,
  writeDataVersion,
  type DataVersion,
} from './mongod-version.ts';

const record = (mongod: string, featureCompatibility: string, seriesSince = 0): DataVersion => ({
  mongod,
  featureCompatibility,
  seriesSince,
});

test('which program may open which data', () => {
  const table: [DataVersion | undefined, string, string][] = [
    [undefined, '6.0.5', 'unrecorded'],
    [record('6.0.5', '6.0'), '6.0.5', 'same'],
    [record('6.0.9', '6.0'), '6.0.5', 'same'],
    [record('6.0.5', '6.0'), '7.0.24', 'upgrade'],
    [record('7.0.24', '7.0'), '6.0.5', 'refused'],
    // The step was made, but the compatibility not yet raised: back is possible, forward another step is not.
    [record('7.0.24', '6.0'), '6.0.5', 'downgrade'],
    [record('7.0.24', '6.0'), '7.0.25', 'same'],
    [record('7.0.24', '6.0'), '8.0.1', 'refused'],
    [record('6.0.5', '6.0'), '8.0.1', 'refused'],
    [record('9.0.0', '9.0'), '9.0.1', 'same'],
    [record('9.0.0', '9.0'), '8.0.1', 'refused'],
  ];
  for (const [before, program, verdict] of table)
    assert.equal(judgeVersion(before, program).verdict, verdict, `${before?.mongod} ${program}`);
  const refused = judgeVersion(record('6.0.5', '6.0'), '8.0.1');
  assert.ok(refused.verdict === 'refused' && /6\.0\.5.*8\.0\.1/.test(refused.message) && /7\.0/.test(refused.remedy));
});

test('the compatibility follows after a week', () => {
  assert.equal(shouldRaise(record('7.0.1', '6.0', 1000), 1000 + RAISE_FCV_AFTER_MS), true);
  assert.equal(shouldRaise(record('7.0.1', '6.0', 1000), 999 + RAISE_FCV_AFTER_MS), false);
  assert.equal(shouldRaise(record('7.0.1', '7.0', 0), 2 * RAISE_FCV_AFTER_MS), false);
});

test('the record survives, a broken one is none', () => {
  const folder = tempDir('version');
  assert.equal(readDataVersion(folder), undefined);
  writeDataVersion(folder, record('6.0.5', '6.0', 7));
  assert.deepEqual(readDataVersion(folder), record('6.0.5', '6.0', 7));
  writeFileSync(path.join(folder, 'mallard-version.json'), '{');
  assert.equal(readDataVersion(folder), undefined);
});

test('a whole copy is kept before a step, once', () => {
  const dbPath = path.join(tempDir('copy'), 'mongo');
  mkdirSync(path.join(dbPath, 'journal'), { recursive: true });
  writeFileSync(path.join(dbPath, 'journal', 'log'), 'precious');
  const copy = copyBeforeUpgrade(dbPath, '6.0');
  assert.equal(readFileSync(path.join(copy, 'journal', 'log'), 'utf8'), 'precious');
  writeFileSync(path.join(dbPath, 'journal', 'log'), 'changed by the new one');
  assert.equal(copyBeforeUpgrade(dbPath, '6.0'), copy);
  assert.equal(readFileSync(path.join(copy, 'journal', 'log'), 'utf8'), 'precious');
  assert.deepEqual(readdirSync(path.dirname(dbPath)).toSorted(), ['mongo', path.basename(copy)]);
});

test('the cache: a quarter of the memory, within bounds', () => {
  const gib = 1024 ** 3;
  assert.equal(cacheBytes(0.5 * gib), 0.25 * gib);
  assert.equal(cacheBytes(2 * gib), 0.5 * gib);
  assert.equal(cacheBytes(64 * gib), gib);
  assert.equal(cacheBytes(64 * gib, 3 * gib), 3 * gib);
  assert.equal(cacheBytes(64 * gib, 1), 0.25 * gib);
  const args = mongodArgs('/data', 20_000, 0.5 * gib);
  assert.equal(args[args.indexOf('--wiredTigerCacheSizeGB') + 1], '0.500');
  assert.equal(args[args.indexOf('--bind_ip') + 1], '127.0.0.1');
  assert.ok(args.includes('--auth'));
});
