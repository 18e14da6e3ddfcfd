/**
 * SEARCH programs as a typed tree (RFC 9051 §6.4.4, RFC 3501 §6.4.4; RFC 5032, 5182, 5466, 6203, 7162, 8474, 8514).
 *
 * Strings stay octets: their charset is known, but decoding it is not the wire's business; `mapSearchText` turns a tree of octets into one of text.
 * Words are strings where a string is due: `SEARCH SUBJECT NIL` looks for "NIL".
 */
import type { Flag } from '../../../mail/flags.ts';
import type { Modseq } from '../../../mail/ids.ts';
import { type SequenceSet, SAVED_RESULT } from '../../../mail/sequence-set.ts';
import type { ArgumentParser } from './parser.ts';

/** `Text` is Buffer as parsed, string once decoded. */
export type SearchKey<Text = Buffer> =
  | { readonly key: 'ALL' | 'NEW' | 'OLD' | 'RECENT' | 'SAVEDATESUPPORTED' }
  /** ANSWERED, UNSEEN, KEYWORD x …: `isSet` false for the UN- forms. */
  | { readonly key: 'FLAG'; readonly flag: Flag; readonly isSet: boolean }
  /** Sequence numbers, or `$`. */
  | { readonly key: 'SEQ'; readonly set: SequenceSet }
  | { readonly key: 'UID'; readonly set: SequenceSet }
  /** Days since 1970-01-01. `internal` is INTERNALDATE, `sent` the Date header as written there, `saved` SAVEDATE. */
  | {
      readonly key: 'DATE';
      readonly of: 'internal' | 'sent' | 'saved';
      readonly relation: 'before' | 'on' | 'since';
      readonly day: number;
    }
  /** RFC 5032: age by INTERNALDATE, seconds above zero. */
  | { readonly key: 'AGE'; readonly relation: 'older' | 'younger'; readonly seconds: number }
  | { readonly key: 'SIZE'; readonly relation: 'larger' | 'smaller'; readonly sizeBytes: number }
  /** FROM, TO, CC, BCC and SUBJECT are header searches too; `field` is in lower case then. An empty text asks for presence. */
  | { readonly key: 'HEADER'; readonly field: string; readonly text: Text }
  | { readonly key: 'BODY' | 'TEXT'; readonly text: Text }
  /** RFC 7162 §3.1.5. Entry `/flags/\Seen` with `priv`, `shared` or `all`, undefined when not given. */
  | { readonly key: 'MODSEQ'; readonly modseq: Modseq; readonly entry: ModseqEntry | undefined }
  /** RFC 8474 §6. */
  | { readonly key: 'EMAILID' | 'THREADID'; readonly id: string }
  /** RFC 5466: a stored search by name. */
  | { readonly key: 'FILTER'; readonly name: string }
  | { readonly key: 'FUZZY' | 'NOT'; readonly of: SearchKey<Text> }
  | { readonly key: 'OR'; readonly either: readonly [SearchKey<Text>, SearchKey<Text>] }
  | { readonly key: 'AND'; readonly all: readonly SearchKey<Text>[] };

export type ModseqEntry = { readonly name: string; readonly type: 'priv' | 'shared' | 'all' };

export type SearchProgram<Text = Buffer> = {
  /** As the client spelled it; undefined when it named none (then US-ASCII, or UTF-8 once enabled). */
  readonly charset: string | undefined;
  readonly key: SearchKey<Text>;
};

/** `[ CHARSET x] key …` (leading space included) to the end of the command. */
export function expectSearchProgram(parser: ArgumentParser): SearchProgram {
  let charset: string | undefined;
  parser.expectSp();
  if (parser.tryWord('CHARSET')) {
    parser.expectSp();
    charset = parser.expectText('a charset');
    parser.expectSp();
  }
  const key = expectSearchKeys(parser);
  parser.expectEnd();
  return { charset, key };
}

/** ` charset key …` to the end of the command: SORT and THREAD always name the charset (RFC 5256 §5). */
export function expectSortProgram(parser: ArgumentParser): SearchProgram {
  parser.expectSp();
  const charset = parser.expectText('a charset');
  parser.expectSp();
  const key = expectSearchKeys(parser);
  parser.expectEnd();
  return { charset, key };
}

/** Keys separated by spaces, all of which must match. */
export function expectSearchKeys(parser: ArgumentParser): SearchKey {
  const keys: SearchKey[] = [];
  do keys.push(expectSearchKey(parser));
  while (parser.trySp());
  return and(keys);
}

function and(keys: readonly SearchKey[]): SearchKey {
  return keys.length === 1 ? keys[0]! : { key: 'AND', all: keys };
}

/** Keys that are a word alone. */
const WORDS: ReadonlyMap<string, SearchKey> = new Map<string, SearchKey>([
  ['ALL', { key: 'ALL' }],
  ['NEW', { key: 'NEW' }],
  ['OLD', { key: 'OLD' }],
  ['RECENT', { key: 'RECENT' }],
  ['SAVEDATESUPPORTED', { key: 'SAVEDATESUPPORTED' }],
  ...['Answered', 'Deleted', 'Draft', 'Flagged', 'Seen'].flatMap((flag): [string, SearchKey][] => [
    [flag.toUpperCase(), { key: 'FLAG', flag: `\\${flag}`, isSet: true }],
    [`UN${flag.toUpperCase()}`, { key: 'FLAG', flag: `\\${flag}`, isSet: false }],
  ]),
]);

type DateKey = Omit<Extract<SearchKey, { key: 'DATE' }>, 'day'>;

