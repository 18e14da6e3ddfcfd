/** One job of a worker, again and again: what is left over by crashes, and what has its time. All workers may do it at once: such jobs can be repeated. */
import { isFault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';

const INTERVAL_MS = 60_000;

/** `work` answers how many things it did. `stop` waits for the present round. */
export function startRounds(
  what: string,
  work: () => Promise<number>,
  log: Logger,
  intervalMs = INTERVAL_MS,
): { readonly stop: () => Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const round = async (): Promise<void> => {
    try {
      const done = await work();
      if (done > 0) log.info(what, { done });
    } catch (error) {
      // The database is away: the next round does it.
      if (!isFault(error)) log.error(`failed: ${what}`, { error });
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
