/** SORT (RFC 5256 §3, RFC 5957): keys compared in the order given, the message order decides between equals. Pure. */
import type { SortCriterion, SortKey } from '../wire/sort-keys.ts';

/** What sorting looks at. Strings are folded by i;unicode-casemap. `number` is the sequence number or UID, ascending with the message order. */
export type SortRow = {
  readonly number: number;
  readonly arrivalMs: number;
  /** Date header, or INTERNALDATE where it has none (RFC 5256 §2.2). */
  readonly dateMs: number;
  readonly sizeBytes: number;
  readonly subject: string;
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly displayFrom: string;
  readonly displayTo: string;
};

const VALUES: Readonly<Record<SortKey, (row: SortRow) => number | string>> = {
  ARRIVAL: (row) => row.arrivalMs,
  CC: (row) => row.cc,
  DATE: (row) => row.dateMs,
  DISPLAYFROM: (row) => row.displayFrom,
  DISPLAYTO: (row) => row.displayTo,
  FROM: (row) => row.from,
  // RFC 6203 §5: every message that matches is equally relevant here.
  RELEVANCY: () => 0,
  SIZE: (row) => row.sizeBytes,
  SUBJECT: (row) => row.subject,
  TO: (row) => row.to,
};

/** True when the order needs what only summaries know. */
export function needsSummaries(criteria: readonly SortCriterion[]): boolean {
  return criteria.some(({ key }) => key !== 'ARRIVAL' && key !== 'SIZE' && key !== 'RELEVANCY');
}

/** Compares two rows by the criteria; equals by their number. */
export function sortOrder(criteria: readonly SortCriterion[]): (a: SortRow, b: SortRow) => number {
  const compares = criteria.map(({ key, reverse }) => {
    const value = VALUES[key];
    const sign = reverse ? -1 : 1;
    return (a: SortRow, b: SortRow): number => sign * compare(value(a), value(b));
  });
  return (a, b) => {
    for (const by of compares) {
      const order = by(a, b);
      if (order !== 0) return order;
    }
    return a.number - b.number;
  };
}

/** Folded strings compare by their octets (RFC 5051); UTF-16 order differs from that only beyond the BMP. */
function compare(a: number | string, b: number | string): number {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string' && (hasSurrogate(a) || hasSurrogate(b))) {
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  return a < b ? -1 : 1;
}

function hasSurrogate(text: string): boolean {
  return /[\ud800-\udfff]/.test(text);
}
