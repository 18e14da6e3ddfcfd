/** When the next scheduled backup is due, in this computer's local time. Pure. */

export type Schedule = {
  readonly every: 'off' | 'daily' | 'weekly';
  /** 0 to 23. */
  readonly hour: number;
};

const HOUR_MS = 3_600_000;
/** After a failure it is tried again (ms). */
const RETRY_MS = HOUR_MS;
/** Weekly backups are made in the night to Sunday. */
const SUNDAY = 0;

export type Past = {
  /** The newest complete backup (ms). */
  readonly lastBackupMs: number | undefined;
  /** The last try, whatever became of it (ms). */
  readonly lastTryMs: number | undefined;
};

/**
 * The time of the next one (ms); in the past or now: it is due. A time that passed while the computer was off is made up for. Undefined: nothing is scheduled.
 */
export function nextBackup({ every, hour }: Schedule, { lastBackupMs, lastTryMs }: Past, nowMs: number): number | undefined {
  if (every === 'off') return undefined;
  const latest = lastMoment(every, hour, nowMs);
  const made = lastBackupMs !== undefined && lastBackupMs >= latest;
  if (made) return momentAfter(every, hour, latest);
  // Chosen a moment ago, with no backup yet: the first night comes first.
  if (lastBackupMs === undefined && lastTryMs === undefined) return momentAfter(every, hour, latest);
  if (lastTryMs !== undefined && lastTryMs >= latest) return lastTryMs + RETRY_MS;
  return nowMs;
}

function lastMoment(every: 'daily' | 'weekly', hour: number, nowMs: number): number {
  const at = new Date(nowMs);
  at.setHours(hour, 0, 0, 0);
  while (at.getTime() > nowMs || (every === 'weekly' && at.getDay() !== SUNDAY)) at.setDate(at.getDate() - 1);
  return at.getTime();
}

/** By the calendar: days with a change of the clock have 23 or 25 hours. */
function momentAfter(every: 'daily' | 'weekly', hour: number, momentMs: number): number {
  const at = new Date(momentMs);
  at.setDate(at.getDate() + (every === 'daily' ? 1 : 7));
  at.setHours(hour, 0, 0, 0);
  return at.getTime();
}
