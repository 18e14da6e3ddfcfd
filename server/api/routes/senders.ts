/** Senders that are allowed or blocked, for everybody and for a user. */
import type { SenderRule } from '../../operations/sender-lists.ts';
import { type ApiContext, type Route, route } from '../context.ts';
import { senders } from '../contract/senders.ts';

export function senderRoutes({ store }: ApiContext): Route[] {
  const { senders: lists } = store;
  const expectUser = (user: string) => store.accounts.users.expect(user);
  const actionOf = (text: string): 'allow' | 'block' => (text === 'allow' ? 'allow' : 'block');

  return [
    route(senders.list, async ({ input }) => {
      const { query, limit, next, previous, page } = input;
      const found = await lists.page(undefined, query, { limit, next, previous });
      return { page, ...found, results: found.results.map(shown) };
    }),
    route(senders.create, async ({ input }) => ({ id: await lists.add(undefined, actionOf(input.action), input.sender) })),
    route(senders.remove, async ({ input }) => {
      await lists.remove(undefined, input.sender);
      return {};
    }),
    route(senders.ofUser, async ({ input }) => {
      const { user, query, limit, next, previous, page } = input;
      await expectUser(user);
      const found = await lists.page(user, query, { limit, next, previous });
      return { page, ...found, results: found.results.map(shown) };
    }),
    route(senders.createOfUser, async ({ input }) => {
      await expectUser(input.user);
      return { id: await lists.add(input.user, actionOf(input.action), input.sender) };
    }),
    route(senders.removeOfUser, async ({ input }) => {
      await expectUser(input.user);
      await lists.remove(input.user, input.sender);
      return {};
    }),
  ];
}

function shown({ id, sender, action, created }: SenderRule) {
  return { id, sender, action, created: created.toISOString() };
}
