/** One job in a process of its own: `server/jobs/main.ts`, fed by stdin, heard on descriptor 3. It dies with the appliance, because its stdin ends then. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Job, type JobProgress, type JobReport, jobReportSchema } from '../../../server/jobs/contract.ts';

const script = path.resolve(import.meta.dirname, '../../../server/jobs/main.ts');
/** How long a job that was told to stop may take for tidying up (ms). */
const STOP_TIMEOUT_MS = 20_000;

/** What a job ended with, when it did not do what it should. */
export class JobFailed extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'JobFailed';
    this.code = code;
  }
}

export type JobHooks = {
  /** A worker's configuration, for jobs on the database. */
  readonly config?: unknown;
  readonly onProgress?: (progress: JobProgress) => void;
  /** It is about to change what workers rely on, and waits until this resolves. */
  readonly onReady?: () => Promise<void>;
  readonly onLine?: (line: string, pid: number | undefined) => void;
};

export type RunningJob = { readonly result: Promise<unknown>; readonly cancel: () => void };

/** Starts a job. `result` rejects with JobFailed. */
export function startJob(job: Job, hooks: JobHooks = {}): RunningJob {
  const { NODE_TEST_CONTEXT: _test, NODE_CHANNEL_FD: _channel, NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'], env });
  let report: JobReport | undefined;
  let cancelled = false;
  let timer: NodeJS.Timeout | undefined;
  // It may end before it has read everything: its end tells more than the broken pipe.
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify({ job, config: hooks.config })}\n`);
  const cancel = (): void => {
    if (cancelled) return;
    cancelled = true;
    child.stdin.end();
    timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    timer.unref();
  };
  let refusal: unknown;
  const hear = (line: string): void => {
    const message = jobReportSchema.parse(JSON.parse(line));
    if (message.type === 'progress') hooks.onProgress?.(message);
    else if (message.type === 'ready') {
      (hooks.onReady?.() ?? Promise.resolve()).then(
        () => child.stdin.write('go\n'),
        (error: unknown) => {
          refusal = error;
          cancel();
        },
      );
    } else report = message;
  };
  createInterface({ input: child.stdio[3] as Readable }).on('line', hear);
  let last = '';
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      last = line;
      hooks.onLine?.(line, child.pid);
    });
  }
  const result = new Promise<unknown>((resolve, reject) => {
    child.once('error', (error) => reject(new JobFailed('internal', `The job could not be started: ${error.message}`)));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (refusal instanceof Error) reject(refusal);
      else if (report?.type === 'done') resolve(report.result);
      else if (report?.type === 'failed') reject(new JobFailed(report.code, report.message));
      else if (cancelled) reject(new JobFailed('cancelled', 'It was cancelled.'));
      else reject(new JobFailed('internal', `The job ended without a word (${signal ?? code}). ${last}`.trim()));
    });
  });
  return { result, cancel };
}
