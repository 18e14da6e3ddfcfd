/** The log of administrative acts. */
import { adminLog } from '../contract/admin-log.ts';
import { type ApiContext, defined, type Route, route } from '../context.ts';

export function adminLogRoutes({ store }: ApiContext): Route[] {
  return [
    route(adminLog.list, async ({ input }) => {
      const { user, by, action, filterip, from, to, limit, next, previous, page } = input;
      const found = await store.adminLog.page({ user, by, action, ip: filterip, from, to, limit, next, previous });
      const results = found.results.map(({ seq, at, session, input: asked, before, hash, ...rest }) => ({
        seq,
        at: at.toISOString(),
        action: rest.action,
        role: rest.role,
        token: rest.token,
        by: rest.by,
        ip: rest.ip,
        sess: session,
        user: rest.user,
        input: JSON.parse(asked) as Record<string, unknown>,
        before: before === null ? null : (JSON.parse(before) as Record<string, unknown>),
        hash,
      }));
      return { page, ...found, results };
    }),
    route(adminLog.verify, async () => {
      const { brokenAt, ...rest } = await store.adminLog.verify();
      return { intact: brokenAt === undefined, ...rest, ...defined({ brokenAt }) };
    }),
  ];
}
