/** `/users/:user/mailboxes`. */
import { z } from 'zod';
import { created, id, laxBoolean, laxBooleanOr, number, rawText, success, userId } from './fields.ts';
import { define, own } from './route.ts';

const group = 'Mailboxes';
/** Levels are separated by `/`; none is empty. */
const EMPTY_LEVEL = /\/{2,}|\/$/;
const MAX_LEVELS = 128;
const MAX_LEVEL_LENGTH = 512;
// Clients look for these three texts: they are part of the interface.
const noEmptyLevel = (value: string): boolean => !EMPTY_LEVEL.test(value);
const emptyLevelError = {
  error: ({ input }: { readonly input?: unknown }): string =>
    `"path" with value "${String(input)}" matches the inverted pattern: ${EMPTY_LEVEL}`,
};
/** One slash before the first level is a way of writing it. */
const asPath = (value: unknown): unknown =>
  typeof value === 'string' ? value.normalize('NFC').replace(/^\/(?=[^/])/, '') : value;
const path = z
  .preprocess(
    asPath,
    z
      .string('is required')
      .min(1, 'must not be empty')
      .max(MAX_LEVELS * (MAX_LEVEL_LENGTH + 1) - 1, 'is too long')
      .refine(noEmptyLevel, emptyLevelError)
      .refine((value) => value.split('/').length <= MAX_LEVELS, `The mailbox path cannot be more than ${MAX_LEVELS} levels deep`)
      .refine(
        (value) => value.split('/').every((level) => level.length <= MAX_LEVEL_LENGTH),
        `Any part of the mailbox path cannot be longer than ${MAX_LEVEL_LENGTH} chars long`,
      ),
  )
  .meta({ json: { type: 'string', minLength: 1, maxLength: MAX_LEVELS * (MAX_LEVEL_LENGTH + 1) - 1 } });

const shown = z.object({
  id: z.string(),
  name: z.string(),
  path: z.string(),
  specialUse: z.string().nullable(),
  modifyIndex: z.number(),
  subscribed: z.boolean(),
  hidden: z.boolean(),
  encryptMessages: z.boolean(),
  retention: z.number().optional(),
  total: z.number().optional(),
  unseen: z.number().optional(),
  size: z.number().optional(),
});
export type MailboxBody = z.output<typeof shown>;

const user = { user: userId };
const mailbox = { ...user, mailbox: id };

export const mailboxes = {
  list: define('GET /users/:user/mailboxes', {
    operation: 'getMailboxes',
    group,
    summary: 'The mailboxes of a user',
    access: own('mailboxes:read'),
    input: {
      ...user,
      specialUse: laxBooleanOr(false),
      showHidden: laxBooleanOr(false),
      counters: laxBooleanOr(false),
      sizes: laxBooleanOr(false),
    },
    output: success.extend({ results: z.array(shown) }),
    errors: ['UserNotFound'],
  }),
  create: define('POST /users/:user/mailboxes', {
    operation: 'createMailbox',
    group,
    summary: 'A new mailbox',
    access: own('mailboxes:create'),
    input: { ...user, path, hidden: laxBooleanOr(false), retention: number({ min: 0 }), encryptMessages: laxBooleanOr(false) },
    output: created,
    errors: ['UserNotFound', 'MailboxExistsError', 'DisallowedMailboxMethod'],
  }),
  get: define('GET /users/:user/mailboxes/:mailbox', {
    operation: 'getMailbox',
    group,
    summary: 'One mailbox, by id, or by path when the id is `resolve`',
    access: own('mailboxes:read'),
    input: {
      ...user,
      mailbox: z
        .union([z.literal('resolve'), id], { error: 'must be 24 hex digits, or resolve' })
        .meta({ json: { type: 'string' } }),
      // It stands in the URL, which takes no more; nor can a mailbox have a longer one.
      path: z.preprocess(asPath, rawText({ max: 4_096 }).refine(noEmptyLevel, emptyLevelError).optional()).optional(),
    },
    output: success.extend(shown.shape),
    errors: ['UserNotFound', 'NoSuchMailbox'],
  }),
  update: define('PUT /users/:user/mailboxes/:mailbox', {
    operation: 'updateMailbox',
    group,
    summary: 'Rename a mailbox or change its settings',
    access: own('mailboxes:update'),
    input: {
      ...mailbox,
      path: path.optional(),
      retention: number({ min: 0 }),
      subscribed: laxBoolean,
      encryptMessages: laxBoolean,
      hidden: laxBoolean,
    },
    output: success,
    errors: ['UserNotFound', 'NoSuchMailbox', 'MailboxExistsError', 'DisallowedMailboxMethod'],
  }),
  remove: define('DELETE /users/:user/mailboxes/:mailbox', {
    operation: 'deleteMailbox',
    group,
    summary: 'Delete a mailbox and its mail',
    access: own('mailboxes:delete'),
    input: mailbox,
    output: success,
    errors: ['UserNotFound', 'NoSuchMailbox', 'DisallowedMailboxMethod'],
  }),
};
