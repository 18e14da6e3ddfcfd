/**
 * `npm run fuzz`: random and mutated input for every parser and session, for a bounded time.
 *
 *   npm run fuzz                            60 s over all targets, a new seed
 *   npm run fuzz -- --seconds 10 --seed 7 imap-session
 *
 * A broken promise is written to `test/fuzz/crashes/TARGET-SEED.txt` with the input that broke it; make a fixture of it. Exit 1 if there was one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from './random.ts';
import { FuzzFailure } from './target.ts';
import { TARGETS } from './targets/all.ts';

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
  allowPositionals: true,
});
const chosen = TARGETS.filter((target) => positionals.length === 0 || positionals.includes(target.name));
if (chosen.length === 0) {
  console.error(`no such target; there are ${TARGETS.map((target) => target.name).join(', ')}`);
  process.exit(2);
}
const budgetMs = (Number(values.seconds) * 1_000) / chosen.length;
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);

let failures = 0;
for (const target of chosen) {
  const open = await target.open();
  const until = performance.now() + budgetMs;
  let rounds = 0;
  while (performance.now() < until) {
    try {
      // Each round has its own seed, so that one can be repeated alone.
      await open.round(seededRandom(seed + rounds));
    } catch (error) {
      failures += 1;
      report(target.name, seed + rounds, error);
      break;
    }
    rounds += 1;
  }
  await open.close();
  console.log(`${target.name}: ${rounds} rounds from seed ${seed}`);
}
console.log(`${chosen.length - failures} passed, ${failures} failed`);
process.exit(failures > 0 ? 1 : 0);

function report(target: string, at: number, error: unknown): void {
  const folder = path.join(import.meta.dirname, 'crashes');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${target}-${at}.txt`);
  const input = error instanceof FuzzFailure ? JSON.stringify(error.input) : '(the round itself failed)';
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  writeFileSync(file, `${text}\n\n${input}\n`);
  console.error(`${target} (seed ${at}): ${text}\n  input in ${path.relative(process.cwd(), file)}`);
}
