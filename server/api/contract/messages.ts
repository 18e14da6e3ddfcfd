/** `/users/:user/mailboxes/:mailbox/messages`: lists, parsed messages, their source and parts, flags, moves, uploads. */
import { z } from 'zod';
import {
  cursor,
  date,
  id,
  isoDate,
  laxBoolean,
  laxBooleanOr,
  list,
  metaData,
  numberOr,
  number,
  object,
  rawText,
  requiredEmail,
  requiredNumber,
  success,
  text,
  userId,
} from './fields.ts';
import { define, own } from './route.ts';

const group = 'Messages';

export const mailbox = { user: userId, mailbox: id };
const messageNumber = requiredNumber({ min: 1, max: 0xffff_ffff });
const message = { ...mailbox, message: messageNumber };

const RANGE = /^\d+(,\d+)*$|^\d+:(\d+|\*)$/;
export const messageRange = z
  .preprocess(
    (value) => (typeof value === 'number' ? String(value) : value),
    rawText({ max: 100_000 }).regex(RANGE, 'must be 5, 5,6,7, 5:9 or 5:*'),
  )
  .meta({ json: { type: 'string', pattern: RANGE.source } });

export const addressInput = z.object({ name: text({ max: 255 }), address: requiredEmail }, 'must be an object with an address');
/** One address where an object is wanted. */
const oneAddress = z
  .preprocess(
    (value) => (typeof value === 'string' && /^\s*\{/.test(value) ? tryJson(value) : value === '' ? undefined : value),
    addressInput.optional(),
  )
  .optional();
const addresses = list(addressInput, 1_000);

function tryJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const bool = z.boolean();
const reference = {
  mailbox: id,
  id: requiredNumber({ min: 1 }),
  action: z.enum(['reply', 'replyAll', 'forward'], 'must be reply, replyAll or forward'),
};

export const attachmentInput = z.object({
  filename: text({ max: 255 }),
  contentType: text({ max: 255 }),
  encoding: text({ max: 32 }).transform((value) => value ?? 'base64'),
  contentTransferEncoding: text({ max: 32 }),
  contentDisposition: z
    .preprocess(
      (value) => (typeof value === 'string' ? value.trim().toLowerCase() || undefined : value),
      z.enum(['inline', 'attachment'], 'must be inline or attachment').optional(),
    )
    .optional(),
  content: z.string('is required'),
  cid: text({ max: 255 }),
});

/** What a message that is composed here is made of. */
export const composition = {
  from: oneAddress,
  replyTo: oneAddress,
  to: addresses,
  cc: addresses,
  bcc: addresses,
  headers: list(z.object({ key: rawText({ max: 255 }), value: rawText({ max: 102_400 }) }), 250),
  subject: rawText({ max: 2_048 }).optional(),
  text: rawText({ max: 1_048_576 }).optional(),
  html: rawText({ max: 1_048_576 }).optional(),
  attachments: list(attachmentInput, 1_000),
};

const address = z.object({ name: z.string(), address: z.string() });
const addressList = z.array(address);
export const referenceBody = z.object({
  mailbox: z.string(),
  id: z.number(),
  action: z.string(),
  attachments: z.union([z.boolean(), z.array(z.string())]).optional(),
});
const contentType = z.object({ value: z.string(), params: z.record(z.string(), z.string()) });
const attachment = z.object({
  id: z.string(),
  hash: z.string().optional(),
  filename: z.string(),
  contentType: z.string(),
  disposition: z.union([z.string(), z.literal(false)]),
  transferEncoding: z.string(),
  related: bool,
  cid: z.string().nullable().optional(),
  size: z.number().optional(),
  sizeKb: z.number(),
});
export type AttachmentBody = z.output<typeof attachment>;

export const listed = z.object({
  id: z.number(),
  mailbox: z.string(),
  thread: z.string(),
  threadMessageCount: z.number().optional(),
  from: address.optional(),
  to: addressList,
  cc: addressList,
  bcc: addressList,
  messageId: z.string(),
  subject: z.string(),
  date: isoDate,
  idate: isoDate,
  intro: z.string(),
  attachments: bool,
  attachmentsList: z.array(attachment),
  size: z.number(),
  seen: bool,
  deleted: bool,
  flagged: bool,
  draft: bool,
  answered: bool,
  forwarded: bool,
  references: z.array(referenceBody),
  contentType,
  encrypted: bool.optional(),
  metaData: z.record(z.string(), z.unknown()).optional(),
  headers: z.record(z.string(), z.unknown()).optional(),
});
export type ListedMessage = z.output<typeof listed>;

export const messagePage = success.extend({
  total: z.number(),
  page: z.number(),
  previousCursor: cursor,
  nextCursor: cursor,
  results: z.array(listed),
});

const details = z.object({
  id: z.number(),
  mailbox: z.string(),
  user: z.string(),
  envelope: z.object({ from: z.string(), rcpt: z.array(z.object({ value: z.string(), formatted: z.string() })) }),
  thread: z.string(),
  from: address,
  replyTo: addressList.optional(),
  to: addressList.optional(),
  cc: addressList.optional(),
  bcc: addressList.optional(),
  subject: z.string(),
  messageId: z.string(),
  date: isoDate,
  idate: isoDate,
  list: z.object({ id: z.string(), unsubscribe: z.string() }).optional(),
  size: z.number(),
  expires: z.string().optional(),
  seen: bool,
  deleted: bool,
  flagged: bool,
  draft: bool,
  answered: bool,
  forwarded: bool,
  html: z.array(z.string()).optional(),
  text: z.string().optional(),
  attachments: z.array(attachment).optional(),
  verificationResults: z.object({ tls: z.unknown(), spf: z.unknown(), dkim: z.unknown() }).optional(),
  contentType,
  metaData: z.record(z.string(), z.unknown()),
  references: z.array(referenceBody),
  files: z.unknown().optional(),
  outbound: z.array(z.unknown()).optional(),
  forwardTargets: z.unknown().optional(),
  reference: z.unknown().optional(),
  encrypted: bool.optional(),
});
export type MessageDetails = z.output<typeof details>;

const changes = {
  moveTo: id.optional(),
  seen: laxBoolean,
  deleted: laxBoolean,
  flagged: laxBoolean,
  draft: laxBoolean,
  expires: z
    .preprocess(
      (value) =>
        value === ''
          ? undefined
          : value === false || (typeof value === 'string' && /^(?:n|no|false|off|0)$/i.test(value))
            ? false
            : typeof value === 'string' || typeof value === 'number'
              ? new Date(value)
              : value,
      z.union([z.date(), z.literal(false)], { error: 'must be a date or false' }).optional(),
    )
    .optional()
    .meta({
      json: {
        anyOf: [
          { type: 'string', format: 'date-time' },
          { type: 'boolean', const: false },
        ],
      },
    }),
  metaData,
};

const updated = success.extend({
  id: z.array(z.array(z.number()).length(2)).optional(),
  mailbox: z.string().optional(),
  updated: z.number().optional(),
});
const stored = z.object({ id: z.number(), mailbox: z.string(), size: z.number() });

const order = z
  .preprocess(
    (value) => (value === '' || value === undefined || value === null ? undefined : value),
    z.enum(['asc', 'desc'], 'must be asc or desc').optional(),
  )
  .optional()
  .meta({ json: { type: 'string', enum: ['asc', 'desc'] } });
/** Names of header fields to show, by commas; a boolean shows none or all. */
const includeHeaders = z
  .preprocess(
    (value) => (typeof value === 'boolean' ? value : typeof value === 'string' ? value.trim() || undefined : value),
    z.union([z.boolean(), z.string().max(1_024)], { error: 'must be names of header fields' }).optional(),
  )
  .optional()
  .meta({ json: { type: 'string', maxLength: 1_024 } });
/** Given back and nothing else: what is none is the first. */
const page = numberOr(1)
  .catch(1)
  .meta({ json: { type: 'number', default: 1 } });
const pages = {
  limit: numberOr(20, { min: 1, max: 250 }),
  order,
  next: text({ max: 1_024 }),
  previous: text({ max: 1_024 }),
  page,
  includeHeaders,
};

export const messages = {
  list: define('GET /users/:user/mailboxes/:mailbox/messages', {
    operation: 'getMessages',
    group,
    summary: 'The messages of a mailbox, newest first',
    access: own('messages:read'),
    input: { ...mailbox, ...pages, unseen: laxBoolean, metaData: laxBooleanOr(false), threadCounters: laxBooleanOr(false) },
    output: messagePage.extend({ specialUse: z.string().nullable() }),
    errors: ['UserNotFound', 'NoSuchMailbox'],
  }),
  get: define('GET /users/:user/mailboxes/:mailbox/messages/:message', {
    operation: 'getMessage',
    group,
    summary: 'One message, parsed',
    access: own('messages:read'),
    input: { ...message, replaceCidLinks: laxBooleanOr(false), markAsSeen: laxBooleanOr(false) },
    output: success.extend(details.shape),
    errors: ['UserNotFound', 'NoSuchMailbox', 'MessageNotFound'],
  }),
  source: define('GET /users/:user/mailboxes/:mailbox/messages/:message/message.eml', {
    operation: 'getMessageSource',
    group,
    summary: 'The message exactly as it came',
    access: own('messages:read'),
    input: message,
    output: undefined,
    produces: 'message/rfc822',
    errors: ['UserNotFound', 'NoSuchMailbox', 'MessageNotFound'],
  }),
  page: define('GET /users/:user/mailboxes/:mailbox/messages/:message/message.html', {
    operation: 'getMessagePage',
    group,
    summary: 'The text of a message as a page for a sandboxed frame; pictures from elsewhere only when asked for',
    access: own('messages:read'),
    input: { ...message, images: laxBooleanOr(false), dark: laxBooleanOr(false) },
    output: undefined,
    produces: 'text/html',
    errors: ['UserNotFound', 'NoSuchMailbox', 'MessageNotFound'],
  }),
  attachment: define('GET /users/:user/mailboxes/:mailbox/messages/:message/attachments/:attachment', {
    operation: 'getMessageAttachment',
    group,
    summary: 'An attachment, decoded; ranges are served',
    access: own('attachments:read'),
    input: {
      ...message,
      attachment: rawText({ max: 32 })
        .regex(/^ATT\d+$/i, 'must be like ATT00001')
        .transform((value) => value.toUpperCase()),
      sendAsString: laxBooleanOr(false),
    },
    output: undefined,
    produces: 'application/octet-stream',
    errors: ['UserNotFound', 'NoSuchMailbox', 'MessageNotFound', 'AttachmentNotFound'],
  }),
  upload: define('POST /users/:user/mailboxes/:mailbox/messages', {
    operation: 'uploadMessage',
    group,
    summary: 'Store a message: raw (as `raw`, or as the body itself), or composed from its parts',
    access: own('messages:create'),
    bigBody: true,
    rawBody: true,
    input: {
      ...mailbox,
      ...composition,
      date,
      unseen: laxBooleanOr(false),
      flagged: laxBooleanOr(false),
      draft: laxBooleanOr(false),
      raw: z
        .union([z.string(), z.object({ content: z.instanceof(Uint8Array) }).transform(({ content }) => content)], {
          error: 'must be a message',
        })
        .optional()
        .meta({ json: { type: 'string' } }),
      files: list(id, 250),
      metaData,
      reference: object({
        ...reference,
        attachments: z
          .preprocess(
            (value) => (value === 'true' ? true : value === 'false' ? false : value),
            z.union([z.boolean(), z.array(z.string().max(32))]).optional(),
          )
          .optional(),
      }),
      replacePrevious: object({ mailbox: id.optional(), id: requiredNumber({ min: 1 }) }),
    },
    output: success.extend({ message: stored, previousDeleted: bool.optional(), previousDeleteError: z.string().optional() }),
    errors: ['UserNotFound', 'NoSuchMailbox', 'OverQuotaError', 'UserDisabled', 'EmptyMessage', 'FileNotFound', 'BodyTooBig'],
  }),
  update: define('PUT /users/:user/mailboxes/:mailbox/messages', {
    operation: 'updateMessage',
    group,
    summary: 'Change flags of messages, or move them',
    access: own('messages:update'),
    input: { ...mailbox, message: messageRange, ...changes },
    output: updated,
    errors: ['UserNotFound', 'NoSuchMailbox', 'MessageNotFound', 'OverQuotaError'],
  }),
  updateOne: define('PUT /users/:user/mailboxes/:mailbox/messages/:message', {
    operation: 'updateMessagePathParams',
    group,
    summary: 'Change flags of messages, or move them',
    access: own('messages:update'),
    input: { ...mailbox, message: messageRange, ...changes },
    output: updated,
    errors: ['UserNotFound', 'NoSuchMailbox', 'MessageNotFound', 'OverQuotaError'],
  }),
  remove: define('DELETE /users/:user/mailboxes/:mailbox/messages/:message', {
    operation: 'deleteMessage',
    group,
    summary: 'Delete a message',
    access: own('messages:delete'),
    input: message,
    output: success,
    errors: ['UserNotFound', 'NoSuchMailbox', 'MessageNotFound'],
  }),
  removeAll: define('DELETE /users/:user/mailboxes/:mailbox/messages', {
    operation: 'deleteMessagesInMailbox',
    group,
    summary: 'Empty a mailbox',
    access: own('messages:delete'),
    input: { ...mailbox, async: laxBooleanOr(false), skipArchive: laxBooleanOr(false) },
    output: success.extend({
      deleted: z.number().optional(),
      errors: z.number().optional(),
      scheduled: z.string().optional(),
      existing: bool.optional(),
    }),
    errors: ['UserNotFound', 'NoSuchMailbox'],
  }),
};

/** What a search asks for; all of it must hold. */
export const criteria = {
  q: text({ max: 1_024 }),
  mailbox: z.preprocess((value) => (value === '' ? undefined : value), id.optional()).optional(),
  id: z.preprocess((value) => (value === '' ? undefined : value), messageRange.optional()).optional(),
  thread: z.preprocess((value) => (value === '' ? undefined : value), id.optional()).optional(),
  or: object({ query: text({ max: 255 }), from: text({ max: 255 }), to: text({ max: 255 }), subject: text({ max: 255 }) }),
  query: text({ max: 255 }),
  datestart: date,
  dateend: date,
  from: text({ max: 255 }),
  to: text({ max: 255 }),
  subject: text({ max: 255 }),
  minSize: number(),
  maxSize: number(),
  attachments: laxBoolean,
  flagged: laxBoolean,
  unseen: laxBoolean,
  searchable: laxBoolean,
};

export const search = {
  find: define('GET /users/:user/search', {
    operation: 'searchMessages',
    group,
    summary: 'Search all mailboxes of a user, or one',
    access: own('messages:read'),
    input: { user: userId, ...criteria, ...pages, threadCounters: laxBooleanOr(false) },
    output: messagePage.extend({ query: z.string() }),
    errors: ['UserNotFound', 'NoSuchMailbox'],
  }),
  apply: define('POST /users/:user/search', {
    operation: 'searchApplyMessages',
    group,
    summary: 'Change flags of everything that a search finds, or move it',
    access: own('messages:read'),
    input: {
      user: userId,
      ...criteria,
      includeHeaders,
      action: z.preprocess(
        (value) => (typeof value === 'string' ? tryJson(value) : value),
        z.object({ moveTo: id.optional(), seen: laxBoolean, flagged: laxBoolean }, 'is required'),
      ),
    },
    output: success.extend({ scheduled: z.string(), existing: bool }),
    errors: ['UserNotFound', 'NoSuchMailbox'],
  }),
};
