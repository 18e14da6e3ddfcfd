/** `/users/:user/mailboxes`. */
import { z } from 'zod';
import { created, id, laxBoolean, laxBooleanOr, number, rawText, success, userId } from './fields.ts';
import { define, own } from './route.ts';

const group = 'Mailboxes';
/** No empty level. Levels are separated by `/`. */
const mailboxPath = (value: string): boolean => !/\/{2,}|\/$/.test(value);
/** One slash before the first level is a way of writing it. */
const asPath = (value: unknown): unknown =>
  typeof value === 'string' ? value.normalize('NFC').replace(/^\/(?=[^/])/, '') : value;
const path = z
  .preprocess(
    asPath,
    z
      .string('is required')
      .min(1, 'must not be empty')
      .max(65_663, 'is too long')
      .refine(mailboxPath, 'must not have an empty level')
      .refine(
        (value) => value.split('/').length <= 128 && value.split('/').every((level) => level.length <= 512),
        'has too many levels, or too long ones',
      ),
  )
  .meta({ json: { type: 'string', minLength: 1, maxLength: 65_663 } });

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
      path: z
        .preprocess(asPath, rawText({ max: 4_096 }).refine(mailboxPath, 'must not have an empty level').optional())
        .optional(),
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
