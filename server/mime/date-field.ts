/**
 * The Date field (RFC 5322 §3.3, obsolete forms of §4.3, and the forms that mailers got wrong): the instant, and the day as it was written.
 *
 * SENTON, SENTSINCE and SENTBEFORE compare the written day, disregarding time and zone (RFC 9051 §6.4.4); SORT DATE compares the instant in UTC, with a missing or
 * invalid time as 00:00:00 and a missing or invalid zone as UTC (RFC 5256 §2.2).
 */
import { removeComments } from './parameters.ts';
import type { SentDate } from './types.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Hours east of UTC. RFC 5322 §4.3: military zones mean nothing, so they count as UTC, like every unknown name. */
const ZONES: Readonly<Record<string, number>> = {
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
  bst: 1,
  cet: 1,
  cest: 2,
  met: 1,
  mest: 2,
  jst: 9,
};

const TIME = String.raw`(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:[.,]\d{1,9})?)?`;
const ZONE = String.raw`(?:\s*([+-]\d{1,4}:?\d{0,2}|[a-z]{1,5}))?`;
/** 21 Nov 1997 09:55:06 -0600, also with dashes. */
const USUAL = new RegExp(
  String.raw`(?:^|[\s,.])(\d{1,2})[\s-]{0,4}([a-z]{3,9})\.?[\s,-]{0,4}(\d{2,4})(?:[\s,]{1,4}${TIME}${ZONE})?`,
  'i',
);
/** Fri Nov 21 09:55:06 [-0600] 1997 [-0600], as ctime writes it. */
const CTIME = new RegExp(String.raw`([a-z]{3,9})\s{1,4}(\d{1,2}),?\s{1,4}${TIME}${ZONE}\s{1,4}(\d{4})${ZONE}`, 'i');
/** Nov 21, 1997 [09:55:06]. */
const AMERICAN = new RegExp(String.raw`([a-z]{3,9})\s{1,4}(\d{1,2}),?\s{1,4}(\d{4})(?:[\s,]{1,4}${TIME}${ZONE})?`, 'i');
const ISO = new RegExp(String.raw`(\d{4})-(\d{1,2})-(\d{1,2})(?:[t\s]${TIME}${ZONE})?`, 'i');

/** Reads a Date value (unfolded). Undefined if there is no date in it. */
export function parseDateField(value: string): SentDate | undefined {
  // No date is that long; the bound keeps the patterns below cheap on anything.
  const text = removeComments(value.slice(0, 300)).slice(0, 120).trim();
  let match = USUAL.exec(text);
  if (match !== null) return sentDate(year(match[3]), monthOf(match[2]), match[1], match.slice(4, 7), match[7]);
  match = ISO.exec(text);
  if (match !== null) return sentDate(Number(match[1]), Number(match[2]), match[3], match.slice(4, 7), match[7]);
  match = CTIME.exec(text);
  if (match !== null) return sentDate(Number(match[7]), monthOf(match[1]), match[2], match.slice(3, 6), match[6] ?? match[8]);
  match = AMERICAN.exec(text);
  if (match !== null) return sentDate(Number(match[3]), monthOf(match[1]), match[2], match.slice(4, 7), match[7]);
  return undefined;
}

function sentDate(
  year: number,
  month: number,
  day: string | undefined,
  time: readonly (string | undefined)[],
  zone: string | undefined,
): SentDate | undefined {
  const d = Number(day);
  if (month < 1 || month > 12 || d < 1 || d > daysIn(year, month)) return undefined;
  const [hour = 0, minute = 0, second = 0] = time.map((part) => Number(part ?? 0));
  const valid = hour < 24 && minute < 60 && second <= 60;
  // Date.UTC takes years below 100 as 19xx.
  const midnight = new Date(0).setUTCFullYear(year, month - 1, d);
  const epochMs = midnight + (valid ? ((hour * 60 + minute) * 60 + second - zoneSeconds(zone)) * 1000 : 0);
  return { epochMs, day: year * 10_000 + month * 100 + d };
}

/** RFC 5322 §4.3: two digits up to 49 are 20xx, others and three digits count from 1900. */
function year(text: string | undefined): number {
  const value = Number(text);
  if (text?.length === 2) return value < 50 ? 2000 + value : 1900 + value;
  return text?.length === 3 ? 1900 + value : value;
}

function monthOf(text: string | undefined): number {
  return MONTHS.indexOf((text ?? '').slice(0, 3).toLowerCase()) + 1;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function zoneSeconds(zone: string | undefined): number {
  const match = /^([+-])(\d{1,2}):?(\d{2})?/.exec(zone ?? '');
  if (match === null) return (ZONES[(zone ?? '').toLowerCase()] ?? 0) * 3600;
  const [hours, minutes] = [Number(match[2]), Number(match[3] ?? 0)];
  // No place on earth is further than 14 hours from UTC; RFC 5256 §2.2 says that an invalid zone is UTC.
  if (hours > 24 || minutes > 59) return 0;
  return (match[1] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}
