/** `/users/:user/autoreply`. */
import { z } from 'zod';
import { created, dateOrFalse, isoDate, laxBoolean, success, userId } from './fields.ts';
import { define, own } from './route.ts';

const group = 'Autoreplies';
const user = { user: userId };
/** Trimmed, and may be empty: that clears it. */
const words = (max: number) =>
  z
    .preprocess(
      (value) => (typeof value === 'string' ? value.trim() : value),
      z.string('must be a text').max(max, `must have at most ${max} characters`).optional(),
    )
    .optional()
    .meta({ json: { type: 'string', maxLength: max } });
const when = isoDate.optional();

export const autoreplies = {
  get: define('GET /users/:user/autoreply', {
    operation: 'getAutoreply',
    group,
    summary: 'The automatic reply of a user',
    access: own('autoreplies:read'),
    input: user,
    output: success.extend({
      status: z.boolean(),
      name: z.string(),
      subject: z.string(),
      text: z.string(),
      html: z.string(),
      start: when,
      end: when,
      created: when,
    }),
    errors: ['UserNotFound'],
  }),
  put: define('PUT /users/:user/autoreply', {
    operation: 'updateAutoreply',
    group,
    summary: 'Set the automatic reply; what is not named stays',
    access: own('autoreplies:update'),
    input: {
      ...user,
      status: laxBoolean,
      name: words(128),
      subject: words(2_048),
      text: words(128 * 1024),
      html: words(128 * 1024),
      start: dateOrFalse,
      end: dateOrFalse,
    },
    output: created,
    errors: ['UserNotFound'],
  }),
  remove: define('DELETE /users/:user/autoreply', {
    operation: 'deleteAutoreply',
    group,
    summary: 'Delete the automatic reply',
    access: own('autoreplies:delete'),
    input: user,
    output: success,
    errors: ['UserNotFound'],
  }),
};
