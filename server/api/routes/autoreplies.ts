/** Automatic replies of users. */
import { type ApiContext, asUser, defined, type Route, route } from '../context.ts';
import { autoreplies } from '../contract/autoreplies.ts';

export function autoreplyRoutes({ store }: ApiContext): Route[] {
  const { accounts, flow } = store;
  const { users, autoreplies: records } = accounts.context.tables;
  const forget = (user: string): void => flow.books.forget(asUser(user));

  return [
    route(autoreplies.get, async ({ input }) => {
      await accounts.users.expect(input.user);
      const found = await records.findOne({ user: input.user });
      const { status = false, name = '', subject = '', text = '', html = '', start, end, created } = found ?? {};
      // Dates that are not set are not there at all.
      const dates = { start: shown(start), end: shown(end), created: shown(created) };
      return { success: true, status, name, subject, text, html, ...defined(dates) };
    }),
    route(autoreplies.put, async ({ input }) => {
      const { user, status, name, subject, text, html, start, end } = input;
      await accounts.users.expect(user);
      const known = await records.findOne({ user });
      const on = status ?? known?.status ?? false;
      const set = {
        status: on,
        name,
        subject,
        text,
        html,
        start: start === false ? null : start,
        end: end === false ? null : end,
        updated: new Date(),
      };
      const { id } = await records.upsert({ user }, { set });
      await users.update({ id: user }, { set: { autoreply: on } });
      forget(user);
      return { success: true, id };
    }),
    route(autoreplies.remove, async ({ input }) => {
      await accounts.users.expect(input.user);
      await records.delete({ user: input.user });
      await users.update({ id: input.user }, { set: { autoreply: false } });
      forget(input.user);
      return { success: true };
    }),
  ];
}

function shown(date: Date | null | undefined): string | undefined {
  return date instanceof Date ? date.toISOString() : undefined;
}
