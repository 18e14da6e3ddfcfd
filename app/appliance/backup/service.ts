/** Backups and restores of this appliance: which folder, with which key, when; and what has to stand still meanwhile. */
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Logger } from '../../../server/base/log.ts';
import type { Job } from '../../../server/jobs/contract.ts';
import { type Backups, backupsSchema, storageSchema, type StorageUse } from '../control/contract-backup.ts';
import { ControlFault } from '../control/fault.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { JobFailed } from '../jobs/job-process.ts';
import type { DataPaths } from '../paths.ts';
import { writePrivately } from '../secrets.ts';
import type { Settings } from '../settings/store.ts';
import { version } from '../version.ts';
import { applianceFiles, takeApplianceFiles, takeSealingKeys } from './appliance-files.ts';
import { nextBackup } from './schedule.ts';

export type BackupServiceOptions = {
  readonly paths: DataPaths;
  readonly settings: Settings;
  readonly jobs: Jobs;
  readonly log: Logger;
  /** Undefined while the databases are not known. */
  readonly workerConfig: () => unknown;
  readonly stopWorkers: () => Promise<void>;
  readonly startWorkers: () => Promise<void>;
  /** Certificates have been put into their folder. */
  readonly reloadCertificate: () => Promise<void>;
  readonly notice: (level: 'info' | 'warn' | 'error', message: string) => void;
};

const keySchema = z.object({ folder: z.string(), id: z.string(), dataKey: z.base64() });
const stateSchema = z.object({
  lastTryMs: z.number().optional(),
  lastBackupMs: z.number().optional(),
  lastFailure: z.object({ at: z.iso.datetime(), code: z.string(), message: z.string() }).optional(),
});
type State = z.infer<typeof stateSchema>;

const listSchema = backupsSchema.pick({ backups: true, freeBytes: true }).extend({ id: z.string() });
const LOOK_EVERY_MS = 60_000;

export type From = { readonly folder: string; readonly secret: string };
type Source = { folder: string; unlock: { secret: string } | { dataKey: string } };

