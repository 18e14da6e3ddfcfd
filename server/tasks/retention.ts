/** When messages whose time is over are removed: some times an hour, by one worker. */
import { randomUUID } from 'node:crypto';
import { isFault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { Retention } from '../operations/retention.ts';

const INTERVAL_MS = 10 * 60_000;

/** Starts the rounds; `stop` waits for the present one to end. */
export function startRetention(work: Retention, log: Logger, intervalMs = INTERVAL_MS): { readonly stop: () => Promise<void> } {
  const owner = randomUUID();
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  const round = async (): Promise<void> => {
    if (!(await work.takeLease(owner, intervalMs * 2))) return;
    const gone = await work.run(Date.now(), stopping.signal);
    if (gone > 0) log.info('removed messages whose time was over', { messages: gone });
  };
  const tick = (): void => {
    running ??= round()
      .catch((error: unknown) => {
        if (isFault(error, 'UNAVAILABLE')) log.debug('retention waits for the mail store', { error });
        else log.warn('old messages could not be removed; it is tried again', { error });
      })
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(tick, intervalMs).unref();
  tick();
  return {
    stop: async () => {
      stopping.abort();
      clearInterval(timer);
      await running;
    },
  };
}
