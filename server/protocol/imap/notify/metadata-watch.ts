/**
 * Tells which annotations others have changed (RFC 5464 §4.4.2): of all mailboxes that the user may read and of the server after ENABLE METADATA, of those that NOTIFY
 * asked for otherwise. Only names are told, and not what this session changed itself.
 */
import { EVERYBODY, type MailboxId, type UserId } from '../../../mail/ids.ts';
import type { Operations, UserEvent } from '../../../operations/contract.ts';
import type { Account } from '../../../operations/contract-accounts.ts';
import type { CommandContext } from '../command.ts';
import { isInternalEntry, sharedMailboxes } from '../mailbox-names.ts';
import { MailboxEar } from './mailbox-ear.ts';

type Pending = { readonly owner: UserId; readonly mailbox: MailboxId | undefined; readonly entries: Set<string> };

/** Places with changes that are not told yet; beyond that, the oldest are kept and the rest is dropped until they are told. */
const MAX_PENDING = 1_000;

export class MetadataWatch {
  readonly #account: Account;
  readonly #ear: MailboxEar;
  readonly #pending = new Map<string, Pending>();
  #own: string | undefined;
  #ownersChanged = true;

  constructor(ops: Operations, account: Account, wake: () => void) {
    this.#account = account;
    this.#ear = new MailboxEar(ops.events, account.user, (event) => {
      if (this.#hear(event)) wake();
    });
    this.#ear.setOwners([]);
  }

  close(): void {
    this.#ear.close();
  }

  get hasNews(): boolean {
    return this.#pending.size > 0;
  }

  /** Hears from now on of the mailboxes that others share. */
  async learn(context: Pick<CommandContext, 'session' | 'ops'>): Promise<void> {
    if (!this.#ownersChanged) return;
    this.#ownersChanged = false;
    this.#ear.setOwners((await sharedMailboxes(context)).map(({ mailbox }) => mailbox.user));
  }

  /** Runs a change of this session's own, of which it is not told. */
  async whileChanging(owner: UserId, mailbox: MailboxId | undefined, change: () => Promise<void>): Promise<void> {
    this.#own = placeKey(owner, mailbox);
    try {
      await change();
    } finally {
      this.#own = undefined;
    }
  }

  #hear(event: UserEvent): boolean {
    if (event.kind === 'mailboxes') {
      this.#ownersChanged = true;
      return false;
    }
    if (event.kind !== 'metadata') return false;
    const { user: owner, mailbox, reader } = event;
    if (reader !== undefined && reader !== this.#account.user) return false;
    const entries = event.entries.filter((entry) => !isInternalEntry(entry));
    const key = placeKey(owner, mailbox);
    if (entries.length === 0 || key === this.#own) return false;
    const pending = this.#pending.get(key) ?? { owner, mailbox, entries: new Set() };
    if (this.#pending.size >= MAX_PENDING && !this.#pending.has(key)) return false;
    for (const entry of entries) pending.entries.add(entry);
    this.#pending.set(key, pending);
    return true;
  }

  async tell(context: CommandContext): Promise<void> {
    await this.learn(context);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { owner, mailbox, entries } of pending) {
      const name = await this.#nameOf(context, owner, mailbox);
      if (name === undefined) continue;
      context.out
        .raw('* METADATA ')
        .mailbox(name)
        .raw(` ${[...entries].join(' ')}`)
        .crlf();
    }
  }

  /** Undefined: not for this session to hear. */
  async #nameOf(context: CommandContext, owner: UserId, mailbox: MailboxId | undefined): Promise<string | undefined> {
    const { ops, session } = context;
    const all = session.isEnabled('METADATA');
    if (mailbox === undefined) {
      const isMine = owner === EVERYBODY || owner === this.#account.user;
      return isMine && (all || session.notifier?.groups.wantsServerMetadata === true) ? '' : undefined;
    }
    if (!all && session.notifier?.wantsMetadataOf(mailbox) !== true) return undefined;
    if (owner === this.#account.user) return (await ops.mailboxes.get(owner, mailbox))?.path;
    const shared = (await sharedMailboxes(context)).find((one) => one.mailbox.id === mailbox);
    return shared?.rights.includes('r') === true ? shared.name : undefined;
  }
}

function placeKey(owner: UserId, mailbox: MailboxId | undefined): string {
  return `${owner} ${mailbox ?? ''}`;
}
