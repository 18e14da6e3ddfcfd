/**
 * Builds the GUI when dist/ui is missing or was made from other sources. `npm start` and the tests call it, so that a fresh clone has a GUI by
 * itself; a packaged app has dist/ui and no sources, and nothing happens.
 *
 * What counts is the content of the sources, not their times: a clone or a branch switch sets times at will. Several processes may call it at once: one
 * builds, the others wait for it. The new GUI is moved into place whole, so nobody ever serves half of one.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '..');
const stampName = 'sources.txt';
/** A build takes seconds; a lock as old as this was left by a process that is gone. */
const staleLockMs = 120_000;

export interface BuildOptions {
  /** Where the built GUI goes; `dist/ui` of the project unless said otherwise. */
  readonly out?: string;
  /** Called with a line for people when a build begins and when it ends. */
  readonly tell?: (line: string) => void;
}

const defaultOut = path.join(root, 'dist', 'ui');

/** Whether the GUI is there and made of the present sources, or there are no sources to make it of. Takes some milliseconds. */
export function isBuilt(out: string = defaultOut): boolean {
  return !existsSync(path.join(root, 'ui', 'index.html')) || builtFrom(out) === fingerprint();
}

/** @returns whether it built. Rejects with the builder's error, and then leaves what was there. */
export async function ensureBuilt(options: BuildOptions = {}): Promise<boolean> {
  const out = options.out ?? defaultOut;
  if (isBuilt(out)) return false;
  const unlock = await lock(`${out}.lock`);
  try {
    if (isBuilt(out)) return false;
    const tell = options.tell ?? ((line: string) => process.stderr.write(`${line}\n`));
    const begun = performance.now();
    tell('Building the GUI (only when its sources have changed) …');
    await build(out);
    tell(`The GUI is built (${((performance.now() - begun) / 1000).toFixed(1)} s).`);
    return true;
  } finally {
    unlock();
  }
}

async function build(out: string): Promise<void> {
  const wanted = fingerprint();
  const fresh = `${out}.${process.pid}.new`;
  const former = `${out}.${process.pid}.old`;
  const { build: viteBuild } = await import('vite');
  try {
    await viteBuild({
      configFile: path.join(root, 'vite.config.ts'),
      logLevel: 'error',
      build: { outDir: fresh, emptyOutDir: true },
    });
    writeFileSync(path.join(fresh, stampName), wanted);
    if (existsSync(out)) renameSync(out, former);
    renameSync(fresh, out);
  } finally {
    for (const folder of [fresh, former]) rmSync(folder, { recursive: true, force: true });
  }
}

/** A hash over everything that the built GUI is made of. */
function fingerprint(): string {
  const files = globSync(
    ['ui/**/*.{ts,tsx,css,html,svg,js,json}', 'app/appliance/control/contract.ts', 'vite.config.ts', 'package-lock.json'],
    { cwd: root, exclude: (name) => name.endsWith('.test.ts') || name.endsWith('.test.tsx') || name === 'testing' },
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

/** Making a folder succeeds for one process only. @returns the function that lets the next one in */
async function lock(folder: string): Promise<() => void> {
  mkdirSync(path.dirname(folder), { recursive: true });
  for (;;) {
    try {
      mkdirSync(folder);
      return () => rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const since = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > staleLockMs) rmSync(folder, { recursive: true, force: true });
    else await sleep(100);
  }
}

if (process.argv[1] === import.meta.filename) await ensureBuilt();
