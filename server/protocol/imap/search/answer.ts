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
