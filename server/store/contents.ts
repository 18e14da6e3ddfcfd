/**
 * Contents: a message's immutable bytes as ordered segments, with the answers that were computed at delivery. Joining the segments gives back exactly what came in; a
 * range of the message reads only the segments it touches, and of a blob only the bytes it needs. Nothing is parsed here.
 */
import { ObjectId } from 'mongodb';
import { joinBytes } from '../base/bytes.ts';
import { nonexistent } from '../base/fault.ts';
import type { ContentId } from '../mail/ids.ts';
import { decodedRangeFor, encodeBase64Range } from '../mime/base64-lines.ts';
import type { AnalyzedMessage, Base64Recipe } from '../mime/types.ts';
import type { BlobHash, BlobStore } from './blobs.ts';
import { type Database, guarded, oid } from './connect.ts';
import type { ContentDoc, SegmentDoc, TextDoc } from './documents.ts';
import { createInsertBatcher, type InsertBatcher } from './insert-batcher.ts';

/** The wire forms that a placement carries. */
export type WireForms = { readonly envelope: Buffer; readonly bodyStructure: Buffer };

/** A stored message, ready to be read. */
export type LoadedContent = {
  readonly id: ContentId;
  readonly sizeBytes: number;
  readonly headerBytes: number;
  readonly parts: Buffer;
  readonly body: Buffer;
  readonly preview: string;
  readonly segments: readonly SegmentDoc[];
};

/** Blobs written at the same time for one message. */
const BLOB_CONCURRENCY = 4;

export type ContentWriter = {
  /** Stores bytes and texts. Durable with the next durable write on the same server; nothing refers to it yet. */
  readonly save: (raw: Buffer, analyzed: AnalyzedMessage) => Promise<ContentId>;
};

export function createContentWriter(database: Database, blobs: BlobStore): ContentWriter {
  const into: Inserts = {
    contents: createInsertBatcher(database.contents, database.concerns.ordered),
    texts: createInsertBatcher(database.texts, database.concerns.ordered),
  };
  return { save: (raw, analyzed) => saveContent(into, blobs, raw, analyzed) };
}

type Inserts = { readonly contents: InsertBatcher<ContentDoc>; readonly texts: InsertBatcher<TextDoc> };

async function saveContent(into: Inserts, blobs: BlobStore, raw: Buffer, analyzed: AnalyzedMessage): Promise<ContentId> {
  const id = new ObjectId();
  const { hashes, stored } = await putBlobs(blobs, analyzed);
  const segments: SegmentDoc[] = [];
  for (const segment of analyzed.segments) {
    const hash = hashes.get(segment);
    if (segment.kind === 'inline' || hash === undefined) {
      segments.push({ d: raw.subarray(segment.start, segment.end) });
      continue;
    }
    const recipe = segment.encoding === 'identity' ? {} : { r: segment.encoding };
    segments.push({ b: hash, n: segment.end - segment.start, z: segment.storedBytes, ...recipe });
  }
  const doc: ContentDoc = {
    _id: id,
    size: analyzed.sizeBytes,
    headerSize: analyzed.headerBytes,
    segments,
    ...(hashes.size === 0 ? {} : { blobs: [...hashes.values()] }),
    parts: analyzed.parts,
    envelope: analyzed.envelope,
    body: analyzed.body,
    bodyStructure: analyzed.bodyStructure,
    preview: analyzed.preview,
  };
  const text = toTextDoc(id, analyzed);
  const inlineBytes = segments.reduce((sum, segment) => sum + ('d' in segment ? segment.d.length : 64), 1_024);
  await Promise.all([
    stored,
    guarded(() => into.contents.insert(doc, inlineBytes + doc.parts.length + doc.envelope.length + 2 * doc.body.length)),
    guarded(() => into.texts.insert(text, 4_096 + 2 * (text.header.length + text.body.length))),
  ]);
  return id.toHexString() as ContentId;
}

/**
 * Names every blob and stores it. `stored` is what is still under way: a message with a few attachments needs no round trip of their own for them, one with many holds only
 * a few decoded ones in memory.
 */
async function putBlobs(
  blobs: BlobStore,
  analyzed: AnalyzedMessage,
): Promise<{ readonly hashes: ReadonlyMap<object, BlobHash>; readonly stored: Promise<unknown> }> {
  const hashes = new Map<object, BlobHash>();
  let stored: Promise<unknown> = Promise.resolve();
  const wanted = analyzed.segments.filter((segment) => segment.kind === 'blob');
  for (let at = 0; at < wanted.length; at += BLOB_CONCURRENCY) {
    await stored;
    const puts = wanted.slice(at, at + BLOB_CONCURRENCY).map((segment) => {
      const put = blobs.put(segment.bytes());
      hashes.set(segment, put.hash);
      return put.stored;
    });
    stored = Promise.all(puts);
  }
  return { hashes, stored };
}

