/**
 * Builds the GUI when dist/ui is missing or was made from other sources. `npm start` and the tests call it, so that a fresh clone has a GUI by
 * itself; a packaged app has dist/ui and no sources, and nothing happens.
 *
 * What counts is the content of the sources, not their times: a clone or a branch switch sets times at will. Several processes may call it at once:
 * each builds into a folder of its own and moves it into place whole, so nobody ever serves half a GUI.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const stampName = 'sources.txt';

export interface BuildOptions {
  /** Where the built GUI goes; `dist/ui` of the project unless said otherwise. */
  readonly out?: string;
  /** Called with a line for people when a build begins and when it ends. */
  readonly tell?: (line: string) => void;
}

/** @returns whether it built. Rejects with the builder's error, and then leaves what was there. */
export async function ensureBuilt(options: BuildOptions = {}): Promise<boolean> {
  const out = options.out ?? path.join(root, 'dist', 'ui');
  if (!existsSync(path.join(root, 'ui', 'index.html'))) return false;
  const wanted = fingerprint();
  if (builtFrom(out) === wanted) return false;
  const tell = options.tell ?? ((line: string) => process.stderr.write(`${line}\n`));
  const begun = performance.now();
  tell('Building the GUI (only when its sources have changed) …');
  const { build } = await import('vite');
  const fresh = `${out}.${process.pid}.new`;
  try {
    await build({
      configFile: path.join(root, 'vite.config.ts'),
      logLevel: 'error',
      build: { outDir: fresh, emptyOutDir: true },
    });
    writeFileSync(path.join(fresh, stampName), wanted);
    moveInto(fresh, out);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  tell(`The GUI is built (${((performance.now() - begun) / 1000).toFixed(1)} s).`);
  return true;
}

/** A hash over everything that the built GUI is made of. */
function fingerprint(): string {
  const files = globSync(
    [
      'ui/**/*.{ts,tsx,css,html,svg,js,json}',
      'app/appliance/control/contract.ts',
      'server/api/contract/**/*.ts',
      'vite.config.ts',
      'package-lock.json',
    ],
    { cwd: root, exclude: (name) => name.endsWith('.test.ts') || name.endsWith('.test.tsx') },
  ).sort();
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${file.split(path.sep).join('/')}\0`);
    hash.update(readFileSync(path.join(root, file)));
  }
  return hash.digest('hex');
}

function builtFrom(out: string): string | undefined {
  const stamp = path.join(out, stampName);
  return existsSync(stamp) && existsSync(path.join(out, 'index.html')) ? readFileSync(stamp, 'utf8') : undefined;
}

function moveInto(fresh: string, out: string): void {
  const former = `${out}.${process.pid}.old`;
  mkdirSync(path.dirname(out), { recursive: true });
  // Somebody else may put theirs there between the two steps; it is as good as ours.
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      if (existsSync(out)) renameSync(out, former);
      renameSync(fresh, out);
      break;
    } catch (error) {
      if (attempt === 4) throw error;
    } finally {
      rmSync(former, { recursive: true, force: true });
    }
  }
}

if (process.argv[1] === import.meta.filename) await ensureBuilt();
