/** ACL (RFC 4314): who may do what with a mailbox, beside its owner. The entries stand in the mailbox document. */
import { nonexistent } from '../base/fault.ts';
import type { MailboxId, UserId } from '../mail/ids.ts';
import { type Database, guarded, oid } from './connect.ts';
import type { AclDoc, MailboxDoc } from './documents.ts';

/** `anyone`, or a user's id. */
export type AclIdentifier = 'anyone' | UserId;
export type AclEntry = { readonly identifier: AclIdentifier; readonly rights: string };

/** Fault NONEXISTENT. */
export async function readAcl(database: Database, owner: UserId, mailbox: MailboxId): Promise<AclEntry[]> {
  const doc = await guarded(() =>
    database.mailboxes.findOne(
      { _id: oid(mailbox), user: oid(owner), deletedAt: { $exists: false } },
      { projection: { acl: 1 } },
    ),
  );
  if (doc === null) throw nonexistent('No such mailbox.');
  return (doc.acl ?? []).map(toEntry);
}

/** Replaces the rights of one identifier; no rights removes it. One atomic step. Fault NONEXISTENT. */
export async function writeAcl(
  database: Database,
  owner: UserId,
  mailbox: MailboxId,
  identifier: AclIdentifier,
  change: (rights: string) => string,
): Promise<void> {
  for (;;) {
    const before = await guarded(() =>
      database.mailboxes.findOne(
        { _id: oid(mailbox), user: oid(owner), deletedAt: { $exists: false } },
        { projection: { acl: 1 } },
      ),
    );
    if (before === null) throw nonexistent('No such mailbox.');
    const others = (before.acl ?? []).filter((entry) => entry.i !== identifier);
    const rights = change((before.acl ?? []).find((entry) => entry.i === identifier)?.r ?? '');
    const acl: AclDoc[] = rights === '' ? others : [...others, { i: identifier, r: rights }];
    // Somebody may have changed it meanwhile: then read it again.
    const filter = before.acl === undefined ? { acl: { $exists: false } } : { acl: before.acl };
    const result = await guarded(() =>
      database.mailboxes.updateOne({ _id: oid(mailbox), ...filter }, { $set: { acl } }, database.concerns.durable),
    );
    if (result.matchedCount === 1) return;
  }
}

export type SharedMailbox = { readonly owner: UserId; readonly mailbox: MailboxId; readonly acl: readonly AclEntry[] };

/** Mailboxes of others that this user has any entry for. */
export async function readSharedWith(database: Database, user: UserId): Promise<SharedMailbox[]> {
  const docs = await guarded(() =>
    database.mailboxes
      .find(
        { 'acl.i': { $in: [user, 'anyone'] }, user: { $ne: oid(user) }, deletedAt: { $exists: false } },
        { projection: { user: 1, acl: 1 } },
      )
      .toArray(),
  );
  return docs.map(toShared);
}

/** Every mailbox that has an entry, at most so many. */
export async function readAllShared(database: Database, limit: number): Promise<SharedMailbox[]> {
  const docs = await guarded(() =>
    database.mailboxes
      .find({ 'acl.i': { $exists: true }, deletedAt: { $exists: false } }, { projection: { user: 1, acl: 1 } })
      .limit(limit)
      .toArray(),
  );
  return docs.map(toShared);
}

function toShared(doc: Pick<MailboxDoc, '_id' | 'user' | 'acl'>): SharedMailbox {
  return {
    owner: doc.user.toHexString() as UserId,
    mailbox: doc._id.toHexString() as MailboxId,
    acl: (doc.acl ?? []).map(toEntry),
  };
}

function toEntry(doc: AclDoc): AclEntry {
  return { identifier: doc.i as AclIdentifier, rights: doc.r };
}
