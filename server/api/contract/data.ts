/** `/data`: user records out and in. Only tokens of the role `export` may call. */
import { z } from 'zod';
import { id, list, success } from './fields.ts';
import { any, define } from './route.ts';

const group = 'Export';
const counts = { entries: z.number(), imported: z.number(), failed: z.number(), existing: z.number() };

export const data = {
  export: define('POST /data/export', {
    operation: 'createExport',
    group,
    summary: 'Everything about users but their mail, as a file',
    access: any('export:create'),
    input: {
      users: list(id, 10_000),
      tags: list(z.string('must be a text').trim().max(1_024, 'must have at most 1024 characters'), 1_000),
    },
    output: undefined,
    produces: 'application/octet-stream',
  }),
  import: define('POST /data/import', {
    operation: 'createImport',
    group,
    summary: 'Bring such a file in; what exists stays as it is',
    access: any('export:create'),
    bigBody: true,
    rawBody: true,
    input: {},
    output: success.extend({ ...counts, result: z.object(counts) }),
    errors: ['INVALID_DATA'],
  }),
};
