/** `/webhooks`. */
import { z } from 'zod';
import { created, id, pageOf, paging, success, text } from './fields.ts';
import { any, define, narrowed } from './route.ts';

const group = 'Webhooks';
const eventType = z
  .string('must be a text')
  .transform((value) => value.trim().toLowerCase())
  .pipe(z.string().min(1, 'must not be empty').max(128, 'must have at most 128 characters'));

export const webhooks = {
  list: define('GET /webhooks', {
    operation: 'getWebhooks',
    group,
    summary: 'Page through web hooks',
    access: narrowed('webhooks:read'),
    input: {
      type: text({ max: 128 }),
      user: z.preprocess((value) => (value === '' ? undefined : value), id.optional()).optional(),
      ...paging,
    },
    output: pageOf(z.object({ id: z.string(), type: z.array(z.string()), user: z.string().nullable(), url: z.string() })).extend({
      user: z.string().nullable(),
    }),
  }),
  create: define('POST /webhooks', {
    operation: 'createWebhook',
    group,
    summary: 'Tell a URL of events; signed in X-Mallard-Signature, sent again until it answers 2xx',
    access: any('webhooks:create'),
    input: {
      type: z
        .preprocess(
          (value) => (typeof value === 'string' ? value.split(',') : value),
          z.array(eventType, 'must be a list').min(1, 'must not be empty').max(100, 'must have at most 100 entries'),
        )
        .meta({ json: { type: 'array', items: { type: 'string', maxLength: 128 } } }),
      user: z.preprocess((value) => (value === '' ? undefined : value), id.optional()).optional(),
      url: z
        .string('is required')
        .trim()
        .max(2_048, 'must have at most 2048 characters')
        .regex(/^(?:https?|smtps?):\/\/[^\s/?#]+/i, 'must be an URL of http(s) or smtp(s)'),
    },
    output: created,
    errors: ['UserNotFound'],
  }),
  remove: define('DELETE /webhooks/:webhook', {
    operation: 'deleteWebhook',
    group,
    summary: 'Delete a web hook',
    access: any('webhooks:delete'),
    input: { webhook: id },
    output: success,
    errors: ['WebhookNotFound'],
  }),
};
