/** Stored files. */
import { InvalidInput } from '../../operations/refusal.ts';
import { type ApiContext, type Call, defined, rawRoute, type Route, route } from '../context.ts';
import { storage } from '../contract/storage.ts';
import type { InputOf } from '../contract/route.ts';
import { refuse } from '../faults.ts';
import { sendBytes } from '../messages/send-bytes.ts';

export function storageRoutes({ store }: ApiContext): Route[] {
  const { accounts, records } = store;
  const { files } = records;
  const expect = async (user: string, id: string) => {
    await accounts.users.expect(user);
    const file = await files.findOne({ id, user });
    if (file === undefined) throw refuse('FileNotFound', 'This file does not exist');
    return file;
  };

  return [
    route(storage.list, async ({ input }) => {
      const { user, query, limit, next, previous, page } = input;
      await accounts.users.expect(user);
      const where = { user, ...(query === undefined ? {} : { filename: { contains: query } }) };
      const found = await files.page(where, { limit, next, previous, descending: true });
      const results = found.results.map(({ id, filename, contentType, cid, size, created, md5 }) => ({
        id,
        filename: filename ?? (false as const),
        contentType: contentType ?? (false as const),
        ...defined({ cid }),
        size,
        created: created.toISOString(),
        md5,
      }));
      return { success: true, ...defined({ query }), page, ...found, results };
    }),
    route(storage.upload, async (call) => {
      const { user, filename, contentType, cid } = call.input;
      await accounts.users.expect(user);
      const given = contentOf(call);
      const fields = {
        user,
        filename: filename ?? given.filename ?? null,
        contentType: contentType ?? given.contentType ?? null,
        ...defined({ cid }),
      };
      const { id } = await files.store(fields, given.bytes);
      return { success: true, id };
    }),
    rawRoute(storage.get, async (call) => {
      const file = await expect(call.input.user, call.input.file);
      const bytes = await files.read(file.id);
      const type = file.contentType ?? 'application/octet-stream';
      await sendBytes(call, {
        sizeBytes: bytes.length,
        contentType:
          /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/i.test(type) && !/html|xml|script|svg/i.test(type)
            ? type
            : 'application/octet-stream',
        ...(file.filename === null ? {} : { filename: file.filename }),
        etag: `"${file.md5}"`,
        read: async function* (start, end) {
          yield bytes.subarray(start, end);
        },
      });
    }),
    route(storage.remove, async ({ input }) => {
      const { id } = await expect(input.user, input.file);
      await files.remove(id);
      return { success: true };
    }),
  ];
}

type Content = { readonly bytes: Buffer; readonly filename?: string | undefined; readonly contentType?: string | undefined };

function contentOf({ raw, input, request }: Call<InputOf<typeof storage.upload>>): Content {
  if (raw !== undefined) return { bytes: raw, contentType: request.headers['content-type'] };
  const { content, encoding } = input;
  if (content === undefined || content === '') throw new InvalidInput('content', 'is required');
  if (typeof content === 'string') return { bytes: Buffer.from(content, encoding ?? 'utf8') };
  const { content: bytes, filename, contentType } = content;
  return { bytes: Buffer.from(bytes), filename, contentType: contentType === '' ? undefined : contentType };
}
