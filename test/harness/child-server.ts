/**
 * A real server as a child of the test process: started on a free port, ready when its log says so, killed when the test process ends, however it
 * ends. It never keeps the test process alive: a test file that forgets to stop its servers still exits.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { startGuard, type Guard } from '../../app/appliance/supervisor/guard.ts';
import { freePort } from './free-port.ts';
import { waitFor } from './wait-for.ts';

export type ServerRecipe = {
  readonly binary: string;
  readonly title: string;
  readonly args: (port: number) => readonly string[];
  /** Written to its stdin, which is then closed. */
  readonly stdin?: (port: number) => string;
  /** Matches the log line that says it accepts connections. */
  readonly readyLine: RegExp;
  /** Matches the log when the port was taken between our look and its bind. */
  readonly portTakenLine: RegExp;
  /** Fixed port; default any free one. */
  readonly port?: number;
  readonly startTimeoutMs?: number;
};

const MAX_LOG_LINES = 400;
const STOP_TIMEOUT_MS = 20_000;

const running = new Set<ChildServer>();
let guard: Guard | undefined;

export class ChildServer {
  readonly #recipe: ServerRecipe;
  #child: ChildProcess | undefined;
  #log: string[] = [];
  #partialLine = '';
  #port = 0;
  #sawReady = false;
  #sawPortTaken = false;

  constructor(recipe: ServerRecipe) {
    this.#recipe = recipe;
  }

  get port(): number {
    return this.#port;
  }

  /** The pid while it runs. Throws when it does not. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined || !this.isRunning) throw new Error(`${this.#recipe.title} does not run`);
    return pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Its last log lines, for a failing test's message. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Starts it, on the port it had before if it ran before. Resolves when it accepts connections. */
  async start(): Promise<this> {
    if (this.isRunning) throw new Error(`${this.#recipe.title} already runs`);
    const fixed = this.#recipe.port ?? (this.#port === 0 ? undefined : this.#port);
    for (let attempt = 1; ; attempt += 1) {
      this.#port = fixed ?? (await freePort());
      const outcome = await this.#launch();
      if (outcome === 'ready') return this;
      // A just killed predecessor's port is free again within a moment; a stolen one is replaced.
      if (outcome === 'failed' || attempt >= 5)
        throw new Error(`${this.#recipe.title} did not start:\n${this.#log.slice(-20).join('\n')}`);
    }
  }

  /** Sends a signal and, for those that end it, waits until it is gone. SIGSTOP and SIGCONT return at once. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    child.kill(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
    await waitFor(() => !this.isRunning, { timeoutMs: STOP_TIMEOUT_MS, what: `${this.#recipe.title} to end after ${signal}` });
  }

  /** Ends it cleanly (TERM); KILL when it takes too long. */
  async stop(): Promise<void> {
    try {
      this.#child?.kill('SIGCONT');
      await this.kill('SIGTERM');
    } catch {
      await this.kill('SIGKILL');
    }
  }

  /** Ends it by the signal (default a clean TERM) and starts it again on the same port and data. */
  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.kill(signal);
    await this.start();
  }

  async #launch(): Promise<'ready' | 'port-taken' | 'failed'> {
    const { binary, args, stdin, startTimeoutMs = 60_000, title } = this.#recipe;
    this.#log = [];
    this.#sawReady = false;
    this.#sawPortTaken = false;
    const child = spawn(binary, args(this.#port), { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    let spawnError: Error | undefined;
    child.on('error', (error) => {
      spawnError = error;
    });
    running.add(this);
    guardChildren();
    const { pid } = child;
    if (pid !== undefined) guard?.add(pid);
    child.on('exit', () => {
      if (pid !== undefined) guard?.drop(pid);
      if (this.#child === child) running.delete(this);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin?.(this.#port) ?? '');
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    // Waiting below is by timers, so the process stays alive while it matters and only then.
    child.unref();
    for (const stream of [child.stdout, child.stderr])
      if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
    await waitFor(() => this.#sawReady || spawnError !== undefined || !this.isRunning, {
      timeoutMs: startTimeoutMs,
      what: `${title} to be ready`,
      intervalMs: 5,
    });
    if (this.#sawReady && this.isRunning) return 'ready';
    if (spawnError !== undefined) this.#log.push(String(spawnError));
    return this.#sawPortTaken ? 'port-taken' : 'failed';
  }

  #take(text: string): void {
    const lines = (this.#partialLine + text).split('\n');
    this.#partialLine = (lines.pop() ?? '').slice(-65_536);
    for (const line of lines) {
      this.#log.push(line);
      if (this.#recipe.readyLine.test(line)) this.#sawReady = true;
      if (this.#recipe.portTakenLine.test(line)) this.#sawPortTaken = true;
    }
    if (this.#log.length > MAX_LOG_LINES) this.#log.splice(0, this.#log.length - MAX_LOG_LINES);
  }

  killNow(): void {
    this.#child?.kill('SIGKILL');
  }
}

/** The guard covers kill -9 of the test process, the exit handler everything milder. */
function guardChildren(): void {
  if (guard !== undefined) return;
  guard = startGuard({ graceSeconds: 0 });
  process.on('exit', () => {
    for (const server of running) server.killNow();
  });
}
