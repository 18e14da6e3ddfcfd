/**
 * Mailboxes as nodes of a tree: (user, parent, name). A path is the names from the top joined by '/'. RENAME changes one node and thereby carries its inferiors, in one
 * atomic step. Counters on a node are derived from the journal; what a reader gets here includes the journal's unapplied tail, so it is exact at any moment.
 */
import { ObjectId } from 'mongodb';
import { nonexistent, refused } from '../base/fault.ts';
import type { MailboxCounts } from '../mail/change.ts';
import type { MailboxId, Modseq, Uid, UserId } from '../mail/ids.ts';
import { type Database, duplicateKey, guarded, oid } from './connect.ts';
import type { MailboxDoc } from './documents.ts';
import { addCounts, readTails } from './journal.ts';

export type MailboxNode = {
  readonly id: MailboxId;
  readonly user: UserId;
  readonly parent: MailboxId | null;
  readonly name: string;
  readonly uidValidity: number;
  readonly uidNext: Uid;
  readonly modseq: Modseq;
  readonly counts: MailboxCounts;
  readonly specialUse: string | undefined;
  readonly subscribed: boolean;
  readonly noSelect: boolean;
  readonly hidden: boolean;
  readonly retentionMs: number;
  readonly createdAtMs: number;
  /** The journal ends with its deletion; it is out of the tree or about to be. */
  readonly deleted: boolean;
};

export type NewNode = {
  readonly parent: MailboxId | null;
  readonly name: string;
  readonly noSelect?: boolean;
  readonly specialUse?: string | undefined;
  readonly subscribed?: boolean;
  readonly hidden?: boolean;
  readonly retentionMs?: number;
};

/** All mailboxes of a user, in no particular order. `counters: false` leaves out the journal's tail: names only, one query. */
export async function readNodes(database: Database, user: UserId, options: { counters: boolean }): Promise<MailboxNode[]> {
  const docs = await guarded(() => database.mailboxes.find({ user: oid(user), deletedAt: { $exists: false } }).toArray());
  return options.counters ? withTails(database, user, docs) : docs.map((doc) => toNode(doc));
}

export async function readNode(database: Database, user: UserId, mailbox: MailboxId): Promise<MailboxNode | undefined> {
  const doc = await guarded(() => database.mailboxes.findOne({ _id: oid(mailbox), user: oid(user) }));
  if (doc === null || doc.deletedAt !== undefined) return undefined;
  const [node] = await withTails(database, user, [doc]);
  return node?.deleted === true ? undefined : node;
}

/** The node as applied so far, deleted or not: where a reader of the journal starts. */
export async function readAppliedNode(database: Database, mailbox: MailboxId): Promise<MailboxNode | undefined> {
  const doc = await guarded(() => database.mailboxes.findOne({ _id: oid(mailbox) }));
  return doc === null ? undefined : toNode(doc);
}

async function withTails(database: Database, user: UserId, docs: readonly MailboxDoc[]): Promise<MailboxNode[]> {
  if (docs.length === 0) return [];
  const nodes = docs.map(toNode);
  const tails = await readTails(
    database,
    user,
    nodes.map((node) => ({ mailbox: node.id, modseq: node.modseq })),
  );
  if (tails.size === 0) return nodes;
  return nodes.map((node) => {
    const tail = tails.get(node.id);
    if (tail === undefined) return node;
    return {
      ...node,
      modseq: tail.modseq,
      uidNext: tail.uidNext,
      counts: addCounts(node.counts, tail.delta),
      deleted: tail.deleted,
    };
  });
}

/** UIDVALIDITY never repeats for a user: the time in seconds, or one more than the last (RFC 9051 §2.3.1.1). */
async function nextUidValidity(database: Database, user: UserId): Promise<number> {
  const now = Math.floor(Date.now() / 1000);
  const doc = await guarded(() =>
    database.main
      .collection<{ _id: ObjectId; last: number }>('uidvalidity')
      .findOneAndUpdate({ _id: oid(user) }, [{ $set: { last: { $max: [now, { $add: [{ $ifNull: ['$last', 0] }, 1] }] } } }], {
        upsert: true,
        returnDocument: 'after',
        ...database.concerns.durable,
      }),
  );
  return doc?.last ?? now;
}

/** Faults: ALREADYEXISTS. */
export async function insertNode(database: Database, user: UserId, node: NewNode): Promise<MailboxNode> {
  const doc: MailboxDoc = {
    _id: new ObjectId(),
    user: oid(user),
    parent: node.parent === null ? null : oid(node.parent),
    name: node.name,
    uidValidity: await nextUidValidity(database, user),
    modseq: 1,
    uidNext: 1,
    counts: { messages: 0, unseen: 0, deleted: 0, bytes: 0 },
    recent: 0,
    subscribed: node.subscribed ?? false,
    ...(node.noSelect === true ? { noSelect: true } : {}),
    ...(node.hidden === true ? { hidden: true } : {}),
    ...(node.specialUse === undefined ? {} : { specialUse: node.specialUse }),
    ...(node.retentionMs === undefined ? {} : { retentionMs: node.retentionMs }),
    createdAt: new Date(),
  };
  try {
    await database.mailboxes.insertOne(doc, database.concerns.durable);
  } catch (error) {
    if (duplicateKey(error) !== undefined) throw refused('ALREADYEXISTS', 'A mailbox of that name exists already.');
    return guarded(() => Promise.reject(error));
  }
  return toNode(doc);
}

