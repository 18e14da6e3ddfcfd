/**
 * Sets of unsigned 32-bit numbers (UIDs or sequence numbers) as sorted, disjoint, non-adjacent ranges.
 *
 * A set is immutable and holds its ranges flat in one Uint32Array (`from, to, from, to, …`): 8 bytes for a run of any length. Every operation
 * is linear in the number of ranges, never in the numbers they span, so `1:4294967295` is as cheap as `1`.
 */
import { MAX_UINT32 } from './ids.ts';

export type UidRange = { readonly from: number; readonly to: number };

export class UidSet {
  static readonly empty: UidSet = new UidSet(new Uint32Array(0));

  /** from, to, from, to, …: ascending, disjoint, not adjacent. */
  private readonly flat: Uint32Array;
  /** How many numbers the set holds. */
  readonly count: number;

  private constructor(flat: Uint32Array) {
    this.flat = flat;
    let count = 0;
    for (let i = 0; i < flat.length; i += 2) count += flat[i + 1]! - flat[i]! + 1;
    this.count = count;
  }

  /** Any order, duplicates allowed. */
  static of(...numbers: readonly number[]): UidSet {
    return UidSet.from(numbers);
  }

  /** Any order, duplicates allowed. */
  static from(numbers: Iterable<number>): UidSet {
    return UidSet.fromSorted(Uint32Array.from(numbers).sort());
  }

  /** Ascending numbers, duplicates allowed; throws a RangeError when they do not ascend. */
  static fromSorted(numbers: ArrayLike<number>): UidSet {
    const flat: number[] = [];
    let to = -1;
    for (let i = 0; i < numbers.length; i += 1) {
      const n = numbers[i]!;
      if (n < to) throw new RangeError('numbers do not ascend');
      if (to !== -1 && n <= to + 1) flat[flat.length - 1] = n;
      else flat.push(n, n);
      to = n;
    }
    return wrap(flat);
  }

  /** `from` and `to` in either order (RFC 9051 §9 seq-range). */
  static range(from: number, to: number): UidSet {
    return wrap(from <= to ? [from, to] : [to, from]);
  }

  /** Ranges in any order, overlaps allowed, ends in either order. */
  static fromRanges(ranges: readonly UidRange[]): UidSet {
    const sorted = ranges
      .map(({ from, to }) => (from <= to ? { from, to } : { from: to, to: from }))
      .sort((a, b) => a.from - b.from || a.to - b.to);
    const flat: number[] = [];
    for (const { from, to } of sorted) pushRange(flat, from, to);
    return wrap(flat);
  }

  /** @internal `flat` must keep the invariant. */
  static unchecked(flat: readonly number[]): UidSet {
    return flat.length === 0 ? UidSet.empty : new UidSet(Uint32Array.from(flat));
  }

  get isEmpty(): boolean {
    return this.flat.length === 0;
  }

  get rangeCount(): number {
    return this.flat.length / 2;
  }

  /** Smallest number, undefined when empty. */
  get first(): number | undefined {
    return this.flat[0];
  }

  /** Largest number, undefined when empty. */
  get last(): number | undefined {
    return this.flat[this.flat.length - 1];
  }

  has(n: number): boolean {
    const at = this.rangeAt(n);
    return at < this.flat.length && this.flat[at]! <= n;
  }

  add(n: number): UidSet {
    return this.has(n) ? this : this.union(wrap([n, n]));
  }

  remove(n: number): UidSet {
    return this.has(n) ? this.subtract(wrap([n, n])) : this;
  }

  union(other: UidSet): UidSet {
    if (other.isEmpty) return this;
    if (this.isEmpty) return other;
    const a = this.flat;
    const b = other.flat;
    const flat: number[] = [];
    let i = 0;
    let j = 0;
    while (i < a.length || j < b.length) {
      if (j >= b.length || (i < a.length && a[i]! <= b[j]!)) {
        pushRange(flat, a[i]!, a[i + 1]!);
        i += 2;
      } else {
        pushRange(flat, b[j]!, b[j + 1]!);
        j += 2;
      }
    }
    return wrap(flat);
  }

  intersect(other: UidSet): UidSet {
    const a = this.flat;
    const b = other.flat;
    const flat: number[] = [];
    let i = 0;
    let j = 0;
    while (i < a.length && j < b.length) {
      const from = Math.max(a[i]!, b[j]!);
      const to = Math.min(a[i + 1]!, b[j + 1]!);
      if (from <= to) flat.push(from, to);
      if (a[i + 1]! < b[j + 1]!) i += 2;
      else j += 2;
    }
    return wrap(flat);
  }

