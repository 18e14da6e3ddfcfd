/** Pages of a sorted list that is in memory: cursors name the last (or first) entry shown, so inserts and deletes in between shift nothing. */
import { refuse } from '../faults.ts';

export type ListPage<T> = {
  readonly items: readonly T[];
  readonly nextCursor: string | false;
  readonly previousCursor: string | false;
};

export type ListRequest = { readonly limit: number; readonly next?: string | undefined; readonly previous?: string | undefined };

/** `compare` is the order in which pages go; `keyOf` gives the numbers that `compare` looks at, which the cursor carries. */
export function pageOfList<T>(
  sorted: readonly T[],
  request: ListRequest,
  keyOf: (item: T) => readonly number[],
  compare: (a: readonly number[], b: readonly number[]) => number,
): ListPage<T> {
  const { limit, next, previous } = request;
  let from = 0;
  if (next !== undefined) {
    const key = readCursor(next);
    from = firstIndex(sorted, (item) => compare(keyOf(item), key) > 0);
  } else if (previous !== undefined) {
    const key = readCursor(previous);
    from = Math.max(0, firstIndex(sorted, (item) => compare(keyOf(item), key) >= 0) - limit);
  }
  const items = sorted.slice(from, from + limit);
  const last = items[items.length - 1];
  const first = items[0];
  return {
    items,
    nextCursor: last !== undefined && from + items.length < sorted.length ? writeCursor(keyOf(last)) : false,
    previousCursor: first !== undefined && from > 0 ? writeCursor(keyOf(first)) : false,
  };
}

function firstIndex<T>(sorted: readonly T[], isBeyond: (item: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBeyond(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function writeCursor(key: readonly number[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function readCursor(text: string): readonly number[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(key) && key.length > 0 && key.length <= 4 && key.every((one) => typeof one === 'number'))
      return key as number[];
  } catch {
    // Told below like every other wrong cursor.
  }
  throw refuse('InputValidationError', 'The cursor is not valid');
}