export class BackupService {
  readonly #options: BackupServiceOptions;
  readonly #keyFile: string;
  readonly #stateFile: string;
  #state: State;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BackupServiceOptions) {
    this.#options = options;
    this.#keyFile = path.join(options.paths.secrets, 'backup-key.json');
    this.#stateFile = path.join(path.dirname(options.paths.settings), 'backups.json');
    this.#state = readJson(this.#stateFile, stateSchema) ?? {};
  }

  /** The schedule begins. */
  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async overview(): Promise<Backups> {
    const { settings } = this.#options;
    const folder = settings.get('backup.folder');
    const nextMs = this.#nextMs();
    const common = {
      folder,
      backups: [],
      ...(nextMs === undefined ? {} : { nextAt: new Date(nextMs).toISOString() }),
      ...(this.#state.lastFailure === undefined ? {} : { lastFailure: this.#state.lastFailure }),
    };
    if (folder === '') return { ...common, state: 'none' };
    try {
      const { id, backups, freeBytes } = await this.#list(folder);
      return {
        ...common,
        backups,
        ...(freeBytes === undefined ? {} : { freeBytes }),
        state: this.#key()?.id === id ? 'ready' : 'locked',
      };
    } catch (error) {
      if (!(error instanceof ControlFault)) throw error;
      return { ...common, state: 'unreachable', reason: error.message };
    }
  }

  async look(folder: string): Promise<{ backups: Backups['backups'] }> {
    return { backups: (await this.#list(absolute(folder))).backups };
  }

  async useFolder(given: string, passphrase: string): Promise<{ created: boolean; recoveryKey?: string }> {
    const { jobs, settings, paths } = this.#options;
    const folder = absolute(given);
    const relative = path.relative(paths.root, folder);
    if (relative === '' || !(relative.startsWith('..') || path.isAbsolute(relative))) {
      throw new ControlFault(
        400,
        'BackupRefused',
        'A backup inside the data folder is lost with it. Choose a folder elsewhere, best on another disk.',
      );
    }
    const key = z.object({ id: z.string(), dataKey: z.base64(), recoveryKey: z.string().optional() });
    const exists = await this.#list(folder).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ControlFault && error.code === 'NotABackup') return false;
        throw error;
      },
    );
    const job: Job = exists
      ? { kind: 'open-folder', folder, unlock: { secret: passphrase } }
      : { kind: 'create-folder', folder, passphrase };
    const { id, dataKey, recoveryKey } = key.parse(await jobs.quick(job));
    writePrivately(this.#keyFile, `${JSON.stringify({ folder, id, dataKey })}\n`);
    settings.set(new Map([['backup.folder', folder]]), 'backup');
    this.#save({});
    return { created: !exists, ...(recoveryKey === undefined ? {} : { recoveryKey }) };
  }

  async changePassphrase(passphrase: string): Promise<void> {
    await this.#options.jobs.quick({ kind: 'change-passphrase', ...this.#source(), passphrase });
  }

  /** Answers the job's id. @throws ControlFault */
  backupNow(): string {
    const { jobs, paths, settings, log, notice } = this.#options;
    const source = this.#source();
    const config = this.#config();
    const scratch = this.#scratch();
    this.#save({ ...this.#state, lastTryMs: Date.now() });
    const keep = {
      daily: settings.get('backup.keepDaily'),
      weekly: settings.get('backup.keepWeekly'),
      monthly: settings.get('backup.keepMonthly'),
    };
    try {
      const files = applianceFiles(paths, scratch);
      const { id, result } = jobs.begin('backup', { kind: 'backup', ...source, mallard: version, files, keep }, { config });
      result
        .then(
          () => {
            this.#save({ lastTryMs: this.#state.lastTryMs, lastBackupMs: Date.now() });
            log.info('a backup was made', { folder: source.folder });
          },
          (error: unknown) => {
            if (error instanceof JobFailed && error.code === 'cancelled') return;
            const message = error instanceof Error ? error.message : String(error);
            const code = error instanceof JobFailed ? error.code : 'internal';
            this.#save({ ...this.#state, lastFailure: { at: new Date().toISOString(), code, message } });
            notice('error', `The backup failed: ${message}`);
          },
        )
        .finally(() => rmSync(scratch, { recursive: true, force: true }));
      return id;
    } catch (error) {
      rmSync(scratch, { recursive: true, force: true });
      throw error;
    }
  }

  verify(backup: string): string {
    return this.#options.jobs.begin('verify', { kind: 'verify', ...this.#source(), backup }).id;
  }

  async remove(backup: string): Promise<void> {
    await this.#options.jobs.quick({ kind: 'remove', ...this.#source(), backup });
  }

  users(from: From | undefined, backup: string | undefined): string {
    const job: Job = { kind: 'users', ...this.#source(from), ...(backup === undefined ? {} : { backup }) };
    return this.#options.jobs.begin('users', job).id;
  }

  restoreUser(
    from: From | undefined,
    what: { backup?: string | undefined; user: string; mailbox?: string | undefined; beside: boolean; dryRun: boolean },
  ): string {
    const { backup, user, mailbox, beside, dryRun } = what;
    const job: Job = {
      kind: 'restore-user',
      ...this.#source(from),
      user,
      dryRun,
      ...(backup === undefined ? {} : { backup }),
      ...(mailbox === undefined ? {} : { mailbox }),
      ...(beside ? { beside: `Restored ${localDay(new Date())}` } : {}),
    };
    return this.#options.jobs.begin(dryRun ? 'preview' : 'restore', job, { config: this.#config() }).id;
  }

  /** Everything. Workers stand still from the moment at which something is changed. */
  async restoreAll(from: From | undefined, what: { backup?: string | undefined; replace: boolean }): Promise<string> {
    const { jobs, paths, settings, log, stopWorkers, startWorkers, reloadCertificate, notice } = this.#options;
    const source = this.#source(from);
    const config = this.#config();
    await this.#list(source.folder);
    if (!what.replace && !z.object({ empty: z.boolean() }).parse(await jobs.quick({ kind: 'is-empty' }, config)).empty) {
      throw new ControlFault(
        409,
        'BackupNotEmpty',
        'There are users or mail here already. Restore one user or one mailbox, or say that everything is to be replaced.',
      );
    }
    const scratch = this.#scratch();
    let stopped = false;
    const { id, result } = jobs.begin(
      'restore-all',
      {
        kind: 'restore-all',
        ...source,
        ...(what.backup === undefined ? {} : { backup: what.backup }),
        replace: what.replace,
        filesTo: scratch,
      },
      {
        config,
        onReady: async () => {
          stopped = true;
          await stopWorkers();
        },
      },
      async (value) => {
        takeSealingKeys(paths, scratch);
        const changed = takeApplianceFiles(paths, settings, scratch);
        log.info('a backup was restored', { settings: changed.length });
        await reloadCertificate();
        await startWorkers();
        stopped = false;
        return value;
      },
    );
    result
      .catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        if (!(error instanceof JobFailed && error.code === 'cancelled' && !stopped))
          notice('error', `The restore failed: ${message}`);
      })
      .then(async () => {
        rmSync(scratch, { recursive: true, force: true });
        if (stopped) await startWorkers();
      })
      .catch((error: unknown) => notice('error', `After the restore: ${error instanceof Error ? error.message : String(error)}`));
    return id;
  }

  async storage(): Promise<StorageUse> {
    const answer = storageSchema.parse(await this.#options.jobs.quick({ kind: 'storage' }, this.#config()));
    try {
      const { bavail, bsize, blocks } = statfsSync(this.#options.paths.root);
      return { ...answer, freeBytes: bavail * bsize, diskBytes: blocks * bsize };
    } catch {
      // Some file systems do not tell.
      return answer;
    }
  }

  #look(): void {
    const nextMs = this.#nextMs();
    if (nextMs === undefined || nextMs > Date.now() || this.#options.jobs.isBusy) return;
    if (this.#options.workerConfig() === undefined) return;
    try {
      this.backupNow();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#save({ lastTryMs: Date.now(), lastFailure: { at: new Date().toISOString(), code: 'refused', message } });
      this.#options.notice('error', `The backup could not begin: ${message}`);
    }
  }

  #nextMs(): number | undefined {
    const { settings } = this.#options;
    if (settings.get('backup.folder') === '') return undefined;
    const { lastBackupMs, lastTryMs } = this.#state;
    return nextBackup(
      { every: settings.get('backup.schedule'), hour: settings.get('backup.hour') },
      { lastBackupMs, lastTryMs },
      Date.now(),
    );
  }

  async #list(folder: string): Promise<z.infer<typeof listSchema>> {
    return listSchema.parse(await this.#options.jobs.quick({ kind: 'list', folder }));
  }

  #source(from?: From): Source {
    if (from !== undefined) return { folder: absolute(from.folder), unlock: { secret: from.secret } };
    const folder = this.#options.settings.get('backup.folder');
    if (folder === '') throw new ControlFault(400, 'BackupRefused', 'No folder for backups is chosen yet.');
    const key = this.#key();
    if (key === undefined || key.folder !== folder) {
      throw new ControlFault(400, 'BackupRefused', 'The key of the backup folder is not known here: give its passphrase once.');
    }
    return { folder, unlock: { dataKey: key.dataKey } };
  }

  #config(): unknown {
    const config = this.#options.workerConfig();
    if (config === undefined) throw new ControlFault(503, 'Unavailable', 'The databases are not running.');
    return config;
  }

  #key(): z.infer<typeof keySchema> | undefined {
    return readJson(this.#keyFile, keySchema);
  }

  #save(state: State): void {
    this.#state = state;
    writePrivately(this.#stateFile, `${JSON.stringify(state)}\n`);
  }

  /** Beside the data, because what goes through it is as secret. */
  #scratch(): string {
    return mkdtempSync(path.join(this.#options.paths.run, 'backup-'));
  }
}

function absolute(folder: string): string {
  if (!path.isAbsolute(folder)) {
    throw new ControlFault(400, 'BackupRefused', 'Name the folder with its whole path.');
  }
  return path.resolve(folder);
}

function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return schema.parse(JSON.parse(text));
}

/** 2026-11-24, as the person's calendar has it. */
function localDay(at: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
