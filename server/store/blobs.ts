/**
 * Blob bytes behind one small interface. A blob is immutable, named by the SHA-256 of its bytes, and shared by every message that carries it.
 *
 * The MongoDB implementation keeps small blobs in one document and larger ones in chunks under an upload id of their own, so that a writer and the sweeper can never
 * touch the same chunks.
 */
import { createHash } from 'node:crypto';
import { ObjectId } from 'mongodb';
import { Fault } from '../base/fault.ts';
import { LruCache } from '../base/lru.ts';
import { type Database, duplicateKey, guarded } from './connect.ts';
import type { BlobDoc } from './documents.ts';
import { createInsertBatcher } from './insert-batcher.ts';

/** Raw SHA-256 of the stored bytes. */
export type BlobHash = Buffer;

export type BlobStore = {
  /** Stores the bytes unless they are there; either way they stay for at least the sweeper's grace. Durable as `Concerns.blob` says. */
  readonly put: (bytes: Buffer) => { readonly hash: BlobHash; readonly stored: Promise<void> };
  /** Bytes [start, end) in pieces of at most a MiB. Throws a server Fault when the blob is missing. */
  readonly read: (hash: BlobHash, start: number, end: number) => AsyncIterable<Buffer>;
  /** Brings small blobs into memory, in one round trip, for reads that follow soon. A hint: what does not fit is read later. */
  readonly prefetch: (hashes: readonly BlobHash[]) => Promise<void>;
  /** Deletes those of the blobs that nobody touched since `untouchedSince`; answers how many bytes went. */
  readonly delete: (hashes: readonly BlobHash[], untouchedSince: Date) => Promise<number>;
};

/** Bytes in one document; well under MongoDB's 16 MB, and a piece of a read. */
const CHUNK_BYTES = 1 << 20;
/** Re-touching a blob that was touched a moment ago is pointless; well below the sweeper's grace. */
const TOUCH_INTERVAL_MS = 5 * 60_000;
/** Up to this size it costs less to send a blob that may be there than to ask first. */
const ASK_FIRST_BYTES = 256 << 10;
/** Blobs that this process has just put and need not be put again. */
const MAX_JUST_PUT = 4_096;

