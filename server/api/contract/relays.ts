/** `/relays`: well-known servers that take outgoing mail, for whoever sets one up. */
import { z } from 'zod';
import { success } from './fields.ts';
import { any, define } from './route.ts';

export const relays = {
  list: define('GET /relays', {
    operation: 'getRelays',
    group: 'Queue',
    summary: 'Well-known relays: where they listen, and what stands in for name and password there',
    access: any('queue:read'),
    input: {},
    output: success.extend({
      results: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          host: z.string(),
          port: z.number(),
          tls: z.enum(['required', 'implicit']),
          hint: z.string(),
        }),
      ),
    }),
  }),
};
