/**
 * Housekeeping: finishes what a dead worker left half done, and removes what nothing refers to any more. All workers try; a lease lets one do it. Each step is bounded,
 * repeatable, and safe to interrupt anywhere.
 */
import { randomUUID } from 'node:crypto';
import { isFault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { Housekeeping } from '../operations/housekeeping.ts';

export type HousekeepingSchedule = {
  /** Between rounds (ms). */
  readonly intervalMs: number;
  /** How long content stays that nothing refers to (ms). */
  readonly graceMs: number;
  /** How long deleted messages can be restored (ms), asked anew each time; never less than the grace. Default: the grace. */
  readonly keepDeletedMs?: () => number;
  /** How long journals are kept: QRESYNC reaches back so far (ms). */
  readonly journalMs: number;
};

export const DEFAULT_SCHEDULE: HousekeepingSchedule = { intervalMs: 30_000, graceMs: 3_600_000, journalMs: 14 * 86_400_000 };

/** Starts the rounds; `stop` waits for the present one. */
export function startHousekeeping(
  work: Housekeeping,
  schedule: HousekeepingSchedule,
  log: Logger,
): { readonly stop: () => Promise<void> } {
  const owner = randomUUID();
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let busy = false;

  const round = async (): Promise<void> => {
    if (!(await work.takeLease(owner, schedule.intervalMs * 3))) return;
    const now = Date.now();
    const finished = await work.applyUnapplied(new Date(now));
    if (finished > 0) log.info('finished changes that another worker had begun', { mailboxes: finished });
    if (stopped) return;
    const keepDeletedMs = Math.max(schedule.graceMs, schedule.keepDeletedMs?.() ?? 0);
    const swept = await work.sweep(new Date(now - schedule.graceMs), new Date(now - keepDeletedMs));
    if (swept.messages + swept.contents + swept.blobs > 0) log.info('swept', swept);
    if (stopped) return;
    const trimmed = await work.trimJournals(new Date(now - schedule.journalMs));
    if (trimmed > 0) log.info('trimmed journals', { entries: trimmed });
  };

  const tick = (): void => {
    if (busy || stopped) return;
    busy = true;
    running = round()
      .catch((error: unknown) => {
        if (isFault(error, 'UNAVAILABLE')) log.debug('housekeeping waits for the mail store', { error });
        else log.warn('housekeeping failed; it is tried again', { error });
      })
      .finally(() => {
        busy = false;
      });
  };
  const timer = setInterval(tick, schedule.intervalMs).unref();
  tick();
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