/** Moves a node, with everything below it, to another place in the tree. Faults: ALREADYEXISTS, NONEXISTENT. */
export async function moveNode(
  database: Database,
  user: UserId,
  mailbox: MailboxId,
  parent: MailboxId | null,
  name: string,
): Promise<void> {
  try {
    const result = await database.mailboxes.updateOne(
      { _id: oid(mailbox), user: oid(user), deletedAt: { $exists: false } },
      { $set: { parent: parent === null ? null : oid(parent), name } },
      database.concerns.durable,
    );
    if (result.matchedCount === 0) throw nonexistent('No such mailbox.');
  } catch (error) {
    if (duplicateKey(error) !== undefined) throw refused('ALREADYEXISTS', 'A mailbox of that name exists already.');
    await guarded(() => Promise.reject(error));
  }
}

/** Takes a node out of the tree; its placements are tombstones already. Repeating it is harmless. */
export async function retireNode(database: Database, mailbox: MailboxId): Promise<void> {
  const id = oid(mailbox);
  await guarded(() =>
    database.mailboxes.updateOne(
      { _id: id, deletedAt: { $exists: false } },
      { $set: { parent: id, deletedAt: new Date(), subscribed: false }, $unset: { specialUse: 1 } },
      database.concerns.durable,
    ),
  );
}

export type NodeUpdate = {
  readonly subscribed?: boolean;
  readonly hidden?: boolean;
  readonly retentionMs?: number;
  readonly specialUse?: string | null;
  readonly noSelect?: boolean;
};

/** Faults: NONEXISTENT. */
export async function updateNode(database: Database, user: UserId, mailbox: MailboxId, changes: NodeUpdate): Promise<void> {
  const set: Record<string, unknown> = {};
  const unset: Record<string, 1> = {};
  for (const [field, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    if (value === null || (field === 'noSelect' && value === false)) unset[field] = 1;
    else set[field] = value;
  }
  if (Object.keys(set).length + Object.keys(unset).length === 0) return;
  const result = await guarded(() =>
    database.mailboxes.updateOne(
      { _id: oid(mailbox), user: oid(user), deletedAt: { $exists: false } },
      { ...(Object.keys(set).length > 0 ? { $set: set } : {}), ...(Object.keys(unset).length > 0 ? { $unset: unset } : {}) },
      database.concerns.durable,
    ),
  );
  if (result.matchedCount === 0) throw nonexistent('No such mailbox.');
}

/** Claims \Recent up to `through`; answers the first UID that is recent for this caller (through + 1 when none is). */
export async function claimRecent(database: Database, user: UserId, mailbox: MailboxId, through: Uid): Promise<Uid> {
  const before = await guarded(() =>
    database.mailboxes.findOneAndUpdate(
      { _id: oid(mailbox), user: oid(user) },
      { $max: { recent: through } },
      { projection: { recent: 1 }, returnDocument: 'before', ...database.concerns.ordered },
    ),
  );
  // `through` 0 claims nothing and looks: what would be recent now (EXAMINE, STATUS).
  const recent = before?.recent ?? through;
  return ((through === 0 ? recent : Math.min(recent, through)) + 1) as Uid;
}

/** Messages and octets over all of a user's mailboxes, unapplied journal tails included: what quota counts. */
export async function sumCounts(database: Database, user: UserId): Promise<MailboxCounts> {
  const nodes = await readNodes(database, user, { counters: true });
  return nodes
    .filter((node) => !node.deleted)
    .map((node) => node.counts)
    .reduce(addCounts, { messages: 0, unseen: 0, deleted: 0, bytes: 0 });
}

function toNode(doc: MailboxDoc): MailboxNode {
  return {
    id: doc._id.toHexString() as MailboxId,
    user: doc.user.toHexString() as UserId,
    parent: doc.parent === null ? null : (doc.parent.toHexString() as MailboxId),
    name: doc.name,
    uidValidity: doc.uidValidity,
    uidNext: doc.uidNext as Uid,
    modseq: doc.modseq as Modseq,
    counts: doc.counts,
    specialUse: doc.specialUse,
    subscribed: doc.subscribed,
    noSelect: doc.noSelect === true,
    hidden: doc.hidden === true,
    retentionMs: doc.retentionMs ?? 0,
    createdAtMs: doc.createdAt.getTime(),
    deleted: doc.deletedAt !== undefined,
  };
}
