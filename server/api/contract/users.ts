/** `/users`: people and their limits. */
import { z } from 'zod';
import {
  created,
  cursor,
  dateOrFalse,
  email,
  isoDate,
  laxBoolean,
  laxBooleanOr,
  list,
  metaData,
  number,
  numberOr,
  object,
  pageOf,
  paging,
  rawText,
  success,
  tagList,
  tags,
  text,
  userId,
} from './fields.ts';
import { any, define, narrowed, own } from './route.ts';

/**
 * Without `@`: lower-case ASCII words, joined by `.`, `_`, `=` or `:`. With it, any email address: people whose addresses are in other scripts sign in by them as well.
 */
export const USERNAME =
  /^(?:[a-z0-9-]+(?:[._=:][a-z0-9-]+)*(?:@[a-z0-9-]+(?:[._=:][a-z0-9-]+)*)?|[^\s@"<>(),:;\\]+@[^\s@"<>(),:;\\]+)$/u;

export const username = z
  .string('is required')
  .transform((value) => value.trim().toLowerCase())
  .pipe(
    z
      .string()
      .min(1, 'must not be empty')
      .max(128, 'must have at most 128 characters')
      .regex(USERNAME, 'must be lower-case letters and digits, with single . _ = : between them, or an email address'),
  )
  .meta({ json: { type: 'string', minLength: 1, maxLength: 128 } });

const passwordForm = z.union([z.string().max(256), z.literal(false)], { error: 'must be a text of at most 256 characters' });
const passwordMeta = {
  json: {
    anyOf: [
      { type: 'string', maxLength: 256 },
      { type: 'boolean', const: false },
    ],
  },
};
const asPassword = (value: unknown): unknown => (value === 'false' ? false : value);
const password = z.preprocess(asPassword, passwordForm.optional()).optional().meta(passwordMeta);
const requiredPassword = z.preprocess(asPassword, passwordForm).meta(passwordMeta);

const scopes = list(z.enum(['imap', 'pop3', 'smtp'], 'must be imap, pop3 or smtp')).refine(
  (value) => value === undefined || new Set(value).size === value.length,
  'must not name anything twice',
);
const featureFlags = object({ indexing: laxBooleanOr(false) });
const pubKey = z
  .preprocess(
    (value) => (typeof value === 'string' ? value.trim() : value),
    z
      .string('must be a text')
      .max(256 * 1024, 'is too long')
      .regex(
        /^(?:$|-----BEGIN PGP PUBLIC KEY BLOCK-----|-----BEGIN CERTIFICATE-----)/,
        'must be an OpenPGP public key or a certificate',
      )
      .optional(),
  )
  .optional()
  .meta({ json: { type: 'string' } });
const mailboxName = text({ max: 65_663, pattern: /^(?!.*\/\/)(?!.*\/$)/, wanted: 'must be the path of a mailbox' });
const target = z.string('must be a text').max(2_048, 'must have at most 2048 characters');

const LIMITS = [
  'quota',
  'quotaMessages',
  'recipients',
  'forwards',
  'filters',
  'imapMaxUpload',
  'imapMaxDownload',
  'pop3MaxDownload',
  'pop3MaxMessages',
  'imapMaxConnections',
  'receivedMax',
] as const;
type Limit = (typeof LIMITS)[number];
const each = <Field>(field: Field) => Object.fromEntries(LIMITS.map((name) => [name, field])) as Record<Limit, Field>;

const settings = {
  hashedPassword: laxBooleanOr(false),
  allowUnsafe: laxBooleanOr(true),
  language: text({ max: 20 }),
  targets: list(target),
  fromWhitelist: list(z.string('must be a text').trim().max(128, 'must have at most 128 characters')),
  tags,
  metaData,
  internalData: metaData,
  disabledScopes: scopes,
  featureFlags,
  pubKey,
};

const quota = z.object({ allowed: z.number(), used: z.number() });
const counted = quota.extend({ ttl: z.union([z.number(), z.literal(false)]) });
const anything = z.record(z.string(), z.unknown());

