/**
 * Puts together what a package carries beside the window: the appliance as a folder that runs by itself, with its own Node, its own database servers,
 * the built GUI, the production packages and the licences. The code is the sources, unchanged: what was tested is what is shipped.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { licencesText } from './licences.ts';
import { type ProductionPackage, productionPackages } from './production.ts';
import { fetchWinsw } from './winsw.ts';

export interface StageOptions {
  readonly root: string;
  readonly out: string;
  readonly tell: (text: string) => void;
}

/** Folders of sources. Tests, their helpers and the packaging stay behind. */
const sources = ['bin', 'app/appliance', 'server', 'resources/servers'] as const;
const singles = ['LICENSE'] as const;

/** @throws when something that belongs into a package is missing */
export async function stage({ root, out, tell }: StageOptions): Promise<void> {
  const platform = `${process.platform}-${process.arch}`;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const folder of sources) {
    cpSync(path.join(root, folder), path.join(out, folder), { recursive: true, filter: (file) => isShipped(file) });
  }
  for (const file of singles) copyFileSync(path.join(root, file), path.join(out, file));
  writeFileSync(path.join(out, 'package.json'), `${JSON.stringify(packageJson(root), null, 2)}\n`);
  writeCommands(out, platform);

  const gui = path.join(root, 'dist', 'ui');
  if (!existsSync(path.join(gui, 'index.html'))) throw new Error('dist/ui is missing: run "npm run build" first.');
  cpSync(gui, path.join(out, 'dist', 'ui'), { recursive: true });

  const packages = productionPackages(root);
  tell(`Copying ${packages.length} packages`);
  for (const each of packages) copyPackage(root, out, each, platform);
  writeFileSync(path.join(out, 'LICENCES.txt'), licencesText(root, packages, readFileSync(path.join(root, 'LICENSE'), 'utf8')));

  const binaries = path.join(out, 'resources', 'bin', platform);
  stageBinaries(root, binaries, platform);
  if (platform.startsWith('win32')) await fetchWinsw(path.join(binaries, 'winsw.exe'));
}

function isShipped(file: string): boolean {
  return !/\.test(-data)?\.ts$/.test(file) && path.basename(file) !== '.DS_Store';
}

/** Only what is read when it runs: no scripts, no development packages. */
function packageJson(root: string): Record<string, unknown> {
  const whole = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  const kept = ['name', 'version', 'description', 'license', 'type', 'bin', 'config', 'redisMemoryServer'];
  return Object.fromEntries(kept.map((key) => [key, whole[key]]));
}

/** `mallard` as a command that needs no Node on the machine. */
function writeCommands(out: string, platform: string): void {
  if (platform.startsWith('win32')) {
    const node = `%~dp0..\\resources\\bin\\${platform}\\node.exe`;
    writeFileSync(path.join(out, 'bin', 'mallard.cmd'), `@"${node}" "%~dp0mallard.mjs" %*\r\n`);
    return;
  }
  const script = [
    '#!/bin/sh',
    '# The command line of Mallard, by the Node that came with it. May be called by a symbolic link.',
    'self=$0',
    'while [ -L "$self" ]; do',
    '  target=$(readlink "$self")',
    '  case $target in /*) self=$target ;; *) self=$(dirname "$self")/$target ;; esac',
    'done',
    'here=$(cd "$(dirname "$self")" && pwd -P)',
    `exec "$here/../resources/bin/${platform}/node" "$here/mallard.mjs" "$@"`,
    '',
  ].join('\n');
  writeFileSync(path.join(out, 'bin', 'mallard'), script, { mode: 0o755 });
}

function copyPackage(root: string, out: string, { folder, name }: ProductionPackage, platform: string): void {
  const from = path.join(root, folder);
  cpSync(from, path.join(out, folder), {
    recursive: true,
    // Packages inside packages have entries of their own in the lock.
    filter: (file) =>
      !path.relative(from, file).split(path.sep).includes('node_modules') &&
      isNeededAtRun(path.relative(from, file), name, platform),
  });
}

/** Types, maps and prose are read by people; sources of native code by compilers; other platforms' binaries by nobody. */
export function isNeededAtRun(file: string, name: string, platform: string): boolean {
  if (/\.(d\.[cm]?ts|map|md|markdown|flow|tsbuildinfo)$/i.test(file)) return false;
  if (name !== 'better-sqlite3') return true;
  const [top, second] = file.split(path.sep);
  if (top === 'deps' || top === 'src' || top === 'binding.gyp') return false;
  // prebuilds/linux-x64/…, prebuilds/linuxmusl-x64/… and their like.
  return !(top === 'prebuilds' && second !== undefined && !second.replace('musl', '').startsWith(platform));
}

function stageBinaries(root: string, target: string, platform: string): void {
  const fetcher = path.join(root, 'resources', 'servers', 'fetch.ts');
  const fetched = spawnSync(process.execPath, [fetcher, '--into', target], { cwd: root, stdio: 'inherit' });
  if (fetched.status !== 0) throw new Error('The database servers could not be brought (see above).');
  const exe = platform.startsWith('win32') ? 'node.exe' : 'node';
  copyFileSync(path.join(root, 'node_modules', 'node', 'bin', exe), path.join(target, exe));
  chmodSync(path.join(target, exe), 0o755);
}
