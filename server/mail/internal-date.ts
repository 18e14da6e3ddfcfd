/**
 * IMAP's own date forms (RFC 9051 §9 date, date-time). Times are milliseconds since 1970 UTC, days are whole days since 1970-01-01; nothing
 * here reads a clock or a local time zone.
 */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const DAY_MS = 86_400_000;

const DATE = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/;
const DATE_TIME = /^([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/;

function monthOf(name: string): number {
  return MONTHS.findIndex((month) => month.toLowerCase() === name.toLowerCase());
}

/** Midnight UTC of a date that exists, else undefined. */
function midnight(year: number, month: number, day: number): number | undefined {
  if (month < 0) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.getUTCMonth() === month && date.getUTCDate() === day ? date.getTime() : undefined;
}

/** `1-Feb-1994` → days since 1970-01-01 (negative before), undefined when it is no date. */
export function parseImapDate(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const at = midnight(Number(match[3]), monthOf(match[2]!), Number(match[1]));
  return at === undefined ? undefined : at / DAY_MS;
}

/** Days since 1970-01-01 → `1-Feb-1994`. */
export function formatImapDate(day: number): string {
  const date = new Date(day * DAY_MS);
  return `${date.getUTCDate()}-${MONTHS[date.getUTCMonth()]}-${year(date)}`;
}

/** `17-Jul-1996 02:44:25 -0700` (without the quotes) → ms since 1970, undefined when it is no date-time. A leap second counts as the next minute. */
export function parseInternalDate(text: string): number | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const day = midnight(Number(match[3]), monthOf(match[2]!), Number(match[1]));
  const [hours, minutes, seconds] = [Number(match[4]), Number(match[5]), Number(match[6])];
  const [zoneHours, zoneMinutes] = [Number(match[8]), Number(match[9])];
  if (day === undefined || hours > 23 || minutes > 59 || seconds > 60 || zoneMinutes > 59) return undefined;
  const offset = (zoneHours * 60 + zoneMinutes) * (match[7] === '-' ? -1 : 1);
  return day + ((hours * 60 + minutes - offset) * 60 + seconds) * 1000;
}

/** ms since 1970 → `17-Jul-1996 09:44:25 +0000`, always UTC and without quotes. The day is padded with a space (date-day-fixed). */
export function formatInternalDate(time: number): string {
  const date = new Date(time);
  const day = `${date.getUTCDate()}`.padStart(2, ' ');
  return (
    `${day}-${MONTHS[date.getUTCMonth()]}-${year(date)} ` +
    `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
  );
}

/** The UTC day of a time, in days since 1970-01-01: what SEARCH ON, SINCE and BEFORE compare. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

function two(n: number): string {
  return n < 10 ? `0${n}` : `${n}`;
}

function year(date: Date): string {
  return `${Math.min(Math.max(date.getUTCFullYear(), 0), 9999)}`.padStart(4, '0');
}
