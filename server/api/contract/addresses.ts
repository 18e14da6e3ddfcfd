/** `/addresses` and `/users/:user/addresses`. */
import { z } from 'zod';
import { autoreplyFields } from './autoreply.ts';
import {
  created,
  email,
  id,
  isoDate,
  laxBoolean,
  list,
  metaData,
  number,
  numberOr,
  object,
  pageOf,
  paging,
  requiredEmail,
  requiredText,
  success,
  tagList,
  tags,
  text,
  userId,
} from './fields.ts';
import { any, define, narrowed, own } from './route.ts';

const group = 'Addresses';
/** An address, `local@*`, `*@domain` or `*suffix@domain`: the server looks closer. */
const described = { name: text({ max: 128 }), tags, metaData, internalData: metaData };
const shownData = {
  metaData: z.record(z.string(), z.unknown()).optional(),
  internalData: z.record(z.string(), z.unknown()).optional(),
};
/** False when there is none. */
const name = z.union([z.string(), z.literal(false)]);
const forwarding = {
  targets: list(z.string('must be a text').max(2_048, 'must have at most 2048 characters')),
  autoreply: object(autoreplyFields),
};

const listed = z.object({
  id: z.string(),
  name,
  address: z.string(),
  user: z.string().optional(),
  forwarded: z.boolean().optional(),
  forwardedDisabled: z.boolean().optional(),
  targets: z.array(z.string()).optional(),
  tags: z.array(z.string()),
  ...shownData,
});
export type ListedAddress = z.output<typeof listed>;

const ofUser = z.object({
  id: z.string(),
  name,
  address: z.string(),
  main: z.boolean(),
  created: isoDate,
  tags: z.array(z.string()),
  ...shownData,
});
export type UserAddressBody = z.output<typeof ofUser>;

const shownAutoreply = z.object({
  status: z.boolean(),
  name: z.string().optional(),
  subject: z.string().optional(),
  text: z.string().optional(),
  html: z.string().optional(),
  start: z.union([isoDate, z.literal(false)]).optional(),
  end: z.union([isoDate, z.literal(false)]).optional(),
});

const forwarder = z.object({
  id: z.string(),
  name,
  address: z.string(),
  targets: z.array(z.string()),
  limits: z.object({
    forwards: z.object({ allowed: z.number(), used: z.number(), ttl: z.union([z.number(), z.literal(false)]) }),
  }),
  autoreply: shownAutoreply,
  tags: z.array(z.string()),
  created: isoDate,
  forwardedDisabled: z.boolean(),
  ...shownData,
});
export type ForwarderBody = z.output<typeof forwarder>;

const user = { user: userId };

export const addresses = {
  list: define('GET /addresses', {
    operation: 'getAddresses',
    group,
    summary: 'Page through addresses',
    access: narrowed('addresslisting:read'),
    input: {
      query: text({ max: 255 }),
      forward: text({ max: 255 }),
      tags: tagList,
      requiredTags: tagList,
      metaData: laxBoolean,
      internalData: laxBoolean,
      ...paging,
    },
    output: pageOf(listed).extend({ query: z.string().optional() }),
  }),
  resolve: define('GET /addresses/resolve/:address', {
    operation: 'resolveAddress',
    group,
    summary: 'Whose an address is',
    access: any('addresses:read'),
    input: {
      address: z
        .union([id, requiredEmail], { error: 'must be an address or its id' })
        .meta({ json: { type: 'string', minLength: 3 } }),
      allowWildcard: laxBoolean,
    },
    output: success.extend({
      ...forwarder.partial().shape,
      id: z.string(),
      address: z.string(),
      user: z.string().optional(),
    }),
    errors: ['AddressNotFound'],
  }),
  renameDomain: define('PUT /addresses/renameDomain', {
    operation: 'renameDomain',
    group,
    summary: 'Move all addresses, users and aliases of a domain to another one',
    access: any('addresses:update'),
    input: { oldDomain: requiredText({ max: 255 }), newDomain: requiredText({ max: 255 }) },
    output: success.extend({
      modifiedAddresses: z.number(),
      modifiedUsers: z.number(),
      modifiedDkim: z.number(),
      modifiedAliases: z.number(),
    }),
  }),
  createForwarder: define('POST /addresses/forwarded', {
    operation: 'createForwardedAddress',
    group,
    summary: 'An address that only forwards',
    access: any('addresses:create'),
    input: {
      address: requiredEmail,
      ...described,
      ...forwarding,
      forwards: numberOr(0, { min: 0 }),
      allowWildcard: laxBoolean,
    },
    output: created,
    errors: ['AddressExistsError'],
  }),
  getForwarder: define('GET /addresses/forwarded/:address', {
    operation: 'getForwardedAddress',
    group,
    summary: 'Read a forwarding address',
    access: any('addresses:read'),
    input: { address: id },
    output: success.extend(forwarder.shape),
    errors: ['AddressNotFound'],
  }),
  updateForwarder: define('PUT /addresses/forwarded/:id', {
    operation: 'updateForwardedAddress',
    group,
    summary: 'Change a forwarding address',
    access: any('addresses:update'),
    input: { id, address: email, ...described, ...forwarding, forwards: number({ min: 0 }), forwardedDisabled: laxBoolean },
    output: success,
    errors: ['AddressNotFound', 'ChangeNotAllowed', 'AddressExistsError'],
  }),
  removeForwarder: define('DELETE /addresses/forwarded/:address', {
    operation: 'deleteForwardedAddress',
    group,
    summary: 'Delete a forwarding address',
    access: any('addresses:delete'),
    input: { address: id },
    output: success,
    errors: ['AddressNotFound'],
  }),
  ofUser: define('GET /users/:user/addresses', {
    operation: 'getUserAddresses',
    group,
    summary: 'The addresses of a user',
    access: own('addresses:read'),
    input: { ...user, metaData: laxBoolean, internalData: laxBoolean },
    output: success.extend({ results: z.array(ofUser) }),
    errors: ['UserNotFound'],
  }),
  create: define('POST /users/:user/addresses', {
    operation: 'createUserAddress',
    group,
    summary: 'One more address for a user',
    access: any('addresses:create'),
    input: { ...user, address: requiredEmail, ...described, main: laxBoolean, allowWildcard: laxBoolean },
    output: created,
    errors: ['UserNotFound', 'AddressExistsError', 'WildcardNotPermitted'],
  }),
  get: define('GET /users/:user/addresses/:address', {
    operation: 'getUserAddress',
    group,
    summary: 'Read an address of a user',
    access: own('addresses:read'),
    input: { ...user, address: id },
    output: success.extend(ofUser.shape),
    errors: ['UserNotFound', 'AddressNotFound'],
  }),
  update: define('PUT /users/:user/addresses/:id', {
    operation: 'updateUserAddress',
    group,
    summary: 'Change an address of a user, or make it the main one',
    access: own('addresses:update'),
    input: { ...user, id, ...described, address: email, main: laxBoolean },
    output: success,
    errors: ['UserNotFound', 'AddressNotFound', 'ChangeNotAllowed', 'WildcardNotPermitted', 'AddressExistsError'],
  }),
  remove: define('DELETE /users/:user/addresses/:address', {
    operation: 'deleteUserAddress',
    group,
    summary: 'Delete an address of a user',
    access: any('addresses:delete'),
    input: { ...user, address: id },
    output: success,
    errors: ['UserNotFound', 'AddressNotFound', 'NotPermitted'],
  }),
};
