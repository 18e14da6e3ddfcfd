/** What the resolver needs from the machine, as one value, so that a test can be any platform with any programs on it. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

export type ExecResult = {
  /** null when it was ended by a signal, timed out, or never started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it never started (ENOENT, EACCES, ENOEXEC…), or TIMEOUT. */
  readonly errorCode?: string;
};

export type ExecOptions = {
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Called with each piece of output as it comes; the timeout stays. */
  readonly onOutput?: (text: string) => void;
  readonly signal?: AbortSignal;
};

export type Host = {
  readonly os: NodeJS.Platform;
  readonly arch: string;
  readonly env: NodeJS.ProcessEnv;
  readonly homeDir: string;
  /** Whether the processor has AVX, which mongod needs on x64 since 5.0; undefined when it cannot be told. */
  readonly cpuHasAvx: () => boolean | undefined;
  readonly exec: (file: string, args: readonly string[], options: ExecOptions) => Promise<ExecResult>;
};

const MAX_OUTPUT_BYTES = 256 * 1024;

export const localHost = (): Host => ({
  os: process.platform,
  arch: process.arch,
  env: process.env,
  homeDir: os.homedir(),
  cpuHasAvx,
  exec,
});

function cpuHasAvx(): boolean | undefined {
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
    return flags === undefined ? undefined : /\bavx\b/.test(flags);
  } catch {
    return undefined;
  }
}

/** Runs a program to its end; never rejects. Output beyond a bound is dropped from the front: the end says why it failed. */
export function exec(file: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  return new Promise((resolve) => {
    const output = { stdout: '', stderr: '' };
    let errorCode: string | undefined;
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true, env: options.env ?? process.env });
    const end = (reason: string): void => {
      errorCode ??= reason;
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open after the child is gone.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(() => end('TIMEOUT'), options.timeoutMs);
    const abort = (): void => end('ABORTED');
    options.signal?.addEventListener('abort', abort, { once: true });
    if (options.signal?.aborted) abort();
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] = (output[name] + text).slice(-MAX_OUTPUT_BYTES);
        options.onOutput?.(text);
      });
    }
    const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      resolve({
        code: errorCode === undefined ? code : null,
        signal,
        ...output,
        ...(errorCode === undefined ? {} : { errorCode }),
      });
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      errorCode ??= error.code ?? error.message;
      // 'close' does not follow when the process never started.
      if (child.pid === undefined) finish(null, null);
    });
    child.on('close', finish);
  });
}
