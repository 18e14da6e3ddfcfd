/**
 * The life of one service as a pure function: (machine, event, now) → (machine, effects). Nothing here knows processes, timers or clocks; the runner
 * (service.ts) carries out the effects and reports what happened as events.
 *
 *   stopped ─start→ starting ─ready→ ready ─stop→ stopping ─ended→ stopped
 *                      │  └─────stop──────────────────┘
 *   starting, ready ─ended→ crashed → backoff ─due→ starting
 *                                   → failed  (too often, or trying again cannot help) ─start→ starting: a person's doing
 *
 * `stop` from anywhere leads to stopped and cancels what was planned: a stop is never undone by a crash or a timer.
 */
import type { Failure, ServiceState, SupervisorLimits } from './contract.ts';

export type Machine = {
  readonly state: ServiceState;
  /** In milliseconds since 1970, as all times here. */
  readonly since: number;
  /** Crashes within the window, oldest first. */
  readonly crashes: readonly number[];
  readonly restarts: number;
  readonly failure: Failure | undefined;
  readonly retryAt: number | undefined;
};

export type MachineEvent =
  /** A person or the supervisor's start. */
  | { readonly type: 'start' }
  | { readonly type: 'ready' }
  /** The child is gone (or could not be started). `final`: another try cannot help. */
  | { readonly type: 'ended'; readonly failure: Failure; readonly final: boolean }
  | { readonly type: 'retry' }
  | { readonly type: 'stop' };

export type Effect =
  | { readonly type: 'launch' }
  | { readonly type: 'terminate' }
  | { readonly type: 'schedule-retry'; readonly delayMs: number }
  | { readonly type: 'cancel-retry' };

export type MachineLimits = Pick<SupervisorLimits, 'backoffFirstMs' | 'backoffLongestMs' | 'crashesToFail' | 'crashWindowMs'>;

/** The states passed through, in order; the last is where it is now. Empty `path`: the event means nothing in this state. */
export type Step = { readonly machine: Machine; readonly path: readonly Machine[]; readonly effects: readonly Effect[] };

export function initialMachine(now: number): Machine {
  return { state: 'stopped', since: now, crashes: [], restarts: 0, failure: undefined, retryAt: undefined };
}

export function advance(machine: Machine, event: MachineEvent, limits: MachineLimits, now: number): Step {
  const { state } = machine;
  switch (event.type) {
    case 'start':
      // A person's start wipes the slate: the count of crashes begins anew.
      if (state === 'stopped' || state === 'failed')
        return to({ ...machine, crashes: [] }, 'starting', now, [{ type: 'launch' }]);
      if (state === 'backoff')
        return to({ ...machine, crashes: [] }, 'starting', now, [{ type: 'cancel-retry' }, { type: 'launch' }]);
      return ignored(machine);
    case 'ready':
      return state === 'starting' ? to({ ...machine, failure: undefined }, 'ready', now, []) : ignored(machine);
    case 'retry':
      if (state !== 'backoff') return ignored(machine);
      return to({ ...machine, restarts: machine.restarts + 1 }, 'starting', now, [{ type: 'launch' }]);
    case 'stop':
      return stop(machine, now);
    case 'ended':
      if (state === 'stopping') return to({ ...machine, failure: undefined }, 'stopped', now, []);
      if (state === 'starting' || state === 'ready') return crash(machine, event.failure, event.final, limits, now);
      return ignored(machine);
  }
}

function stop(machine: Machine, now: number): Step {
  switch (machine.state) {
    case 'starting':
    case 'ready':
      return to(machine, 'stopping', now, [{ type: 'terminate' }]);
    case 'backoff':
      return to({ ...machine, failure: undefined }, 'stopped', now, [{ type: 'cancel-retry' }]);
    case 'failed':
    case 'crashed':
      return to({ ...machine, failure: undefined }, 'stopped', now, []);
    default:
      return ignored(machine);
  }
}

function crash(machine: Machine, failure: Failure, final: boolean, limits: MachineLimits, now: number): Step {
  const recent = [...machine.crashes.filter((at) => now - at < limits.crashWindowMs), now].slice(-limits.crashesToFail);
  const crashed: Machine = { ...machine, state: 'crashed', since: now, crashes: recent, failure, retryAt: undefined };
  if (final || recent.length >= limits.crashesToFail) {
    const failed: Machine = { ...crashed, state: 'failed' };
    return { machine: failed, path: [crashed, failed], effects: [] };
  }
  const delayMs = Math.min(limits.backoffFirstMs * 2 ** (recent.length - 1), limits.backoffLongestMs);
  const backoff: Machine = { ...crashed, state: 'backoff', retryAt: now + delayMs };
  return { machine: backoff, path: [crashed, backoff], effects: [{ type: 'schedule-retry', delayMs }] };
}

function to(machine: Machine, state: ServiceState, now: number, effects: readonly Effect[]): Step {
  const next: Machine = { ...machine, state, since: now, retryAt: undefined };
  return { machine: next, path: [next], effects };
}

function ignored(machine: Machine): Step {
  return { machine, path: [], effects: [] };
}
