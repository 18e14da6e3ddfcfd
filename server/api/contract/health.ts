/** `/health`. */
import { z } from 'zod';
import { define } from './route.ts';

export const health = {
  check: define('GET /health', {
    operation: 'getHealth',
    group: 'Health',
    summary: 'Whether the databases answer',
    access: 'open',
    input: {},
    output: z.object({ success: z.boolean(), message: z.string().optional() }),
  }),
};
