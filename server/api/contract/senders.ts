/** `/senders` and `/users/:user/senders`: whose mail is wanted, and whose is not. */
import { z } from 'zod';
import { created, id, isoDate, pageOf, paging, requiredText, success, text, userId } from './fields.ts';
import { any, define, own } from './route.ts';

const group = 'Senders';
const rule = z.object({ id: z.string(), sender: z.string(), action: z.enum(['allow', 'block']), created: isoDate });
const query = { query: text({ max: 255 }), ...paging };
const entry = {
  /** An address, a domain with all below it, or (for the whole server) an IP address or network. */
  sender: requiredText({ max: 320 }),
  action: requiredText({ max: 5, pattern: /^(?:allow|block)$/, wanted: 'must be allow or block' }),
};

export const senders = {
  list: define('GET /senders', {
    operation: 'getSenders',
    group,
    summary: 'Senders that are allowed or blocked for everybody',
    access: any('senders:read'),
    input: query,
    output: pageOf(rule),
  }),
  create: define('POST /senders', {
    operation: 'createSender',
    group,
    summary: 'Allow or block a sender for everybody',
    access: any('senders:create'),
    input: entry,
    output: created,
    errors: ['TooMany'],
  }),
  remove: define('DELETE /senders/:sender', {
    operation: 'deleteSender',
    group,
    summary: 'Take a sender from the list of everybody',
    access: any('senders:delete'),
    input: { sender: id },
    output: success,
    errors: ['NotFound'],
  }),
  ofUser: define('GET /users/:user/senders', {
    operation: 'getUserSenders',
    group,
    summary: 'Senders that a user allows or blocks',
    access: own('senders:read'),
    input: { user: userId, ...query },
    output: pageOf(rule),
    errors: ['UserNotFound'],
  }),
  createOfUser: define('POST /users/:user/senders', {
    operation: 'createUserSender',
    group,
    summary: 'Allow or block a sender for a user',
    access: own('senders:create'),
    input: { user: userId, ...entry },
    output: created,
    errors: ['UserNotFound', 'TooMany'],
  }),
  removeOfUser: define('DELETE /users/:user/senders/:sender', {
    operation: 'deleteUserSender',
    group,
    summary: 'Take a sender from a user’s list',
    access: own('senders:delete'),
    input: { user: userId, sender: id },
    output: success,
    errors: ['UserNotFound', 'NotFound'],
  }),
};
