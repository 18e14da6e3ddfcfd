/** Distribution lists, and the posts that wait for their moderators. */
import type { Address } from '../../operations/accounts-lookup.ts';
import { InvalidInput } from '../../operations/refusal.ts';
import type { ListFields } from '../../store/types-accounts.ts';
import { type ApiContext, defined, type Route, route } from '../context.ts';
import { type ListedList, lists } from '../contract/lists.ts';
import { refuse } from '../faults.ts';

type ListAddress = Address & { readonly list: ListFields };

export function listRoutes({ store, outgoing }: ApiContext): Route[] {
  const { addresses } = store.accounts;
  const expect = async (id: string): Promise<ListAddress> => {
    const found = await addresses.getForwarder(id);
    if (found.list === undefined) throw refuse('AddressNotFound', 'This list does not exist');
    return { ...found, list: found.list };
  };

  return [
    route(lists.list, async ({ input }) => {
      const { query, limit, next, previous, page } = input;
      const found = await addresses.list({ ...defined({ query }), lists: true, limit, next, previous });
      return {
        page,
        ...found,
        results: found.results.flatMap((one) => (one.list === undefined ? [] : [shown({ ...one, list: one.list })])),
      };
    }),
    route(lists.create, async ({ input }) => {
      const { address, name, members, posting, moderated, moderators } = input;
      const list = { posting: postingOf(posting) ?? 'anyone', moderated, moderators: given(moderators) };
      return { id: await addresses.addForwarder({ address, ...defined({ name }), targets: members ?? [], list }) };
    }),
    route(lists.get, async ({ input }) => {
      const found = await expect(input.list);
      return { ...shown(found), members: membersOf(found), created: found.created.toISOString() };
    }),
    route(lists.update, async ({ input }) => {
      const found = await expect(input.list);
      const { name, members, add, remove, posting, moderated, moderators, disabled } = input;
      const list: ListFields = {
        posting: postingOf(posting) ?? found.list.posting,
        moderated: moderated ?? found.list.moderated,
        moderators: moderators ?? found.list.moderators,
      };
      const gone = new Set((remove ?? []).map((one) => one.trim().toLowerCase()));
      const changed = members !== undefined || add !== undefined || remove !== undefined;
      const targets = [...(members ?? membersOf(found)), ...(add ?? [])].filter((one) => !gone.has(one.trim().toLowerCase()));
      await addresses.updateForwarder(found.id, {
        ...defined({ name, forwardedDisabled: disabled }),
        ...(changed ? { targets } : {}),
        list,
      });
      return {};
    }),
    route(lists.remove, async ({ input }) => {
      const { id } = await expect(input.list);
      // Nobody would decide about them any more: their senders are told.
      for (const { id: post } of await store.queue.find({ heldFor: id }))
        await store.queue.giveUp(post, 'The list does not exist any more', new Date());
      await addresses.removeForwarder(id);
      outgoing.runner()?.wake();
      return {};
    }),
    route(lists.held, async ({ input }) => {
      const { id } = await expect(input.list);
      const { limit, next, previous, page } = input;
      const found = await store.queue.page({ heldFor: id }, { limit, next, previous });
      const results = found.results.map(({ id: post, from, subject, messageId, sizeBytes, created }) => ({
        id: post,
        from,
        subject,
        messageId,
        size: sizeBytes,
        created: created.toISOString(),
      }));
      return { page, ...found, results };
    }),
    route(lists.decide, async ({ input, actor }) => {
      const { post, action, reason } = input;
      const { id, address } = await expect(input.list);
      if (action === undefined) throw new InvalidInput('action', 'is required');
      const waiting = await store.queue.get(post);
      const isHeld = waiting?.list === id && waiting.moderated === true;
      const now = new Date();
      const by = actor.user ?? 'the administration';
      const done =
        isHeld &&
        (action === 'approve'
          ? await store.queue.approve(post, by, now)
          : action === 'refuse'
            ? await store.queue.giveUp(post, reason ?? `A moderator of ${address} did not accept the message`, now)
            : await store.queue.remove(post));
      if (!done) throw refuse('NoSuchQueueEntry', 'No such post waits for a moderator');
      outgoing.runner()?.wake();
      return {};
    }),
  ];
}

function given(moderators: readonly (string | undefined)[]): string[] {
  return moderators.filter((one): one is string => one !== undefined && one !== '');
}

function postingOf(text: string | undefined): ListFields['posting'] | undefined {
  return text === 'anyone' || text === 'members' ? text : undefined;
}

function membersOf({ targets }: Address): string[] {
  return (targets ?? []).map(({ value }) => value);
}

function shown({ id, name, address, targets, list, forwardedDisabled }: ListAddress): ListedList {
  const { posting, moderated, moderators } = list;
  const members = targets?.length ?? 0;
  return { id, name, address, members, posting, moderated, moderators: [...moderators], disabled: forwardedDisabled === true };
}
