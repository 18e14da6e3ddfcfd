/** `/tokens` and `/bans`: who may call this API, and who is kept out for guessing. Not part of the model's interface. */
import { z } from 'zod';
import { id, isoDate, list, number, requiredText, success, text } from './fields.ts';
import { any, define } from './route.ts';

const group = 'Tokens';
export const TOKEN_ROLES = ['root', 'manager', 'user', 'audit', 'export', 'readonly', 'custom'] as const;
const role = z.enum(TOKEN_ROLES, `must be one of ${TOKEN_ROLES.join(', ')}`);
const user = z.preprocess((value) => (value === '' ? undefined : value), id.optional()).optional();

export const tokens = {
  create: define('POST /tokens', {
    operation: 'createToken',
    group,
    summary: 'A new access token; it is shown this once',
    access: any('tokens:create'),
    input: {
      role,
      user,
      description: text({ max: 255 }),
      /** Seconds after the last use; without it for ever. */
      ttl: number({ min: 1, max: 10 * 365 * 86_400 }),
      /** For the role manager: whose users it administers. */
      domains: list(z.string('must be a text').trim().max(255, 'must have at most 255 characters'), 1_000),
      /** For the role custom: `resource:action:any` or `resource:action:own`; `imap:use:own` and its kin let it sign in to mail (OAUTHBEARER). */
      grants: list(
        z
          .string()
          .regex(
            /^(?:[a-z0-9]+:(?:create|read|update|delete):(?:any|own)|(?:imap|pop3|smtp):use:own)$/,
            'must be like messages:read:own, or imap:use:own',
          ),
        200,
      ),
    },
    output: success.extend({ id: z.string(), token: z.string() }),
    errors: ['UserNotFound'],
  }),
  list: define('GET /tokens', {
    operation: 'getTokens',
    group,
    summary: 'Access tokens, without the tokens themselves',
    access: any('tokens:read'),
    input: { user, role: z.preprocess((value) => (value === '' ? undefined : value), role.optional()).optional() },
    output: success.extend({
      results: z.array(
        z.object({
          id: z.string(),
          role: z.string(),
          user: z.string().optional(),
          description: z.string(),
          created: isoDate,
          lastUse: isoDate.optional(),
          expires: isoDate.optional(),
        }),
      ),
    }),
  }),
  revoke: define('DELETE /tokens/:token', {
    operation: 'deleteToken',
    group,
    summary: 'Revoke an access token by its id',
    access: any('tokens:delete'),
    input: { token: id },
    output: success,
    errors: ['InvalidToken'],
  }),
};

export const bans = {
  list: define('GET /bans', {
    operation: 'getBans',
    group,
    summary:
      'Who is kept out for too many wrong passwords: an address, a user from an address, or (`name *`) a user from strange addresses',
    access: any('bans:read'),
    input: {},
    output: success.extend({
      results: z.array(z.object({ key: z.string(), reason: z.string(), since: isoDate, until: isoDate })),
    }),
  }),
  remove: define('DELETE /bans', {
    operation: 'deleteBan',
    group,
    summary: 'Let somebody in again',
    access: any('bans:delete'),
    input: { key: requiredText({ max: 512 }) },
    output: success.extend({ removed: z.boolean() }),
  }),
};
