/**
 * The mailboxes that a NOTIFY client has been told of, and what differs from them now (RFC 5465 §5.4, §5.5, §5.9). Pure: two pictures in, the names to tell out.
 */
import type { MailboxId, UserId } from '../../../mail/ids.ts';
import { SEPARATOR } from '../../../mail/mailbox-path.ts';
import type { MailboxInfo } from '../../../operations/contract.ts';

export type KnownMailbox = {
  readonly id: MailboxId;
  readonly owner: UserId;
  /** As this user sees it. */
  readonly name: string;
  readonly isOwn: boolean;
  readonly subscribed: boolean;
  readonly noSelect: boolean;
  readonly specialUse: string | undefined;
  /** The user may read it; without, its events are not told. */
  readonly readable: boolean;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly modseq: number;
  readonly messages: number;
  readonly unseen: number;
};

export type Picture = ReadonlyMap<MailboxId, KnownMailbox>;

export type NameChange = {
  readonly kind: 'name' | 'subscription' | 'access';
  readonly mailbox: KnownMailbox;
  /** The name is gone. */
  readonly gone: boolean;
  readonly oldName: string | undefined;
};

export function knownMailbox(
  mailbox: MailboxInfo,
  as: Pick<KnownMailbox, 'name' | 'isOwn' | 'subscribed' | 'readable'>,
): KnownMailbox {
  const { id, user, noSelect, specialUse, uidValidity, uidNext, modseq, counts } = mailbox;
  const { name, isOwn, subscribed, readable } = as;
  return {
    id,
    owner: user,
    name,
    isOwn,
    subscribed,
    noSelect,
    readable,
    specialUse: isOwn ? specialUse : undefined,
    uidValidity,
    uidNext,
    modseq,
    messages: counts.messages,
    unseen: counts.unseen,
  };
}

/** In the order of `now`, what is gone last. */
export function nameChanges(before: Picture, now: Picture): NameChange[] {
  const changes: NameChange[] = [];
  const change = (kind: NameChange['kind'], mailbox: KnownMailbox, gone = false, oldName?: string): void => {
    changes.push({ kind, mailbox, gone, oldName });
  };
  const renamed = new Map<string, string>();
  const madeOrGone: KnownMailbox[] = [];
  for (const mailbox of now.values()) {
    const was = before.get(mailbox.id);
    if (was === undefined) {
      change('name', mailbox);
      madeOrGone.push(mailbox);
    } else if (was.name !== mailbox.name) {
      renamed.set(was.name, mailbox.name);
      // RFC 5465 §5.4: what is renamed with its superior is not told by itself.
      if (renamed.get(parentOf(was.name) ?? '') !== (parentOf(mailbox.name) ?? '\0')) change('name', mailbox, false, was.name);
    } else if (was.readable !== mailbox.readable) change('access', mailbox);
    else if (was.subscribed !== mailbox.subscribed) change('subscription', mailbox);
  }
  for (const mailbox of before.values()) {
    if (now.has(mailbox.id)) continue;
    change('name', mailbox, true);
    madeOrGone.push(mailbox);
  }
  return [...changes, ...parentsOf(madeOrGone, changes, now)];
}

/** RFC 5465 §5.4: the direct parent of what was made or deleted is affected too, for it has children now or has not. */
function parentsOf(mailboxes: readonly KnownMailbox[], told: readonly NameChange[], now: Picture): NameChange[] {
  const byName = new Map([...now.values()].map((mailbox) => [mailbox.name, mailbox]));
  const done = new Set(told.map(({ mailbox }) => mailbox.name));
  const parents: NameChange[] = [];
  for (const { name } of mailboxes) {
    const parent = byName.get(parentOf(name) ?? '');
    if (parent === undefined || done.has(parent.name)) continue;
    done.add(parent.name);
    parents.push({ kind: 'name', mailbox: parent, gone: false, oldName: undefined });
  }
  return parents;
}

/** What LIST would say of it. */
export function attributesOf(mailbox: KnownMailbox, picture: Picture): string[] {
  const { name, noSelect, readable, subscribed, specialUse } = mailbox;
  const hasChildren = [...picture.values()].some((one) => one.name.startsWith(name + SEPARATOR));
  return [
    ...(noSelect ? ['\\Noselect'] : []),
    ...(readable || noSelect ? [] : ['\\NoAccess']),
    ...(subscribed ? ['\\Subscribed'] : []),
    hasChildren ? '\\HasChildren' : '\\HasNoChildren',
    ...(specialUse === undefined ? [] : [specialUse]),
  ];
}

/** Items of the STATUS that tells what happened in a mailbox; undefined when it is nothing that was asked for. */
export function statusItems(
  before: KnownMailbox | undefined,
  now: KnownMailbox,
  events: ReadonlySet<string>,
  condstore: boolean,
): string[] | undefined {
  const moved = before === undefined || before.uidNext !== now.uidNext || before.messages !== now.messages;
  const seen = before === undefined || before.unseen !== now.unseen;
  const changed = before === undefined || before.modseq !== now.modseq;
  const items: string[] = [];
  if (events.has('MESSAGENEW') && moved) items.push(`MESSAGES ${now.messages}`, `UIDNEXT ${now.uidNext}`);
  if (events.has('FLAGCHANGE') && seen) items.push(`UNSEEN ${now.unseen}`);
  // RFC 5465 §5.1: without CONDSTORE other flag changes can't be told.
  if (items.length === 0 && !(condstore && changed && events.has('FLAGCHANGE'))) return undefined;
  items.push(`UIDVALIDITY ${now.uidValidity}`);
  if (condstore) items.push(`HIGHESTMODSEQ ${now.modseq}`);
  return items;
}

function parentOf(name: string): string | undefined {
  const at = name.lastIndexOf(SEPARATOR);
  return at === -1 ? undefined : name.slice(0, at);
}
