/** Removes the mail of users whose time after deletion is over. All workers may try: every step can be repeated. */
import { isFault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';

const INTERVAL_MS = 60_000;

/** `purge` answers how many were removed. `stop` waits for the present round. */
export function startDeletions(
  purge: () => Promise<number>,
  log: Logger,
  intervalMs = INTERVAL_MS,
): { readonly stop: () => Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const round = async (): Promise<void> => {
    try {
      const users = await purge();
      if (users > 0) log.info('removed the mail of deleted users', { users });
    } catch (error) {
      // The database is away: the next round does it.
      if (!isFault(error)) log.error('removing the mail of deleted users failed', { error });
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = round();
  }, intervalMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
