/** What takes space: messages as people see them against what lies on the disk, and who has most. */
import type { Db, Document, ObjectId } from 'mongodb';
import { type Database, guarded } from './connect.ts';

export type StorageReport = {
  readonly messages: number;
  /** Sum of the messages' sizes over all mailboxes. */
  readonly messageBytes: number;
  /** Different ones: a message in ten mailboxes counts once. */
  readonly contents: number;
  readonly blobs: number;
  /** Octets of contents and attachments, each counted once and base64 undone, before compression. */
  readonly storedBytes: number;
  /** On the disk, compressed: messages and all else, attachments, indexes. */
  readonly mainDiskBytes: number;
  readonly blobDiskBytes: number;
  readonly indexDiskBytes: number;
  readonly people: readonly {
    readonly user: string;
    readonly username: string;
    readonly messages: number;
    readonly bytes: number;
  }[];
};

const TOP = 20;
/** Over the shards. */
const TOTALS = { count: { $sum: '$storageStats.count' }, bytes: { $sum: '$storageStats.size' } };

export async function storageReport(database: Database): Promise<StorageReport> {
  const stats = async (db: Db, name: string): Promise<{ count: number; bytes: number }> => {
    const [row] = await guarded(() =>
      db
        .collection(name)
        .aggregate<Document>([{ $collStats: { storageStats: {} } }, { $group: { _id: null, ...TOTALS } }])
        .toArray()
        // A collection that nobody has written to yet.
        .catch((error: unknown) => ((error as { code?: unknown }).code === 26 ? [] : Promise.reject(error))),
    );
    return { count: Number(row?.['count'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
  };
  const people = await guarded(() =>
    database.mailboxes
      .aggregate<{ _id: ObjectId; messages: number; bytes: number }>([
        { $match: { deletedAt: { $exists: false } } },
        { $group: { _id: '$user', messages: { $sum: '$counts.messages' }, bytes: { $sum: '$counts.bytes' } } },
        { $sort: { bytes: -1 } },
      ])
      .toArray(),
  );
  const top = people.slice(0, TOP);
  const names = await guarded(() =>
    database.main
      .collection('users')
      .find({ _id: { $in: top.map(({ _id }) => _id) } }, { projection: { username: 1, address: 1 } })
      .toArray(),
  );
  const nameOf = new Map(names.map((doc) => [doc._id.toHexString(), String(doc['address'] || doc['username'])]));
  const [contents, blobs, chunks, main, blobDb] = await Promise.all([
    stats(database.main, 'contents'),
    stats(database.blobs, 'blobs'),
    stats(database.blobs, 'chunks'),
    guarded(() => database.main.command({ dbStats: 1 })),
    guarded(() => database.blobs.command({ dbStats: 1 })),
  ]);
  return {
    messages: people.reduce((total, each) => total + each.messages, 0),
    messageBytes: people.reduce((total, each) => total + each.bytes, 0),
    contents: contents.count,
    blobs: blobs.count,
    storedBytes: contents.bytes + blobs.bytes + chunks.bytes,
    mainDiskBytes: Number(main['storageSize'] ?? 0),
    blobDiskBytes: Number(blobDb['storageSize'] ?? 0),
    indexDiskBytes: Number(main['indexSize'] ?? 0) + Number(blobDb['indexSize'] ?? 0),
    people: top.flatMap(({ _id, messages, bytes }) => {
      const username = nameOf.get(_id.toHexString());
      return username === undefined ? [] : [{ user: _id.toHexString(), username, messages, bytes }];
    }),
  };
}
