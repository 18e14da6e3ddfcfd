/** Long pieces of work that people watch: at most one at a time, because each of them has the disk for itself; the last ones stay to be read. */
import { randomUUID } from 'node:crypto';
import type { Job as JobSpec } from '../../../server/jobs/contract.ts';
import type { JobState } from '../control/contract-backup.ts';
import type { ErrorCode } from '../control/contract.ts';
import { ControlFault } from '../control/fault.ts';
import { JobFailed, type JobHooks, type RunningJob, startJob } from './job-process.ts';

const KEPT = 20;

export type JobsOptions = {
  readonly onChange: (job: JobState) => void;
  readonly onLine: (line: string, pid: number | undefined) => void;
};

export type Begun = { readonly id: string; readonly result: Promise<unknown> };

export class Jobs {
  readonly #options: JobsOptions;
  readonly #jobs: JobState[] = [];
  #running: RunningJob | undefined;
  #stopped = false;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** Newest first. */
  list(): readonly JobState[] {
    return [...this.#jobs].reverse();
  }

  get(id: string): JobState {
    const found = this.#jobs.find((job) => job.id === id);
    if (found === undefined) throw new ControlFault(404, 'NotFound', 'There is no such job (any more).');
    return found;
  }

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Begins one that people watch. `finish` belongs to it: it is done when that is. @throws ControlFault Busy */
  begin(
    kind: JobState['kind'],
    spec: JobSpec,
    hooks: Omit<JobHooks, 'onProgress' | 'onLine'> = {},
    finish: (result: unknown) => Promise<unknown> = (result) => Promise.resolve(result),
  ): Begun {
    if (this.#running !== undefined || this.#stopped) {
      throw new ControlFault(
        409,
        'Busy',
        'Another backup, restore or move of mail is running. Wait until it is done, or cancel it.',
      );
    }
    const job: JobState = { id: randomUUID(), kind, state: 'running', startedAt: new Date().toISOString() };
    this.#jobs.push(job);
    if (this.#jobs.length > KEPT) this.#jobs.shift();
    const running = startJob(spec, {
      ...hooks,
      onLine: this.#options.onLine,
      onProgress: ({ phase, done, total, bytes }) => {
        job.progress = { phase, done, ...(total === undefined ? {} : { total }), ...(bytes === undefined ? {} : { bytes }) };
        this.#options.onChange(job);
      },
    });
    this.#running = running;
    this.#options.onChange(job);
    const result = running.result.then(finish).then(
      (value) => {
        this.#end(job, { state: 'done', result: value });
        return value;
      },
      (error: unknown) => {
        const code = error instanceof JobFailed ? error.code : 'internal';
        const message = error instanceof Error ? error.message : String(error);
        this.#end(job, { state: code === 'cancelled' ? 'cancelled' : 'failed', error: { code, message } });
        throw error;
      },
    );
    result.catch(() => {}); // it is told with the job; who waits for it hears it as well
    return { id: job.id, result };
  }

  /** A short one that nobody watches, beside whatever runs. @throws ControlFault BackupRefused */
  async quick(spec: JobSpec, config?: unknown): Promise<unknown> {
    try {
      return await startJob(spec, { ...(config === undefined ? {} : { config }), onLine: this.#options.onLine }).result;
    } catch (error) {
      if (error instanceof JobFailed) throw refusalOf(error);
      throw error;
    }
  }

  cancel(id: string): void {
    if (this.get(id).state === 'running') this.#running?.cancel();
  }

  /** For the appliance's end: what runs is told to stop, and waited for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const running = this.#running;
    running?.cancel();
    await running?.result.catch(() => {}); // told with the job
  }

  #end(job: JobState, end: Pick<JobState, 'state' | 'result' | 'error'>): void {
    Object.assign(job, end, { endedAt: new Date().toISOString() });
    this.#running = undefined;
    this.#options.onChange(job);
  }
}

const codes: Readonly<Record<string, readonly [number, ErrorCode]>> = {
  internal: [500, 'Internal'],
  UNAVAILABLE: [503, 'Unavailable'],
  'in-use': [409, 'Busy'],
  'not-empty': [409, 'BackupNotEmpty'],
  'not-a-backup': [400, 'NotABackup'],
  'wrong-key': [400, 'BackupWrongKey'],
  'wrong-version': [400, 'BackupWrongVersion'],
  damaged: [400, 'BackupDamaged'],
  'disk-full': [400, 'BackupDiskFull'],
  unreachable: [400, 'BackupUnreachable'],
};

export function refusalOf(error: JobFailed): ControlFault {
  const [status, code] = codes[error.code] ?? [400, 'BackupRefused'];
  return new ControlFault(status, code, error.message);
}
