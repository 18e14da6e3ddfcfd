/** Waiting in tests: for a condition, never for a time. */
import { setTimeout as sleep } from 'node:timers/promises';

export type WaitOptions = {
  /** Default 10 s: generous, because a loaded machine is slow, and only a failing test ever waits that long. */
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  /** What is waited for, in the failure's message. */
  readonly what?: string;
};

/**
 * Calls `condition` until it gives something truthy, and gives that. A condition that throws counts as not yet; the last error is the cause of the
 * failure when the time is over.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const { timeoutMs = 10_000, intervalMs = 10, what = condition.toString().slice(0, 200) } = options;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  let pauseMs = intervalMs;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<T, undefined | null | false | 0 | ''>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: lastError });
    await sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, Math.max(intervalMs, 200));
  }
}
