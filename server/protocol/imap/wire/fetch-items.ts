/**
 * FETCH arguments: attributes, macros and modifiers (RFC 9051 §6.4.5, §9 fetch-att; RFC 3516, 7162, 8474, 8514, 8970, 9394).
 *
 * Parsing sets nothing and knows no capability; the command decides which items it serves.
 */
import type { Modseq } from '../../../mail/ids.ts';
import type { SequenceSet } from '../../../mail/sequence-set.ts';
import type { ArgumentParser, OctetRange, PartialRange } from './parser.ts';
import { type Section, expectSection, expectSectionBinary, formatSection } from './sections.ts';

/** Items that are a word and nothing else. BODY here is the non-extensible body structure. */
export const PLAIN_FETCH_ITEMS = [
  'BODY',
  'BODYSTRUCTURE',
  'EMAILID',
  'ENVELOPE',
  'FLAGS',
  'INTERNALDATE',
  'MODSEQ',
  'RFC822',
  'RFC822.HEADER',
  'RFC822.SIZE',
  'RFC822.TEXT',
  'SAVEDATE',
  'THREADID',
  'UID',
] as const;
export type PlainFetchItem = (typeof PLAIN_FETCH_ITEMS)[number];

export type FetchItem =
  | { readonly item: PlainFetchItem }
  /** BODY[…] and, with `peek`, BODY.PEEK[…]. */
  | { readonly item: 'BODY[]'; readonly section: Section; readonly peek: boolean; readonly range: OctetRange | undefined }
  | {
      readonly item: 'BINARY[]';
      readonly part: readonly number[];
      readonly peek: boolean;
      readonly range: OctetRange | undefined;
    }
  | { readonly item: 'BINARY.SIZE[]'; readonly part: readonly number[] }
  /** LAZY (RFC 8970 §3.1): only when it is at hand. */
  | { readonly item: 'PREVIEW'; readonly lazy: boolean };

export type FetchArguments = {
  readonly set: SequenceSet;
  readonly items: readonly FetchItem[];
  /** RFC 7162 §3.1.4.1; implies that MODSEQ is sent. */
  readonly changedSince: Modseq | undefined;
  /** RFC 7162 §3.2.6; only with UID FETCH and CHANGEDSINCE, which the parser has checked. */
  readonly vanished: boolean;
  /** RFC 9394 §3.4; only with UID FETCH. */
  readonly partial: PartialRange | undefined;
};

const PLAIN: ReadonlySet<string> = new Set(PLAIN_FETCH_ITEMS);

const MACROS: ReadonlyMap<string, readonly PlainFetchItem[]> = new Map([
  ['ALL', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE']],
  ['FAST', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE']],
  ['FULL', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY']],
]);

/** ` set items [ (modifiers)]` to the end of the command. `uid` is true for UID FETCH. */
export function expectFetchArguments(parser: ArgumentParser, uid: boolean): FetchArguments {
  parser.expectSp();
  const set = parser.expectSequenceSet();
  parser.expectSp();
  const items = expectFetchItems(parser);
  let changedSince: Modseq | undefined;
  let vanished = false;
  let partial: PartialRange | undefined;
  if (parser.trySp()) {
    parser.expectList(() => {
      switch (parser.expectKeyword('a FETCH modifier')) {
        case 'CHANGEDSINCE':
          parser.expectSp();
          changedSince = parser.expectModseq();
          return;
        case 'VANISHED':
          vanished = true;
          return;
        case 'PARTIAL':
          parser.expectSp();
          partial = parser.expectPartialRange();
          return;
        default:
          throw parser.fault('Unknown FETCH modifier');
      }
    });
  }
  parser.expectEnd();
  // RFC 7162 §3.2.6: VANISHED needs CHANGEDSINCE and UID FETCH, else BAD.
  if (vanished && (!uid || changedSince === undefined)) throw parser.fault('VANISHED goes with UID FETCH and CHANGEDSINCE');
  if (partial !== undefined && !uid) throw parser.fault('PARTIAL goes with UID FETCH');
  return { set, items, changedSince, vanished, partial };
}

/** A macro, one item, or a list of items (NOTIFY and UPDATE use this too). */
export function expectFetchItems(parser: ArgumentParser): FetchItem[] {
  const list = parser.tryList(() => expectFetchItem(parser));
  if (list !== undefined) return list;
  const macro = MACROS.get(parser.peekKeyword() ?? '');
  if (macro === undefined) return [expectFetchItem(parser)];
  parser.expectKeyword();
  return macro.map((item) => ({ item }));
}

export function expectFetchItem(parser: ArgumentParser): FetchItem {
  const word = parser.expectKeyword('a FETCH item');
  switch (word) {
    case 'BODY':
    case 'BODY.PEEK':
      if (parser.peekIs('[')) {
        return { item: 'BODY[]', section: expectSection(parser), peek: word === 'BODY.PEEK', range: parser.tryOctetRange() };
      }
      if (word === 'BODY') return { item: word };
      throw parser.fault('BODY.PEEK needs a section');
    case 'BINARY':
    case 'BINARY.PEEK':
      return { item: 'BINARY[]', part: expectSectionBinary(parser), peek: word === 'BINARY.PEEK', range: parser.tryOctetRange() };
    case 'BINARY.SIZE':
      return { item: 'BINARY.SIZE[]', part: expectSectionBinary(parser) };
    case 'PREVIEW':
      return { item: 'PREVIEW', lazy: tryLazy(parser) };
    default:
      if (PLAIN.has(word)) return { item: word as PlainFetchItem };
      throw parser.fault('Unknown FETCH item');
  }
}

/** ` (LAZY)` after PREVIEW. A list that follows PREVIEW outside of parentheses may as well be the FETCH modifiers: only LAZY makes it ours. */
function tryLazy(parser: ArgumentParser): boolean {
  return (
    parser.attempt(() => {
      if (!parser.trySp() || !parser.tryChar('(') || !parser.tryWord('LAZY')) return undefined;
      return parser.tryChar(')') ? true : undefined;
    }) ?? false
  );
}

/** The name an item has in the FETCH reply: `BODY[1.HEADER]<0>`, `BINARY[2]`, `ENVELOPE`. */
export function formatFetchItem(item: FetchItem): string {
  switch (item.item) {
    case 'BODY[]':
      return `BODY[${formatSection(item.section)}]${origin(item.range)}`;
    case 'BINARY[]':
      return `BINARY[${item.part.join('.')}]${origin(item.range)}`;
    case 'BINARY.SIZE[]':
      return `BINARY.SIZE[${item.part.join('.')}]`;
    default:
      return item.item;
  }
}

function origin(range: OctetRange | undefined): string {
  return range === undefined ? '' : `<${range.offset}>`;
}

/** True when serving the item sets \Seen (RFC 9051 §6.4.5): BODY[…], BINARY[…], RFC822 and RFC822.TEXT without PEEK. */
export function setsSeen(item: FetchItem): boolean {
  if (item.item === 'BODY[]' || item.item === 'BINARY[]') return !item.peek;
  return item.item === 'RFC822' || item.item === 'RFC822.TEXT';
}
