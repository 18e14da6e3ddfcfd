/** `/settings`: what an administrator changes while the server runs. */
import { z } from 'zod';
import { requiredText, success, text } from './fields.ts';
import { any, define } from './route.ts';

const group = 'Settings';
const value = z.union([z.string(), z.number()]);

export const settings = {
  list: define('GET /settings', {
    operation: 'getSettings',
    group,
    summary: 'All settings',
    access: any('settings:read'),
    input: { filter: text({ max: 128 }) },
    output: success.extend({
      filter: z.string().optional(),
      settings: z.array(
        z.object({
          key: z.string(),
          value,
          name: z.string(),
          description: z.string(),
          type: z.string(),
          default: value,
          custom: z.boolean(),
        }),
      ),
    }),
  }),
  get: define('GET /settings/:key', {
    operation: 'getSetting',
    group,
    summary: 'One setting',
    access: any('settings:read'),
    input: { key: requiredText({ max: 128 }) },
    output: success.extend({ key: z.string(), value }),
    errors: ['SettingNotFound'],
  }),
  set: define('POST /settings/:key', {
    operation: 'createSetting',
    group,
    summary: 'Set one',
    access: any('settings:create'),
    input: {
      key: z
        .string('is required')
        .trim()
        .max(128, 'must have at most 128 characters')
        .regex(/^const:[a-z0-9_:]+$/, 'is no setting'),
      value: z.union([z.string(), z.number(), z.boolean()], { error: 'is required' }),
    },
    output: success.extend({ key: z.string() }),
    errors: [],
  }),
};
