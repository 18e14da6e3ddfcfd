/** ESEARCH responses (RFC 4731, RFC 9051 §7.3.4, RFC 9394). Pure: the found UIDs in, the response's text out. */
import { UidSet } from '../../../mail/uid-set.ts';
import type { PartialRange } from '../wire/parser.ts';
import type { SearchReturn } from '../wire/search-return.ts';

export type SearchAnswer = {
  /** Without CRLF; undefined when nothing is to be told (RETURN (SAVE) alone). */
  readonly text: string | undefined;
  /** What `$` becomes with SAVE, in the numbers given (RFC 5182 §2.1). */
  readonly saved: UidSet;
};

/**
 * `numbers`: what was found, as the command counts (UIDs or sequence numbers). `modseqOf` is undefined unless the search or CONDSTORE asks for MODSEQ; it takes
 * numbers of the same kind.
 */
export function answerSearch(
  tag: string,
  uid: boolean,
  numbers: UidSet,
  options: SearchReturn,
  modseqOf: ((numbers: UidSet) => number) | undefined,
): SearchAnswer {
  const { first, last } = numbers;
  const words: string[] = [];
  const told: UidSet[] = [];
  if (options.min && first !== undefined) {
    words.push(`MIN ${first}`);
    told.push(UidSet.of(first));
  }
  if (options.max && last !== undefined) {
    words.push(`MAX ${last}`);
    told.push(UidSet.of(last));
  }
  if (options.count) words.push(`COUNT ${numbers.count}`);
  // RFC 6203 §4: one score per message; here every match is a whole one.
  if (options.relevancy && first !== undefined)
    words.push(`RELEVANCY (${Array.from({ length: numbers.count }, () => 100).join(' ')})`);
  if (options.all && first !== undefined) words.push(`ALL ${numbers.toString()}`);
  if (options.partial !== undefined) {
    const part = partialOf(numbers, options.partial);
    words.push(`PARTIAL (${options.partial.from}:${options.partial.to} ${part.isEmpty ? 'NIL' : part.toString()})`);
    told.push(part);
  }
  // RFC 4731 §3.2, RFC 5182 §2.1: with MIN, MAX (or PARTIAL) alone, only those messages count.
  const onlySome = !options.all && !options.count && (options.min || options.max || options.partial !== undefined);
  const counted = onlySome ? told.reduce((sum, one) => sum.union(one), UidSet.empty) : numbers;
  if (modseqOf !== undefined && !counted.isEmpty) words.push(`MODSEQ ${modseqOf(counted)}`);
  const saveOnly =
    options.save && !options.min && !options.max && !options.count && !options.all && options.partial === undefined;
  const text = saveOnly ? undefined : ['* ESEARCH', `(TAG "${tag}")`, ...(uid ? ['UID'] : []), ...words].join(' ');
  return { text, saved: saveOnly ? numbers : counted };
}

/** The `from`th to `to`th of the set, negative ends counting from its end. */
export function partialOf(numbers: UidSet, range: PartialRange): UidSet {
  const low = Math.min(Math.abs(range.from), Math.abs(range.to));
  const high = Math.max(Math.abs(range.from), Math.abs(range.to));
  const fromEnd = range.from < 0;
  return numbers.slice(high, fromEnd).subtract(numbers.slice(low - 1, fromEnd));
}

/** ESORT (RFC 5267 §3): like ESEARCH, but first, last and ranges are by the sorted order, and lists keep it. undefined when nothing is to be told. */
export function answerSort(
  tag: string,
  uid: boolean,
  sorted: readonly number[],
  options: SearchReturn,
  modseq: number | undefined,
): string | undefined {
  const words: string[] = [];
  const { partial } = options;
  if (options.min && sorted.length > 0) words.push(`MIN ${sorted[0]}`);
  if (options.max && sorted.length > 0) words.push(`MAX ${sorted.at(-1)}`);
  if (options.count) words.push(`COUNT ${sorted.length}`);
  if (options.all && sorted.length > 0) words.push(`ALL ${orderedSet(sorted)}`);
  if (partial !== undefined) {
    const low = Math.min(Math.abs(partial.from), Math.abs(partial.to));
    const high = Math.max(Math.abs(partial.from), Math.abs(partial.to));
    const part =
      partial.from > 0
        ? sorted.slice(low - 1, high)
        : sorted.slice(Math.max(0, sorted.length - high), Math.max(0, sorted.length - low + 1));
    words.push(`PARTIAL (${partial.from}:${partial.to} ${part.length === 0 ? 'NIL' : orderedSet(part)})`);
  }
  if (modseq !== undefined) words.push(`MODSEQ ${modseq}`);
  if (words.length === 0 && options.save) return undefined;
  return ['* ESEARCH', `(TAG "${tag}")`, ...(uid ? ['UID'] : []), ...words].join(' ');
}

/** A sequence-set that keeps its order: only runs that ascend by one become ranges. */
export function orderedSet(numbers: readonly number[]): string {
  const members: string[] = [];
  for (let i = 0; i < numbers.length; ) {
    let end = i;
    while (end + 1 < numbers.length && numbers[end + 1] === numbers[end]! + 1) end += 1;
    members.push(end === i ? `${numbers[i]}` : `${numbers[i]}:${numbers[end]}`);
    i = end + 1;
  }
  return members.join(',');
}
