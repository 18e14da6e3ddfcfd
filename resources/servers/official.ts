/**
 * The official download, through the memory-server packages, in a process of its own: they print their progress, retry by their own mind and
 * cannot be cancelled, so a child is the way to bound them. It is ended when no byte has come within the first-byte time.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Host } from './host.ts';
import type { OfficialSource } from './manifest.ts';
import type { FailedTry } from './try.ts';

const FIRST_BYTE_TIMEOUT_MS = 20_000;
/** mongod's archive is some 80 MB; building Redis takes minutes on a slow machine. */
const WHOLE_TIMEOUT_MS = 30 * 60_000;
const POLL_MS = 500;

type Failure = Pick<FailedTry, 'kind' | 'reason' | 'remedy'>;

const childScript = path.join(import.meta.dirname, 'official-child.ts');

export type OfficialOptions = { readonly firstByteTimeoutMs?: number; readonly script?: string };

/** Puts the binary at `target`; gives undefined when it is there, else why not. `workDir` is private and may be littered. */
export async function fetchOfficial(
  host: Host,
  source: OfficialSource,
  target: string,
  workDir: string,
  tell: (text: string) => void,
  options: OfficialOptions = {},
): Promise<Failure | undefined> {
  if (source.package === 'redis-memory-server' && host.os !== 'win32') {
    for (const tool of ['make', 'cc']) {
      const found = await host.exec(tool, ['--version'], { timeoutMs: 10_000 });
      if (found.code !== 0) return { kind: 'no-tool', reason: `it comes as source, and there is no ${tool} to build it` };
    }
  }
  const downloadDir = path.join(workDir, 'official');
  mkdirSync(downloadDir);
  tell(`Downloading ${source.package === 'redis-memory-server' ? 'Redis' : 'MongoDB'} ${source.version} from its publisher`);
  const firstByteTimeoutMs = options.firstByteTimeoutMs ?? FIRST_BYTE_TIMEOUT_MS;
  const abort = new AbortController();
  const started = Date.now();
  let silent = false;
  const watch = setInterval(() => {
    if (Date.now() - started < firstByteTimeoutMs || folderBytes(downloadDir) > 0) return;
    silent = true;
    abort.abort();
  }, POLL_MS);
  let resultPath: string | undefined;
  try {
    const result = await host.exec(
      process.execPath,
      [options.script ?? childScript, source.package, source.version, downloadDir],
      {
        timeoutMs: WHOLE_TIMEOUT_MS,
        signal: abort.signal,
        env: childEnvironment(host.env),
        onOutput: (text) => {
          resultPath = /^RESULT (.+)$/m.exec(text)?.[1] ?? resultPath;
          const progress = [...text.matchAll(/(\d+(?:\.\d+)?) ?% \(([\d.]+)mb \/ ([\d.]+)mb\)/gi)].at(-1);
          if (progress !== undefined) tell(`${progress[1]} % (${progress[2]} of ${progress[3]} MB)`);
        },
      },
    );
    resultPath ??= /^RESULT (.+)$/m.exec(result.stdout)?.[1];
    if (result.code !== 0 || resultPath === undefined || !existsSync(resultPath)) {
      if (silent) return { kind: 'no-network', reason: `no answer within ${firstByteTimeoutMs / 1000} s` };
      return explain(result.stdout + result.stderr, result.errorCode ?? `exit ${result.code}`);
    }
    copyFileSync(resultPath, target);
    return undefined;
  } finally {
    clearInterval(watch);
  }
}

/** Strict TLS and the archive's checksum are off by default in the package; a single try, as the next source waits. */
function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { MONGOMS_SYSTEM_BINARY: _mongo, REDISMS_SYSTEM_BINARY: _redis, ...rest } = env;
  return {
    ...rest,
    npm_config_strict_ssl: 'true',
    MONGOMS_MD5_CHECK: 'true',
    MONGOMS_MAX_RETRIES: '1',
    MONGOMS_RUNTIME_DOWNLOAD: 'true',
  };
}

function explain(output: string, how: string): Failure {
  const code = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)\b/.exec(output)?.[1];
  if (code !== undefined) return { kind: 'no-network', reason: `the publisher's site cannot be reached (${code})` };
  const last = output
    .split('\n')
    .find((line) => line.startsWith('FAILED '))
    ?.slice(7, 300);
  return { kind: 'download-failed', reason: last ?? `the download failed (${how})` };
}

function folderBytes(folder: string): number {
  let sum = 0;
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      // Lock files are not progress.
      if (entry.isFile() && !entry.name.endsWith('.lock')) sum += statSync(path.join(entry.parentPath, entry.name)).size;
    }
  } catch {
    // A file may vanish between the listing and its size: the next poll counts again.
  }
  return sum;
}
