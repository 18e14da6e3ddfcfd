/**
 * A long piece of work as a process of its own: backups, restores, moving mail in and out. It works on the database as a worker does, takes no memory from one, and can be ended at any moment.
 *
 *   node server/jobs/main.ts      see contract.ts
 */
import { fstatSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isFault } from '../base/fault.ts';
import { createLogger } from '../base/log.ts';
import { BackupFault, fileFault } from '../backup/fault.ts';
import { ConfigFault } from '../config/load.ts';
import { type JobReport, jobLineSchema } from './contract.ts';
import { runJob } from './run.ts';

/** Between two reports of progress (ms). */
const REPORT_EVERY_MS = 200;

async function main(): Promise<number> {
  const log = createLogger('info', { pid: process.pid, service: 'job' });
  const stop = new AbortController();
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const first = await new Promise<string | undefined>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(undefined));
  });
  lines.on('close', () => stop.abort());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  // The parent may be gone: then stdin has ended too.
  process.stdout.on('error', () => {});
  if (first === undefined) return 64;
  let reportedAt = 0;
  try {
    const { job, config } = jobLineSchema.parse(JSON.parse(first));
    const result = await runJob(job, config, {
      log,
      signal: stop.signal,
      ready: () =>
        new Promise<void>((resolve, reject) => {
          lines.once('line', () => resolve());
          stop.signal.addEventListener('abort', () => reject(new BackupFault('cancelled', 'It was cancelled.')));
          report({ type: 'ready' });
        }),
      onProgress: (progress) => {
        const now = Date.now();
        if (now - reportedAt < REPORT_EVERY_MS) return;
        reportedAt = now;
        report({ type: 'progress', ...progress });
      },
    });
    report({ type: 'done', result });
    return 0;
  } catch (error) {
    report({ type: 'failed', ...explain(error) });
    if (!isExpected(error)) log.error('a job failed', { error });
    return 1;
  } finally {
    lines.close();
  }
}

function isExpected(error: unknown): boolean {
  return error instanceof BackupFault || error instanceof ConfigFault || isFault(error);
}

function explain(error: unknown): { code: string; message: string } {
  const fault = fileFault(error, 'A file');
  if (fault instanceof BackupFault) return { code: fault.code, message: fault.message };
  if (isFault(error)) return { code: error.code, message: error.message };
  if (error instanceof ConfigFault) return { code: 'config', message: error.message };
  return { code: 'internal', message: 'It failed for a reason that nobody had thought of. The log has the details.' };
}

/** To the parent when it opened descriptor 3 for us, else to stdout. */
function report(message: JobReport): void {
  const line = `${JSON.stringify(message)}\n`;
  try {
    writeSync(isPipe(3) ? 3 : 1, line);
  } catch (error) {
    // Nobody listens any more.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

function isPipe(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

process.exit(await main());
