/** `/users/:user/storage`: files that wait to be attached. */
import { z } from 'zod';
import { created, id, isoDate, pageOf, paging, success, text, userId } from './fields.ts';
import { define, own } from './route.ts';

const group = 'Storage';
const file = z.object({
  id: z.string(),
  filename: z.union([z.string(), z.literal(false)]),
  contentType: z.union([z.string(), z.literal(false)]),
  cid: z.string().optional(),
  size: z.number(),
  created: isoDate,
  md5: z.string(),
});
const one = { user: userId, file: id };

export const storage = {
  list: define('GET /users/:user/storage', {
    operation: 'getFiles',
    group,
    summary: 'Stored files of a user',
    access: own('storage:read'),
    input: { user: userId, query: text({ max: 255 }), ...paging },
    output: pageOf(file).extend({ query: z.string().optional() }),
    errors: ['UserNotFound'],
  }),
  upload: define('POST /users/:user/storage', {
    operation: 'uploadFile',
    group,
    summary: 'Store a file: as the body itself, in a form, or as text in JSON',
    access: own('storage:create'),
    bigBody: true,
    rawBody: true,
    input: {
      user: userId,
      filename: text({ max: 255 }),
      contentType: text({ max: 255 }),
      encoding: z
        .preprocess((value) => (value === '' ? undefined : value), z.enum(['base64'], 'must be base64').optional())
        .optional()
        .meta({ json: { type: 'string', enum: ['base64'] } }),
      cid: text({ max: 255 }),
      content: z
        .union([z.string(), z.object({ filename: z.string(), contentType: z.string(), content: z.instanceof(Uint8Array) })], {
          error: 'must be a text or a file',
        })
        .optional()
        .meta({ json: { type: 'string' } }),
    },
    output: created,
    errors: ['UserNotFound'],
  }),
  get: define('GET /users/:user/storage/:file', {
    operation: 'getFile',
    group,
    summary: 'The bytes of a stored file',
    access: own('storage:read'),
    input: one,
    output: undefined,
    produces: 'application/octet-stream',
    errors: ['UserNotFound', 'FileNotFound'],
  }),
  remove: define('DELETE /users/:user/storage/:file', {
    operation: 'deleteFile',
    group,
    summary: 'Delete a stored file',
    access: own('storage:delete'),
    input: one,
    output: success,
    errors: ['UserNotFound', 'FileNotFound'],
  }),
};
