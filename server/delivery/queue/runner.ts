/**
 * Works through the queue: takes what is due, has it sent, and takes the next. Any number of workers run one each over the same queue. What becomes of an
 * entry is `attempt.ts`; here is only what is taken when, within limits: altogether, per destination, per minute, and none to a destination that rests
 * because its servers could not be reached.
 */
import type { LeasedEntry } from '../../store/types-queue.ts';
import { createAttempts, type AttemptParts } from './attempt.ts';

export type RunnerOptions = Omit<AttemptParts, 'now'> & {
  readonly now?: () => number;
  /** Counts one message to a destination against the rate of all workers; false = this minute's are used up. */
  readonly takeTurn: (destination: string) => Promise<boolean>;
};

export type Resting = { readonly destination: string; readonly until: Date; readonly reason: string };

export type QueueRunner = {
  /** Something was enqueued or released here: look now. */
  readonly wake: () => void;
  /** Finishes what is being sent, up to the grace; takes nothing more. */
  readonly stop: (graceMs: number) => Promise<void>;
  /** Resolves when nothing is due and nothing is being sent; for tests. */
  readonly idle: () => Promise<void>;
  /** What this worker sends, and whom it leaves alone. */
  readonly state: () => { readonly sending: number; readonly resting: readonly Resting[] };
};

/** After our own error (the database away), how long to leave the queue alone. */
const TROUBLE_MS = 5_000;
const PAUSE_KNOWN_MS = 1_000;
/** When the other workers are busy with a destination. */
const FULL_MS = 500;
const RECOVER_EVERY_MS = 10 * 60_000;
/** What is staged for so long belongs to a worker that died. */
const STAGED_MS = 60 * 60_000;
const MAX_RESTING = 10_000;

export function startQueueRunner(options: RunnerOptions): QueueRunner {
  const { config, queue, log } = options;
  const { outbound } = config;
  const now = options.now ?? Date.now;
  const active = new Map<string, number>();
  const resting = new Map<string, { untilMs: number; reason: string }>();
  const paced = new Map<string, number>();
  const running = new Set<Promise<void>>();
  const attempts = createAttempts({ ...options, now });
  let total = 0;
  let stopped = false;
  let looking = false;
  let lookAgain = false;
  let timer: NodeJS.Timeout | undefined;
  let idleWaiters: (() => void)[] = [];
  let pauseSeen = { paused: false, atMs: Number.NEGATIVE_INFINITY };
  let recoveredMs = Number.NEGATIVE_INFINITY;

  const settle = (): void => {
    if (total > 0 || looking) return;
    for (const resolve of idleWaiters) resolve();
    idleWaiters = [];
  };

  const later = (ms: number): void => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(wake, Math.max(0, ms));
    timer.unref();
  };

  function wake(): void {
    if (stopped) return;
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    look()
      .then(
        (waitMs) => later(waitMs),
        (error: unknown) => {
          log.warn('the queue can’t be read', { error });
          later(TROUBLE_MS);
        },
      )
      .finally(() => {
        looking = false;
        if (lookAgain) {
          lookAgain = false;
          wake();
        } else settle();
      });
  }

  /** Takes all that is due and may be taken now; answers when to look again. */
  async function look(): Promise<number> {
    if (await isPaused()) return outbound.pollMs;
    if (now() - recoveredMs > RECOVER_EVERY_MS) {
      recoveredMs = now();
      await queue.recover(new Date(now() - STAGED_MS));
    }
    while (!stopped && total < outbound.maxConcurrent) {
      const entry = await queue.lease({ now: new Date(now()), leaseMs: outbound.leaseMs, exclude: notNow() });
      if (entry === undefined) {
        const due = await queue.nextDue();
        const untilDue = due === undefined ? Number.POSITIVE_INFINITY : Math.max(50, due.getTime() - now());
        return Math.min(outbound.pollMs, untilDue);
      }
      start(entry);
    }
    return outbound.pollMs;
  }

  async function isPaused(): Promise<boolean> {
    if (outbound.mode === 'paused') return true;
    if (Date.now() - pauseSeen.atMs > PAUSE_KNOWN_MS) {
      pauseSeen = { paused: (await queue.paused()) !== undefined, atMs: Date.now() };
    }
    return pauseSeen.paused;
  }

  /** Destinations that must wait. */
  function notNow(): readonly string[] {
    const nowMs = now();
    const names: string[] = [];
    for (const [destination, count] of active) if (count >= outbound.maxPerDestination) names.push(destination);
    for (const [destination, { untilMs }] of resting) {
      if (untilMs > nowMs) names.push(destination);
      else resting.delete(destination);
    }
    for (const [destination, untilMs] of paced) {
      if (untilMs > nowMs) names.push(destination);
      else paced.delete(destination);
    }
    return names;
  }

  function start(entry: LeasedEntry): void {
    const { destination } = entry;
    total += 1;
    active.set(destination, (active.get(destination) ?? 0) + 1);
    if (outbound.maxPerMinute > 0 && destination !== 'local') paced.set(destination, now() + 60_000 / outbound.maxPerMinute);
    const work = mayGo(entry)
      .then((may) => (may ? attempts.run(entry) : 'later'))
      .then((unreachable) => {
        if (unreachable === 'later') return;
        if (unreachable === undefined) resting.delete(destination);
        else if (resting.size < MAX_RESTING && entry.route === undefined) {
          resting.set(destination, { untilMs: now() + outbound.restMs, reason: unreachable });
        }
      })
      .catch((error: unknown) => log.error('queue entry failed', { entry: entry.id, transaction: entry.transactionId, error }))
      .finally(() => {
        running.delete(work);
        total -= 1;
        const left = (active.get(destination) ?? 1) - 1;
        if (left > 0) active.set(destination, left);
        else active.delete(destination);
        wake();
      });
    running.add(work);
  }

  /** Other workers count too; what may not go is put back, and the destination left alone for as long. */
  async function mayGo(entry: LeasedEntry): Promise<boolean> {
    const { destination } = entry;
    if (destination === 'local') return true;
    const nowMs = now();
    let waitMs = 0;
    if ((await queue.inHand(destination, new Date(nowMs))) > outbound.maxPerDestination)
      waitMs = FULL_MS * (1 + options.random());
    else if (outbound.maxPerMinute > 0 && !(await options.takeTurn(destination))) waitMs = 60_000 - (Date.now() % 60_000);
    if (waitMs === 0) return true;
    paced.set(destination, nowMs + waitMs);
    await queue.putBack(entry, new Date(nowMs + waitMs));
    return false;
  }

  wake();
  return {
    wake: () => {
      pauseSeen = { paused: false, atMs: Number.NEGATIVE_INFINITY };
      wake();
    },
    stop: async (graceMs) => {
      stopped = true;
      clearTimeout(timer);
      let expire: NodeJS.Timeout | undefined;
      const grace = new Promise<void>((resolve) => {
        expire = setTimeout(resolve, graceMs).unref();
      });
      await Promise.race([Promise.allSettled(running), grace]);
      clearTimeout(expire);
      options.connections.close();
    },
    idle: () =>
      total === 0 && !looking
        ? Promise.resolve()
        : new Promise((resolve) => {
            idleWaiters.push(resolve);
          }),
    state: () => ({
      sending: total,
      resting: [...resting].map(([destination, { untilMs, reason }]) => ({ destination, until: new Date(untilMs), reason })),
    }),
  };
}
