/** When to try again (RFC 5321 §4.5.4.1): soon at first, then ever more slowly, with jitter so that what failed together does not come back together. */

export type Schedule = {
  readonly firstRetryMs: number;
  readonly retryForMs: number;
  /** Delays of the first tries, instead of those that double; after them the last one doubles. */
  readonly delaysMs?: readonly number[];
};

const LONGEST_DELAY_MS = 3 * 3600 * 1000;
const JITTER = 0.2;

/** Delay after the attempt with that number (1 = the first). `random` in [0, 1). */
export function retryDelayMs(schedule: Schedule, attempt: number, random: number): number {
  const { delaysMs = [], firstRetryMs } = schedule;
  const given = delaysMs[attempt - 1];
  const from = delaysMs.at(-1) ?? firstRetryMs;
  const longest = Math.max(from, LONGEST_DELAY_MS);
  const doubled = Math.min(longest, from * 2 ** Math.min(30, Math.max(0, attempt - Math.max(1, delaysMs.length))));
  const delay = given ?? doubled;
  return Math.round(delay * (1 - JITTER + 2 * JITTER * random));
}

/** Whether it has been tried long enough. One more try is made at the very end. */
export function isExpired(schedule: Schedule, createdMs: number, nowMs: number): boolean {
  return nowMs - createdMs >= schedule.retryForMs;
}
