/**
 * What a session that used NOTIFY wants to hear at any time (RFC 5465): of other mailboxes by STATUS, of names by LIST, of the selected one as usual or not at all.
 *
 * The picture of the user's mailboxes that the client has been told is kept here; events only say that something changed, and what differs from the picture is
 * told. One subscription per such session, and a few dozen bytes per watched mailbox.
 */
import type { MailboxId, Uid, UserId } from '../../mail/ids.ts';
import { INBOX, SEPARATOR, normaliseMailboxName } from '../../mail/mailbox-path.ts';
import type { MailboxInfo, Operations, UserEvent } from '../../operations/contract.ts';
import type { CommandContext } from './command.ts';
import type { ImapOutput } from './output.ts';
import type { FetchItem } from './wire/fetch-items.ts';
import type { MailboxFilter, NotifyArguments } from './wire/mailbox-filter.ts';

export const NOTIFY_EVENTS = ['MessageNew', 'MessageExpunge', 'FlagChange', 'MailboxName', 'SubscriptionChange'] as const;
const KNOWN: ReadonlySet<string> = new Set(NOTIFY_EVENTS.map((name) => name.toUpperCase()));

export type SelectedEvents = {
  readonly messages: boolean;
  /** SELECTED-DELAYED: expunges wait for a command. */
  readonly delayed: boolean;
  readonly newItems: readonly FetchItem[];
};

type Group = { readonly filter: MailboxFilter; readonly events: ReadonlySet<string> };
type Known = { path: string; subscribed: boolean; uidNext: Uid; messages: number; unseen: number; modseq: number };

const NOTHING_SELECTED: SelectedEvents = { messages: false, delayed: false, newItems: [] };

/** Event names that are not supported; the reply is NO [BADEVENT]. */
export function unknownEvents(args: NotifyArguments): boolean {
  return args.set && args.groups.some(({ events }) => events.names.some((name) => !KNOWN.has(name)));
}

export class Notifier {
  readonly selected: SelectedEvents;
  readonly #groups: readonly Group[];
  readonly #user: UserId;
  readonly #unsubscribe: () => void;
  readonly #known = new Map<MailboxId, Known>();
  readonly #changed = new Set<MailboxId>();
  #treeChanged = false;

