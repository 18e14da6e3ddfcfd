/** `/filters` and `/users/:user/filters`: rules for new mail. */
import { z } from 'zod';
import {
  created,
  id,
  isoDate,
  laxBoolean,
  laxBooleanOr,
  metaData,
  number,
  pageOf,
  paging,
  requiredList,
  success,
  text,
  userId,
} from './fields.ts';
import { define, narrowed, own } from './route.ts';

const group = 'Filters';

/** Empty takes a condition away. */
const clearText = z
  .preprocess(
    (value) => (typeof value === 'string' ? value.trim() : value),
    z.string('must be a text').max(255, 'must have at most 255 characters').nullable().optional(),
  )
  .optional()
  .meta({ json: { type: 'string', maxLength: 255 } });
const clearBoolean = z
  .preprocess((value) => (value === '' || value === null ? null : value), z.union([z.null(), laxBoolean]))
  .optional()
  .meta({ json: { type: 'boolean' } });

const query = {
  from: clearText,
  to: clearText,
  subject: clearText,
  listId: clearText,
  text: clearText,
  ha: clearBoolean,
  size: z
    .preprocess((value) => (value === '' || value === null ? null : value), z.union([z.null(), number()]))
    .optional()
    .meta({ json: { type: 'number' } }),
};
const action = {
  seen: clearBoolean,
  flag: clearBoolean,
  delete: clearBoolean,
  spam: clearBoolean,
  /** No filter after this one. */
  stop: clearBoolean,
  mailbox: z
    .preprocess(
      (value) => (value === '' || value === null ? null : value),
      z.union([z.null(), id], { error: 'must be 24 hex digits' }).optional(),
    )
    .optional()
    .meta({ json: { type: 'string' } }),
  targets: z
    .preprocess(
      (value) => (value === '' || value === null ? [] : typeof value === 'string' ? value.split(',') : value),
      z
        .array(z.string('must be a text').max(2_048, 'is too long'), 'must be a list')
        .max(100, 'must have at most 100 entries')
        .optional(),
    )
    .optional()
    .meta({ json: { type: 'array', items: { type: 'string' } } }),
};

function fromJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
const nested = <Shape extends z.ZodRawShape>(shape: Shape) => z.preprocess(fromJson, z.object(shape, 'must be an object'));

/** `[["from", "…"], ["has attachment"]]`: for people. */
const described = z.array(z.array(z.string()));
const listed = z.object({
  id: z.string(),
  name: z.string(),
  created: isoDate,
  query: described,
  action: described,
  disabled: z.boolean(),
  metaData: z.record(z.string(), z.unknown()).optional(),
});
const user = { user: userId };
const one = { ...user, filter: id };

export const filters = {
  listAll: define('GET /filters', {
    operation: 'getAllFilters',
    group,
    summary: 'Filters of all users',
    access: narrowed('filters:read'),
    input: { forward: text({ max: 255 }), metaData: laxBoolean, ...paging },
    output: pageOf(listed.extend({ user: z.string(), targets: z.array(z.string()).optional() })),
  }),
  list: define('GET /users/:user/filters', {
    operation: 'getFilters',
    group,
    summary: 'The filters of a user, in the order in which they work',
    access: own('filters:read'),
    input: { ...user, metaData: laxBoolean },
    output: success.extend({ limits: z.object({ allowed: z.number(), used: z.number() }), results: z.array(listed) }),
    errors: ['UserNotFound'],
  }),
  create: define('POST /users/:user/filters', {
    operation: 'createFilter',
    group,
    summary: 'A new filter',
    access: own('filters:create'),
    input: {
      ...user,
      name: text({ max: 255 }),
      query: nested(query),
      action: nested(action),
      disabled: laxBooleanOr(false),
      metaData,
    },
    output: created,
    errors: ['UserNotFound', 'TooMany', 'NoSuchMailbox'],
  }),
  order: define('PUT /users/:user/filters', {
    operation: 'orderFilters',
    group,
    summary: 'The order in which the filters of a user work',
    access: own('filters:update'),
    input: { ...user, order: requiredList(id) },
    output: success,
    errors: ['UserNotFound'],
  }),
  get: define('GET /users/:user/filters/:filter', {
    operation: 'getFilter',
    group,
    summary: 'Read a filter',
    access: own('filters:read'),
    input: one,
    output: success.extend({
      id: z.string(),
      name: z.string(),
      created: isoDate,
      query: z.object({
        from: z.string().optional(),
        to: z.string().optional(),
        subject: z.string().optional(),
        listId: z.string().optional(),
        text: z.string().optional(),
        ha: z.boolean().optional(),
        size: z.number().optional(),
      }),
      action: z.object({
        seen: z.boolean().optional(),
        flag: z.boolean().optional(),
        delete: z.boolean().optional(),
        spam: z.boolean().optional(),
        stop: z.boolean().optional(),
        mailbox: z.string().optional(),
        targets: z.array(z.string()).optional(),
      }),
      disabled: z.boolean(),
      metaData: z.record(z.string(), z.unknown()).optional(),
    }),
    errors: ['UserNotFound', 'FilterNotFound'],
  }),
  update: define('PUT /users/:user/filters/:filter', {
    operation: 'updateFilter',
    group,
    summary: 'Change a filter; what is not named stays, what is empty goes',
    access: own('filters:update'),
    input: {
      ...one,
      name: text({ max: 255 }),
      query: nested(query).optional(),
      action: nested(action).optional(),
      disabled: laxBoolean,
      metaData,
    },
    output: success,
    errors: ['UserNotFound', 'FilterNotFound', 'NoSuchMailbox'],
  }),
  remove: define('DELETE /users/:user/filters/:filter', {
    operation: 'deleteFilter',
    group,
    summary: 'Delete a filter',
    access: own('filters:delete'),
    input: one,
    output: success,
    errors: ['UserNotFound', 'FilterNotFound'],
  }),
};
