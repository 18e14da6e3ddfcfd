/** The log of administrative acts. */
import { Readable } from 'node:stream';
import type { AdminLogEntry } from '../../operations/admin-log.ts';
import { adminLog } from '../contract/admin-log.ts';
import { type ApiContext, defined, type Route, rawRoute, route } from '../context.ts';

export function adminLogRoutes({ store }: ApiContext): Route[] {
  return [
    route(adminLog.list, async ({ input }) => {
      const { user, by, action, filterip, text, from, to, limit, next, previous, page } = input;
      const found = await store.adminLog.page({ user, by, action, ip: filterip, text, from, to, limit, next, previous });
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
    rawRoute(adminLog.export, async ({ reply }) => {
      reply.type('application/x-ndjson').header('content-disposition', 'attachment; filename="adminlog.jsonl"');
      await reply.send(Readable.from(lines(store.adminLog.all()), { objectMode: false }));
    }),
    route(adminLog.verify, async () => {
      const { brokenAt, ...rest } = await store.adminLog.verify();
      return { intact: brokenAt === undefined, ...rest, ...defined({ brokenAt }) };
    }),
  ];
}

/** `input` and `before` stay the text that was hashed. */
async function* lines(entries: AsyncIterable<AdminLogEntry>): AsyncIterable<string> {
  for await (const entry of entries) {
    const { seq, at, action, role, token, by, ip, session, user, input, before, previous, hash } = entry;
    yield `${JSON.stringify({ seq, at, action, role, token, by, ip, session, user, input, before, previous, hash })}\n`;
  }
}
