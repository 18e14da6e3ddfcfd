/** `/authenticate`, `/preauth` and the log of sign-ins. */
import { z } from 'zod';
import { id, ip, isoDate, laxBooleanOr, pageOf, paging, success, text, userId } from './fields.ts';
import { any, define, own } from './route.ts';
import { username } from './users.ts';

const group = 'Authentication';
/** A username or any address: its form is looked at, never whether it exists. */
const name = username;
const scope = z
  .preprocess(
    (value) => (value === undefined || value === '' ? 'master' : value),
    z.enum(['master', 'imap', 'pop3', 'smtp'], 'must be master, imap, pop3 or smtp'),
  )
  .meta({ json: { type: 'string', enum: ['master', 'imap', 'pop3', 'smtp'], default: 'master' } });

const identity = success.extend({
  id: z.string(),
  username: z.string(),
  address: z.string(),
  scope: z.string(),
  /** The factors that are still to be asked for; false when there are none. */
  require2fa: z.union([z.array(z.string()), z.literal(false)]),
});

const event = z.object({
  id: z.string(),
  action: z.string(),
  result: z.string(),
  key: z.string(),
  sess: z.string().nullable(),
  ip: z.string().nullable(),
  created: isoDate,
  protocol: z.string().nullable(),
  requiredScope: z.string().nullable(),
  source: z.string().nullable(),
  asp: z.string().nullable().optional(),
  aname: z.string().nullable().optional(),
  temporary: z.boolean().optional(),
  last: isoDate,
  events: z.number(),
  expires: isoDate,
});
export type AuthEventBody = z.output<typeof event>;

export const authentication = {
  authenticate: define('POST /authenticate', {
    operation: 'authenticate',
    group,
    summary: 'Check a password; a token on demand',
    access: any('authentication:create'),
    input: {
      username: name,
      password: z.string('is required').max(256, 'must have at most 256 characters'),
      protocol: text({ max: 64 }).transform((value) => value ?? 'API'),
      scope,
      appId: text({ max: 2_048 }),
      token: laxBooleanOr(false),
    },
    output: identity.extend({ requirePasswordChange: z.boolean(), token: z.string().optional() }),
    errors: ['AuthFailed', 'TempPasswordNotYetValid', 'RateLimitedError', 'InvalidAuthScope'],
  }),
  preauth: define('POST /preauth', {
    operation: 'preauth',
    group,
    summary: 'Whether a name may sign in, and what it needs',
    access: any('authentication:create'),
    input: { username: name, scope },
    output: identity,
    errors: ['AuthFailed', 'InvalidAuthScope'],
  }),
  signOut: define('DELETE /authenticate', {
    operation: 'invalidateAccessToken',
    group,
    summary: 'Revoke the token that is used for this call',
    access: 'open',
    input: {},
    output: success,
    errors: ['InvalidToken'],
  }),
  log: define('GET /users/:user/authlog', {
    operation: 'getAuthlog',
    group,
    summary: 'The log of sign-ins, newest first',
    access: own('authentication:read'),
    input: { user: userId, action: text({ max: 100 }), ...paging, filterip: ip },
    output: pageOf(event).extend({ action: z.string().optional() }),
    errors: ['UserNotFound'],
  }),
  everybody: define('GET /authlog', {
    operation: 'getSignIns',
    group,
    summary: 'The sign-ins of all users, newest first. Not part of the model’s interface',
    access: any('authentication:read'),
    input: { action: text({ max: 100 }), result: text({ max: 100 }), ...paging, filterip: ip },
    output: pageOf(event.extend({ user: z.string(), username: z.string().nullable() })),
  }),
  event: define('GET /users/:user/authlog/:event', {
    operation: 'getAuthlogEvent',
    group,
    summary: 'One entry of the log of sign-ins',
    access: own('authentication:read'),
    input: { user: userId, event: id },
    output: success.extend(event.shape),
    errors: ['UserNotFound', 'EventNotFound'],
  }),
};
