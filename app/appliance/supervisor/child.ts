/**
 * One running child: its pipes, its lines, its reports, its end. Knows nothing of states. On POSIX it leads its own process group, so that a
 * Ctrl-C in the terminal reaches the appliance alone (which then stops things in order), and a KILL reaches whatever the child has spawned.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { LineTail, readLines } from './child-lines.ts';
import type { SupervisorLimits } from './contract.ts';
import type { ProcessEnd, ProcessLaunch, WorkerReport } from './definition.ts';
import { signalProcess } from './pid-file.ts';

const endpointSchema = z.object({
  host: z.string(),
  port: z.number().int(),
  tls: z.enum(['none', 'starttls', 'implicit']),
});
const reportSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), endpoints: z.record(z.string(), endpointSchema) }),
  z.object({
    type: z.literal('failed'),
    reason: z.string(),
    message: z.string().optional(),
    problems: z.array(z.string()).optional(),
    service: z.string().optional(),
    host: z.string().optional(),
    port: z.number().optional(),
    code: z.string().optional(),
  }),
  z.object({ type: z.literal('alive') }),
  z.object({
    type: z.literal('numbers'),
    received: z.number(),
    sent: z.number(),
    clients: z.record(z.string(), z.number()),
  }),
]);

/** After its end, how long pipes may still hold lines (a grandchild can keep them open for ever). */
const LAST_LINES_MS = 500;

export type ChildEvents = {
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
  readonly onReport: (report: WorkerReport) => void;
  /** Once, when the process is gone and its last lines are read. */
  readonly onEnd: (end: ProcessEnd) => void;
  /** Right when it is gone, before the last lines: its pid may be reused from now on. */
  readonly onGone: (pid: number) => void;
};

export class Child {
  readonly #process: ChildProcess;
  readonly #tail: LineTail;
  readonly #events: ChildEvents;
  #lastFailure: ProcessEnd['report'];
  #ended = false;

  constructor(launch: ProcessLaunch, limits: Pick<SupervisorLimits, 'keptLines' | 'maxLineBytes'>, events: ChildEvents) {
    this.#tail = new LineTail(limits.keptLines);
    this.#events = events;
    const child = spawn(launch.program, launch.args, {
      stdio: ['pipe', 'pipe', 'pipe', ...(launch.reports ? (['pipe'] as const) : [])],
      detached: process.platform !== 'win32',
      windowsHide: true,
      env: launch.env ?? process.env,
      ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }),
    });
    this.#process = child;
    // A child that ends before it read its stdin breaks the pipe: its exit tells why.
    child.stdin?.on('error', () => undefined);
    if (launch.input !== undefined) child.stdin?.write(launch.input);
    if (!launch.lifeLine) child.stdin?.end();
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = child[name];
      if (stream === null) continue;
      readLines(stream, limits, (line) => {
        this.#tail.push(line);
        events.onLine(line, name);
      });
    }
    const reports = child.stdio[3];
    if (launch.reports && reports !== undefined && reports !== null) {
      readLines(reports as Readable, limits, (line) => this.#report(line));
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      this.#tail.push(`${launch.program}: ${error.code ?? error.message}`);
      this.#end(null, null);
    });
    child.on('exit', (code, signal) => {
      if (child.pid !== undefined) events.onGone(child.pid);
      const timer = setTimeout(() => this.#end(code, signal), LAST_LINES_MS);
      child.once('close', () => {
        clearTimeout(timer);
        this.#end(code, signal);
      });
    });
  }

  /** Undefined when it could not be spawned; then onEnd follows. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  get isGone(): boolean {
    return this.#ended || this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** A line on its stdin, when it has a life line. */
  say(line: string): void {
    const { stdin } = this.#process;
    if (stdin?.writable === true) stdin.write(`${line}\n`);
  }

  terminate(): void {
    if (this.isGone || this.pid === undefined) return;
    // Windows knows no TERM, but a closed life line says the same.
    if (process.platform === 'win32' && this.#process.stdin?.writable === true) this.#process.stdin.end();
    else signalProcess(this.pid, 'SIGTERM');
  }

  /** KILL, to the whole group where there are groups. */
  kill(): void {
    if (this.isGone || this.pid === undefined) return;
    if (process.platform === 'win32') this.#process.kill('SIGKILL');
    else if (!signalProcess(-this.pid, 'SIGKILL')) signalProcess(this.pid, 'SIGKILL');
  }

  #report(line: string): void {
    let report: WorkerReport;
    try {
      report = reportSchema.parse(JSON.parse(line));
    } catch {
      this.#events.onLine(`unreadable report: ${line.slice(0, 200)}`, 'stderr');
      return;
    }
    if (report.type === 'failed') this.#lastFailure = report;
    this.#events.onReport(report);
  }

  #end(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const stream of this.#process.stdio) stream?.destroy();
    this.#events.onEnd({ code, signal, lastLines: this.#tail.lines, report: this.#lastFailure });
  }
}
