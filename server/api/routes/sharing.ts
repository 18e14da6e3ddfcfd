/** Shared mailboxes. */
import type { AclIdentifier } from '../../operations/contract.ts';
import type { MailboxId } from '../../mail/ids.ts';
import { ALL_RIGHTS } from '../../mail/rights.ts';
import { findSignInUser } from '../../operations/accounts-lookup.ts';
import { type ApiContext, asUser, type Route, route } from '../context.ts';
import { type ShareBody, sharing } from '../contract/sharing.ts';
import { refuse } from '../faults.ts';
import { expectMailbox } from './messages.ts';

/** RFC 4314 §2.1: see and read, and keep what is read; also flag, add and delete messages; all there is. */
const RIGHTS = { none: '', read: 'lrs', write: 'lrswite', manage: ALL_RIGHTS } as const;
const MAX_SHARES = 1_000;

type Entry = { readonly identifier: AclIdentifier; readonly rights: string };

export function sharingRoutes(context: ApiContext): Route[] {
  const { operations, store } = context;
  const { accounts } = store;

  const bodyOf = async ({ identifier, rights }: Entry): Promise<ShareBody> => {
    const access = (['read', 'write', 'manage'] as const).find((name) => RIGHTS[name] === rights) ?? 'custom';
    const user = identifier === 'anyone' ? undefined : await accounts.users.get(identifier);
    const who = user === undefined ? {} : { username: user.username, name: user.name, address: user.address };
    return { member: identifier, ...who, access, rights };
  };
  const bodiesOf = (entries: readonly Entry[]): Promise<ShareBody[]> => Promise.all(entries.map(bodyOf));
  const memberOf = async (text: string): Promise<AclIdentifier> => {
    if (text.toLowerCase() === 'anyone') return 'anyone';
    const byId = /^[0-9a-f]{24}$/i.test(text) ? await accounts.users.get(text.toLowerCase()) : undefined;
    const found = byId ?? (await findSignInUser(accounts.context, text));
    if (found === undefined) throw refuse('UserNotFound', 'The person to share with does not exist');
    return asUser(found.id);
  };

  return [
    route(sharing.all, async () => {
      const found = await operations.acls.all(MAX_SHARES);
      const results = await Promise.all(
        found.map(async ({ mailbox, entries }) => {
          const owner = await accounts.users.get(mailbox.user);
          if (owner === undefined) return [];
          const { username, name, address } = owner;
          const shares = await bodiesOf(entries);
          return [{ user: mailbox.user, username, name, address, mailbox: mailbox.id, path: mailbox.path, shares }];
        }),
      );
      return { success: true, results: results.flat() };
    }),
    route(sharing.list, async ({ input }) => {
      const user = asUser(input.user);
      const { id } = await expectMailbox(context, user, input.mailbox as MailboxId);
      return { success: true, results: await bodiesOf(await operations.acls.list(user, id)) };
    }),
    route(sharing.set, async ({ input }) => {
      const user = asUser(input.user);
      const { id } = await expectMailbox(context, user, input.mailbox as MailboxId);
      const member = await memberOf(input.member);
      if (member === user) throw refuse('NotPermitted', 'The owner has all rights already');
      await operations.acls.set(user, id, member, 'replace', RIGHTS[input.access]);
      return { success: true };
    }),
  ];
}
