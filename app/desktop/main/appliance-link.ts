/**
 * Finds the appliance of a data directory or starts one, and follows it.
 *
 * An appliance that runs already (a service, `mallard start` in a terminal) is attached to and outlives the app. Otherwise one is started as a child
 * and stops with the app. A child that crashes is started again with growing pauses; after too many crashes in a window it stays down with the
 * reason, until a person asks. Knows no Electron.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type ControlFile, readControlFile } from '../../appliance/control/control-file.ts';
import { type ControlEvent, routes, type Status } from '../../appliance/control/contract.ts';
import { dataPaths } from '../../appliance/paths.ts';
import { ApplianceChild, type ApplianceProgram } from './appliance-child.ts';
import { Control } from './control.ts';

export type Home = 'none' | 'child' | 'attached';
export interface LinkState {
  readonly phase: 'starting' | 'connected' | 'stopping' | 'stopped' | 'failed';
  readonly home: Home;
  /** What was said while it started, newest last. */
  readonly lines: readonly string[];
  /** Phase connected. */
  readonly status?: Status;
}

export interface LinkOptions {
  readonly dataDir: string;
  readonly settings: readonly string[];
  /** Undefined when it is missing from the installation. */
  readonly program: ApplianceProgram | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly onState: (state: LinkState) => void;
  readonly onEvent?: (event: ControlEvent) => void;
  /** Said when the program is missing, and when a child crashes. */
  readonly words: { readonly noAppliance: string; readonly crashedOften: string; readonly crashed: string };
  readonly limits?: Partial<LinkLimits>;
}

export interface LinkLimits {
  /** How long an attached appliance may be unreachable (its service restarts) before it counts as stopped. */
  readonly lostMs: number;
  readonly backoffFirstMs: number;
  readonly backoffLongestMs: number;
  readonly crashesToFail: number;
  readonly crashWindowMs: number;
  /** How long a stop may take before the child is killed: mongod alone may need a minute. */
  readonly stopMs: number;
}
const defaults: LinkLimits = {
  lostMs: 30_000,
  backoffFirstMs: 1000,
  backoffLongestMs: 60_000,
  crashesToFail: 5,
  crashWindowMs: 600_000,
  stopMs: 150_000,
};

const keptLines = 100;
const pollMs = 50;

export class ApplianceLink {
  readonly #options: LinkOptions;
  readonly #limits: LinkLimits;
  readonly #controlFile: string;
  #state: LinkState = { phase: 'stopped', home: 'none', lines: [] };
  #child: ApplianceChild | undefined;
  #control: Control | undefined;
  #crashes: number[] = [];
  /** Ends whatever the present run waits for. */
  #run = new AbortController();
  #stopping: Promise<void> | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#limits = { ...defaults, ...options.limits };
    this.#controlFile = dataPaths(options.dataDir).control;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Undefined while there is no connection. */
  get control(): Control | undefined {
    return this.#control;
  }