const DATES: ReadonlyMap<string, DateKey> = new Map(
  (['before', 'on', 'since'] as const).flatMap((relation): [string, DateKey][] => {
    const word = relation.toUpperCase();
    return [
      [word, { key: 'DATE', of: 'internal', relation }],
      [`SENT${word}`, { key: 'DATE', of: 'sent', relation }],
      [`SAVED${word}`, { key: 'DATE', of: 'saved', relation }],
    ];
  }),
);

const HEADERS: ReadonlySet<string> = new Set(['BCC', 'CC', 'FROM', 'SUBJECT', 'TO']);

export function expectSearchKey(parser: ArgumentParser): SearchKey {
  if (parser.peekIs('(')) return and(parser.expectList(() => expectSearchKey(parser)));
  const set = parser.trySequenceSet();
  if (set !== undefined) return { key: 'SEQ', set };
  const word = parser.expectKeyword('a search key');
  const alone = WORDS.get(word);
  if (alone !== undefined) return alone;
  parser.expectSp();
  const date = DATES.get(word);
  if (date !== undefined) return { ...date, day: parser.expectDate() };
  if (HEADERS.has(word)) return { key: 'HEADER', field: word.toLowerCase(), text: parser.expectAstring() };
  return expectKeyWithArgument(parser, word);
}

function expectKeyWithArgument(parser: ArgumentParser, word: string): SearchKey {
  switch (word) {
    case 'BODY':
    case 'TEXT':
      return { key: word, text: parser.expectAstring() };
    case 'HEADER': {
      const field = parser.expectText('a header field name').toLowerCase();
      parser.expectSp();
      return { key: 'HEADER', field, text: parser.expectAstring() };
    }
    case 'KEYWORD':
    case 'UNKEYWORD':
      return { key: 'FLAG', flag: parser.expectFlag(), isSet: word === 'KEYWORD' };
    case 'LARGER':
    case 'SMALLER':
      return { key: 'SIZE', relation: word === 'LARGER' ? 'larger' : 'smaller', sizeBytes: parser.expectNumber64() };
    case 'OLDER':
    case 'YOUNGER':
      return { key: 'AGE', relation: word === 'OLDER' ? 'older' : 'younger', seconds: parser.expectNzNumber() };
    case 'UID':
      return { key: 'UID', set: parser.expectSequenceSet() };
    case 'MODSEQ':
      return expectModseqKey(parser);
    case 'EMAILID':
    case 'THREADID':
      return { key: word, id: parser.expectText('an object id') };
    case 'FILTER':
      return { key: 'FILTER', name: parser.expectText('a filter name') };
    case 'NOT':
    case 'FUZZY':
      return { key: word, of: parser.nested(() => expectSearchKey(parser)) };
    case 'OR':
      return parser.nested(() => {
        const left = expectSearchKey(parser);
        parser.expectSp();
        return { key: 'OR', either: [left, expectSearchKey(parser)] };
      });
    default:
      throw parser.fault('Unknown search key');
  }
}

/** `[entry-name SP entry-type SP] mod-sequence` (RFC 7162 §7). The entry name is a quoted string or, from lax clients, an atom. */
function expectModseqKey(parser: ArgumentParser): SearchKey {
  let entry: ModseqEntry | undefined;
  if (parser.peek() < 0x30 || parser.peek() > 0x39) {
    const name = parser.expectText('an entry name');
    parser.expectSp();
    const type = parser.expectKeyword('an entry type').toLowerCase();
    if (type !== 'priv' && type !== 'shared' && type !== 'all') throw parser.fault('Expected priv, shared or all');
    if (!/^\/flags\/./.test(name)) throw parser.fault('Expected an entry name like "/flags/\\\\Seen"');
    entry = { name, type };
    parser.expectSp();
  }
  return { key: 'MODSEQ', modseq: parser.expectModseq(), entry };
}

/** The same tree with every text put through `convert` (decoding from the charset, case folding). */
export function mapSearchText<From, To>(key: SearchKey<From>, convert: (text: From) => To): SearchKey<To> {
  switch (key.key) {
    case 'HEADER':
    case 'BODY':
    case 'TEXT':
      return { ...key, text: convert(key.text) };
    case 'FUZZY':
    case 'NOT':
      return { ...key, of: mapSearchText(key.of, convert) };
    case 'OR':
      return { key: 'OR', either: [mapSearchText(key.either[0], convert), mapSearchText(key.either[1], convert)] };
    case 'AND':
      return { key: 'AND', all: key.all.map((one) => mapSearchText(one, convert)) };
    default:
      return key;
  }
}

/** True when some key of the tree (at any depth) satisfies the test: whether MODSEQ, `$`, text or \Recent play a part. */
export function someSearchKey<Text>(key: SearchKey<Text>, test: (key: SearchKey<Text>) => boolean): boolean {
  if (test(key)) return true;
  switch (key.key) {
    case 'FUZZY':
    case 'NOT':
      return someSearchKey(key.of, test);
    case 'OR':
      return key.either.some((one) => someSearchKey(one, test));
    case 'AND':
      return key.all.some((one) => someSearchKey(one, test));
    default:
      return false;
  }
}

/** True for `$` as a key, which makes a pipelined SEARCH depend on the one before (RFC 9051 §6.4.4.2). */
export function usesSavedResult<Text>(key: SearchKey<Text>): boolean {
  return someSearchKey(key, (one) => (one.key === 'SEQ' || one.key === 'UID') && one.set === SAVED_RESULT);
}
