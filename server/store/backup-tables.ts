/**
 * What of the database goes into a backup, and the raw documents in and out. A collection that nobody has decided about is kept: forgetting one must not lose it.
 *
 * Raw documents are BSON as the server has it, so a restored document is the same to the last octet, whatever its fields mean.
 */
import { BSON, type Collection, type Document, MongoBulkWriteError } from 'mongodb';
import { type Database, guarded } from './connect.ts';

/** Read by their own rules, because they depend on each other. */
const MAIL = ['mailboxes', 'messages', 'journal', 'contents', 'texts'];

/** Not kept, each for a reason. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  meta: 'The schema version goes into the backup’s manifest.',
  marks: 'How far housekeeping has come in this database.',
  leases: 'Who works on what at this moment.',
  leftContents: 'Contents that the sweeper shall look at: what nothing refers to is not in a backup.',
  queueCommits: 'Finishes what a crash left half queued at that moment.',
  webhookDeliveries: 'Told late, events mislead.',
  webAuthnChallenges: 'Good for minutes only.',
  greylist: 'Good for hours only.',
  usage: 'Counters of the hour and the day.',
  stsPolicies: 'Fetched again when needed.',
};

/** Read before and after all others: whose user is in neither belongs to nobody. */
const FIRST = 'users';
const LAST = 'deletedUsers';

/** Collections that are kept whole, in the order in which they are to be read. */
export async function backupTables(database: Database): Promise<string[]> {
  const all = await guarded(() => database.main.listCollections({}, { nameOnly: true }).toArray());
  const others = all
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('system.') && !MAIL.includes(name) && !Object.hasOwn(LEFT_OUT, name))
    .filter((name) => name !== FIRST && name !== LAST)
    .sort();
  return [FIRST, ...others, LAST];
}

/** A document's octets and, parsed, what the caller asks about. */
export type RawDocument = { readonly bytes: Buffer; readonly doc: Document };

export async function* readTable(database: Database, name: string): AsyncGenerator<RawDocument> {
  yield* readRaw(database.main.collection(name), {});
}

export async function* readRaw(collection: Collection<never> | Collection, filter: Document): AsyncGenerator<RawDocument> {
  const cursor = (collection as Collection).find(filter, { raw: true, batchSize: 500, noCursorTimeout: false });
  try {
    for (;;) {
      const bytes = (await guarded(() => cursor.next())) as Buffer | null;
      if (bytes === null) return;
      yield { bytes, doc: parseRaw(bytes) };
    }
  } finally {
    await cursor.close();
  }
}

export function parseRaw(bytes: Uint8Array): Document {
  return BSON.deserialize(bytes, { promoteBuffers: true });
}

/** Octets on their way into one insertion: well below the 48 MB that the server takes. */
const INSERT_BYTES = 8 << 20;
const INSERT_DOCUMENTS = 1_000;

export type RawInserter = {
  readonly add: (bytes: Uint8Array) => Promise<void>;
  /** Resolves when all are in. */
  readonly flush: () => Promise<void>;
};

/** Puts raw documents into a collection, in batches. One that is there already stays. */
export function rawInserter(database: Database, name: string, where: 'main' | 'blobs' = 'main'): RawInserter {
  const collection = (where === 'main' ? database.main : database.blobs).collection(name);
  let docs: Document[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    if (docs.length === 0) return;
    const batch = docs;
    docs = [];
    size = 0;
    await guarded(async () => {
      try {
        await collection.insertMany(batch, { ordered: false, ...database.concerns.ordered });
      } catch (error) {
        if (error instanceof MongoBulkWriteError && [error.writeErrors].flat().every((one) => one.code === 11000)) return;
        throw error;
      }
    });
  };
  return {
    add: async (bytes) => {
      // Types stay what they are: an integer that was a double would compare equal and be another octet.
      docs.push(BSON.deserialize(bytes, { promoteValues: false, bsonRegExp: true }));
      size += bytes.length;
      if (docs.length >= INSERT_DOCUMENTS || size >= INSERT_BYTES) await flush();
    },
    flush,
  };
}
