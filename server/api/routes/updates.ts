/** The event stream of a user's mail. */
import type { UserId } from '../../mail/ids.ts';
import { type ApiContext, asUser, rawRoute, type Route } from '../context.ts';
import { DRAIN_EVENT } from '../drain.ts';
import { updates } from '../contract/updates.ts';
import { Feeds } from '../messages/feeds.ts';
import { InvalidInput } from '../../operations/refusal.ts';

export function updateRoutes({ operations, store, log }: ApiContext): Route[] {
  const feeds = new Feeds({ operations, records: store.records, log }, store.redisConnected);
  return [
    rawRoute(updates.stream, async ({ input, actor, request, reply, signal }) => {
      await store.accounts.users.expect(input.user);
      const header = request.headers['last-event-id'];
      const lastEvent = typeof header === 'string' && header !== '' ? header.toLowerCase() : input['Last-Event-ID'];
      if (lastEvent !== undefined && !/^[0-9a-f]{24}$/.test(lastEvent))
        throw new InvalidInput('Last-Event-ID', 'must be 24 hex digits');
      reply.hijack();
      const response = reply.raw;
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // Otherwise proxies keep events until their buffers are full.
        'x-accel-buffering': 'no',
      });
      // Something at once: the client knows that it is heard.
      response.write(': listening\n\n');
      const draining = new AbortController();
      const drain = (): void => draining.abort();
      request.raw.socket.once(DRAIN_EVENT, drain);
      const token = actor.token;
      try {
        await feeds.serve(asUser(input.user), response, {
          lastEvent,
          signal: AbortSignal.any([signal, draining.signal]),
          // A token of a user is heard of on the user's channel.
          accessOf: actor.user === undefined ? (token as UserId | undefined) : undefined,
          mayGoOn: async () => token === undefined || (await store.accounts.tokens.isGood(token)),
        });
      } finally {
        request.raw.socket.off(DRAIN_EVENT, drain);
      }
    }),
  ];
}