  /** Attaches or starts. Resolves when it is connected or has failed; the state says which. Without effect while one runs. */
  async start(): Promise<void> {
    if (this.#stopping !== undefined) await this.#stopping;
    if (this.#state.phase !== 'stopped' && this.#state.phase !== 'failed') return;
    this.#crashes = [];
    this.#run = new AbortController();
    this.#set({ phase: 'starting', home: 'none', lines: [] });
    if (await this.#attach(0)) return;
    await this.#startChild();
  }

  /** After a sleep of the computer: the connection is made anew at once instead of waiting for its time to run out. */
  async refresh(): Promise<void> {
    try {
      const status = await this.#control?.call(routes.status, { timeoutMs: 3000 });
      if (status !== undefined && this.#state.phase === 'connected') this.#set({ status });
    } catch {
      // The event stream notices by itself and looks for the appliance again.
    }
  }

  /**
   * A child is stopped with everything; an appliance that was there before is only let go. Resolves when that is done.
   * @returns in the state stopped
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    if (this.#state.phase === 'stopped' || (this.#state.phase === 'failed' && child === undefined)) return;
    this.#set({ phase: 'stopping' });
    this.#run.abort();
    if (child !== undefined) {
      child.askToStop();
      const deadline = setTimeout(() => child.kill(), this.#limits.stopMs);
      await child.ended;
      clearTimeout(deadline);
    }
    this.#child = undefined;
    this.#control = undefined;
    this.#set({ phase: 'stopped', home: 'none' });
  }

  /** @param patienceMs how long to go on looking. @returns whether one was found */
  async #attach(patienceMs: number): Promise<boolean> {
    const until = Date.now() + patienceMs;
    const { signal } = this.#run;
    for (;;) {
      const file = readControlFile(this.#controlFile);
      const status = file === undefined ? undefined : await reach(file);
      if (signal.aborted) return true;
      if (file !== undefined && status !== undefined) {
        this.#connected('attached', file, status);
        void this.#followAttached(signal);
        return true;
      }
      if (Date.now() >= until) return false;
      await wait(pollMs * 4, signal);
    }
  }

  async #followAttached(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#follow(signal);
      if (signal.aborted) return;
      this.#control = undefined;
      this.#set({ phase: 'starting' });
      // A service that is restarted comes back with another token.
      const found = await this.#reachAgain(signal);
      if (signal.aborted) return;
      if (!found) return this.#set({ phase: 'stopped', home: 'none' });
    }
  }

  async #reachAgain(signal: AbortSignal): Promise<boolean> {
    const until = Date.now() + this.#limits.lostMs;
    while (Date.now() < until && !signal.aborted) {
      const file = readControlFile(this.#controlFile);
      const status = file === undefined ? undefined : await reach(file);
      if (file !== undefined && status !== undefined && !signal.aborted) {
        this.#connected('attached', file, status);
        return true;
      }
      await wait(pollMs * 4, signal);
    }
    return false;
  }

  async #startChild(): Promise<void> {
    const { program, dataDir, settings, env, words } = this.#options;
    if (program === undefined) return this.#set({ phase: 'failed', home: 'none', lines: [words.noAppliance] });
    const { signal } = this.#run;
    const child = new ApplianceChild({
      program,
      dataDir,
      settings,
      ...(env === undefined ? {} : { env }),
      onLine: (line) => this.#say(line),
    });
    this.#child = child;
    this.#set({ home: 'child' });
    let code: number | null | undefined;
    const ended = child.ended.then((exit) => {
      code = exit;
    });
    while (code === undefined && !signal.aborted) {
      const file = readControlFile(this.#controlFile);
      // One that was left by a killed appliance names another process.
      const status = file?.pid === child.pid && file !== undefined ? await reach(file) : undefined;
      if (signal.aborted) return;
      if (file !== undefined && status !== undefined) {
        this.#connected('child', file, status);
        void this.#followChild(child, ended, () => code, signal);
        return;
      }
      await Promise.race([wait(pollMs, signal), ended]);
    }
    if (!signal.aborted) await this.#notStarted();
  }

  async #followChild(
    child: ApplianceChild,
    ended: Promise<void>,
    code: () => number | null | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    let everReady = false;
    const watch = (event: ControlEvent): void => {
      if (event.type === 'status' && event.status.state === 'running') everReady = true;
    };
    if (this.#state.status?.state === 'running') everReady = true;
    while (code() === undefined && !signal.aborted) {
      await this.#follow(signal, watch);
      await Promise.race([wait(pollMs * 4, signal), ended]);
    }
    if (signal.aborted) return;
    this.#control = undefined;
    if (this.#child === child) this.#child = undefined;
    // Asked to stop by somebody else: `mallard stop`, the GUI.
    if (code() === 0) return this.#set({ phase: 'stopped', home: 'none' });
    if (!everReady) return this.#notStarted();
    await this.#afterCrash(signal);
  }

  /** It ended before it was ready. Perhaps because another one was quicker; else a person must see why. */
  async #notStarted(): Promise<void> {
    this.#child = undefined;
    const { lines } = this.#state;
    if (lines.some((line) => line.includes('already served by another Mallard'))) {
      this.#set({ phase: 'starting', home: 'none' });
      if (await this.#attach(this.#limits.lostMs)) return;
    }
    this.#set({ phase: 'failed', home: 'none' });
  }

  async #afterCrash(signal: AbortSignal): Promise<void> {
    const { words } = this.#options;
    const now = Date.now();
    this.#crashes = [...this.#crashes.filter((at) => now - at < this.#limits.crashWindowMs), now];
    if (this.#crashes.length >= this.#limits.crashesToFail) {
      this.#say(words.crashedOften);
      return this.#set({ phase: 'failed', home: 'none' });
    }
    this.#set({ phase: 'starting', home: 'child' });
    this.#say(words.crashed);
    const backoff = this.#limits.backoffFirstMs * 2 ** (this.#crashes.length - 1);
    await wait(Math.min(backoff, this.#limits.backoffLongestMs), signal);
    if (!signal.aborted) await this.#startChild();
  }

  async #follow(signal: AbortSignal, watch?: (event: ControlEvent) => void): Promise<void> {
    const control = this.#control;
    if (control === undefined) return;
    await control.follow((event) => {
      if (signal.aborted) return;
      watch?.(event);
      if (event.type === 'status') this.#set({ status: event.status });
      this.#options.onEvent?.(event);
    }, signal);
  }

  #connected(home: Home, file: ControlFile, status: Status): void {
    this.#control = new Control(file);
    this.#set({ phase: 'connected', home, status });
  }

  #say(line: string): void {
    this.#set({ lines: [...this.#state.lines, line].slice(-keptLines) });
  }

  #set(change: Partial<LinkState>): void {
    const { status, ...rest } = { ...this.#state, ...change };
    this.#state = rest.phase === 'connected' && status !== undefined ? { ...rest, status } : rest;
    this.#options.onState(this.#state);
  }
}

async function reach(file: ControlFile): Promise<Status | undefined> {
  try {
    return await new Control(file).call(routes.status, { timeoutMs: 3000 });
  } catch {
    // Not yet, or not any more.
    return undefined;
  }
}

/** Ends early, and quietly, by the signal. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}
