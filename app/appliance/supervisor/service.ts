/**
 * Runs one service: carries out what the state machine decides (launch, terminate, wait) and tells it what happened. Every asynchronous step carries
 * the number of its launch, so that what belongs to an earlier life (a download that ends after the stop, a probe of a child that is gone) is
 * ignored.
 */
import type { Endpoints, Failure, ServiceStatus, SupervisorEvent, SupervisorLimits } from './contract.ts';
import { Child } from './child.ts';
import {
  StartFault,
  type Explanation,
  type Launch,
  type ProcessEnd,
  type ProcessLaunch,
  type ServiceDefinition,
} from './definition.ts';
import type { WorkerNumbers } from './contract.ts';
import type { Guard } from './guard.ts';
import type { LineSource } from '../logs/line.ts';
import { endOrphan, pidFileOf, removePidFile, writePidFile } from './pid-file.ts';
import { residentBytes } from './resident-memory.ts';
import { advance, initialMachine, type Effect, type Machine, type MachineEvent } from './state-machine.ts';

export type ServiceHost = {
  readonly limits: SupervisorLimits;
  readonly runDir: string;
  readonly guard: Guard;
  readonly onLine: (text: string, source: LineSource) => void;
  readonly emit: (event: SupervisorEvent) => void;
};

/** One attempt of a probe; the deadline for starting spans many. */
const PROBE_TIMEOUT_MS = 5_000;
const SHUTDOWN_COMMAND_TIMEOUT_MS = 5_000;
const FIRST_PROBE_PAUSE_MS = 25;
const LONGEST_PROBE_PAUSE_MS = 500;
/** An external server is there or not; there is no start to wait for. */
const EXTERNAL_TIMEOUT_MS = 10_000;
/** After the service's own shutdown was accepted and its time is over: TERM gets this long before KILL. */
const TERM_AFTER_SHUTDOWN_MS = 10_000;

export class ManagedService {
  readonly definition: ServiceDefinition;
  readonly #host: ServiceHost;
  #machine: Machine = initialMachine(Date.now());
  #life = 0;
  #cancelPrepare: AbortController | undefined;
  #launch: Launch | undefined;
  #child: Child | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #probeTimer: NodeJS.Timeout | undefined;
  #memoryTimer: NodeJS.Timeout | undefined;
  #rssBytes: number | undefined;
  #progress: string | undefined;
  #endpoints: Endpoints | undefined;
  #numbers: WorkerNumbers | undefined;
  #lastAliveAt: number | undefined;
  /** We ended the child because of this; its exit code is then of no interest. */
  #verdict: Explanation | undefined;
  readonly #watchers = new Set<() => void>();

  constructor(definition: ServiceDefinition, host: ServiceHost) {
    this.definition = definition;
    this.#host = host;
  }

