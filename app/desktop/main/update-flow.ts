/**
 * An update, step by step: look, fetch, and, when a person says so, stop the mail server, keep a copy of its data, install. Never by itself, never
 * while the app quits: an installer that meets a running database leaves half an installation, and one that a log-off interrupts an empty folder.
 * Whatever fails before the installer runs, the mail server is started again and the reason is told. Knows no Electron: the updater is given.
 */
import type { UpdateState } from '../bridge.ts';

/** The part of electron-updater that is used. */
export interface Updater {
  /** The newest version, or undefined when it is not newer than this one. */
  check(): Promise<string | undefined>;
  download(onPercent: (percent: number) => void): Promise<void>;
  /** Ends this app and runs the installer, which starts the new one. */
  install(): void;
}

export interface UpdateFlowOptions {
  /** Undefined: this app was not installed in a way that can be updated (from the sources, by a package manager). */
  readonly updater: Updater | undefined;
  readonly currentVersion: string;
  readonly onState: (state: UpdateState) => void;
  /** Why an installation may not begin now, in words. */
  readonly refusal: () => string | undefined;
  /** Resolves with whether the person agreed. */
  readonly confirm: (version: string) => Promise<boolean>;
  /** Stops the mail server. Resolves when its last process has gone, and rejects when one has not. */
  readonly drain: () => Promise<void>;
  readonly keepCopy: (onPart: (part: number) => void) => Promise<void>;
  readonly restart: () => Promise<void>;
  readonly failedText: string;
}

export class UpdateFlow {
  readonly #options: UpdateFlowOptions;
  #state: UpdateState;
  #busy = false;

  constructor(options: UpdateFlowOptions) {
    this.#options = options;
    this.#state = { phase: options.updater === undefined ? 'unavailable' : 'idle' };
  }

  get state(): UpdateState {
    return this.#state;
  }

  async check(): Promise<UpdateState> {
    const { updater, currentVersion } = this.#options;
    if (updater === undefined || this.#busy || this.#state.phase === 'ready') return this.#state;
    return this.#exclusively(async () => {
      this.#set({ phase: 'checking' });
      const version = await updater.check();
      // The updater has been told so too; a server that offers an older one anyway is not believed.
      const newer = version !== undefined && isNewer(version, currentVersion);
      this.#set(newer ? { phase: 'available', version } : { phase: 'idle' });
    });
  }

  async download(): Promise<UpdateState> {
    const { updater } = this.#options;
    const { version } = this.#state;
    if (updater === undefined || this.#busy || this.#state.phase !== 'available' || version === undefined) return this.#state;
    return this.#exclusively(async () => {
      this.#set({ phase: 'downloading', version, percent: 0 });
      await updater.download((percent) => this.#set({ phase: 'downloading', version, percent: Math.round(percent) }));
      this.#set({ phase: 'ready', version });
    });
  }

  async install(): Promise<void> {
    const { updater, refusal, confirm, drain, keepCopy, restart } = this.#options;
    const { version } = this.#state;
    if (updater === undefined || this.#busy || this.#state.phase !== 'ready' || version === undefined) return;
    const reason = refusal();
    if (reason !== undefined) return this.#set({ phase: 'ready', version, message: reason });
    await this.#exclusively(async () => {
      if (!(await confirm(version))) return;
      this.#set({ phase: 'installing', version, percent: 0 });
      try {
        await drain();
        await keepCopy((part) => this.#set({ phase: 'installing', version, percent: Math.round(part * 100) }));
        updater.install();
      } catch (error) {
        await restart();
        throw error;
      }
    });
  }

  async #exclusively(work: () => Promise<void>): Promise<UpdateState> {
    this.#busy = true;
    const { version } = this.#state;
    try {
      await work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = this.#state.phase === 'installing' ? `${this.#options.failedText} ${why}` : why;
      this.#set({ phase: 'failed', message: message.slice(0, 500), ...(version === undefined ? {} : { version }) });
    } finally {
      this.#busy = false;
    }
    return this.#state;
  }

  #set(state: UpdateState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}

/** By Semantic Versioning's order, of the three numbers; a pre-release is older than its release. */
export function isNewer(version: string, than: string): boolean {
  const [a, b] = [parts(version), parts(than)];
  for (let at = 0; at < 3; at += 1) {
    const difference = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  if (a.pre === b.pre) return false;
  if (a.pre === '' || b.pre === '') return a.pre === '';
  return a.pre > b.pre;
}

function parts(version: string): { numbers: number[]; pre: string } {
  const [core = '', pre = ''] = version.replace(/^v/, '').split('+')[0]?.split(/-(.*)/s) ?? [];
  return { numbers: core.split('.').map(Number), pre };
}
