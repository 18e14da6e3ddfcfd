/** Mailboxes of a user. */
import type { MailboxId } from '../../mail/ids.ts';
import type { MailboxInfo } from '../../operations/contract.ts';
import { mailboxes, type MailboxBody } from '../contract/mailboxes.ts';
import { type ApiContext, asUser, defined, type Route, route } from '../context.ts';
import { InvalidInput } from '../../operations/refusal.ts';
import { refuse } from '../faults.ts';

export function mailboxRoutes({ operations, store }: ApiContext): Route[] {
  const { accounts } = store;
  const found = async (user: string, mailbox: string): Promise<MailboxInfo> => {
    const info = await operations.mailboxes.get(asUser(user), mailbox as MailboxId);
    if (info !== undefined && !info.noSelect) return info;
    await accounts.users.expect(user);
    throw refuse('NoSuchMailbox', 'This mailbox does not exist');
  };

  /** A change of a mailbox that can't be made says so in the interface's own words. */
  const changing = async (user: string, mailbox: string, what: 'update' | 'deletion'): Promise<MailboxInfo> => {
    const info = await operations.mailboxes.get(asUser(user), mailbox as MailboxId);
    if (info === undefined || info.noSelect) throw refuse('NoSuchMailbox', `Mailbox ${what} failed with code NoSuchMailbox`);
    return info;
  };
  const disallowed = (what: 'update' | 'deletion'): Error =>
    refuse('DisallowedMailboxMethod', `Mailbox ${what} failed with code DisallowedMailboxMethod`);

  return [
    route(mailboxes.list, async ({ input }) => {
      const { encryptMailboxes } = await accounts.users.expect(input.user);
      const all = await operations.mailboxes.list(asUser(input.user));
      const results = all
        .filter((one) => !one.noSelect && (input.showHidden || !one.hidden) && (!input.specialUse || isSpecial(one)))
        .map((one) => ({
          ...bodyOf(one, encryptMailboxes.includes(one.id)),
          ...(input.counters ? { total: one.counts.messages, unseen: one.counts.unseen } : {}),
          ...(input.sizes ? { size: one.counts.bytes } : {}),
        }));
      return { results };
    }),
    route(mailboxes.create, async ({ input }) => {
      await accounts.users.expect(input.user);
      const { hidden, retention } = input;
      const made = await operations.mailboxes.create(asUser(input.user), input.path, {
        subscribed: true,
        hidden,
        superiors: 'names',
        ...(retention === undefined ? {} : { retentionMs: retention }),
      });
      if (input.encryptMessages) await accounts.users.encryptMailbox(input.user, made.id, true);
      return { id: made.id };
    }),
    route(mailboxes.get, async ({ input }) => {
      const user = await accounts.users.expect(input.user);
      const info = input.mailbox === 'resolve' ? await byPath(input.user, input.path) : await found(input.user, input.mailbox);
      const { messages, unseen } = info.counts;
      return { ...bodyOf(info, user.encryptMailboxes.includes(info.id)), total: messages, unseen };
    }),
    route(mailboxes.update, async ({ input }) => {
      const { user, mailbox, path, retention, subscribed, hidden, encryptMessages } = input;
      const info = await changing(user, mailbox, 'update');
      const changes = defined({ retentionMs: retention, subscribed, hidden });
      const given = Object.keys(changes).length + Number(path !== undefined) + Number(encryptMessages !== undefined);
      if (given === 0) throw refuse('InputValidationError', 'Nothing was changed');
      if (path !== undefined && path !== info.path) {
        // IMAP's RENAME of INBOX moves its messages away; here somebody means the mailbox itself.
        if (info.path === 'INBOX') throw disallowed('update');
        await operations.mailboxes.rename(asUser(user), info.path, path, { superiors: 'names' });
      }
      if (Object.keys(changes).length > 0) await operations.mailboxes.update(asUser(user), info.id, changes);
      if (encryptMessages !== undefined) await accounts.users.encryptMailbox(user, info.id, encryptMessages);
      return {};
    }),
    route(mailboxes.remove, async ({ input }) => {
      const info = await changing(input.user, input.mailbox, 'deletion');
      if (info.path === 'INBOX' || isSpecial(info)) throw disallowed('deletion');
      await operations.mailboxes.delete(asUser(input.user), info.path);
      return {};
    }),
  ];

  async function byPath(user: string, path: string | undefined): Promise<MailboxInfo> {
    if (path === undefined || path === '') throw new InvalidInput('path', 'is required');
    const info = await operations.mailboxes.findByPath(asUser(user), path);
    if (info === undefined || info.noSelect) throw refuse('NoSuchMailbox', 'This mailbox does not exist');
    return info;
  }
}

function isSpecial(info: MailboxInfo): boolean {
  return info.specialUse !== undefined;
}

function bodyOf(info: MailboxInfo, encryptMessages: boolean): MailboxBody {
  return {
    id: info.id,
    name: info.path.slice(info.path.lastIndexOf('/') + 1),
    path: info.path,
    specialUse: info.specialUse ?? null,
    modifyIndex: info.modseq,
    subscribed: info.subscribed,
    hidden: info.hidden,
    encryptMessages,
    ...(info.retentionMs > 0 ? { retention: info.retentionMs } : {}),
  };
}
