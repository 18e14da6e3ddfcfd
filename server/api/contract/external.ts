/** `/users/:user/external`: mailboxes elsewhere, whose mail is fetched. */
import { z } from 'zod';
import { created, id, isoDate, laxBoolean, laxBooleanOr, number, numberOr, rawText, success, text, userId } from './fields.ts';
import { define, own } from './route.ts';

const group = 'External';

export const FETCH_FAILURES = [
  'busy',
  'certificate',
  'connection',
  'dns',
  'failed',
  'full',
  'mailbox',
  'private',
  'refused',
  'self',
  'signIn',
  'timeout',
  'tls',
  'unsupported',
] as const;

/** No line ends and other controls: these go into commands. */
const plain = /^[^\u0000-\u001f\u007f]*$/;
const noControls = 'must have no control characters';
const host = z
  .string('is required')
  .trim()
  .min(1, 'must not be empty')
  .max(255, 'must have at most 255 characters')
  .regex(/^[^\s/@\\?#%<>"]+$/, 'must be the name or address of a server')
  .meta({ json: { type: 'string', minLength: 1, maxLength: 255 } });
const kind = z.enum(['imap', 'pop3'], 'must be imap or pop3');
const tls = z.enum(['implicit', 'starttls', 'none'], 'must be implicit, starttls or none');
const keep = z.enum(['leave', 'delete', 'days'], 'must be leave, delete or days');
const mailbox = z
  .preprocess(
    (value) => (value === '' || value === null ? null : value),
    z.union([z.null(), id], { error: 'must be 24 hex digits' }).optional(),
  )
  .optional()
  .meta({ json: { type: 'string' } });
const folder = rawText({ max: 255, pattern: plain, wanted: noControls });
const name = rawText({ max: 255, min: 1, pattern: plain, wanted: noControls });
const port = { min: 1, max: 65_535 };
const keepDays = { min: 1, max: 3_650 };
const interval = { min: 60, max: 7 * 86_400 };

const failure = z.object({ at: isoDate, code: z.enum(FETCH_FAILURES), text: z.string() });

export const externalAccount = z.object({
  id: z.string(),
  kind,
  host: z.string(),
  port: z.number(),
  tls,
  verifyCertificate: z.boolean(),
  username: z.string(),
  folder: z.string(),
  mailbox: z.string().nullable(),
  keep,
  keepDays: z.number(),
  /** Seconds. */
  interval: z.number(),
  enabled: z.boolean(),
  created: isoDate,
  /** `fetching`: a worker does it now. `waiting`: for the next look. `failing`: the last look failed; it is tried again. */
  state: z.enum(['off', 'waiting', 'fetching', 'failing']),
  next: isoDate,
  lastTry: isoDate.nullable(),
  lastSuccess: isoDate.nullable(),
  lastError: failure.nullable(),
  /** Messages brought here, and messages that stayed there because they could not be taken. */
  fetched: z.number(),
  refused: z.number(),
  lastRefusal: failure.nullable(),
});

const user = { user: userId };
const one = { ...user, account: id };
const errors = ['UserNotFound', 'ExternalAccountNotFound'] as const;

export const external = {
  list: define('GET /users/:user/external', {
    operation: 'getExternalAccounts',
    group,
    summary: 'The accounts elsewhere from which a user’s mail is fetched',
    access: own('external:read'),
    input: user,
    output: success.extend({ results: z.array(externalAccount) }),
    errors: ['UserNotFound'],
  }),
  create: define('POST /users/:user/external', {
    operation: 'createExternalAccount',
    group,
    summary: 'Fetch mail from an account elsewhere; begins at once',
    access: own('external:create'),
    input: {
      ...user,
      kind: kind.default('imap').meta({ json: { type: 'string', enum: ['imap', 'pop3'], default: 'imap' } }),
      host,
      port: number(port),
      tls: tls
        .default('implicit')
        .meta({ json: { type: 'string', enum: ['implicit', 'starttls', 'none'], default: 'implicit' } }),
      verifyCertificate: laxBooleanOr(true),
      username: name,
      password: name,
      folder: text({ max: 255, pattern: plain, wanted: noControls }),
      mailbox,
      keep: keep.default('leave').meta({ json: { type: 'string', enum: ['leave', 'delete', 'days'], default: 'leave' } }),
      keepDays: numberOr(14, keepDays),
      interval: numberOr(300, interval),
      enabled: laxBooleanOr(true),
    },
    output: created,
    errors: ['UserNotFound', 'TooMany', 'NoSuchMailbox', 'ExternalHostRefused'],
  }),
  get: define('GET /users/:user/external/:account', {
    operation: 'getExternalAccount',
    group,
    summary: 'One account elsewhere, and how fetching goes',
    access: own('external:read'),
    input: one,
    output: success.extend(externalAccount.shape),
    errors,
  }),
  update: define('PUT /users/:user/external/:account', {
    operation: 'updateExternalAccount',
    group,
    summary: 'Change an account elsewhere; what is not named stays',
    access: own('external:update'),
    input: {
      ...one,
      host: host.optional(),
      port: number(port),
      tls: tls.optional(),
      verifyCertificate: laxBoolean,
      username: name.optional(),
      password: name.optional(),
      folder: folder.optional(),
      mailbox,
      keep: keep.optional(),
      keepDays: number(keepDays),
      interval: number(interval),
      enabled: laxBoolean,
    },
    output: success,
    errors: [...errors, 'NoSuchMailbox', 'ExternalHostRefused'],
  }),
  remove: define('DELETE /users/:user/external/:account', {
    operation: 'deleteExternalAccount',
    group,
    summary: 'Fetch no more from an account elsewhere; what was fetched stays',
    access: own('external:delete'),
    input: one,
    output: success,
    errors,
  }),
  fetch: define('POST /users/:user/external/:account/fetch', {
    operation: 'fetchExternalAccount',
    group,
    summary: 'Look now; the account tells how it went',
    access: own('external:update'),
    input: one,
    output: success,
    errors,
  }),
};
