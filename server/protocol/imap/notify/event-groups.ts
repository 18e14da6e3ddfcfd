/** What a NOTIFY command asked for (RFC 5465 §5, §6), as questions that can be put to it. Pure. */
import { SEPARATOR } from '../../../mail/mailbox-path.ts';
import type { FetchItem } from '../wire/fetch-items.ts';
import type { MailboxFilter, NotifyArguments } from '../wire/mailbox-filter.ts';

export const NOTIFY_EVENTS = [
  'MessageNew',
  'MessageExpunge',
  'FlagChange',
  'MailboxName',
  'SubscriptionChange',
  'MailboxMetadataChange',
  'ServerMetadataChange',
] as const;
const KNOWN: ReadonlySet<string> = new Set(NOTIFY_EVENTS.map((name) => name.toUpperCase()));

export type SelectedEvents = {
  readonly messages: boolean;
  readonly flags: boolean;
  /** SELECTED-DELAYED: expunges wait for a command. */
  readonly delayed: boolean;
  readonly newItems: readonly FetchItem[];
};

/** A mailbox as filters see it. */
export type Watched = { readonly name: string; readonly subscribed: boolean; readonly isOwn: boolean };

type Group = { readonly filter: MailboxFilter; readonly names: readonly string[]; readonly events: ReadonlySet<string> };

const NOTHING_SELECTED: SelectedEvents = { messages: false, flags: false, delayed: false, newItems: [] };

/** Event names that are not supported; the reply is NO [BADEVENT]. */
export function unknownEvents(args: NotifyArguments): boolean {
  return args.set && args.groups.some(({ events }) => events.names.some((name) => !KNOWN.has(name)));
}

export class EventGroups {
  readonly selected: SelectedEvents;
  readonly #groups: readonly Group[];

  /** `normalise`: names as clients write them, in the form in which mailboxes are named here. */
  constructor(args: NotifyArguments, normalise: (name: string) => string) {
    const groups = args.set ? args.groups : [];
    const selected = groups.find(({ filter }) => filter.kind === 'selected' || filter.kind === 'selected-delayed');
    this.selected =
      selected === undefined
        ? NOTHING_SELECTED
        : {
            messages: selected.events.names.includes('MESSAGENEW'),
            flags: selected.events.names.includes('FLAGCHANGE'),
            delayed: selected.filter.kind === 'selected-delayed',
            newItems: selected.events.messageNewItems,
          };
    this.#groups = groups
      .filter((group) => group !== selected)
      .map(({ filter, events }) => ({
        filter,
        names: 'mailboxes' in filter ? filter.mailboxes.map(normalise) : [],
        events: new Set(events.names),
      }));
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /** Some group may be about mailboxes that others share. */
  mayConcernShared(isShared: (name: string) => boolean): boolean {
    return this.#groups.some(({ filter, names }) => filter.kind === 'subscribed' || names.some(isShared));
  }

  get wantsServerMetadata(): boolean {
    return this.#groups.some(({ events }) => events.has('SERVERMETADATACHANGE'));
  }

  /** The events, in capitals, that are wanted of a mailbox: those of every group that it is in. */
  eventsOf(mailbox: Watched): ReadonlySet<string> {
    const events = new Set<string>();
    for (const group of this.#groups) {
      if (!covers(group, mailbox)) continue;
      for (const name of group.events) events.add(name);
    }
    return events;
  }
}

function covers({ filter, names }: Group, { name, subscribed, isOwn }: Watched): boolean {
  switch (filter.kind) {
    // RFC 5465 §6.3: rules may deliver into any mailbox of one's own, so all of them are inboxes.
    case 'inboxes':
    case 'personal':
      return isOwn;
    case 'subscribed':
      return subscribed;
    case 'mailboxes':
      return names.includes(name);
    case 'subtree':
      return names.some((top) => name === top || top === '' || name.startsWith(top + SEPARATOR));
    case 'subtree-one':
      return names.some(
        (top) => name === top || (name.startsWith(top + SEPARATOR) && !name.slice(top.length + 1).includes(SEPARATOR)),
      );
    case 'selected':
    case 'selected-delayed':
      return false;
  }
}
