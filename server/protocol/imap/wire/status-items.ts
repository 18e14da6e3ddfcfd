/** STATUS items (RFC 9051 §6.3.11, RFC 7162 §3.1.7, RFC 7889 §4, RFC 8438, RFC 8474 §4.3, RFC 9208 §4.1.4). */
import type { ArgumentParser } from './parser.ts';

export const STATUS_ITEMS = [
  'APPENDLIMIT',
  'DELETED',
  'DELETED-STORAGE',
  'HIGHESTMODSEQ',
  'MAILBOXID',
  'MESSAGES',
  'RECENT',
  'SIZE',
  'UIDNEXT',
  'UIDVALIDITY',
  'UNSEEN',
] as const;
export type StatusItem = (typeof STATUS_ITEMS)[number];

const ITEMS: ReadonlySet<string> = new Set(STATUS_ITEMS);

/** `(item …)`, duplicates dropped, in the order given. */
export function expectStatusItems(parser: ArgumentParser): StatusItem[] {
  const items = parser.expectList(() => {
    const word = parser.expectKeyword('a STATUS item');
    if (!ITEMS.has(word)) throw parser.fault('Unknown STATUS item');
    return word as StatusItem;
  });
  return [...new Set(items)];
}

export type StatusArguments = { readonly mailbox: string; readonly items: readonly StatusItem[] };

/** ` mailbox (items)` to the end of the command. */
export function expectStatusArguments(parser: ArgumentParser): StatusArguments {
  parser.expectSp();
  const mailbox = parser.expectMailbox();
  parser.expectSp();
  const items = expectStatusItems(parser);
  parser.expectEnd();
  return { mailbox, items };
}
