/** `/lists`: distribution lists, and the posts that wait for their moderators. */
import { z } from 'zod';
import {
  created,
  email,
  id,
  isoDate,
  laxBoolean,
  laxBooleanOr,
  list,
  pageOf,
  paging,
  requiredEmail,
  requiredList,
  success,
  text,
} from './fields.ts';
import { any, define } from './route.ts';

const group = 'Lists';
const MAX_MEMBERS = 5_000;
const MAX_MODERATORS = 20;
const target = z.string('must be a text').max(2_048, 'must have at most 2048 characters');
const posting = text({ pattern: /^(?:anyone|members)$/, wanted: 'must be anyone or members' });

const shown = z.object({
  id: z.string(),
  name: z.string(),
  address: z.string(),
  members: z.number(),
  posting: z.enum(['anyone', 'members']),
  moderated: z.boolean(),
  moderators: z.array(z.string()),
  disabled: z.boolean(),
});
export type ListedList = z.output<typeof shown>;

const post = z.object({
  id: z.string(),
  from: z.string(),
  subject: z.string(),
  messageId: z.string(),
  size: z.number(),
  created: isoDate,
});

export const lists = {
  list: define('GET /lists', {
    operation: 'getLists',
    group,
    summary: 'Page through distribution lists',
    access: any('lists:read'),
    input: { query: text({ max: 255 }), ...paging },
    output: pageOf(shown),
  }),
  create: define('POST /lists', {
    operation: 'createList',
    group,
    summary: 'A distribution list: an address whose mail goes to all members',
    access: any('lists:create'),
    input: {
      address: requiredEmail,
      name: text({ max: 128 }),
      members: list(target, MAX_MEMBERS),
      /** Who may write to it; default anyone. */
      posting,
      /** Every post waits for a moderator. */
      moderated: laxBooleanOr(false),
      moderators: requiredList(email, MAX_MODERATORS),
    },
    output: created,
    errors: ['AddressExistsError'],
  }),
  get: define('GET /lists/:list', {
    operation: 'getList',
    group,
    summary: 'Read a distribution list, with its members',
    access: any('lists:read'),
    input: { list: id },
    output: success.extend({ ...shown.shape, members: z.array(z.string()), created: isoDate }),
    errors: ['AddressNotFound'],
  }),
  update: define('PUT /lists/:list', {
    operation: 'updateList',
    group,
    summary: 'Change a distribution list; members are given whole, or added and removed',
    access: any('lists:update'),
    input: {
      list: id,
      name: text({ max: 128 }),
      members: list(target, MAX_MEMBERS),
      add: list(target, MAX_MEMBERS),
      remove: list(target, MAX_MEMBERS),
      posting,
      moderated: laxBoolean,
      moderators: list(z.string('must be a text').max(320), MAX_MODERATORS),
      disabled: laxBoolean,
    },
    output: success,
    errors: ['AddressNotFound'],
  }),
  remove: define('DELETE /lists/:list', {
    operation: 'deleteList',
    group,
    summary: 'Delete a distribution list',
    access: any('lists:delete'),
    input: { list: id },
    output: success,
    errors: ['AddressNotFound'],
  }),
  held: define('GET /lists/:list/held', {
    operation: 'getHeldPosts',
    group,
    summary: 'Posts that wait for a moderator',
    access: any('lists:read'),
    input: { list: id, ...paging },
    output: pageOf(post),
    errors: ['AddressNotFound'],
  }),
  decide: define('PUT /lists/:list/held/:post', {
    operation: 'decideHeldPost',
    group,
    summary: 'Pass a post on, return it to its sender, or drop it',
    access: any('lists:update'),
    input: {
      list: id,
      post: id,
      action: text({ pattern: /^(?:approve|refuse|discard)$/, wanted: 'must be approve, refuse or discard' }),
      /** Told to the sender of a refused post. */
      reason: text({ max: 500 }),
    },
    output: success,
    errors: ['AddressNotFound', 'NoSuchQueueEntry'],
  }),
};
