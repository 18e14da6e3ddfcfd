/** A bounded piece of `npm run fuzz` in every test run, with a new seed each time. `npm run fuzz -- --seed N TARGET` repeats what it found. */
import { test } from 'node:test';
import { seededRandom } from './random.ts';
import { FuzzFailure } from './target.ts';
import { TARGETS } from './targets/all.ts';

/** A minute in all where a machine runs the tests, less where somebody waits for them. */
const BUDGET_MS = (process.env['CI'] === undefined ? 20_000 : 60_000) / TARGETS.length;

for (const target of TARGETS) {
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