  subtract(other: UidSet): UidSet {
    const a = this.flat;
    const b = other.flat;
    const flat: number[] = [];
    let j = 0;
    for (let i = 0; i < a.length; i += 2) {
      let from = a[i]!;
      const to = a[i + 1]!;
      while (j < b.length && b[j + 1]! < from) j += 2;
      let k = j;
      while (from <= to && k < b.length && b[k]! <= to) {
        if (b[k]! > from) flat.push(from, b[k]! - 1);
        from = b[k + 1]! + 1;
        k += 2;
      }
      if (from <= to) flat.push(from, to);
    }
    return wrap(flat);
  }

  equals(other: UidSet): boolean {
    return this.flat.length === other.flat.length && this.flat.every((n, i) => n === other.flat[i]);
  }

  /** Ascending. */
  *ranges(): Generator<UidRange> {
    for (let i = 0; i < this.flat.length; i += 2) yield { from: this.flat[i]!, to: this.flat[i + 1]! };
  }

  /** Every number, ascending. May be four thousand million: intersect with what exists first. */
  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.flat.length; i += 2) {
      const to = this.flat[i + 1]!;
      for (let n = this.flat[i]!; n <= to; n += 1) yield n;
    }
  }

  /** Every number, ascending. The same warning as for iteration. */
  toArray(): number[] {
    const numbers: number[] = [];
    for (let i = 0; i < this.flat.length; i += 2) {
      const to = this.flat[i + 1]!;
      for (let n = this.flat[i]!; n <= to; n += 1) numbers.push(n);
    }
    return numbers;
  }

  /**
   * Indexes (ascending) of the elements of an ascending array that are in the set: how a view finds the messages of a UID set. Costs a binary
   * search per range plus the matches.
   */
  indexesIn(sorted: ArrayLike<number>): number[] {
    const indexes: number[] = [];
    let low = 0;
    for (let i = 0; i < this.flat.length && low < sorted.length; i += 2) {
      low = lowerBound(sorted, this.flat[i]!, low);
      const to = this.flat[i + 1]!;
      while (low < sorted.length && sorted[low]! <= to) {
        indexes.push(low);
        low += 1;
      }
    }
    return indexes;
  }

  /** The first `limit` numbers (or the last, when `fromEnd`) as a set. */
  slice(limit: number, fromEnd = false): UidSet {
    const flat: number[] = [];
    let left = limit;
    if (!fromEnd) {
      for (let i = 0; i < this.flat.length && left > 0; i += 2) {
        const from = this.flat[i]!;
        const to = Math.min(this.flat[i + 1]!, from + left - 1);
        flat.push(from, to);
        left -= to - from + 1;
      }
    } else {
      for (let i = this.flat.length - 2; i >= 0 && left > 0; i -= 2) {
        const to = this.flat[i + 1]!;
        const from = Math.max(this.flat[i]!, to - left + 1);
        flat.unshift(from, to);
        left -= to - from + 1;
      }
    }
    return wrap(flat);
  }

  /** The compact form of RFC 9051 sequence-set: `1:3,5,9:12`; `''` when empty (which no IMAP reply may carry). */
  toString(): string {
    let text = '';
    for (let i = 0; i < this.flat.length; i += 2) {
      const from = this.flat[i]!;
      const to = this.flat[i + 1]!;
      if (i > 0) text += ',';
      text += from === to ? `${from}` : `${from}:${to}`;
    }
    return text;
  }

  /** Offset in `flat` of the first range whose end is ≥ n. */
  private rangeAt(n: number): number {
    let low = 0;
    let high = this.flat.length / 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.flat[middle * 2 + 1]! < n) low = middle + 1;
      else high = middle;
    }
    return low * 2;
  }
}

/** Collects numbers that mostly ascend (a scan, a reply being built) into a set. */
export class UidSetBuilder {
  readonly #flat: number[] = [];
  readonly #late: number[] = [];

  add(n: number): this {
    const last = this.#flat.length - 1;
    const to = last < 0 ? -1 : this.#flat[last]!;
    if (last >= 0 && n <= to) this.#late.push(n);
    else if (last >= 0 && n === to + 1) this.#flat[last] = n;
    else this.#flat.push(n, n);
    return this;
  }

  build(): UidSet {
    const set = wrap(this.#flat);
    return this.#late.length === 0 ? set : set.union(UidSet.from(this.#late));
  }
}

function wrap(flat: readonly number[]): UidSet {
  return UidSet.unchecked(flat);
}

/** Appends a range whose start is ≥ every start before it, joining what overlaps or touches. */
function pushRange(flat: number[], from: number, to: number): void {
  const last = flat.length - 1;
  if (last >= 0 && from <= flat[last]! + 1) {
    if (to > flat[last]!) flat[last] = to;
  } else {
    flat.push(from, to);
  }
}

/** Index of the first element ≥ n at or after `start`. */
export function lowerBound(sorted: ArrayLike<number>, n: number, start = 0): number {
  let low = start;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < n) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** True for 1 … 4294967295. */
export function isNzNumber(n: number): boolean {
  return Number.isInteger(n) && n >= 1 && n <= MAX_UINT32;
}
