/** Whether a filter fits a message, and what all fitting filters of a user come to. Pure. */
import { foldCase } from '../mime/casefold.ts';
import type { AnalyzedMessage } from '../mime/types.ts';
import type { Filter } from '../operations/rule-book.ts';
import type { ForwardTarget } from '../store/types-accounts.ts';
import type { FilterQuery } from '../store/types-flow.ts';

/** What filters look at; `text` may be costly and is asked for only when a filter wants it. */
export type FilterFacts = {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly subject: string;
  readonly listId: string;
  readonly sizeBytes: number;
  readonly hasAttachments: boolean;
  /** Folded by i;unicode-casemap. */
  readonly text: string;
  readonly spamScore: number | undefined;
};

export type FilterOutcome = {
  readonly fitting: readonly Filter[];
  readonly flags: readonly string[];
  readonly discard: boolean;
  readonly reject: string | undefined;
  /** True = into Junk, false = never. */
  readonly spam: boolean | undefined;
  readonly mailbox: string | undefined;
  readonly targets: readonly ForwardTarget[];
};

export function factsOf(message: AnalyzedMessage, spamScore?: number): FilterFacts {
  const names = (list: AnalyzedMessage['from']): string[] => list.map(({ name, address }) => fold(`${name} <${address}>`));
  return {
    from: names([...message.from, ...message.sender]),
    to: names([...message.to, ...message.cc, ...message.bcc]),
    subject: fold(message.subject),
    listId: fold(message.listId),
    sizeBytes: message.sizeBytes,
    hasAttachments: message.hasAttachments,
    text: message.text.body,
    spamScore,
  };
}

/** In their order; a later filter's mailbox replaces an earlier one's. */
export function applyFilters(filters: readonly Filter[], facts: FilterFacts): FilterOutcome {
  const fitting: Filter[] = [];
  const flags = new Set<string>();
  const targets = new Map<string, ForwardTarget>();
  let discard = false;
  let reject: string | undefined;
  let spam: boolean | undefined;
  let mailbox: string | undefined;
  for (const filter of filters) {
    if (!fits(filter.query, facts)) continue;
    fitting.push(filter);
    const { action } = filter;
    if (action.seen === true) flags.add('\\Seen');
    if (action.flag === true) flags.add('\\Flagged');
    if (action.keyword !== undefined && action.keyword !== '') flags.add(action.keyword);
    if (action.delete === true) discard = true;
    reject ??= action.reject === '' ? undefined : action.reject;
    spam = action.spam ?? spam;
    mailbox = action.mailbox ?? mailbox;
    for (const target of action.targets ?? []) targets.set(target.value, target);
    if (action.stop === true) break;
  }
  return { fitting, flags: [...flags], discard, reject, spam, mailbox, targets: [...targets.values()] };
}

/** A filter that asks nothing fits everything. */
export function fits(query: FilterQuery, facts: FilterFacts): boolean {
  const part = (needle: string | undefined, hay: readonly string[]): boolean =>
    needle === undefined || needle === '' || hay.some((text) => text.includes(fold(needle)));
  return (
    part(query.from, facts.from) &&
    part(query.to, facts.to) &&
    part(query.subject, [facts.subject]) &&
    part(query.listId, [facts.listId]) &&
    (query.ha === undefined || query.ha === facts.hasAttachments) &&
    fitsSize(query.size, facts.sizeBytes) &&
    (query.minSpamScore === undefined || (facts.spamScore !== undefined && facts.spamScore >= query.minSpamScore)) &&
    part(query.text, [facts.text])
  );
}

function fitsSize(size: number | undefined, sizeBytes: number): boolean {
  if (size === undefined || size === 0) return true;
  return size > 0 ? sizeBytes > size : sizeBytes < -size;
}

const fold = (text: string): string => foldCase(text);
