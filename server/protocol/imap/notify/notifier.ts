/**
 * What a session that used NOTIFY wants to hear at any time (RFC 5465): of other mailboxes by STATUS, of names by LIST, of the selected one as usual or not at all.
 *
 * The picture of the mailboxes that the client has been told is kept here; events only say that something changed, and what differs from the picture is told.
 * One subscription per such session and owner, and a hundred bytes per mailbox.
 */
import type { MailboxId } from '../../../mail/ids.ts';
import type { Operations, UserEvent } from '../../../operations/contract.ts';
import type { Account } from '../../../operations/contract-accounts.ts';
import type { CommandContext } from '../command.ts';
import {
  type ResolvedMailbox,
  isInternalEntry,
  isShared,
  normaliseName,
  sharedMailboxes,
  sharedSubscriptions,
} from '../mailbox-names.ts';
import type { NotifyArguments } from '../wire/mailbox-filter.ts';
import { EventGroups, type SelectedEvents } from './event-groups.ts';
import { MailboxEar } from './mailbox-ear.ts';
import {
  type KnownMailbox,
  type NameChange,
  type Picture,
  attributesOf,
  knownMailbox,
  nameChanges,
  statusItems,
} from './picture.ts';

/** Mailboxes that one session watches; more are refused by NO [NOTIFICATIONOVERFLOW]. */
export const MAX_WATCHED = 10_000;

type Context = Pick<CommandContext, 'session' | 'ops'>;

export class Notifier {
  readonly groups: EventGroups;
  readonly #account: Account;
  readonly #ear: MailboxEar | undefined;
  readonly #withShared: boolean;
  #picture: Picture = new Map();
  readonly #changed = new Set<MailboxId>();
  #treeChanged = false;

  /** `wake` is called when there may be something to tell. Call `learn` before anything else. */
  constructor(ops: Operations, account: Account, args: NotifyArguments, wake: () => void) {
    this.groups = new EventGroups(args, normaliseName);
    this.#account = account;
    this.#withShared = this.groups.mayConcernShared(isShared);
    if (this.groups.isEmpty) return;
    this.#ear = new MailboxEar(ops.events, account.user, (event) => {
      if (this.#hear(event)) wake();
    });
  }

  close(): void {
    this.#ear?.close();
  }

  get selected(): SelectedEvents {
    return this.groups.selected;
  }

  get hasNews(): boolean {
    return this.#treeChanged || this.#changed.size > 0;
  }

  /** Metadata of this mailbox is watched. */
  wantsMetadataOf(mailbox: MailboxId): boolean {
    const known = this.#picture.get(mailbox);
    return known !== undefined && this.groups.eventsOf(known).has('MAILBOXMETADATACHANGE');
  }

  #hear(event: UserEvent): boolean {
    switch (event.kind) {
      case 'access':
        return false;
      case 'mailboxes':
        this.#treeChanged = true;
        return true;
      case 'metadata':
        // Subscriptions to what others share are kept as annotations.
        if (event.user !== this.#account.user || !event.entries.some(isInternalEntry)) return false;
        this.#treeChanged = true;
        return true;
      case 'mailbox':
        // Of others' mailboxes only the known ones matter.
        if (event.user !== this.#account.user && !this.#picture.has(event.mailbox)) return false;
        this.#changed.add(event.mailbox);
        return true;
    }
  }

  /** Takes the present state as told. Answers the mailboxes of which some event is watched. */
  async learn(context: Context): Promise<readonly KnownMailbox[]> {
    if (this.groups.isEmpty) return [];
    this.#picture = await this.#look(context);
    return [...this.#picture.values()].filter((mailbox) => this.groups.eventsOf(mailbox).size > 0);
  }

  async #look(context: Context): Promise<Picture> {
    const { ops } = context;
    const found: KnownMailbox[] = [];
    for (const mailbox of await ops.mailboxes.list(this.#account.user)) {
      const { path: name, subscribed } = mailbox;
      found.push(knownMailbox(mailbox, { name, isOwn: true, subscribed, readable: true }));
    }
    if (this.#withShared) {
      const shared = [...(await sharedMailboxes(context))].sort((a, b) => (a.name < b.name ? -1 : 1));
      const subscribed = shared.length === 0 ? new Set<string>() : await sharedSubscriptions(context);
      for (const one of shared) found.push(asKnown(one, subscribed.has(one.mailbox.id)));
      this.#ear?.setOwners(shared.map(({ mailbox }) => mailbox.user));
    }
    return new Map(found.map((mailbox) => [mailbox.id, mailbox]));
  }

  /** Tells what differs from what was told. */
  async tell(context: CommandContext): Promise<void> {
    const { session } = context;
    const changed = [...this.#changed];
    this.#changed.clear();
    if (this.#treeChanged) {
      this.#treeChanged = false;
      await this.#tellNames(context);
    }
    for (const id of changed) {
      // The selected mailbox is told of by EXISTS and its kin.
      if (session.boxOrNone?.view.mailbox !== id) await this.#tellStatus(context, id);
    }
  }

  async #tellStatus(context: CommandContext, id: MailboxId): Promise<void> {
    const { ops, session, out } = context;
    const before = this.#picture.get(id);
    if (before === undefined) return;
    const mailbox = await ops.mailboxes.get(before.owner, id);
    if (mailbox === undefined) return;
    // RFC 5465 §5.9: rights may have gone since.
    const readable = before.isOwn || /l.*r/.test(await ops.acls.rightsOf(this.#account.user, before.owner, id));
    const now = knownMailbox(mailbox, { ...before, readable });
    this.#picture = new Map(this.#picture).set(id, now);
    if (!readable) return;
    const items = statusItems(before, now, this.groups.eventsOf(now), session.condstore);
    if (items === undefined) return;
    out
      .raw('* STATUS ')
      .mailbox(now.name)
      .raw(` (${items.join(' ')})`)
      .crlf();
  }

  async #tellNames(context: CommandContext): Promise<void> {
    const now = await this.#look(context);
    const before = this.#picture;
    // The counts stay as they were told.
    this.#picture = new Map(
      [...now].map(([id, mailbox]) => {
        const { uidNext, modseq, messages, unseen } = before.get(id) ?? mailbox;
        return [id, { ...mailbox, uidNext, modseq, messages, unseen }];
      }),
    );
    for (const change of nameChanges(before, now)) this.#tellName(context, change);
  }

  #tellName({ out }: CommandContext, { kind, mailbox, gone, oldName }: NameChange): void {
    const events = this.groups.eventsOf(mailbox);
    const wanted =
      events.has(kind === 'subscription' ? 'SUBSCRIPTIONCHANGE' : 'MAILBOXNAME') || (kind === 'access' && events.size > 0);
    if (!wanted) return;
    const attributes = gone ? ['\\NonExistent'] : attributesOf(mailbox, this.#picture);
    out.raw(`* LIST (${attributes.join(' ')}) "/" `).mailbox(mailbox.name);
    // RFC 5465 §5.4: the old name tells that it is the same mailbox.
    if (oldName !== undefined) out.raw(' ("OLDNAME" (').mailbox(oldName).raw('))');
    out.crlf();
  }
}

function asKnown({ mailbox, rights, name }: ResolvedMailbox, subscribed: boolean): KnownMailbox {
  return knownMailbox(mailbox, { name, isOwn: false, subscribed, readable: rights.includes('r') });
}