function toTextDoc(id: ObjectId, analyzed: AnalyzedMessage): TextDoc {
  return {
    _id: id,
    header: analyzed.text.header,
    body: analyzed.text.body,
    summary: {
      subject: analyzed.subject,
      baseSubject: analyzed.baseSubject,
      subjectIsReply: analyzed.subjectIsReply,
      sort: analyzed.sort,
      from: [...analyzed.from],
      replyTo: [...analyzed.replyTo],
      to: [...analyzed.to],
      cc: [...analyzed.cc],
      bcc: [...analyzed.bcc],
      ...(analyzed.messageId === undefined ? {} : { messageId: analyzed.messageId }),
      inReplyTo: [...analyzed.inReplyTo],
      references: [...analyzed.references],
      ...(analyzed.sentDate === undefined ? {} : { sentDate: analyzed.sentDate }),
      preview: analyzed.preview,
      attachments: [...analyzed.attachments],
      importance: analyzed.importance,
      listId: analyzed.listId,
    },
  };
}

const LOAD_PROJECTION = { envelope: 0, bodyStructure: 0, blobs: 0 } as const;

/** Fault NONEXISTENT when it was swept. */
export async function loadContent(database: Database, content: ContentId): Promise<LoadedContent> {
  const doc = await guarded(() => database.contents.findOne({ _id: oid(content) }, { projection: LOAD_PROJECTION }));
  if (doc === null) throw nonexistent('The message no longer exists.');
  return toLoaded(doc);
}

/** Several at once, any order; swept ones are absent. */
export async function loadContents(database: Database, contents: readonly ContentId[]): Promise<LoadedContent[]> {
  const docs = await guarded(() =>
    database.contents.find({ _id: { $in: contents.map(oid) } }, { projection: LOAD_PROJECTION, batchSize: 1_000 }).toArray(),
  );
  return docs.map(toLoaded);
}

function toLoaded(doc: ContentDoc): LoadedContent {
  return {
    id: doc._id.toHexString() as ContentId,
    sizeBytes: doc.size,
    headerBytes: doc.headerSize,
    parts: doc.parts,
    body: doc.body,
    preview: doc.preview,
    segments: doc.segments,
  };
}

/** Those that are not there whole: document, text and blobs. */
export async function missingContents(database: Database, contents: readonly ContentId[]): Promise<ContentId[]> {
  const missing: ContentId[] = [];
  for (const content of contents) {
    const _id = oid(content);
    const whole = await guarded(async () => {
      const doc = await database.contents.findOne({ _id }, { projection: { blobs: 1 } });
      if (doc === null || (await database.texts.countDocuments({ _id }, { limit: 1 })) === 0) return false;
      const blobs = [...new Map((doc.blobs ?? []).map((hash) => [hash.toString('latin1'), hash])).values()];
      return blobs.length === 0 || (await database.blobDocs.countDocuments({ _id: { $in: blobs } })) === blobs.length;
    });
    if (!whole) missing.push(content);
  }
  return missing;
}

/** Bytes [start, end) of the message, clipped to it, in pieces of at most about a MiB. */
export async function* readContent(blobs: BlobStore, content: LoadedContent, start: number, end: number): AsyncGenerator<Buffer> {
  let at = 0;
  for (const segment of content.segments) {
    const length = 'd' in segment ? segment.d.length : segment.n;
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, length);
    at += length;
    if (from >= to) {
      if (at >= end) return;
      continue;
    }
    if ('d' in segment) yield segment.d.subarray(from, to);
    else if (segment.r === undefined) yield* blobs.read(segment.b, from, to);
    else yield* readEncoded(blobs, segment.b, segment.z, segment.r, from, to);
  }
}

/** Encoded octets produced at a time. */
const ENCODE_STEP = 1 << 20;

async function* readEncoded(
  blobs: BlobStore,
  hash: BlobHash,
  storedBytes: number,
  recipe: Base64Recipe,
  from: number,
  to: number,
): AsyncGenerator<Buffer> {
  for (let start = from; start < to; start += ENCODE_STEP) {
    const end = Math.min(start + ENCODE_STEP, to);
    const needed = decodedRangeFor(recipe, storedBytes, start, end);
    const pieces: Buffer[] = [];
    for await (const piece of blobs.read(hash, needed.start, needed.end)) pieces.push(piece);
    yield encodeBase64Range(joinBytes(pieces), recipe, storedBytes, start, end);
  }
}

