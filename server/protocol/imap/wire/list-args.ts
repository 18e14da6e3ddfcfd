/** LIST and LSUB arguments (RFC 9051 §6.3.9, RFC 5258, 5819, 6154, 8440, 9590). */
import type { ArgumentParser } from './parser.ts';
import { type StatusItem, expectStatusItems } from './status-items.ts';

export const LIST_SELECTION_OPTIONS = ['RECURSIVEMATCH', 'REMOTE', 'SPECIAL-USE', 'SUBSCRIBED'] as const;
export type ListSelectionOption = (typeof LIST_SELECTION_OPTIONS)[number];

export type ListReturn = {
  readonly subscribed: boolean;
  readonly children: boolean;
  readonly specialUse: boolean;
  readonly myRights: boolean;
  /** RFC 5819; undefined when not asked for. */
  readonly status: readonly StatusItem[] | undefined;
  /** RFC 9590: metadata entry names; undefined when not asked for. */
  readonly metadata: readonly string[] | undefined;
};

export type ListArguments = {
  /** True when selection options, several patterns or RETURN were used: then an empty pattern is no longer special (RFC 5258 §3). */
  readonly extended: boolean;
  readonly select: ReadonlySet<ListSelectionOption>;
  readonly reference: string;
  readonly patterns: readonly string[];
  readonly options: ListReturn;
};

const SELECTION: ReadonlySet<string> = new Set(LIST_SELECTION_OPTIONS);
const MAX_PATTERNS = 100;
const MAX_METADATA_ENTRIES = 100;

/** `[ (selection)] reference pattern|(patterns)[ RETURN (…)]` to the end of the command. */
export function expectListArguments(parser: ArgumentParser): ListArguments {
  parser.expectSp();
  const selection = parser.tryList(() => expectSelectionOption(parser), { allowEmpty: true });
  if (selection !== undefined) parser.expectSp();
  const select = new Set(selection ?? []);
  // RFC 5258 §3: RECURSIVEMATCH needs an option besides REMOTE that it can work on.
  if (select.has('RECURSIVEMATCH') && !select.has('SUBSCRIBED') && !select.has('SPECIAL-USE')) {
    throw parser.fault('RECURSIVEMATCH needs another selection option');
  }
  const reference = parser.expectMailbox();
  parser.expectSp();
  const many = parser.tryList(() => parser.expectListMailbox());
  const patterns = many ?? [parser.expectListMailbox()];
  if (patterns.length > MAX_PATTERNS) throw parser.fault('Too many patterns');
  const options = parser.trySp() ? expectReturn(parser) : undefined;
  parser.expectEnd();
  return {
    extended: selection !== undefined || many !== undefined || options !== undefined,
    select,
    reference,
    patterns,
    options: options ?? NO_RETURN,
  };
}

export type LsubArguments = { readonly reference: string; readonly pattern: string };

/** ` reference pattern` to the end of the command. */
export function expectLsubArguments(parser: ArgumentParser): LsubArguments {
  parser.expectSp();
  const reference = parser.expectMailbox();
  parser.expectSp();
  const pattern = parser.expectListMailbox();
  parser.expectEnd();
  return { reference, pattern };
}

const NO_RETURN: ListReturn = {
  subscribed: false,
  children: false,
  specialUse: false,
  myRights: false,
  status: undefined,
  metadata: undefined,
};

function expectSelectionOption(parser: ArgumentParser): ListSelectionOption {
  const word = parser.expectKeyword('a selection option');
  // RFC 5258 §3: an unknown option is BAD.
  if (!SELECTION.has(word)) throw parser.fault('Unknown LIST selection option');
  return word as ListSelectionOption;
}

function expectReturn(parser: ArgumentParser): ListReturn {
  if (!parser.tryWord('RETURN')) throw parser.fault('Expected RETURN');
  parser.expectSp();
  const words = new Set<string>();
  let status: readonly StatusItem[] | undefined;
  let metadata: readonly string[] | undefined;
  parser.expectList(
    () => {
      const word = parser.expectKeyword('a return option');
      switch (word) {
        case 'SUBSCRIBED':
        case 'CHILDREN':
        case 'SPECIAL-USE':
        case 'MYRIGHTS':
          words.add(word);
          return;
        case 'STATUS':
          parser.expectSp();
          status = expectStatusItems(parser);
          return;
        case 'METADATA':
          parser.expectSp();
          metadata = parser.expectList(() => parser.expectText('a metadata entry'));
          if (metadata.length > MAX_METADATA_ENTRIES) throw parser.fault('Too many metadata entries');
          return;
        default:
          throw parser.fault('Unknown LIST return option');
      }
    },
    { allowEmpty: true },
  );
  return {
    subscribed: words.has('SUBSCRIBED'),
    children: words.has('CHILDREN'),
    specialUse: words.has('SPECIAL-USE'),
    myRights: words.has('MYRIGHTS'),
    status,
    metadata,
  };
}
