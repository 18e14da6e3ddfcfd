import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../base/log.ts';
import type { UserId } from '../mail/ids.ts';
import { createTraffic } from './traffic.ts';

const anna = 'a'.repeat(24) as UserId;

function memory() {
  const counters = new Map<string, number>();
  return {
    add: (who: string, what: string, amount: number) => {
      counters.set(`${what}:${who}`, (counters.get(`${what}:${who}`) ?? 0) + amount);
      return Promise.resolve();
    },
    used: (who: string, what: string) => Promise.resolve(counters.get(`${what}:${who}`) ?? 0),
  };
}

test('octets are counted, written down, and limited', async () => {
  const usage = memory();
  const limitOf = (_user: UserId, kind: string) => Promise.resolve(kind === 'imapDownload' ? 100 : 0);
  const [one, two] = [0, 1].map(() => createTraffic({ usage, limitOf, log: silentLogger, flushMs: 60_000 }));
  one!.count(anna, 'imapDownload', 60);
  one!.count(anna, 'imapDownload', 30);
  one!.count(anna, 'imapUpload', 1_000);
  assert.deepEqual([await one!.used(anna, 'imapDownload'), await one!.allows(anna, 'imapDownload')], [90, true]);
  assert.equal(await two!.used(anna, 'imapDownload'), 0);
  await one!.flush();
  await two!.flush();
  assert.equal(await two!.used(anna, 'imapDownload'), 90);
  two!.count(anna, 'imapDownload', 10);
  assert.equal(await two!.allows(anna, 'imapDownload'), false);
  assert.equal(await one!.allows(anna, 'imapUpload'), true, 'no limit');
  await Promise.all([one!.close(), two!.close()]);
});
