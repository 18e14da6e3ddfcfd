/** Audits. */
import { Readable } from 'node:stream';
import type { ContentId } from '../../mail/ids.ts';
import { audit } from '../contract/audit.ts';
import { type ApiContext, type Route, rawRoute, route } from '../context.ts';
import { mboxLines, mboxSeparator } from '../mbox.ts';

export function auditRoutes({ operations, store }: ApiContext): Route[] {
  const { audits } = store;
  const day = (date: Date | false | undefined): Date | undefined => (date instanceof Date ? date : undefined);

  async function* mbox(id: string): AsyncIterable<Buffer> {
    for await (const { content, internalDate } of audits.messages(id)) {
      const open = await operations.contents.open(content as ContentId);
      yield mboxSeparator(internalDate.getTime());
      yield* mboxLines(open.read(0, open.sizeBytes));
    }
  }

  return [
    route(audit.create, async ({ input }) => {
      await store.accounts.users.expect(input.user);
      const { user, start, end, expires } = input;
      return { id: await audits.create({ user, start: day(start), end: day(end), expires }) };
    }),
    route(audit.get, async ({ input }) => {
      const { id, user, start, end, expires, status, failed, copied } = await audits.get(input.audit);
      return {
        id,
        user,
        start: start?.toISOString() ?? null,
        end: end?.toISOString() ?? null,
        expires: expires.toISOString(),
        import: { status, failed, copied },
      };
    }),
    rawRoute(audit.mbox, async ({ input, reply }) => {
      const { id } = await audits.get(input.audit);
      reply.header('content-disposition', `attachment; filename="audit-${id}.mbox"`);
      await reply.type('application/octet-stream').send(Readable.from(mbox(id), { objectMode: false }));
    }),
  ];
}
