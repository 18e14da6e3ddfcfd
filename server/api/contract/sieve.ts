/** `/users/:user/sieve`: a user's own rules as scripts (RFC 5228). */
import { z } from 'zod';
import { isoDate, laxBoolean, rawText, requiredText, success, userId } from './fields.ts';
import { define, own } from './route.ts';

const group = 'Sieve';
const user = { user: userId };
const name = requiredText({
  max: 128,
  pattern: /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/,
  wanted: 'must have no control characters',
});
const one = { ...user, script: name };
const errors = ['UserNotFound', 'ScriptNotFound'] as const;
const text = rawText({ max: 131_072 });

export const sieve = {
  list: define('GET /users/:user/sieve', {
    operation: 'getSieveScripts',
    group,
    summary: 'The Sieve scripts of a user; one at most works',
    access: own('sieve:read'),
    input: user,
    output: success.extend({
      results: z.array(z.object({ name: z.string(), active: z.boolean(), size: z.number(), updated: isoDate })),
      /** The last time that the working script failed or could not do what it wanted; the message was kept. */
      trouble: z.object({ at: isoDate, script: z.string(), line: z.number(), text: z.string() }).nullable(),
      extensions: z.array(z.string()),
    }),
    errors: ['UserNotFound'],
  }),
  get: define('GET /users/:user/sieve/:script', {
    operation: 'getSieveScript',
    group,
    summary: 'The text of a script',
    access: own('sieve:read'),
    input: one,
    output: success.extend({ name: z.string(), active: z.boolean(), text: z.string() }),
    errors,
  }),
  put: define('PUT /users/:user/sieve/:script', {
    operation: 'putSieveScript',
    group,
    summary: 'Keep a script, and switch it on or off; a wrong one is refused, with the line',
    access: own('sieve:update'),
    input: { ...one, text: text.optional(), active: laxBoolean },
    output: success,
    errors: [...errors, 'SieveError', 'TooMany'],
  }),
  check: define('POST /users/:user/sieve/check', {
    operation: 'checkSieveScript',
    group,
    summary: 'Whether a script is right; nothing is kept',
    access: own('sieve:read'),
    input: { ...user, text },
    output: success.extend({ valid: z.boolean(), line: z.number().optional(), problem: z.string().optional() }),
    errors: ['UserNotFound'],
  }),
  remove: define('DELETE /users/:user/sieve/:script', {
    operation: 'deleteSieveScript',
    group,
    summary: 'Delete a script; one that works is switched off before',
    access: own('sieve:delete'),
    input: one,
    output: success,
    errors: [...errors, 'ScriptActive'],
  }),
};
