/** Files that people upload to attach later: a record and chunks. Chunks come first, so a record always has all of them. */
import { createHash } from 'node:crypto';
import { ObjectId } from 'mongodb';
import { type Database, guarded } from './connect.ts';
import { type Records, type Stored, createRecords } from './records.ts';
import type { FileFields } from './types-mail-records.ts';

const CHUNK_BYTES = 1024 * 1024;

type ChunkDoc = { _id: { f: ObjectId; n: number }; data: Buffer };

export type FileStore = Records<FileFields> & {
  readonly store: (fields: Omit<FileFields, 'size' | 'md5'>, content: Buffer) => Promise<Stored<FileFields>>;
  readonly read: (id: string) => Promise<Buffer>;
  readonly remove: (id: string) => Promise<void>;
};

export function createFileStore(database: Database): FileStore {
  const files = createRecords<FileFields>(database, 'files', { ids: ['user'] });
  const chunks = database.main.collection<ChunkDoc>('fileChunks');
  const range = (id: string) => {
    const f = ObjectId.createFromHexString(id);
    return { _id: { $gte: { f, n: 0 }, $lte: { f, n: Number.MAX_SAFE_INTEGER } } };
  };
  return {
    ...files,
    store: async (fields, content) => {
      const f = new ObjectId();
      for (let at = 0, n = 0; at < content.length; at += CHUNK_BYTES, n += 1) {
        const data = content.subarray(at, at + CHUNK_BYTES);
        await guarded(() => chunks.insertOne({ _id: { f, n }, data }, database.concerns.ordered));
      }
      const md5 = createHash('md5').update(content).digest('hex');
      return files.insert({ ...fields, size: content.length, md5 }, { id: f.toHexString() });
    },
    read: async (id) => {
      const docs = await guarded(() => chunks.find(range(id)).sort({ _id: 1 }).toArray());
      return Buffer.concat(docs.map((doc) => doc.data));
    },
    remove: async (id) => {
      await files.delete({ id });
      await guarded(() => chunks.deleteMany(range(id), database.concerns.ordered));
    },
  };
}
