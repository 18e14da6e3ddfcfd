/** Liveness: what it says is asked at this moment. */
import { health } from '../contract/health.ts';
import { type ApiContext, type Route, route } from '../context.ts';

export function healthRoutes({ store }: ApiContext): Route[] {
  return [
    route(health.check, async ({ reply }) => {
      try {
        await store.ping();
      } catch {
        // Which way it is broken is in the log; here is only whether.
        reply.code(500);
        return { success: false, message: 'The database does not answer' };
      }
      if (!store.redisConnected()) {
        reply.code(500);
        return { success: false, message: 'Redis does not answer' };
      }
      return {};
    }),
  ];
}
