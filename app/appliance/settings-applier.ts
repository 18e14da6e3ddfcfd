/**
 * Makes changed settings hold: some at once, some by new workers. Changes that come while workers restart are applied together afterwards, so that a
 * person who changes five ports waits once.
 */
import { type SettingName, settingOf } from './settings/registry.ts';
import type { Settings } from './settings/store.ts';
import { workerCount } from './worker-config.ts';

export interface ApplierOptions {
  readonly settings: Settings;
  readonly notice: (level: 'warn' | 'error', message: string) => void;
  readonly restartWorkers: () => Promise<void>;
  readonly setWorkers: (count: number) => Promise<void>;
  readonly choosePorts: () => Promise<void>;
  readonly checkCertificate: () => void;
  /** The GUI listens elsewhere. */
  readonly moveGui: () => Promise<void>;
  readonly setLogs: () => void;
}

/** Changes within this time are one. */
const gatherMs = 100;

export class SettingsApplier {
  readonly #options: ApplierOptions;
  readonly #pending = new Set<SettingName>();
  #workers: number;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#workers = workerCount(options.settings);
  }

  apply(changed: readonly SettingName[]): void {
    if (changed.some((name) => /^(log|metrics)\./.test(name))) this.#options.setLogs();
    if (changed.includes('gui.host')) {
      this.#options.moveGui().catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.notice('error', `The GUI cannot be reached from other computers: ${reason}`);
      });
    }
    if (changed.some((name) => name.startsWith('server.'))) this.#options.checkCertificate();
    for (const name of changed) if (this.#needsWorkers(name)) this.#pending.add(name);
    if (this.#pending.size > 0 && !this.#closed) this.#timer ??= setTimeout(() => this.#begin(), gatherMs);
  }

  /** Waits for what is under way; nothing new begins. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Of further names workers know only that a public authority is to be asked for them; the local one's certificate is sent to those that run. */
  #needsWorkers(name: SettingName): boolean {
    if (name === 'server.names') return this.#options.settings.get('acme.enabled');
    return settingOf(name).restart === 'worker';
  }

  #begin(): void {
    this.#timer = undefined;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#pending.size > 0 && !this.#closed) {
      const names = [...this.#pending];
      this.#pending.clear();
      try {
        await this.#options.choosePorts();
        await this.#renewWorkers(names);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.notice('error', `Changed settings (${names.join(', ')}) do not hold yet: ${reason}`);
      }
    }
  }

  async #renewWorkers(names: readonly SettingName[]): Promise<void> {
    const count = workerCount(this.#options.settings);
    const former = this.#workers;
    this.#workers = count;
    if (count < former) await this.#options.setWorkers(count);
    // Between one worker and several the way of listening changes: those that stay must listen anew.
    const listensAnew = count > 1 !== former > 1;
    if (listensAnew || names.some((name) => name !== 'workers')) await this.#options.restartWorkers();
    if (count > former) await this.#options.setWorkers(count);
  }
}
