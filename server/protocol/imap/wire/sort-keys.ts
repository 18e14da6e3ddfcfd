/** SORT and THREAD arguments (RFC 5256, RFC 5957, RFC 5267, RFC 6203 §5). */
import type { ArgumentParser } from './parser.ts';
import { type SearchProgram, expectSortProgram } from './search-keys.ts';
import { type SearchReturn, trySearchReturn } from './search-return.ts';

export const SORT_KEYS = [
  'ARRIVAL',
  'CC',
  'DATE',
  'DISPLAYFROM',
  'DISPLAYTO',
  'FROM',
  'RELEVANCY',
  'SIZE',
  'SUBJECT',
  'TO',
] as const;
export type SortKey = (typeof SORT_KEYS)[number];
export type SortCriterion = { readonly key: SortKey; readonly reverse: boolean };

export type SortArguments = {
  /** undefined for plain SORT, which answers with an untagged SORT. */
  readonly options: SearchReturn | undefined;
  readonly criteria: readonly SortCriterion[];
  readonly program: SearchProgram;
};

export type ThreadArguments = { readonly algorithm: 'ORDEREDSUBJECT' | 'REFERENCES' | 'REFS'; readonly program: SearchProgram };

const KEYS: ReadonlySet<string> = new Set(SORT_KEYS);

/** `[ RETURN (…)] (criteria) charset keys` to the end of the command. */
export function expectSortArguments(parser: ArgumentParser): SortArguments {
  const options = trySearchReturn(parser);
  parser.expectSp();
  const criteria = parser.expectList(() => expectCriterion(parser));
  return { options, criteria, program: expectSortProgram(parser) };
}

function expectCriterion(parser: ArgumentParser): SortCriterion {
  const reverse = parser.tryWord('REVERSE');
  if (reverse) parser.expectSp();
  const key = parser.expectKeyword('a sort key');
  if (!KEYS.has(key)) throw parser.fault('Unknown sort key');
  return { key: key as SortKey, reverse };
}

/** ` algorithm charset keys` to the end of the command. */
export function expectThreadArguments(parser: ArgumentParser): ThreadArguments {
  parser.expectSp();
  const algorithm = parser.expectKeyword('a threading algorithm');
  if (algorithm !== 'ORDEREDSUBJECT' && algorithm !== 'REFERENCES' && algorithm !== 'REFS')
    throw parser.fault('Unknown threading algorithm');
  return { algorithm, program: expectSortProgram(parser) };
}