/** `cacheBytes`: memory for blobs that were prefetched or read a moment ago. */
export function createMongoBlobStore(database: Database, cacheBytes = 16 << 20): BlobStore {
  const { blobDocs, chunks, concerns } = database;
  const recent = new LruCache<string, Buffer>(cacheBytes, (data) => data.length + 128);
  const inserts = createInsertBatcher(blobDocs, concerns.blob);
  const justPut = new LruCache<string, { readonly atMs: number; readonly epoch: number }>(MAX_JUST_PUT);

  const prefetch = async (hashes: readonly BlobHash[]): Promise<void> => {
    const missing = hashes.filter((hash) => recent.get(hash.toString('latin1')) === undefined);
    if (missing.length === 0) return;
    const docs = await guarded(() => blobDocs.find({ _id: { $in: missing } }, { batchSize: 1_000 }).toArray());
    for (const doc of docs) if (doc.data !== undefined) recent.set(Buffer.from(doc._id).toString('latin1'), doc.data);
  };

  const put = (bytes: Buffer): { hash: BlobHash; stored: Promise<void> } => {
    const hash = createHash('sha256').update(bytes).digest();
    return { hash, stored: store(hash, bytes) };
  };

  const store = async (hash: BlobHash, bytes: Buffer): Promise<void> => {
    const key = hash.toString('latin1');
    const epoch = database.epoch();
    const before = justPut.get(key);
    // What was put before a server was lost may be lost with it.
    if (before !== undefined && before.epoch === epoch && Date.now() - before.atMs < TOUCH_INTERVAL_MS / 2) return;
    if (bytes.length <= ASK_FIRST_BYTES) {
      if (!(await insert(hash, bytes))) await touch(hash, bytes);
    } else if (!(await isThere(hash)) && !(await insert(hash, bytes))) await touch(hash, bytes);
    justPut.set(key, { atMs: Date.now(), epoch });
  };

  /** True when the blob was there and will stay for a while. */
  const isThere = async (hash: BlobHash): Promise<boolean> => {
    const known = await guarded(() => blobDocs.findOne({ _id: hash }, { projection: { touchedAt: 1 } }));
    if (known === null) return false;
    const now = new Date();
    if (now.getTime() - known.touchedAt.getTime() < TOUCH_INTERVAL_MS) return true;
    const touched = await guarded(() => blobDocs.updateOne({ _id: hash }, { $max: { touchedAt: now } }, concerns.blob));
    return touched.matchedCount === 1;
  };

  /** Somebody stored the same bytes; their copy is as good, unless the sweeper takes it at this moment. */
  const touch = async (hash: BlobHash, bytes: Buffer): Promise<void> => {
    if (!(await isThere(hash)) && !(await insert(hash, bytes)))
      throw new Fault('busy', 'INUSE', 'An attachment was being removed while it came again.');
  };

  /** False when it is there already. */
  const insert = async (hash: BlobHash, bytes: Buffer): Promise<boolean> => {
    const doc: BlobDoc = { _id: hash, size: bytes.length, touchedAt: new Date() };
    if (bytes.length <= CHUNK_BYTES) {
      doc.data = bytes;
    } else {
      doc.upload = new ObjectId();
      for (let n = 0; n * CHUNK_BYTES < bytes.length; n += 1) {
        const data = bytes.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES);
        const upload = doc.upload;
        await guarded(() => chunks.insertOne({ _id: { u: upload, n }, data }, concerns.blob));
      }
    }
    try {
      await inserts.insert(doc, doc.data?.length ?? 0);
      return true;
    } catch (error) {
      if (duplicateKey(error) === undefined) return guarded(() => Promise.reject(error));
      if (doc.upload !== undefined) await deleteChunks(database, doc.upload, doc.size);
      return false;
    }
  };

  const read = async function* (hash: BlobHash, start: number, end: number): AsyncGenerator<Buffer> {
    if (start >= end) return;
    const cached = recent.get(hash.toString('latin1'));
    if (cached !== undefined) {
      yield cached.subarray(start, end);
      return;
    }
    const doc = await guarded(() => blobDocs.findOne({ _id: hash }));
    if (doc === null) throw new Fault('server', 'SERVERBUG', 'A stored attachment is missing.');
    if (doc.data !== undefined) {
      yield doc.data.subarray(start, end);
      return;
    }
    const upload = doc.upload;
    if (upload === undefined) throw new Fault('server', 'SERVERBUG', 'A stored attachment is damaged.');
    for (let n = Math.floor(start / CHUNK_BYTES); n * CHUNK_BYTES < end; n += 1) {
      const chunk = await guarded(() => chunks.findOne({ _id: { u: upload, n } }));
      if (chunk === null) throw new Fault('server', 'SERVERBUG', 'A part of a stored attachment is missing.');
      const base = n * CHUNK_BYTES;
      yield chunk.data.subarray(Math.max(0, start - base), end - base);
    }
  };

  const remove = async (hashes: readonly BlobHash[], untouchedSince: Date): Promise<number> => {
    let bytes = 0;
    for (const hash of hashes) {
      justPut.delete(hash.toString('latin1'));
      const gone = await guarded(() => blobDocs.findOneAndDelete({ _id: hash, touchedAt: { $lt: untouchedSince } }));
      if (gone === null) continue;
      bytes += gone.size;
      if (gone.upload !== undefined) await deleteChunks(database, gone.upload, gone.size);
    }
    return bytes;
  };

  return { put, read, prefetch, delete: remove };
}

async function deleteChunks(database: Database, upload: ObjectId, size: number): Promise<void> {
  const ids = Array.from({ length: Math.ceil(size / CHUNK_BYTES) }, (_, n) => ({ u: upload, n }));
  await guarded(() => database.chunks.deleteMany({ _id: { $in: ids } }));
}