/** Wire forms of contents; swept ones are absent. */
export async function readWireForms(database: Database, contents: readonly ContentId[]): Promise<Map<ContentId, WireForms>> {
  const docs = await guarded(() =>
    database.contents
      .find({ _id: { $in: contents.map(oid) } }, { projection: { envelope: 1, bodyStructure: 1 }, batchSize: 1_000 })
      .toArray(),
  );
  return new Map(
    docs.map((doc) => [doc._id.toHexString() as ContentId, { envelope: doc.envelope, bodyStructure: doc.bodyStructure }]),
  );
}

/** The text documents of contents, any order; swept ones are absent. Leave fields out that aren't needed: they are large. */
export async function readTexts(
  database: Database,
  contents: readonly ContentId[],
  fields: { readonly header?: boolean; readonly body?: boolean; readonly summary?: boolean },
): Promise<Map<ContentId, TextDoc>> {
  const projection = Object.fromEntries(
    Object.entries(fields)
      .filter(([, wanted]) => wanted)
      .map(([field]) => [field, 1]),
  );
  const docs = await guarded(() =>
    database.texts.find({ _id: { $in: contents.map(oid) } }, { projection, batchSize: 1_000 }).toArray(),
  );
  return new Map(docs.map((doc) => [doc._id.toHexString() as ContentId, doc]));
}

// ── Sweeping ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Deletes those contents that neither a placement, nor the queue, nor an audit refers to; answers how many, and the blobs they used. */
export async function sweepContents(
  database: Database,
  candidates: readonly ObjectId[],
): Promise<{ contents: number; blobs: Buffer[] }> {
  const blobs: Buffer[] = [];
  let contents = 0;
  for (const id of candidates) {
    const holders = await guarded(() =>
      Promise.all([
        database.messages.findOne({ content: id }, { projection: { _id: 1 } }),
        database.main.collection('queue').findOne({ content: id }, { projection: { _id: 1 } }),
        database.main.collection('auditMessages').findOne({ content: id }, { projection: { _id: 1 } }),
      ]),
    );
    if (holders.some((holder) => holder !== null)) continue;
    const doc = await guarded(() => database.contents.findOneAndDelete({ _id: id }, { projection: { blobs: 1 } }));
    await guarded(() => database.texts.deleteOne({ _id: id }));
    if (doc !== null) contents += 1;
    blobs.push(...(doc?.blobs ?? []));
  }
  return { contents, blobs };
}

type LeftDoc = { _id: ObjectId; at: Date };

/** Something other than a placement is about to stop referring to this content: the sweeper shall look whether anything else does. */
export async function leaveForSweeper(database: Database, content: ObjectId): Promise<void> {
  const left = database.main.collection<LeftDoc>('leftContents');
  await guarded(() =>
    left.updateOne({ _id: content }, { $set: { at: new Date() } }, { upsert: true, ...database.concerns.ordered }),
  );
}

/** The same for many. */
export async function leaveContents(database: Database, contents: readonly ContentId[]): Promise<void> {
  for (const content of contents) await leaveForSweeper(database, oid(content));
}

/** Contents that were left before that time; `forgetLeft` when they have been looked at. */
export async function contentsLeft(database: Database, before: Date, limit: number): Promise<ObjectId[]> {
  const left = database.main.collection<LeftDoc>('leftContents');
  return (
    await guarded(() =>
      left
        .find({ at: { $lt: before } })
        .limit(limit)
        .toArray(),
    )
  ).map((doc) => doc._id);
}

export async function forgetLeft(database: Database, contents: readonly ObjectId[], before: Date): Promise<void> {
  const left = database.main.collection<LeftDoc>('leftContents');
  await guarded(() => left.deleteMany({ _id: { $in: [...contents] }, at: { $lt: before } }));
}

/** Of these blobs, the ones that no content refers to. */
export async function unusedBlobs(database: Database, hashes: readonly Buffer[]): Promise<Buffer[]> {
  const unused: Buffer[] = [];
  for (const hash of hashes) {
    const used = await guarded(() => database.contents.findOne({ blobs: hash }, { projection: { _id: 1 } }));
    if (used === null) unused.push(hash);
  }
  return unused;
}
