/** The indexes as data, each with the query that needs it. Created at start; an index that is not in this list does not exist for a reason. */
import type { Collection, CreateIndexesOptions, IndexDescription, IndexSpecification } from 'mongodb';
import type { Database } from './connect.ts';
import { guarded } from './connect.ts';

export type IndexEntry = {
  readonly collection: string;
  /** Default: the main one. */
  readonly database?: 'blobs';
  readonly name: string;
  readonly key: IndexSpecification & Record<string, 1 | -1>;
  readonly options?: CreateIndexesOptions;
  /** Which query would be slow, or which promise broken, without it. */
  readonly reason: string;
};

export const INDEXES: readonly IndexEntry[] = [
  {
    collection: 'journal',
    name: 'commit',
    key: { user: 1, mailbox: 1, modseq: 1 },
    options: { unique: true },
    reason: 'The commit point: one entry per modseq of a mailbox. Also reads the tail in order.',
  },
  {
    collection: 'journal',
    name: 'moves',
    key: { moves: 1 },
    options: { unique: true, partialFilterExpression: { moves: { $exists: true } } },
    reason: 'The second half of a MOVE happens once, whoever finishes it.',
  },
  {
    collection: 'messages',
    name: 'uid',
    key: { user: 1, mailbox: 1, uid: 1 },
    options: { unique: true },
    reason: 'Reads placements of a mailbox in UID order: views, FETCH, POP3, lists.',
  },
  {
    collection: 'messages',
    name: 'content',
    key: { content: 1 },
    reason: 'The sweeper asks whether any placement still refers to a content.',
  },
  {
    collection: 'messages',
    name: 'thread',
    key: { user: 1, thread: 1 },
    reason: 'The messages of a thread, across mailboxes.',
  },
  {
    collection: 'messages',
    name: 'tombstones',
    key: { expungedAt: 1 },
    options: { partialFilterExpression: { expungedAt: { $exists: true } } },
    reason: 'The sweeper takes tombstones that are older than its grace.',
  },
  {
    collection: 'mailboxes',
    name: 'tree',
    key: { user: 1, parent: 1, name: 1 },
    options: { unique: true },
    reason: 'One name per place in the tree; lists a tree.',
  },
  {
    collection: 'mailboxes',
    name: 'shared',
    key: { 'acl.i': 1 },
    options: { partialFilterExpression: { 'acl.i': { $exists: true } } },
    reason: 'The mailboxes that others share with a user.',
  },
  {
    collection: 'contents',
    name: 'blobs',
    key: { blobs: 1 },
    options: { partialFilterExpression: { blobs: { $exists: true } } },
    reason: 'The sweeper asks whether any content still refers to a blob.',
  },
  {
    collection: 'leftContents',
    name: 'left',
    key: { at: 1 },
    reason: 'The sweeper takes contents whose last use outside the mailboxes ended before its grace.',
  },
  {
    collection: 'blobs',
    database: 'blobs',
    name: 'touched',
    key: { touchedAt: 1 },
    reason: 'The sweeper finds blobs that an interrupted delivery left behind.',
  },
];

/** Creates what is missing. Safe from several workers at once. */
export async function ensureIndexes(database: Database, entries: readonly IndexEntry[] = INDEXES): Promise<void> {
  const byCollection = new Map<Collection, IndexDescription[]>();
  const collections = new Map<string, Collection>();
  for (const entry of entries) {
    const key = `${entry.database ?? 'main'}.${entry.collection}`;
    const collection = collections.get(key) ?? database[entry.database ?? 'main'].collection(entry.collection);
    collections.set(key, collection);
    const list = byCollection.get(collection) ?? [];
    list.push({ key: entry.key as Record<string, 1 | -1>, name: entry.name, ...entry.options } as IndexDescription);
    byCollection.set(collection, list);
  }
  await Promise.all([...byCollection].map(([collection, list]) => guarded(() => createAll(collection, list))));
}

/** MongoDB's IndexOptionsConflict and IndexKeySpecsConflict: the name is there with another meaning. */
const CONFLICTS = new Set<unknown>([85, 86]);

/** An index that an earlier release made otherwise is made anew; queries are only slower meanwhile. */
async function createAll(collection: Collection, list: readonly IndexDescription[]): Promise<void> {
  try {
    await collection.createIndexes([...list]);
  } catch (error) {
    if (!CONFLICTS.has((error as { code?: unknown }).code)) throw error;
    for (const index of list) await createOne(collection, index);
  }
}

async function createOne(collection: Collection, index: IndexDescription): Promise<void> {
  try {
    await collection.createIndexes([index]);
  } catch (error) {
    if (!CONFLICTS.has((error as { code?: unknown }).code) || index.name === undefined) throw error;
    await collection.dropIndex(index.name);
    await collection.createIndexes([index]);
  }
}
