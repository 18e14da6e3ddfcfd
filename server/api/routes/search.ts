/** Search, and one deed for everything that a search finds. */
import { randomBytes } from 'node:crypto';
import type { MailboxId } from '../../mail/ids.ts';
import { UidSet } from '../../mail/uid-set.ts';
import { type ApiContext, asUser, type Route, route } from '../context.ts';
import { search } from '../contract/messages.ts';
import type { ListedMessage } from '../contract/messages.ts';
import { pageOfList } from '../messages/paging.ts';
import { headerNames, listedMessages, readMailboxRows, type Row } from '../messages/rows.ts';
import { type Found, searchMessages } from '../messages/search.ts';
import { searchQueryOf } from '../messages/search-query.ts';
import { changeFlags, expectMailbox } from './messages.ts';

/** Date, then mailbox, then UID: an order without ties. */
const keyOf = ({ mailbox, uid, dateMs }: Found): number[] => [dateMs, Number.parseInt(mailbox.slice(12), 16), uid];

function compareKeys(a: readonly number[], b: readonly number[]): number {
  return a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!;
}

export function searchRoutes(context: ApiContext): Route[] {
  const { operations, store } = context;
  const sources = { operations, records: store.records };

  return [
    route(search.find, async ({ input }) => {
      const user = asUser(input.user);
      await store.accounts.users.expect(user);
      if (input.mailbox !== undefined) await expectMailbox(context, user, input.mailbox as MailboxId);
      const compare = input.order === 'asc' ? compareKeys : (a: readonly number[], b: readonly number[]) => compareKeys(b, a);
      const found = await searchMessages(context, user, searchQueryOf(input));
      found.sort((a, b) => compare(keyOf(a), keyOf(b)));
      const { items, nextCursor, previousCursor } = pageOfList(found, input, keyOf, compare);
      const options = { threadCounters: input.threadCounters, headers: headerNames(input.includeHeaders) };
      const results = await showAll(items, options);
      return {
        success: true,
        query: input.query ?? input.q ?? '',
        total: found.length,
        page: input.page,
        previousCursor,
        nextCursor,
        results,
      };

      async function showAll(wanted: readonly Found[], listOptions: typeof options): Promise<ListedMessage[]> {
        const rows = new Map<string, Row>();
        for (const [mailbox, uids] of byMailbox(wanted)) {
          for (const row of await readMailboxRows(sources, user, mailbox, uids)) rows.set(`${mailbox} ${row.meta.uid}`, row);
        }
        return listedMessages(
          sources,
          user,
          wanted.flatMap(({ mailbox, uid }) => rows.get(`${mailbox} ${uid}`) ?? []),
          listOptions,
        );
      }
    }),
    route(search.apply, async ({ input }) => {
      const user = asUser(input.user);
      await store.accounts.users.expect(user);
      const { moveTo, seen, flagged } = input.action;
      const target = moveTo === undefined ? undefined : await expectMailbox(context, user, moveTo as MailboxId);
      const found = await searchMessages(context, user, searchQueryOf(input));
      for (const [mailbox, uids] of byMailbox(found)) {
        const set = UidSet.from(uids);
        await changeFlags(context, user, mailbox, set, { seen, flagged });
        if (target !== undefined && target.id !== mailbox) await operations.messages.move(user, mailbox, set, target.id);
      }
      // It is done when this is answered; clients that look for a task find none and go on.
      return { success: true, scheduled: randomBytes(12).toString('hex'), existing: false };
    }),
  ];
}

function byMailbox(found: readonly Found[]): Map<MailboxId, number[]> {
  const groups = new Map<MailboxId, number[]>();
  for (const { mailbox, uid } of found) {
    const group = groups.get(mailbox);
    if (group === undefined) groups.set(mailbox, [uid]);
    else group.push(uid);
  }
  return groups;
}
