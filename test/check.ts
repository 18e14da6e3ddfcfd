/** `npm run check`: types, type-aware lint, layers, format. Each step runs even when an earlier one failed; exit 1 if any did. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const bin = (name: string): string => path.join(root, 'node_modules/.bin', name);

type Step = { readonly name: string; readonly command: readonly string[]; readonly mustSay?: RegExp };

const sources = ['app', 'server', 'ui', 'resources', 'test'].filter((folder) => existsSync(path.join(root, folder)));
const hasUi = globSync('ui/**/*.tsx', { cwd: root }).length > 0;

const steps: Step[] = [
  { name: 'types', command: [bin('tsc'), '-p', 'tsconfig.json'] },
  ...(hasUi ? [{ name: 'types of ui', command: [bin('tsc'), '-p', 'ui/tsconfig.json', '--noEmit'] }] : []),
  { name: 'lint', command: [bin('oxlint'), '--type-aware', '--quiet', ...sources] },
  // The layer check must prove that it read the sources: a cruiser that reads nothing also finds nothing.
  {
    name: 'layers',
    command: [bin('depcruise'), '--config', '.dependency-cruiser.json', '--output-type', 'err-long', ...sources],
    mustSay: /\((\d{2,}) modules, \d{2,} dependencies cruised\)/,
  },
  { name: 'format', command: [bin('biome'), 'format', '.'] },
];

let ok = true;
for (const step of steps) {
  const [command = '', ...args] = step.command;
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 });
  const output = `${result.stdout}${result.stderr}`;
  const silent = step.mustSay !== undefined && !step.mustSay.test(output);
  if (result.status === 0 && !silent) {
    console.log(`✔ ${step.name}`);
    continue;
  }
  ok = false;
  console.log(`✖ ${step.name}${silent && result.status === 0 ? ' (it saw no files)' : ''}\n${output}`);
}
process.exit(ok ? 0 : 1);
