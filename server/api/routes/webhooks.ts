/** Web hooks. */
import { narrowedTo } from '../access.ts';
import { type ApiContext, type Route, route } from '../context.ts';
import { webhooks } from '../contract/webhooks.ts';

export function webhookRoutes({ store }: ApiContext): Route[] {
  return [
    route(webhooks.list, async ({ input, actor }) => {
      const { type, limit, next, previous, page } = input;
      const user = narrowedTo(actor, webhooks.list.access) ?? input.user;
      const found = await store.webhooks.page({ type: type?.toLowerCase(), user }, { limit, next, previous });
      const results = found.results.map((one) => ({ id: one.id, type: [...one.type], user: one.user, url: one.url }));
      return { success: true, user: user ?? null, page, ...found, results };
    }),
    route(webhooks.create, async ({ input }) => {
      if (input.user !== undefined) await store.accounts.users.expect(input.user);
      return { success: true, id: await store.webhooks.create(input) };
    }),
    route(webhooks.remove, async ({ input }) => {
      await store.webhooks.remove(input.webhook);
      return { success: true };
    }),
  ];
}
