/** `/users/:user/asps`: application passwords. */
import { z } from 'zod';
import { email, id, isoDate, laxBooleanOr, list, number, requiredText, success, text, userId } from './fields.ts';
import { define, own } from './route.ts';

const group = 'ApplicationPasswords';
const SCOPES = ['imap', 'pop3', 'smtp', '*'] as const;
/** IPv4 or IPv6 range, such as 192.0.2.0/24. */
const NETWORK = /^[0-9a-f.:]{2,45}\/\d{1,3}$/i;

const shown = z.object({
  id: z.string(),
  description: z.string(),
  scopes: z.array(z.string()),
  lastUse: z.object({ time: z.union([isoDate, z.literal(false)]), event: z.union([z.string(), z.literal(false)]) }),
  created: isoDate,
  expires: isoDate.optional(),
  networks: z.array(z.string()).optional(),
});
export type AppPasswordBody = z.output<typeof shown>;

const user = { user: userId };

export const appPasswords = {
  list: define('GET /users/:user/asps', {
    operation: 'getASPs',
    group,
    summary: 'The application passwords of a user',
    access: own('asps:read'),
    input: { ...user, showAll: laxBooleanOr(false) },
    output: success.extend({ results: z.array(shown) }),
    errors: ['UserNotFound'],
  }),
  create: define('POST /users/:user/asps', {
    operation: 'createASP',
    group,
    summary: 'A new application password; it is shown this once',
    access: own('asps:create'),
    input: {
      ...user,
      description: requiredText({ max: 255 }),
      scopes: list(z.enum(SCOPES, 'must be imap, pop3, smtp or *')).refine(
        (value) => value === undefined || new Set(value).size === value.length,
        'must not name anything twice',
      ),
      address: z.preprocess((value) => (value === '' ? undefined : value), email).optional(),
      password: text({ pattern: /^[a-z]{16}$/, wanted: 'must be 16 letters from a to z' }),
      generateMobileconfig: laxBooleanOr(false),
      /** Beyond the model: also the text of a QR code by which Thunderbird for Android takes the account over. */
      generateQr: laxBooleanOr(false),
      /** Seconds. */
      ttl: number({ min: 0 }),
      networks: list(z.string('must be a text').regex(NETWORK, 'must be a range as 192.0.2.0/24'), 64),
    },
    output: success.extend({
      id: z.string(),
      password: z.string(),
      name: z.string(),
      address: z.string(),
      /** Base64 of an Apple configuration profile, signed (CMS, DER) where the server has a certificate. */
      mobileconfig: z.string().optional(),
      qr: z.string().optional(),
    }),
    errors: ['UserNotFound', 'AddressNotFound', 'InvalidAuthScope', 'TooMany'],
  }),
  get: define('GET /users/:user/asps/:asp', {
    operation: 'getASP',
    group,
    summary: 'One application password',
    access: own('asps:read'),
    input: { ...user, asp: id },
    output: success.extend(shown.shape),
    errors: ['AspNotFound'],
  }),
  remove: define('DELETE /users/:user/asps/:asp', {
    operation: 'deleteASP',
    group,
    summary: 'Revoke an application password; its sessions end',
    access: own('asps:delete'),
    input: { ...user, asp: id },
    output: success,
    errors: ['AspNotFound'],
  }),
};
