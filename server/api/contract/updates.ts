/** `/users/:user/updates`: what happens to a user's mail, as it happens. */
import { z } from 'zod';
import { id, userId } from './fields.ts';
import { define, own } from './route.ts';

/** The data of one event, as JSON. `id:` of the event stream names the place to resume from. */
export const updateEvent = z.union([
  z.object({
    command: z.literal('EXISTS'),
    mailbox: z.string(),
    message: z.string(),
    uid: z.number(),
    unseen: z.boolean(),
    thread: z.string(),
    idate: z.string(),
    size: z.number(),
  }),
  z.object({ command: z.literal('EXPUNGE'), mailbox: z.string(), uid: z.number() }),
  z.object({
    command: z.literal('FETCH'),
    mailbox: z.string(),
    uid: z.number(),
    flags: z.array(z.string()),
    unseen: z.boolean(),
  }),
  z.object({ command: z.literal('COUNTERS'), mailbox: z.string(), total: z.number(), unseen: z.number() }),
  z.object({ command: z.enum(['CREATE', 'RENAME', 'DELETE']), mailbox: z.string(), path: z.string() }),
]);
export type UpdateEvent = z.output<typeof updateEvent>;

export const updates = {
  stream: define('GET /users/:user/updates', {
    operation: 'getUpdates',
    group: 'Users',
    summary: 'An event stream of new, changed and deleted messages and mailboxes; resumes from Last-Event-ID',
    access: own('users:read'),
    input: {
      user: userId,
      'Last-Event-ID': z.preprocess((value) => (value === '' ? undefined : value), id.optional()).optional(),
    },
    output: undefined,
    produces: 'text/event-stream',
    errors: ['UserNotFound'],
  }),
};
