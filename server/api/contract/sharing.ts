/** Shared mailboxes: who else may read or change a mailbox (RFC 4314), in three sizes and as rights for who knows them. */
import { z } from 'zod';
import { id, success, userId } from './fields.ts';
import { any, define, own } from './route.ts';

const group = 'Sharing';
const mailbox = { user: userId, mailbox: id };

/** `custom`: rights that are none of the three, as IMAP clients can give them. */
const size = z.enum(['read', 'write', 'manage', 'custom']);

const share = z.object({
  /** A user's id, or `anyone`. */
  member: z.string(),
  username: z.string().optional(),
  name: z.string().optional(),
  address: z.string().optional(),
  access: size,
  /** Letters of RFC 4314 §2.1. */
  rights: z.string(),
});
export type ShareBody = z.output<typeof share>;

export const sharing = {
  all: define('GET /shares', {
    operation: 'getShares',
    group,
    summary: 'Every mailbox that is shared, with its owner and who may do what; at most 1000',
    access: any('mailboxes:read'),
    input: {},
    output: success.extend({
      results: z.array(
        z.object({
          user: z.string(),
          username: z.string(),
          name: z.string(),
          address: z.string(),
          mailbox: z.string(),
          path: z.string(),
          shares: z.array(share),
        }),
      ),
    }),
  }),
  list: define('GET /users/:user/mailboxes/:mailbox/shares', {
    operation: 'getMailboxShares',
    group,
    summary: 'Who else may do what with a mailbox',
    access: own('mailboxes:read'),
    input: mailbox,
    output: success.extend({ results: z.array(share) }),
    errors: ['UserNotFound', 'NoSuchMailbox'],
  }),
  set: define('PUT /users/:user/mailboxes/:mailbox/shares', {
    operation: 'updateMailboxShare',
    group,
    summary: 'Let somebody read or change a mailbox, or no longer',
    access: own('mailboxes:update'),
    input: {
      ...mailbox,
      /** A user's id, username or address, or `anyone`. */
      member: z.string('is required').trim().min(1, 'must not be empty').max(320, 'must have at most 320 characters'),
      access: z.enum(['none', 'read', 'write', 'manage'], 'must be none, read, write or manage'),
    },
    output: success,
    errors: ['UserNotFound', 'NoSuchMailbox', 'NotPermitted'],
  }),
};
