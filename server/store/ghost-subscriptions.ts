/**
 * Names that stay subscribed although their mailbox is gone: a server may not unsubscribe on its own (RFC 9051 §6.3.7). Live mailboxes carry their subscription themselves.
 */
import type { ObjectId } from 'mongodb';
import type { UserId } from '../mail/ids.ts';
import { type Database, guarded, oid } from './connect.ts';

type GhostDoc = { _id: ObjectId; paths: string[] };

/** Remembered names per user; older ones go. */
const MAX_GHOSTS = 500;

const collection = (database: Database) => database.main.collection<GhostDoc>('ghostsubscriptions');

export async function readGhosts(database: Database, user: UserId): Promise<string[]> {
  const doc = await guarded(() => collection(database).findOne({ _id: oid(user) }));
  return doc?.paths ?? [];
}

export async function addGhost(database: Database, user: UserId, path: string): Promise<void> {
  await guarded(() => collection(database).updateOne({ _id: oid(user) }, { $pull: { paths: path } }));
  await guarded(() =>
    collection(database).updateOne(
      { _id: oid(user) },
      { $push: { paths: { $each: [path], $slice: -MAX_GHOSTS } } },
      { upsert: true, ...database.concerns.durable },
    ),
  );
}

export async function removeGhost(database: Database, user: UserId, path: string): Promise<void> {
  await guarded(() => collection(database).updateOne({ _id: oid(user) }, { $pull: { paths: path } }, database.concerns.durable));
}
