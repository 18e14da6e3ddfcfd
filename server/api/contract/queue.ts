/** `/queue`: mail that waits to be sent, for administrators. `/trace`: what became of each message. */
import { z } from 'zod';
import { date, id, ip, isoDate, laxBoolean, pageOf, paging, rawText, requiredText, success, text } from './fields.ts';
import { any, define } from './route.ts';

const route = z.object({ host: z.string(), port: z.number() });
const entry = z.object({
  id: z.string(),
  message: z.string(),
  transaction: z.string(),
  user: z.string().optional(),
  from: z.string(),
  recipients: z.array(z.string()),
  destination: z.string(),
  subject: z.string(),
  messageId: z.string(),
  size: z.number(),
  state: z.enum(['queued', 'held', 'sending']),
  created: isoDate,
  next: isoDate,
  attempts: z.number(),
  last: z.object({ at: isoDate, server: z.string(), text: z.string() }).optional(),
  route: route.optional(),
  returning: z.string().optional(),
});
export type QueueEntryBody = z.output<typeof entry>;

const group = 'Queue';

export const queue = {
  list: define('GET /queue', {
    operation: 'getQueue',
    group,
    summary: 'Page through mail that waits to be sent',
    access: any('queue:read'),
    input: {
      search: text({ max: 255 }),
      state: text({ pattern: /^(?:queued|held)$/, wanted: 'must be queued or held' }),
      destination: text({ max: 255 }),
      transaction: text({ max: 64 }),
      user: id.optional(),
      ...paging,
    },
    output: pageOf(entry),
  }),
  status: define('GET /queue/status', {
    operation: 'getQueueStatus',
    group,
    summary: 'How much waits, and whether outgoing mail is paused',
    access: any('queue:read'),
    input: {},
    output: success.extend({
      queued: z.number(),
      held: z.number(),
      due: z.number(),
      oldest: isoDate.optional(),
      mode: z.string(),
      paused: z.object({ since: isoDate, reason: z.string() }).optional(),
      sending: z.number(),
      resting: z.array(z.object({ destination: z.string(), until: isoDate, reason: z.string() })),
    }),
  }),
  pause: define('PUT /queue/status', {
    operation: 'updateQueueStatus',
    group,
    summary: 'Pause or resume all outgoing mail, on every worker',
    access: any('queue:update'),
    input: { paused: laxBoolean, reason: text({ max: 255 }) },
    output: success,
  }),
  get: define('GET /queue/:entry', {
    operation: 'getQueueEntry',
    group,
    summary: 'Read an entry of the queue',
    access: any('queue:read'),
    input: { entry: id },
    output: success.extend(entry.shape),
    errors: ['NoSuchQueueEntry'],
  }),
  update: define('PUT /queue/:entry', {
    operation: 'updateQueueEntry',
    group,
    summary: 'Hold, release, retry or return an entry, or send it another way',
    access: any('queue:update'),
    input: {
      entry: id,
      action: text({ pattern: /^(?:hold|release|retry|return)$/, wanted: 'must be hold, release, retry or return' }),
      /** Told to the sender of what is returned. */
      reason: text({ max: 500 }),
      /** `host` or `host:port`, instead of the way that the settings say; empty = that way again. */
      route: rawText({ max: 255 }).optional(),
    },
    output: success,
    errors: ['NoSuchQueueEntry', 'ChangeNotAllowed'],
  }),
  remove: define('DELETE /queue/:entry', {
    operation: 'deleteQueueEntry',
    group,
    summary: 'Delete an entry without telling anybody',
    access: any('queue:delete'),
    input: { entry: id },
    output: success,
    errors: ['NoSuchQueueEntry'],
  }),
};

const traced = z.looseObject({
  transaction: z.string(),
  at: isoDate,
  from: z.string().optional(),
  to: z.array(z.string()).optional(),
  subject: z.string().optional(),
  messageId: z.string().optional(),
  user: z.string().optional(),
  ip: z.string().optional(),
  steps: z.array(z.looseObject({ at: isoDate, kind: z.string() })),
});

export const trace = {
  search: define('GET /trace', {
    operation: 'searchTraces',
    group: 'Trace',
    summary: 'Where is my mail? Messages and all that happened to them, newest first',
    access: any('trace:read'),
    input: {
      address: text({ max: 320 }),
      subject: text({ max: 255 }),
      messageId: text({ max: 998 }),
      queueId: text({ max: 24 }),
      remote: ip,
      user: id.optional(),
      after: date,
      before: date,
      ...paging,
    },
    output: pageOf(traced),
  }),
  get: define('GET /trace/:transaction', {
    operation: 'getTrace',
    group: 'Trace',
    summary: 'All that happened to one message',
    access: any('trace:read'),
    input: { transaction: requiredText({ max: 64 }) },
    output: success.extend(traced.shape),
    errors: ['NotFound'],
  }),
};
