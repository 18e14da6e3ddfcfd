/** When to try again (RFC 5321 §4.5.4.1): soon at first, then ever more slowly, with jitter so that what failed together does not come back together. */

export type Schedule = { readonly firstRetryMs: number; readonly retryForMs: number };

const LONGEST_DELAY_MS = 3 * 3600 * 1000;
const JITTER = 0.2;

/** Delay after the attempt with that number (1 = the first). `random` in [0, 1). */
export function retryDelayMs(schedule: Schedule, attempt: number, random: number): number {
  const longest = Math.max(schedule.firstRetryMs, LONGEST_DELAY_MS);
  const delay = Math.min(longest, schedule.firstRetryMs * 2 ** Math.min(30, attempt - 1));
  return Math.round(delay * (1 - JITTER + 2 * JITTER * random));
}

/** Whether it has been tried long enough. One more try is made at the very end. */
export function isExpired(schedule: Schedule, createdMs: number, nowMs: number): boolean {
  return nowMs - createdMs >= schedule.retryForMs;
}
