/** `/adminlog`: who changed what, in a chain that can't be rewritten unseen. Not part of the model's interface. */
import { z } from 'zod';
import { date, id, ip, isoDate, pageOf, paging, success, text } from './fields.ts';
import { any, define } from './route.ts';

const group = 'AdminLog';
const someone = z.preprocess((value) => (value === '' ? undefined : value), id.optional()).optional();
const anything = z.record(z.string(), z.unknown());

export const adminLog = {
  list: define('GET /adminlog', {
    operation: 'getAdminLog',
    group,
    summary: 'Administrative acts, newest first',
    access: any('adminlog:read'),
    input: {
      user: someone,
      by: someone,
      action: text({ max: 100 }),
      filterip: ip,
      text: text({ max: 200 }),
      from: date,
      to: date,
      ...paging,
    },
    output: pageOf(
      z.object({
        seq: z.number(),
        at: isoDate,
        action: z.string(),
        role: z.string(),
        token: z.string().nullable(),
        by: z.string().nullable(),
        ip: z.string(),
        sess: z.string(),
        user: z.string().nullable(),
        input: anything,
        before: anything.nullable(),
        hash: z.string(),
      }),
    ),
  }),
  export: define('GET /adminlog/export', {
    operation: 'exportAdminLog',
    group,
    summary: 'All of the log, oldest first, as JSON lines with the hashes that chain them',
    access: any('adminlog:read'),
    input: {},
    output: undefined,
    produces: 'application/x-ndjson',
  }),
  verify: define('GET /adminlog/verify', {
    operation: 'verifyAdminLog',
    group,
    summary: 'Whether the log is as it was written',
    access: any('adminlog:read'),
    input: {},
    output: success.extend({
      intact: z.boolean(),
      entries: z.number(),
      first: z.number(),
      last: z.number(),
      brokenAt: z.number().optional(),
    }),
  }),
};
