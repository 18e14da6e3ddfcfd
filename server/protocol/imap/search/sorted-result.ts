/** The result of a SORT that is kept up to date: rows in their order, and where they go in and out (RFC 5267 §4.3.3, §4.3.4). Pure. */
import type { UidSet } from '../../../mail/uid-set.ts';
import type { SortCriterion } from '../wire/sort-keys.ts';
import { type SortRow, sortOrder } from './sort.ts';

/** Neighbours that go in or out together. `position` counts from 1, in the list as it is when the run's turn comes. */
export type ResultRun = { readonly position: number; readonly uids: readonly number[] };

export class SortedResult {
  readonly #order: (a: SortRow, b: SortRow) => number;
  #rows: readonly SortRow[];

  /** `number` of every row is its UID. */
  constructor(criteria: readonly SortCriterion[], rows: readonly SortRow[]) {
    this.#order = sortOrder(criteria);
    this.#rows = [...rows].sort(this.#order);
  }

  get uids(): readonly number[] {
    return this.#rows.map((row) => row.number);
  }

  /** In ascending positions: a client that inserts one run after the other gets the new list. */
  add(rows: readonly SortRow[]): ResultRun[] {
    const added = new Set(rows);
    this.#rows = [...this.#rows, ...rows].sort(this.#order);
    return runsOf(this.#rows, (row) => added.has(row));
  }

  /** From the end to the beginning, so that no position moves before its turn. */
  remove(uids: UidSet): ResultRun[] {
    const runs = runsOf(this.#rows, (row) => uids.has(row.number)).reverse();
    this.#rows = this.#rows.filter((row) => !uids.has(row.number));
    return runs;
  }
}

function runsOf(rows: readonly SortRow[], isPart: (row: SortRow) => boolean): ResultRun[] {
  const runs: { position: number; uids: number[] }[] = [];
  let open: { position: number; uids: number[] } | undefined;
  for (const [index, row] of rows.entries()) {
    if (!isPart(row)) {
      open = undefined;
      continue;
    }
    if (open === undefined) runs.push((open = { position: index + 1, uids: [] }));
    open.uids.push(row.number);
  }
  return runs;
}
