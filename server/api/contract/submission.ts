/** Sending: composed messages, stored drafts, forwards, and what waits in the queue. */
import { z } from 'zod';
import {
  date,
  id,
  laxBoolean,
  laxBooleanOr,
  list,
  metaData,
  number,
  numberOr,
  object,
  rawText,
  requiredEmail,
  requiredNumber,
  requiredText,
  success,
  userId,
} from './fields.ts';
import { addressInput, composition, mailbox } from './messages.ts';
import { define, own } from './route.ts';

const message = { ...mailbox, message: requiredNumber({ min: 1, max: 0xffff_ffff }) };
const forwarded = z.object({ seq: z.string(), type: z.string(), value: z.string() });

export const submission = {
  submit: define('POST /users/:user/submit', {
    operation: 'submitMessage',
    group: 'Submission',
    summary: 'Compose a message, keep a copy, and send it',
    access: own('messages:create'),
    bigBody: true,
    input: {
      user: userId,
      ...composition,
      mailbox: id.optional(),
      meta: metaData,
      reference: object({
        mailbox: id,
        id: requiredNumber({ min: 1 }),
        action: z.enum(['reply', 'replyAll', 'forward'], 'must be reply, replyAll or forward'),
      }),
      isDraft: laxBooleanOr(false),
      draft: object({ mailbox: id, id: requiredNumber({ min: 1 }) }),
      sendTime: date,
      uploadOnly: laxBooleanOr(false),
      envelope: object({ from: addressInput.optional(), to: list(addressInput) }),
      files: list(id, 250),
    },
    output: success.extend({ message: z.object({ mailbox: z.string(), id: z.number(), queueId: z.string().optional() }) }),
    errors: [
      'UserNotFound',
      'UserDisabled',
      'NoSuchMailbox',
      'OverQuotaError',
      'TooMany',
      'RateLimitedError',
      'ENORECIPIENTS',
      'MessageNotFound',
    ],
  }),
  submitStored: define('POST /users/:user/mailboxes/:mailbox/messages/:message/submit', {
    operation: 'submitStoredMessage',
    group: 'Messages',
    summary: 'Send a stored draft',
    access: own('messages:create'),
    input: { ...message, deleteFiles: laxBoolean, sendTime: date },
    output: success.extend({
      queueId: z.string().optional(),
      message: z.object({ id: z.number(), mailbox: z.string(), size: z.number() }).optional(),
    }),
    errors: [
      'UserNotFound',
      'UserDisabled',
      'NoSuchMailbox',
      'MessageNotFound',
      'MessageNotDraft',
      'TooMany',
      'RateLimitedError',
      'ENORECIPIENTS',
    ],
  }),
  forward: define('POST /users/:user/mailboxes/:mailbox/messages/:message/forward', {
    operation: 'forwardStoredMessage',
    group: 'Messages',
    summary: 'Send a stored message on, as it is',
    access: own('messages:create'),
    input: { ...message, target: number({ min: 1, max: 1_000 }), addresses: list(requiredEmail, 1_000) },
    output: success.extend({ queueId: z.string().optional(), forwarded: z.array(forwarded).optional() }),
    errors: ['UserNotFound', 'UserDisabled', 'NoSuchMailbox', 'MessageNotFound', 'RateLimitedError', 'TooMany'],
  }),
  cancel: define('DELETE /users/:user/outbound/:queueId', {
    operation: 'deleteOutboundMessage',
    group: 'Messages',
    summary: 'Take back a message that waits in the queue',
    access: own('messages:delete'),
    input: {
      user: userId,
      queueId: rawText({ max: 24, min: 18 })
        .regex(/^[0-9a-f]+$/i, 'must be hex digits')
        .transform((value) => value.toLowerCase()),
    },
    output: success.extend({ deleted: z.number(), queueId: z.string() }),
    errors: ['UserNotFound', 'NoSuchQueueEntry'],
  }),
  correspondents: define('GET /users/:user/addressregister', {
    operation: 'getUserAddressregister',
    group: 'Addresses',
    summary: 'Addresses of past mail that begin like this',
    access: own('addresses:read'),
    input: { user: userId, query: requiredText({ max: 255 }), limit: numberOr(20, { min: 1, max: 250 }) },
    output: success.extend({ results: z.array(z.object({ id: z.string(), name: z.string().optional(), address: z.string() })) }),
    errors: ['UserNotFound'],
  }),
};
