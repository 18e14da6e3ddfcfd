/** METADATA (RFC 5464): annotations of mailboxes and of the account. `owner` is whose annotation it is: a user for /private entries, undefined for /shared ones. */
import type { ObjectId } from 'mongodb';
import type { MailboxId, UserId } from '../mail/ids.ts';
import { type Database, guarded, oid } from './connect.ts';
import type { IndexEntry } from './indexes.ts';

type AnnotationDoc = {
  _id: ObjectId;
  /** The user whose tree the mailbox is in; for account-wide entries the account. */
  user: ObjectId;
  mailbox: ObjectId | null;
  owner: ObjectId | null;
  /** In lower case: names compare without case (RFC 5464 §3.2). */
  entry: string;
  value: Buffer;
};

export const ANNOTATION_INDEXES: readonly IndexEntry[] = [
  {
    collection: 'annotations',
    name: 'entry',
    key: { user: 1, mailbox: 1, entry: 1, owner: 1 },
    options: { unique: true },
    reason: 'One value per entry; GETMETADATA reads the entries of a mailbox.',
  },
];

export type Annotation = { readonly entry: string; readonly value: Buffer };

const collection = (database: Database) => database.main.collection<AnnotationDoc>('annotations');

function place(user: UserId, mailbox: MailboxId | undefined): { user: ObjectId; mailbox: ObjectId | null } {
  return { user: oid(user), mailbox: mailbox === undefined ? null : oid(mailbox) };
}

/** Every annotation there that is shared or belongs to `reader`, by entry. */
export async function readAnnotations(
  database: Database,
  user: UserId,
  mailbox: MailboxId | undefined,
  reader: UserId,
): Promise<Annotation[]> {
  const docs = await guarded(() =>
    collection(database)
      .find({ ...place(user, mailbox), owner: { $in: [null, oid(reader)] } }, { sort: { entry: 1 } })
      .toArray(),
  );
  return docs.map((doc) => ({ entry: doc.entry, value: doc.value }));
}

/** Sets or (value undefined) removes one entry. */
export async function writeAnnotation(
  database: Database,
  user: UserId,
  mailbox: MailboxId | undefined,
  owner: UserId | undefined,
  entry: string,
  value: Buffer | undefined,
): Promise<void> {
  const key = { ...place(user, mailbox), owner: owner === undefined ? null : oid(owner), entry };
  await guarded(async () => {
    if (value === undefined) await collection(database).deleteOne(key, database.concerns.durable);
    else await collection(database).updateOne(key, { $set: { value } }, { upsert: true, ...database.concerns.durable });
  });
}

/** All annotations of a mailbox that is gone. */
export async function removeAnnotations(database: Database, user: UserId, mailbox: MailboxId): Promise<void> {
  await guarded(() => collection(database).deleteMany({ user: oid(user), mailbox: oid(mailbox) }));
}