const listed = z.object({
  id: z.string(),
  username: z.string(),
  name: z.string(),
  address: z.string(),
  tags: z.array(z.string()),
  targets: z.array(z.string()),
  enabled2fa: z.array(z.string()),
  autoreply: z.boolean(),
  encryptMessages: z.boolean(),
  encryptForwarded: z.boolean(),
  quota,
  metaData: anything.optional(),
  internalData: anything.optional(),
  hasPasswordSet: z.boolean(),
  /** Not part of the model’s interface. */
  lastSignIn: isoDate.nullable(),
  activated: z.boolean(),
  disabled: z.boolean(),
  suspended: z.boolean(),
});
export type ListedUser = z.output<typeof listed>;

const shown = success.extend({
  ...listed.omit({ quota: true, internalData: true, metaData: true }).shape,
  language: z.string().nullable(),
  retention: z.union([z.number(), z.literal(false)]),
  pubKey: z.string(),
  keyInfo: z.union([z.object({ name: z.string(), address: z.string(), fingerprint: z.string() }), z.literal(false)]),
  metaData: anything,
  internalData: anything,
  spamLevel: z.number(),
  featureFlags: z.record(z.string(), z.boolean()),
  fromWhitelist: z.array(z.string()),
  uploadSentMessages: z.boolean(),
  requirePasswordChange: z.boolean(),
  disabledScopes: z.array(z.string()),
  limits: z.object({
    quota,
    quotaMessages: quota,
    recipients: counted,
    filters: quota,
    forwards: counted,
    received: counted,
    imapUpload: counted,
    imapDownload: counted,
    pop3Download: counted,
    pop3MaxMessages: z.object({ allowed: z.number() }),
    imapMaxConnections: quota,
  }),
});
export type ShownUser = z.output<typeof shown>;

const user = { user: userId };

