/** User records as a file, out and in. */
import { Readable } from 'node:stream';
import { type ApiContext, defined, rawRoute, type Route, route } from '../context.ts';
import { data } from '../contract/data.ts';
import { refuse } from '../faults.ts';

export function dataRoutes({ store }: ApiContext): Route[] {
  return [
    rawRoute(data.export, async ({ input, reply }) => {
      const { users, tags } = input;
      reply.type('application/octet-stream').header('content-disposition', 'attachment; filename="users.jsonl"');
      await reply.send(Readable.from(store.dump.export(defined({ users, tags })), { objectMode: false }));
    }),
    route(data.import, async ({ raw }) => {
      if (raw === undefined) throw refuse('INVALID_DATA', 'The file is the body of this call, as application/octet-stream');
      const result = await store.dump.import(raw.toString('utf8'));
      return { success: true, ...result, result };
    }),
  ];
}