  get status(): ServiceStatus {
    const { state, since, restarts, failure, retryAt } = this.#machine;
    const launch = this.#launch;
    const pid = this.#child?.isGone === false ? this.#child.pid : undefined;
    const running = launch?.external === false && state !== 'stopped' ? launch : undefined;
    return {
      name: this.definition.name,
      kind: this.definition.kind,
      state,
      external: launch?.external === true,
      since,
      restarts,
      ...(pid === undefined ? {} : { pid }),
      ...(running?.port === undefined ? {} : { port: running.port }),
      ...(running?.version === undefined ? {} : { version: running.version }),
      ...(pid === undefined || this.#rssBytes === undefined ? {} : { rssBytes: this.#rssBytes }),
      ...(this.#progress === undefined ? {} : { progress: this.#progress }),
      ...(failure === undefined ? {} : { failure }),
      ...(retryAt === undefined ? {} : { retryAt }),
      ...(this.#endpoints === undefined ? {} : { endpoints: this.#endpoints }),
      ...(this.#numbers === undefined ? {} : { numbers: this.#numbers }),
    };
  }

  /** Begins to start it, unless it runs or is starting. */
  start(): void {
    this.#dispatch({ type: 'start' });
  }

  /** Begins to stop it. */
  stop(): void {
    this.#dispatch({ type: 'stop' });
  }

  /** Resolves with the status once it is as wanted. */
  async until(wanted: (status: ServiceStatus) => boolean): Promise<ServiceStatus> {
    for (;;) {
      const { status } = this;
      if (wanted(status)) return status;
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  /** A command on the child's stdin. */
  say(line: string): void {
    if (this.#launch?.external === false && this.#launch.lifeLine) this.#child?.say(line);
  }

  #dispatch(event: MachineEvent): void {
    const { limits } = this.#host;
    // What others run is looked for until it is there: nobody here could do anything about it.
    const crashesToFail = this.#launch?.external === true ? Number.POSITIVE_INFINITY : limits.crashesToFail;
    const step = advance(this.#machine, event, { ...limits, crashesToFail }, Date.now());
    for (const machine of step.path) {
      const previous = this.#machine.state;
      this.#machine = machine;
      if (machine.state !== 'starting') this.#progress = undefined;
      this.#host.emit({ type: 'state', previous, service: this.status });
    }
    for (const effect of step.effects) this.#carryOut(effect);
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'launch':
        this.#life += 1;
        void this.#launchOnce(this.#life);
        return;
      case 'terminate':
        void this.#terminate(this.#life);
        return;
      case 'schedule-retry':
        this.#retryTimer = setTimeout(() => this.#dispatch({ type: 'retry' }), effect.delayMs);
        return;
      case 'cancel-retry':
        clearTimeout(this.#retryTimer);
        return;
    }
  }

  /** Never rejects: whatever goes wrong is the end of this life. */
  async #launchOnce(life: number): Promise<void> {
    const cancel = new AbortController();
    this.#cancelPrepare = cancel;
    this.#verdict = undefined;
    this.#lastAliveAt = undefined;
    try {
      await endOrphan(pidFileOf(this.#host.runDir, this.definition.name), this.#host.limits.stopTimeoutMs[this.definition.kind]);
      if (life !== this.#life) return;
      const launch = await this.definition.prepare({
        progress: (text) => life === this.#life && this.#showProgress(text),
        notice: (level, message) => this.#host.emit({ type: 'notice', level, message, service: this.definition.name }),
        signal: cancel.signal,
      });
      if (life !== this.#life || cancel.signal.aborted) return;
      this.#cancelPrepare = undefined;
      this.#launch = launch;
      this.#showProgress(undefined);
      if (!launch.external) this.#spawn(life, launch);
      await this.#becomeReady(life, launch);
    } catch (error) {
      if (life !== this.#life || cancel.signal.aborted) return;
      this.#cancelPrepare = undefined;
      const explanation: Explanation =
        error instanceof StartFault
          ? error.explanation
          : { kind: 'spawn', message: error instanceof Error ? error.message : String(error), final: false };
      if (this.#child === undefined) this.#ended(explanation, { code: null, signal: null, lastLines: [], report: undefined });
      else this.#condemn(life, explanation);
    }
  }

  #spawn(life: number, launch: ProcessLaunch): void {
    const { name, format } = this.definition;
    const { guard, runDir, limits } = this.#host;
    const pidFile = pidFileOf(runDir, name);
    const child: Child = new Child(launch, limits, {
      onLine: (text, stream) => {
        const { pid } = child;
        this.#host.onLine(text, { service: name, format, stream, ...(pid === undefined ? {} : { pid }) });
      },
      onReport: (report) => {
        if (life !== this.#life) return;
        if (report.type === 'alive') this.#lastAliveAt = Date.now();
        if (report.type === 'numbers') {
          const { received, sent, clients } = report;
          this.#numbers = { received, sent, clients };
        }
        if (report.type === 'ready') {
          this.#endpoints = report.endpoints;
          this.#becameReady(life, launch);
        }
      },
      onGone: (pid) => {
        guard.drop(pid);
        removePidFile(pidFile);
      },
      onEnd: (end) => void this.#childEnded(life, launch, end),
    });
    this.#child = child;
    if (child.pid === undefined) return;
    guard.add(child.pid);
    writePidFile(pidFile, child.pid);
    this.#rssBytes = undefined;
  }

  async #becomeReady(life: number, launch: Launch): Promise<void> {
    const ownTimeoutMs = this.#host.limits.startTimeoutMs[this.definition.kind];
    const timeoutMs = launch.external ? Math.min(ownTimeoutMs, EXTERNAL_TIMEOUT_MS) : ownTimeoutMs;
    const deadline = Date.now() + timeoutMs;
    const attempt = launch.external ? launch.probe : launch.becomeReady;
    let pauseMs = FIRST_PROBE_PAUSE_MS;
    let lastError = '';
    while (life === this.#life && this.#machine.state === 'starting' && this.#child?.isGone !== true) {
      if (attempt !== undefined) {
        try {
          await attempt(PROBE_TIMEOUT_MS);
          this.#becameReady(life, launch);
          return;
        } catch (error) {
          if (error instanceof StartFault) throw error;
          lastError = error instanceof Error ? error.message : String(error);
        }
      }
      if (Date.now() >= deadline) {
        const address = launch.external ? ` (${launch.address})` : '';
        const detail = lastError === '' ? '' : `: ${lastError}`;
        throw new StartFault({
          kind: launch.external ? 'unreachable' : 'not-ready',
          message: launch.external
            ? `The external server${address} does not answer${detail}.`
            : `It did not become ready within ${Math.round(timeoutMs / 1000)} s${detail}.`,
          final: false,
        });
      }
      await pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PROBE_PAUSE_MS);
    }
  }

  #becameReady(life: number, launch: Launch): void {
    if (life !== this.#life || this.#machine.state !== 'starting' || this.#child?.isGone === true) return;
    this.#dispatch({ type: 'ready' });
    // A listener may have asked for a stop at once.
    if (this.status.state !== 'ready') return;
    void this.#watch(life, launch);
    void this.#sampleMemory(life);
  }

  /** Probes a ready service until it is no longer ready, or has failed too many probes in a row. */
  async #watch(life: number, launch: Launch): Promise<void> {
    const { probeEveryMs, probeFailuresToRestart } = this.#host.limits;
    const goesOn = (): boolean => life === this.#life && this.#machine.state === 'ready';
    let failures = 0;
    let error = '';
    while (failures < probeFailuresToRestart) {
      await new Promise<void>((resolve) => {
        this.#probeTimer = setTimeout(resolve, probeEveryMs);
      });
      if (!goesOn()) return;
      try {
        await launch.probe?.(PROBE_TIMEOUT_MS);
        if (this.#lastAliveAt !== undefined && Date.now() - this.#lastAliveAt > probeEveryMs) throw new Error('no sign of life');
        failures = 0;
      } catch (fault) {
        failures += 1;
        error = fault instanceof Error ? fault.message : String(fault);
      }
      if (!goesOn()) return;
    }
    const explanation: Explanation = launch.external
      ? { kind: 'unreachable', message: `The external server (${launch.address}) does not answer: ${error}.`, final: false }
      : { kind: 'not-ready', message: `It stopped answering: ${error}.`, final: false };
    if (launch.external) this.#ended(explanation, { code: null, signal: null, lastLines: [], report: undefined });
    else this.#condemn(life, explanation);
  }

  async #sampleMemory(life: number): Promise<void> {
    const pid = this.#child?.pid;
    if (life !== this.#life || pid === undefined || this.#child?.isGone === true) return;
    const rssBytes = await residentBytes(pid);
    if (life !== this.#life || this.status.pid !== pid) return;
    if (rssBytes !== undefined) {
      this.#rssBytes = rssBytes;
      this.#host.emit({ type: 'changed', service: this.status });
    }
    this.#memoryTimer = setTimeout(() => void this.#sampleMemory(life), this.#host.limits.sampleMemoryEveryMs);
    this.#memoryTimer.unref();
  }

  /** Ends a child that does not do its work; its end then carries this verdict. */
  #condemn(life: number, verdict: Explanation): void {
    this.#verdict = verdict;
    void this.#ladder(life, this.#child, false);
  }

  async #terminate(life: number): Promise<void> {
    if (this.#child === undefined || this.#child.hasEnded) {
      // Nothing was spawned yet (still preparing), or there is nothing to spawn (external).
      this.#cancelPrepare?.abort();
      this.#life += 1;
      this.#child = undefined;
      this.#release();
      this.#dispatch({ type: 'ended', failure: failureOf({ kind: 'exited', message: 'stopped', final: false }), final: false });
      return;
    }
    await this.#ladder(life, this.#child, true);
  }

  /** The stop ladder: the service's own shutdown, TERM, KILL of the group. */
  async #ladder(life: number, child: Child | undefined, polite: boolean): Promise<void> {
    if (child === undefined) return;
    const launch = this.#launch;
    const stopTimeoutMs = this.#host.limits.stopTimeoutMs[this.definition.kind];
    const shutdown = launch?.external === false ? launch.shutdown : undefined;
    let termTimeoutMs = stopTimeoutMs;
    if (polite && shutdown !== undefined) {
      try {
        await shutdown(SHUTDOWN_COMMAND_TIMEOUT_MS);
        if (await goneWithin(child, stopTimeoutMs)) return;
        termTimeoutMs = Math.min(TERM_AFTER_SHUTDOWN_MS, stopTimeoutMs);
      } catch {
        // It does not listen any more: TERM is the next rung.
      }
    }
    child.terminate();
    if (await goneWithin(child, termTimeoutMs)) return;
    if (life === this.#life) {
      const message = `${this.definition.name} did not end within ${Math.round(stopTimeoutMs / 1000)} s and was killed`;
      this.#host.emit({ type: 'notice', level: 'warn', message, service: this.definition.name });
    }
    child.kill();
  }

  async #childEnded(life: number, launch: ProcessLaunch, end: ProcessEnd): Promise<void> {
    if (life !== this.#life) return;
    this.#release();
    const stopping = this.#machine.state === 'stopping';
    let explanation = this.#verdict;
    if (explanation === undefined && !stopping) explanation = await launch.explain?.(end);
    if (life !== this.#life) return;
    this.#child = undefined;
    this.#ended(explanation ?? plainEnd(this.definition.name, end), end);
  }

  #ended(explanation: Explanation, end: ProcessEnd): void {
    this.#release();
    this.#dispatch({ type: 'ended', failure: failureOf(explanation, end), final: explanation.final });
  }

  #release(): void {
    clearTimeout(this.#probeTimer);
    clearTimeout(this.#memoryTimer);
    this.#rssBytes = undefined;
    this.#endpoints = undefined;
    this.#numbers = undefined;
    if (this.#launch?.external === false) this.#launch.release?.();
  }

  #showProgress(text: string | undefined): void {
    if (this.#progress === text) return;
    this.#progress = text;
    this.#host.emit({ type: 'changed', service: this.status });
  }
}

function plainEnd(name: string, end: ProcessEnd): Explanation {
  if (end.code === null && end.signal === null) return { kind: 'spawn', message: `${name} could not be run.`, final: false };
  const how = end.signal === null ? `with code ${end.code}` : `by ${end.signal}`;
  const guess = end.signal === 'SIGKILL' ? ' (something killed it: perhaps the system ran out of memory)' : '';
  return { kind: 'exited', message: `${name} ended ${how}${guess}.`, final: false };
}

function failureOf(explanation: Explanation, end?: ProcessEnd): Failure {
  return {
    kind: explanation.kind,
    message: explanation.message,
    ...(explanation.remedy === undefined ? {} : { remedy: explanation.remedy }),
    lastLines: end?.lastLines ?? [],
    ...(end?.code === null || end?.code === undefined ? {} : { exitCode: end.code }),
    ...(end?.signal === null || end?.signal === undefined ? {} : { signal: end.signal }),
    at: Date.now(),
  };
}

async function goneWithin(child: Child, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!child.isGone) {
    if (Date.now() >= deadline) return false;
    await pause(20);
  }
  return true;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
