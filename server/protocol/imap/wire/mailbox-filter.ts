/** Which mailboxes a NOTIFY event group or a multi-mailbox SEARCH is about (RFC 5465 §6, RFC 7377 §2.2), and NOTIFY's arguments. */
import { type FetchItem, expectFetchItem } from './fetch-items.ts';
import type { ArgumentParser } from './parser.ts';

export type MailboxFilter =
  | { readonly kind: 'selected' | 'selected-delayed' | 'inboxes' | 'personal' | 'subscribed' }
  /** Names as sent, decoded, not yet checked. `subtree` includes the mailbox itself; `subtree-one` only its direct children and itself. */
  | { readonly kind: 'subtree' | 'subtree-one' | 'mailboxes'; readonly mailboxes: readonly string[] };

const MAX_MAILBOXES = 1000;
const MAILBOX_EVENTS: ReadonlySet<string> = new Set([
  'MAILBOXNAME',
  'SUBSCRIPTIONCHANGE',
  'MAILBOXMETADATACHANGE',
  'SERVERMETADATACHANGE',
]);

/** One filter; SELECTED-DELAYED is NOTIFY's alone, SUBTREE-ONE is ESEARCH's and tolerated in NOTIFY. */
export function expectMailboxFilter(parser: ArgumentParser): MailboxFilter {
  const word = parser.expectKeyword('a mailbox filter');
  switch (word) {
    case 'SELECTED':
    case 'SELECTED-DELAYED':
    case 'INBOXES':
    case 'PERSONAL':
    case 'SUBSCRIBED':
      return { kind: word.toLowerCase() as 'selected' };
    case 'SUBTREE':
    case 'SUBTREE-ONE':
    case 'MAILBOXES': {
      parser.expectSp();
      const mailboxes = parser.tryList(() => parser.expectMailbox()) ?? [parser.expectMailbox()];
      if (mailboxes.length > MAX_MAILBOXES) throw parser.fault('Too many mailboxes');
      return { kind: word.toLowerCase() as 'subtree', mailboxes };
    }
    default:
      throw parser.fault('Unknown mailbox filter');
  }
}

/** ` IN (filter …)`, leading space included; undefined when there is none (ESEARCH then means the selected mailbox). */
export function trySearchSources(parser: ArgumentParser): MailboxFilter[] | undefined {
  if (parser.attempt(() => (parser.trySp() && parser.tryWord('IN') ? true : undefined)) === undefined) return undefined;
  parser.expectSp();
  const filters = parser.expectList(() => expectMailboxFilter(parser));
  // RFC 7377 §2.2: selected-delayed is not valid here.
  if (filters.some((filter) => filter.kind === 'selected-delayed')) throw parser.fault('SELECTED-DELAYED is for NOTIFY');
  return filters;
}

export type NotifyEvents = {
  /** Upper case, as sent; names the server does not know are for NO [BADEVENT]. Empty for NONE. */
  readonly names: readonly string[];
  /** What to send of a new message; only with SELECTED and SELECTED-DELAYED. */
  readonly messageNewItems: readonly FetchItem[];
};

export type NotifyArguments =
  | { readonly set: false }
  | {
      readonly set: true;
      /** Tell the STATUS of the watched mailboxes first. */
      readonly status: boolean;
      readonly groups: readonly { readonly filter: MailboxFilter; readonly events: NotifyEvents }[];
    };

/** ` NONE` or ` SET [STATUS] (filter events) …` to the end of the command (RFC 5465 §8). */
export function expectNotifyArguments(parser: ArgumentParser): NotifyArguments {
  parser.expectSp();
  const word = parser.expectKeyword('SET or NONE');
  if (word === 'NONE') {
    parser.expectEnd();
    return { set: false };
  }
  if (word !== 'SET') throw parser.fault('Expected SET or NONE');
  parser.expectSp();
  const status = parser.tryWord('STATUS');
  if (status) parser.expectSp();
  const groups: { filter: MailboxFilter; events: NotifyEvents }[] = [];
  do groups.push(expectGroup(parser));
  while (parser.trySp());
  parser.expectEnd();
  if (groups.filter(({ filter }) => isSelected(filter)).length > 1) throw parser.fault('SELECTED may be given once');
  return { set: true, status, groups };
}

function isSelected(filter: MailboxFilter): boolean {
  return filter.kind === 'selected' || filter.kind === 'selected-delayed';
}

function expectGroup(parser: ArgumentParser): { filter: MailboxFilter; events: NotifyEvents } {
  parser.expectChar('(');
  const filter = expectMailboxFilter(parser);
  parser.expectSp();
  const events = parser.nested(() => expectEvents(parser));
  parser.expectChar(')');
  // RFC 5465 §6.1: other events are no matter of the selected mailbox. Unknown ones get BADEVENT.
  if (isSelected(filter) && events.names.some((name) => MAILBOX_EVENTS.has(name)))
    throw parser.fault('SELECTED takes message events only');
  if (events.messageNewItems.length > 0 && !isSelected(filter)) throw parser.fault('Items of new messages go with SELECTED');
  return { filter, events };
}

function expectEvents(parser: ArgumentParser): NotifyEvents {
  if (parser.tryWord('NONE')) return { names: [], messageNewItems: [] };
  let messageNewItems: readonly FetchItem[] = [];
  const names = parser.expectList(() => {
    const name = parser.expectAtom('an event').toUpperCase();
    const hasItems =
      name === 'MESSAGENEW' && parser.attempt(() => (parser.trySp() && parser.peekIs('(') ? true : undefined)) === true;
    if (hasItems) messageNewItems = parser.expectList(() => expectFetchItem(parser));
    return name;
  });
  const has = (name: string): boolean => names.includes(name);
  // RFC 5465 §8: MessageNew and MessageExpunge only together, FlagChange only with both.
  if (has('MESSAGENEW') !== has('MESSAGEEXPUNGE') || (has('FLAGCHANGE') && !has('MESSAGENEW'))) {
    throw parser.fault('MessageNew and MessageExpunge go together, FlagChange with both');
  }
  return { names, messageNewItems };
}