export const users = {
  list: define('GET /users', {
    operation: 'getUsers',
    group: 'Users',
    summary: 'Page through users',
    access: narrowed('userlisting:read'),
    input: {
      query: text({ max: 255 }),
      forward: text({ max: 255 }),
      tags: tagList,
      requiredTags: tagList,
      metaData: laxBoolean,
      internalData: laxBoolean,
      /** Not part of the model’s interface. A minus in front turns the order around. */
      sort: z.preprocess(
        (value) => (value === '' ? undefined : value),
        z.enum(['username', '-username', 'name', '-name', 'lastSignIn', '-lastSignIn', 'created', '-created']).optional(),
      ),
      ...paging,
    },
    output: pageOf(listed).extend({ query: z.string().optional(), nextCursor: cursor }),
  }),
  create: define('POST /users', {
    operation: 'createUser',
    group: 'Users',
    summary: 'Make a user with mailboxes and an address',
    access: any('users:create'),
    input: {
      username,
      ...settings,
      password: requiredPassword,
      name: rawText({ max: 256 }).optional(),
      address: email,
      emptyAddress: laxBooleanOr(false),
      retention: numberOr(0, { min: 0 }),
      spamLevel: numberOr(50, { min: 0, max: 100 }),
      ...each(numberOr(0, { min: 0 })),
      requirePasswordChange: laxBooleanOr(false),
      addTagsToAddress: laxBooleanOr(false),
      uploadSentMessages: laxBooleanOr(false),
      encryptMessages: laxBooleanOr(false),
      encryptForwarded: laxBooleanOr(false),
      mailboxes: object({ sent: mailboxName, trash: mailboxName, junk: mailboxName, drafts: mailboxName }),
    },
    output: created,
    errors: ['UserExistsError', 'AddressExistsError', 'InsecurePasswordError'],
  }),
  get: define('GET /users/:user', {
    operation: 'getUser',
    group: 'Users',
    summary: 'Read a user',
    access: own('users:read'),
    input: user,
    output: shown,
    errors: ['UserNotFound'],
  }),
  update: define('PUT /users/:user', {
    operation: 'updateUser',
    group: 'Users',
    summary: 'Change a user',
    access: own('users:update'),
    input: {
      ...user,
      ...settings,
      existingPassword: text({ max: 256 }),
      password,
      name: text({ max: 256 }),
      retention: number({ min: 0 }),
      spamLevel: number({ min: 0, max: 100 }),
      ...each(number({ min: 0 })),
      uploadSentMessages: laxBoolean,
      encryptMessages: laxBoolean,
      encryptForwarded: laxBoolean,
      requirePasswordChange: laxBoolean,
      disable2fa: laxBoolean,
      disabled: laxBoolean,
      suspended: laxBoolean,
    },
    output: success,
    errors: ['UserNotFound', 'InsecurePasswordError', 'AuthFailed', 'NoUpdates'],
  }),
  remove: define('DELETE /users/:user', {
    operation: 'deleteUser',
    group: 'Users',
    summary: 'Delete a user, at once or later',
    access: any('users:delete'),
    input: { ...user, deleteAfter: dateOrFalse },
    output: success.extend({
      code: z.string(),
      user: z.string(),
      addresses: z.object({ deleted: z.number() }),
      deleteAfter: isoDate.optional(),
      task: z.string(),
    }),
    errors: ['UserNotFound'],
  }),
  deleted: define('GET /deletedusers', {
    operation: 'getDeletedUsers',
    group: 'Users',
    summary: 'Deleted users whose mail is still there, the youngest accounts first. Not part of the model’s interface',
    access: any('users:read'),
    input: { ...paging },
    output: pageOf(
      z.object({
        id: z.string(),
        username: z.string(),
        name: z.string(),
        address: z.string(),
        deleted: isoDate,
        deleteAfter: isoDate,
      }),
    ),
  }),
  restorable: define('GET /users/:user/restore', {
    operation: 'restoreUserInfo',
    group: 'Users',
    summary: 'What a deleted user would get back',
    access: any('users:read'),
    input: user,
    output: success.extend({
      user: z.string(),
      username: z.string(),
      storageUsed: z.number(),
      tags: z.array(z.string()),
      deleted: isoDate,
      recoverableAddresses: z.array(z.string()),
    }),
    errors: ['AccountNotFound'],
  }),
  restore: define('POST /users/:user/restore', {
    operation: 'cancelUserDelete',
    group: 'Users',
    summary: 'Undo the deletion of a user',
    access: any('users:update'),
    input: user,
    output: success.extend({
      code: z.string(),
      user: z.string(),
      task: z.string(),
      addresses: z.object({ recovered: z.number(), main: z.string() }),
    }),
    errors: ['AccountNotFound', 'AccountFound', 'UserExistsError'],
  }),
  resolve: define('GET /users/resolve/:username', {
    operation: 'resolveUser',
    group: 'Users',
    summary: 'The id of a username',
    access: any('users:read'),
    input: { username },
    output: created,
    errors: ['UserNotFound'],
  }),
  logout: define('PUT /users/:user/logout', {
    operation: 'logoutUser',
    group: 'Users',
    summary: 'End the sessions of a user',
    access: own('users:update'),
    input: { ...user, reason: text({ max: 128 }) },
    output: success,
    errors: ['UserNotFound'],
  }),
  resetPassword: define('POST /users/:user/password/reset', {
    operation: 'resetUserPassword',
    group: 'Users',
    summary: 'A temporary password',
    access: any('users:update'),
    input: { ...user, validAfter: dateOrFalse },
    output: success.extend({ password: z.string(), validAfter: isoDate.optional() }),
    errors: ['UserNotFound'],
  }),
  resetQuota: define('POST /users/:user/quota/reset', {
    operation: 'recalculateQuota',
    group: 'Users',
    summary: 'Count a user’s storage again',
    access: own('users:update'),
    input: user,
    output: success.extend({ storageUsed: z.number(), previousStorageUsed: z.number() }),
    errors: ['UserNotFound'],
  }),
  resetAllQuotas: define('POST /quota/reset', {
    operation: 'recalculateQuotaAllUsers',
    group: 'Users',
    summary: 'Count everybody’s storage again',
    access: any('users:update'),
    input: {},
    output: success.extend({ task: z.string() }),
  }),
};
