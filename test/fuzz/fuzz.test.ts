/** A bounded piece of `npm run fuzz` in every test run, with a new seed each time. `npm run fuzz -- --seed N TARGET` repeats what it found. */
import { test } from 'node:test';
import { seededRandom } from './random.ts';
import { FuzzFailure, type FuzzTarget } from './target.ts';
import { imapSession } from './targets/imap-session.ts';
import { mime } from './targets/mime.ts';
import { smtpWire } from './targets/smtp-wire.ts';

const BUDGET_MS = 5_000;

for (const target of [mime, smtpWire, imapSession] satisfies readonly FuzzTarget[]) {
  test(target.name, async (t) => {
    const seed = Date.now() % 2 ** 31;
    const open = await target.open();
    const until = performance.now() + BUDGET_MS;
    let rounds = 0;
    try {
      for (; rounds === 0 || performance.now() < until; rounds += 1) await open.round(seededRandom(seed + rounds));
    } catch (error) {
      const input = error instanceof FuzzFailure ? JSON.stringify(error.input) : '(the round itself failed)';
      throw new Error(`seed ${seed + rounds}: ${String(error)}\n${input}`, { cause: error });
    } finally {
      await open.close();
    }
    t.diagnostic(`${rounds} rounds from seed ${seed}`);
  });
}
