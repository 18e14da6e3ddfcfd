/** One user out of a backup: documents read as values, and records that go back as they were. */
import { BSON, type Document, ObjectId } from 'mongodb';
import { type Database, guarded } from './connect.ts';

/** Tables whose records belong to one user by their field `user`, and come back with a user who is gone. */
export const USER_TABLES = [
  'addresses',
  'appPasswords',
  'autoreplies',
  // Both or neither: an account without what is known of it would be fetched from the beginning.
  'externalAccounts',
  'externalMessages',
  'filters',
  'secondFactors',
  'sieveScripts',
  'sieveStates',
  'webAuthnCredentials',
] as const;

export type BackedUser = { readonly id: string; readonly username: string; readonly address: string; readonly name: string };

export function backedUser(doc: Document): BackedUser {
  return {
    id: hex(doc['_id']),
    username: String(doc['username'] ?? ''),
    address: String(doc['address'] ?? ''),
    name: String(doc['name'] ?? ''),
  };
}

export type BackedMailbox = {
  readonly id: string;
  readonly user: string;
  readonly parent: string | null;
  readonly name: string;
  readonly modseq: number;
  readonly deleted: boolean;
  readonly noSelect: boolean;
  readonly subscribed: boolean;
  readonly hidden: boolean;
  readonly specialUse: string | undefined;
  readonly retentionMs: number | undefined;
};

export function backedMailbox(doc: Document): BackedMailbox {
  return {
    id: hex(doc['_id']),
    user: hex(doc['user']),
    parent: doc['parent'] === null ? null : hex(doc['parent']),
    name: String(doc['name']),
    modseq: Number(doc['modseq']),
    deleted: doc['deletedAt'] !== undefined,
    noSelect: doc['noSelect'] === true,
    subscribed: doc['subscribed'] === true,
    hidden: doc['hidden'] === true,
    specialUse: doc['specialUse'] as string | undefined,
    retentionMs: doc['retentionMs'] as number | undefined,
  };
}

/** A message as it stood in a mailbox. `content` is 24 hex digits. */
export type BackedMessage = {
  readonly uid: number;
  readonly modseq: number;
  readonly flags: readonly string[];
  readonly internalDateMs: number;
  readonly sizeBytes: number;
  readonly content: string;
  readonly thread: string;
};

/** Undefined for a tombstone. */
export function backedMessage(doc: Document): (BackedMessage & { readonly user: string; readonly mailbox: string }) | undefined {
  if (doc['expunged'] !== undefined) return undefined;
  return {
    user: hex(doc['user']),
    mailbox: hex(doc['mailbox']),
    uid: Number(doc['uid']),
    modseq: Number(doc['modseq']),
    flags: doc['flags'] as string[],
    internalDateMs: Number(doc['internalDate']),
    sizeBytes: Number(doc['size']),
    content: hex(doc['content']),
    thread: String(doc['thread']),
  };
}

/** Contents of all messages that a user has now, tombstones left out: 24 hex digits, with the mailbox. */
export async function* liveContents(database: Database, user: string): AsyncGenerator<{ mailbox: string; content: string }> {
  const cursor = database.messages.find(
    { user: ObjectId.createFromHexString(user), expunged: { $exists: false } },
    { projection: { mailbox: 1, content: 1 }, batchSize: 2_000 },
  );
  for await (const doc of cursor) yield { mailbox: hex(doc.mailbox), content: hex(doc.content) };
}

/** Of these ids (24 hex digits), those whose contents are here whole. */
export async function presentContents(database: Database, ids: readonly string[]): Promise<Set<string>> {
  const _id = { $in: ids.map((id) => ObjectId.createFromHexString(id)) };
  const [contents, texts] = await guarded(() =>
    Promise.all([
      database.contents.find({ _id }, { projection: { _id: 1 } }).toArray(),
      database.texts.find({ _id }, { projection: { _id: 1 } }).toArray(),
    ]),
  );
  const withText = new Set(texts.map((doc) => hex(doc._id)));
  return new Set(contents.map((doc) => hex(doc._id)).filter((id) => withText.has(id)));
}

/** Of these hashes, those whose blobs are here. */
export async function presentBlobs(database: Database, hashes: readonly Buffer[]): Promise<Set<string>> {
  const docs = await guarded(() => database.blobDocs.find({ _id: { $in: [...hashes] } }, { projection: { _id: 1 } }).toArray());
  return new Set(docs.map((doc) => Buffer.from(doc._id).toString('hex')));
}

/** Whether somebody has that id, or somebody else that name. */
export async function findUser(database: Database, id: string, user: Uint8Array): Promise<'here' | 'name-taken' | 'gone'> {
  const users = database.main.collection('users');
  if ((await guarded(() => users.findOne({ _id: ObjectId.createFromHexString(id) }, { projection: { _id: 1 } }))) !== null)
    return 'here';
  const key: unknown = BSON.deserialize(user)['usernameKey'];
  const other = await guarded(() => users.findOne({ usernameKey: key }, { projection: { _id: 1 } }));
  return other === null ? 'gone' : 'name-taken';
}

/** The record that kept a deleted user's place goes: the user is back. */
export async function forgetDeletion(database: Database, id: string): Promise<void> {
  await guarded(() =>
    database.main.collection('deletedUsers').deleteOne({ _id: ObjectId.createFromHexString(id) }, database.concerns.durable),
  );
}

function hex(id: unknown): string {
  return (id as ObjectId).toHexString();
}
