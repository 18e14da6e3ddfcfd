/** RETURN options of SEARCH and SORT (RFC 9051 §6.4.4, RFC 4731, 5182, 5267, 6203, 9394). */
import { type FetchItem, expectFetchItem } from './fetch-items.ts';
import type { ArgumentParser, PartialRange } from './parser.ts';

export type SearchReturn = {
  readonly min: boolean;
  readonly max: boolean;
  readonly all: boolean;
  readonly count: boolean;
  /** Keep the result as `$` (RFC 5182). */
  readonly save: boolean;
  readonly relevancy: boolean;
  /** RFC 5267 §4.2: a hint that the same search will come again. */
  readonly context: boolean;
  /** RFC 5267 §4.3: tell changes until CANCELUPDATE. */
  readonly update: boolean;
  /** RFC 5465 §7: UPDATE (fetch items): what to send of new matches. */
  readonly updateItems: readonly FetchItem[];
  /** RFC 5267 §4.4, RFC 9394 §3.1. */
  readonly partial: PartialRange | undefined;
};

/** ` RETURN (…)`, leading space included; undefined when there is none. No option at all means ALL. */
export function trySearchReturn(parser: ArgumentParser): SearchReturn | undefined {
  const found = parser.attempt(() => (parser.trySp() && parser.tryWord('RETURN') ? true : undefined));
  if (found === undefined) return undefined;
  parser.expectSp();
  const words = new Set<string>();
  let partial: PartialRange | undefined;
  let updateItems: readonly FetchItem[] = [];
  parser.expectList(
    () => {
      const word = parser.expectKeyword('a RETURN option');
      if (!RETURN_WORDS.has(word)) throw parser.fault('Unknown RETURN option');
      words.add(word);
      if (word === 'PARTIAL') {
        parser.expectSp();
        partial = parser.expectPartialRange();
      }
      // RFC 5465 §8 has no space before the list, its example (§7) has one.
      const hasItems =
        word === 'UPDATE' &&
        parser.attempt(() => (parser.peekIs('(') || (parser.trySp() && parser.peekIs('(')) ? true : undefined));
      if (hasItems === true) updateItems = parser.expectList(() => expectFetchItem(parser));
    },
    { allowEmpty: true },
  );
  // RFC 5267 §4.4, RFC 9394 §3.1: PARTIAL and ALL do not go together.
  if (partial !== undefined && words.has('ALL')) throw parser.fault('PARTIAL and ALL exclude each other');
  return {
    min: words.has('MIN'),
    max: words.has('MAX'),
    all: words.has('ALL') || words.size === 0,
    count: words.has('COUNT'),
    save: words.has('SAVE'),
    relevancy: words.has('RELEVANCY'),
    context: words.has('CONTEXT'),
    update: words.has('UPDATE'),
    updateItems,
    partial,
  };
}

const RETURN_WORDS: ReadonlySet<string> = new Set([
  'MIN',
  'MAX',
  'ALL',
  'COUNT',
  'SAVE',
  'RELEVANCY',
  'CONTEXT',
  'UPDATE',
  'PARTIAL',
]);
