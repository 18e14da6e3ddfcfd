/** `/audit`: copies of somebody's mail for an audit. Only tokens of the role `audit` may call. */
import { z } from 'zod';
import { dateOrFalse, id, isoDate, requiredDate, success } from './fields.ts';
import { any, define } from './route.ts';

const group = 'Audit';

export const audit = {
  create: define('POST /audit', {
    operation: 'createAudit',
    group,
    summary: 'Copy a user’s mail for an audit',
    access: any('audit:update'),
    input: {
      user: id,
      start: dateOrFalse,
      end: dateOrFalse,
      expires: requiredDate.refine((value) => value.getTime() > Date.now(), 'must be in the future'),
    },
    output: success.extend({ id: z.string() }),
    errors: ['UserNotFound'],
  }),
  get: define('GET /audit/:audit', {
    operation: 'getAudit',
    group,
    summary: 'How far the copying is',
    access: any('audit:read'),
    input: { audit: id },
    output: success.extend({
      id: z.string(),
      user: z.string(),
      start: isoDate.nullable(),
      end: isoDate.nullable(),
      expires: isoDate,
      import: z.object({ status: z.string(), failed: z.number(), copied: z.number() }),
    }),
    errors: ['AuditNotFoundError'],
  }),
  mbox: define('GET /audit/:audit/export.mbox', {
    operation: 'getAuditEmails',
    group,
    summary: 'The copied mail as one mbox file',
    access: any('audit:read'),
    input: { audit: id },
    output: undefined,
    produces: 'application/octet-stream',
    errors: ['AuditNotFoundError'],
  }),
};
