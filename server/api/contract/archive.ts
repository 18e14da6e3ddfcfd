/** `/users/:user/archived`: what was deleted and can be brought back. */
import { z } from 'zod';
import { cursor, id, numberOr, requiredDate, success, text, userId } from './fields.ts';
import { listed } from './messages.ts';
import { define, own } from './route.ts';

const group = 'Archive';

export const archivedMessage = listed.extend({ id: z.string(), archived: z.string() });
export type ArchivedBody = z.output<typeof archivedMessage>;

export const archive = {
  list: define('GET /users/:user/archived/messages', {
    operation: 'getArchivedMessages',
    group,
    summary: 'Deleted messages that are still kept',
    access: own('messages:read'),
    input: {
      user: userId,
      limit: numberOr(20, { min: 1, max: 250 }),
      next: text({ max: 1_024 }),
      previous: text({ max: 1_024 }),
      order: z
        .preprocess((value) => (value === '' ? undefined : value), z.enum(['asc', 'desc'], 'must be asc or desc').optional())
        .optional()
        .meta({ json: { type: 'string', enum: ['asc', 'desc'] } }),
      includeHeaders: text({ max: 1_024 }),
      page: numberOr(1),
    },
    output: success.extend({
      total: z.number(),
      page: z.number(),
      previousCursor: cursor,
      nextCursor: cursor,
      results: z.array(archivedMessage),
    }),
    errors: ['UserNotFound'],
  }),
  restoreOne: define('POST /users/:user/archived/messages/:message/restore', {
    operation: 'restoreMessage',
    group,
    summary: 'Bring one message back',
    access: own('messages:update'),
    input: {
      user: userId,
      message: z
        .string('is required')
        .transform((value) => value.trim().toLowerCase())
        .pipe(z.string().regex(/^(?:[0-9a-f]{24}|[1-9]\d{0,9})$/, 'must be the id of an archived message'))
        .meta({ json: { type: 'string' } }),
      mailbox: id.optional(),
    },
    output: success.extend({ mailbox: z.string(), id: z.number() }),
    errors: ['UserNotFound', 'MessageNotFound', 'NoSuchMailbox', 'OverQuotaError'],
  }),
  restore: define('POST /users/:user/archived/restore', {
    operation: 'restoreMessages',
    group,
    summary: 'Bring back what was deleted between two times',
    access: own('messages:update'),
    input: { user: userId, start: requiredDate, end: requiredDate },
    output: success.extend({ task: z.string() }),
    errors: ['UserNotFound', 'OverQuotaError'],
  }),
};