  /** `wake` is called when there may be something to tell. Call `learn` before anything else. */
  constructor(ops: Operations, user: UserId, args: NotifyArguments, wake: () => void) {
    const groups = args.set ? args.groups : [];
    const selected = groups.find(({ filter }) => filter.kind === 'selected' || filter.kind === 'selected-delayed');
    this.selected =
      selected === undefined
        ? NOTHING_SELECTED
        : {
            messages: selected.events.names.includes('MESSAGENEW'),
            delayed: selected.filter.kind === 'selected-delayed',
            newItems: selected.events.messageNewItems,
          };
    this.#groups = groups
      .filter((group) => group !== selected)
      .map(({ filter, events }) => ({ filter, events: new Set(events.names) }));
    this.#user = user;
    this.#unsubscribe = ops.events.subscribe(user, (event) => {
      if (this.#hear(event)) wake();
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  get hasNews(): boolean {
    return this.#treeChanged || this.#changed.size > 0;
  }

  #hear(event: UserEvent): boolean {
    if (this.#groups.length === 0 || event.kind === 'access') return false;
    if (event.kind === 'mailboxes') this.#treeChanged = true;
    else this.#changed.add(event.mailbox);
    return true;
  }

  /** Takes the present state as told. Answers the mailboxes whose messages are watched. */
  async learn(ops: Operations): Promise<readonly MailboxInfo[]> {
    if (this.#groups.length === 0) return [];
    const all = await ops.mailboxes.list(this.#user);
    for (const mailbox of all) this.#known.set(mailbox.id, knownOf(mailbox));
    return all.filter((mailbox) => !mailbox.noSelect && this.#eventsOf(mailbox).has('MESSAGENEW'));
  }

  /** Tells what differs from what was told. */
  async tell(context: CommandContext): Promise<void> {
    const { ops, session, out } = context;
    if (this.#treeChanged) {
      this.#treeChanged = false;
      this.#tellTree(out, await ops.mailboxes.list(this.#user));
    }
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const id of changed) {
      // The selected mailbox is told of by EXISTS and its kin.
      if (session.boxOrNone?.view.mailbox === id) continue;
      const mailbox = await ops.mailboxes.get(this.#user, id);
      if (mailbox !== undefined) this.#tellStatus(out, mailbox, session.condstore);
    }
  }

  #tellStatus(out: ImapOutput, mailbox: MailboxInfo, condstore: boolean): void {
    const events = this.#eventsOf(mailbox);
    const before = this.#known.get(mailbox.id);
    const now = knownOf(mailbox);
    this.#known.set(mailbox.id, now);
    const arrived = before === undefined || before.uidNext !== now.uidNext || before.messages !== now.messages;
    const flagged = before === undefined || before.modseq !== now.modseq;
    const words: string[] = [];
    if (events.has('MESSAGENEW') && arrived) words.push(`MESSAGES ${now.messages}`, `UIDNEXT ${now.uidNext}`);
    if (events.has('FLAGCHANGE') && flagged) words.push(`UNSEEN ${now.unseen}`);
    if (words.length === 0) return;
    words.push(`UIDVALIDITY ${mailbox.uidValidity}`);
    if (condstore) words.push(`HIGHESTMODSEQ ${mailbox.modseq}`);
    out
      .raw('* STATUS ')
      .mailbox(mailbox.path)
      .raw(` (${words.join(' ')})`)
      .crlf();
  }

  #tellTree(out: ImapOutput, all: readonly MailboxInfo[]): void {
    const gone = new Map(this.#known);
    for (const mailbox of all) {
      const before = gone.get(mailbox.id);
      gone.delete(mailbox.id);
      const events = this.#eventsOf(mailbox);
      const line = (extra = ''): void => {
        const attributes = [...(mailbox.noSelect ? ['\\Noselect'] : []), ...(mailbox.subscribed ? ['\\Subscribed'] : [])];
        out
          .raw(`* LIST (${attributes.join(' ')}) "/" `)
          .mailbox(mailbox.path)
          .raw(extra);
      };
      if (before === undefined) {
        if (events.has('MAILBOXNAME')) {
          line();
          out.crlf();
        }
      } else if (before.path !== mailbox.path) {
        // RFC 5465 §5.4: the old name tells that it is the same mailbox.
        if (events.has('MAILBOXNAME')) {
          line(' ("OLDNAME" (');
          out.mailbox(before.path).raw('))').crlf();
        }
      } else if (before.subscribed !== mailbox.subscribed && events.has('SUBSCRIPTIONCHANGE')) {
        line();
        out.crlf();
      }
      const known = before ?? knownOf(mailbox);
      this.#known.set(mailbox.id, { ...known, path: mailbox.path, subscribed: mailbox.subscribed });
    }
    for (const [id, { path, subscribed }] of gone) {
      this.#known.delete(id);
      if (!this.#eventsFor(path, subscribed).has('MAILBOXNAME')) continue;
      out.raw('* LIST (\\NonExistent) "/" ').mailbox(path).crlf();
    }
  }

  #eventsOf(mailbox: MailboxInfo): ReadonlySet<string> {
    return this.#eventsFor(mailbox.path, mailbox.subscribed);
  }

  #eventsFor(path: string, subscribed: boolean): ReadonlySet<string> {
    const events = new Set<string>();
    for (const group of this.#groups) {
      if (!watches(group.filter, path, subscribed)) continue;
      for (const name of group.events) events.add(name);
    }
    return events;
  }
}

function watches(filter: MailboxFilter, path: string, subscribed: boolean): boolean {
  switch (filter.kind) {
    case 'personal':
      return true;
    case 'inboxes':
      return path === INBOX;
    case 'subscribed':
      return subscribed;
    case 'mailboxes':
      return filter.mailboxes.some((name) => normaliseMailboxName(name) === path);
    case 'subtree':
    case 'subtree-one':
      return filter.mailboxes.some((name) => {
        const top = normaliseMailboxName(name);
        return path === top || path.startsWith(top === '' ? '' : top + SEPARATOR);
      });
    case 'selected':
    case 'selected-delayed':
      return false;
  }
}

function knownOf(mailbox: MailboxInfo): Known {
  const { path, subscribed, uidNext, modseq, counts } = mailbox;
  return { path, subscribed, uidNext, modseq, messages: counts.messages, unseen: counts.unseen };
}
