/**
 * Mail as a backup reads it while it flows, and as a restore puts it back. See docs/decisions/0003-backup-by-journal.md: mailboxes first, then placements as they are met, then the
 * journal's tails, which bring all of it to one state.
 */
import { type Document, ObjectId } from 'mongodb';
import { type RawDocument, parseRaw, readRaw } from './backup-tables.ts';
import { type Database, guarded } from './connect.ts';

export type Position = { readonly user: string; readonly mailbox: string; readonly modseq: number };

export type RawMailbox = RawDocument & Position & { readonly parent: string | null };

export async function* readMailboxDocs(database: Database, ids?: readonly string[]): AsyncGenerator<RawMailbox> {
  const filter = ids === undefined ? {} : { _id: { $in: ids.map(hexId) } };
  for await (const raw of readRaw(database.mailboxes as never, filter)) {
    const { doc } = raw;
    yield {
      ...raw,
      user: hex(doc['user']),
      mailbox: hex(doc['_id']),
      modseq: Number(doc['modseq']),
      parent: doc['parent'] === null ? null : hex(doc['parent']),
    };
  }
}

export type RawPlacement = RawDocument & { readonly mailbox: string; readonly content: Buffer };

/** All placements, tombstones included; of these mailboxes when given. */
export async function* readPlacementDocs(database: Database, of?: Omit<Position, 'modseq'>): AsyncGenerator<RawPlacement> {
  const filter = of === undefined ? {} : { user: hexId(of.user), mailbox: hexId(of.mailbox) };
  for await (const raw of readRaw(database.messages as never, filter)) yield placementOf(raw);
}

export function placementOf(raw: RawDocument): RawPlacement {
  return { ...raw, mailbox: hex(raw.doc['mailbox']), content: idBytes(raw.doc['content']) };
}

export type RawEntry = RawDocument & {
  readonly mailbox: string;
  readonly modseq: number;
  /** Contents that it refers to. */
  readonly contents: readonly Buffer[];
  /** Moves that it begins: out of this mailbox, into `to`. */
  readonly begins: readonly { readonly to: string; readonly key: string }[];
  /** Keys of the moves that it finishes. */
  readonly finishes: readonly string[];
};

const TAIL_BRANCHES = 200;

/** Journal entries after these positions, of each mailbox in ascending order. */
export async function* readTailEntries(database: Database, positions: readonly Position[]): AsyncGenerator<RawEntry> {
  const concern = database.topology === 'standalone' ? {} : { readConcern: { level: 'majority' as const } };
  for (let at = 0; at < positions.length; at += TAIL_BRANCHES) {
    const branches = positions
      .slice(at, at + TAIL_BRANCHES)
      .map(({ user, mailbox, modseq }) => ({ user: hexId(user), mailbox: hexId(mailbox), modseq: { $gt: modseq } }));
    const cursor = database.journal.find({ $or: branches } as Document, {
      raw: true,
      sort: { user: 1, mailbox: 1, modseq: 1 },
      batchSize: 200,
      ...concern,
    });
    try {
      for (;;) {
        const bytes = (await guarded(() => cursor.next())) as unknown as Buffer | null;
        if (bytes === null) break;
        yield entryOf({ bytes, doc: parseRaw(bytes) });
      }
    } finally {
      await cursor.close();
    }
  }
}

/** The entry that finishes a move. */
export async function findMoveEntry(database: Database, key: string): Promise<RawEntry | undefined> {
  for await (const raw of readRaw(database.journal as never, { moves: key })) return entryOf(raw);
  return undefined;
}

export function entryOf(raw: RawDocument): RawEntry {
  const contents: Buffer[] = [];
  const begins: { to: string; key: string }[] = [];
  for (const change of raw.doc['changes'] as Document[]) {
    const move = change['move'] as Document | undefined;
    for (const message of (change['messages'] ?? move?.['messages'] ?? []) as Document[]) contents.push(idBytes(message['c']));
    if (move !== undefined) begins.push({ to: hex(move['to']), key: String(move['key']) });
  }
  return {
    ...raw,
    mailbox: hex(raw.doc['mailbox']),
    modseq: Number(raw.doc['modseq']),
    contents,
    begins,
    finishes: (raw.doc['moves'] ?? []) as string[],
  };
}

/** A content document and the hashes of the blobs that it is made with. */
export type RawContent = RawDocument & { readonly id: Buffer; readonly blobs: readonly Buffer[] };

export async function* readContentDocs(database: Database, ids: readonly Buffer[]): AsyncGenerator<RawContent> {
  for await (const raw of readRaw(database.contents as never, { _id: { $in: ids.map((id) => new ObjectId(id)) } })) {
    const blobs = ((raw.doc['blobs'] ?? []) as Uint8Array[]).map((hash) => Buffer.from(hash));
    yield { ...raw, id: idBytes(raw.doc['_id']), blobs };
  }
}

export function readTextDocs(database: Database, ids: readonly Buffer[]): AsyncGenerator<RawDocument> {
  return readRaw(database.texts as never, { _id: { $in: ids.map((id) => new ObjectId(id)) } });
}

export type RawBlob = RawDocument & { readonly hash: Buffer; readonly sizeBytes: number; readonly upload: Buffer | undefined };

export async function* readBlobDocs(database: Database, hashes: readonly Buffer[]): AsyncGenerator<RawBlob> {
  for await (const raw of readRaw(database.blobDocs as never, { _id: { $in: [...hashes] } })) {
    const upload = raw.doc['upload'] as ObjectId | undefined;
    yield {
      ...raw,
      hash: Buffer.from(raw.doc['_id'] as Uint8Array),
      sizeBytes: Number(raw.doc['size']),
      upload: upload === undefined ? undefined : idBytes(upload),
    };
  }
}

/** The chunks of one upload. */
export function readChunkDocs(database: Database, upload: Buffer): AsyncGenerator<RawDocument> {
  const u = new ObjectId(upload);
  return readRaw(database.chunks as never, { _id: { $gte: { u, n: 0 }, $lte: { u, n: Number.MAX_SAFE_INTEGER } } });
}

// ── Restoring ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whether nobody has an account here, nor had one whose mail is still there. */
export async function isEmpty(database: Database): Promise<boolean> {
  const found = await guarded(() =>
    Promise.all(
      ['users', 'deletedUsers', 'mailboxes', 'messages'].map((name) =>
        database.main.collection(name).findOne({}, { projection: { _id: 1 } }),
      ),
    ),
  );
  return found.every((doc) => doc === null);
}

/** Everything in it goes. */
export async function clearDatabase(database: Database): Promise<void> {
  for (const db of [database.blobs, database.main]) {
    const all = await guarded(() => db.listCollections({}, { nameOnly: true }).toArray());
    for (const { name } of all) if (!name.startsWith('system.')) await guarded(() => db.collection(name).drop());
  }
}

type RestoreMark = { _id: 'restore'; since: Date };
const marker = (database: Database) => database.main.collection<RestoreMark>('meta');

/** From now until `endRestore` the database is no use: workers refuse it. */
export async function beginRestore(database: Database): Promise<void> {
  await guarded(() =>
    marker(database).updateOne(
      { _id: 'restore' },
      { $set: { since: new Date() } },
      { upsert: true, ...database.concerns.durable },
    ),
  );
}

export async function endRestore(database: Database): Promise<void> {
  await guarded(() => marker(database).deleteOne({ _id: 'restore' }, database.concerns.durable));
}

export async function isRestoring(database: Database): Promise<boolean> {
  return (await guarded(() => marker(database).findOne({ _id: 'restore' }))) !== null;
}

/**
 * To be called when the journals are applied. Numbers go on beyond what anybody may have seen after the backup was made: clients keep messages by UID, and a UID that
 * was used for one message must never come back for another (RFC 9051 §2.3.1.1). The journals go, as if they had been trimmed.
 */
export async function stepBeyond(database: Database, gap: number): Promise<void> {
  await guarded(() => database.journal.deleteMany({}, database.concerns.durable));
  await guarded(() => database.mailboxes.updateMany({}, { $inc: { uidNext: gap, modseq: gap } }, database.concerns.durable));
}

/** Mail that waited to be sent waits for a person: it may have been sent since the backup. */
export async function holdQueue(database: Database): Promise<number> {
  const queue = database.main.collection('queue');
  await guarded(() => queue.deleteMany({ state: 'staged' }, database.concerns.durable));
  const held = await guarded(() =>
    queue.updateMany({}, { $set: { state: 'held' }, $unset: { lease: 1 } }, database.concerns.durable),
  );
  return held.modifiedCount;
}

/** What of a user or of nobody was caught half made or half deleted while it was read. Answers how many records went. */
export async function dropStrays(database: Database): Promise<number> {
  const ids = async (name: string): Promise<ObjectId[]> =>
    (
      await guarded(() =>
        database.main
          .collection(name)
          .find({}, { projection: { _id: 1 } })
          .toArray(),
      )
    ).map((doc) => doc._id);
  const deleted = await ids('deletedUsers');
  let gone = 0;
  for (let at = 0; at < deleted.length; at += 1_000) {
    const result = await guarded(() =>
      database.main.collection('users').deleteMany({ _id: { $in: deleted.slice(at, at + 1_000) } }, database.concerns.ordered),
    );
    gone += result.deletedCount;
  }
  const users = new Set((await ids('users')).map((id) => id.toHexString()));
  const owned = ['addresses', 'appPasswords', 'autoreplies', 'filters', 'secondFactors', 'webAuthnCredentials'];
  for (const name of owned) {
    const table = database.main.collection(name);
    const strays: ObjectId[] = [];
    const cursor = table.find({ user: { $exists: true } }, { projection: { user: 1 } });
    for await (const doc of cursor) if (!users.has(hex(doc['user']))) strays.push(doc._id);
    for (let at = 0; at < strays.length; at += 1_000) {
      const result = await guarded(() =>
        table.deleteMany({ _id: { $in: strays.slice(at, at + 1_000) } }, database.concerns.ordered),
      );
      gone += result.deletedCount;
    }
  }
  return gone;
}

// ── Numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function hex(id: unknown): string {
  return (id as ObjectId).toHexString();
}

function hexId(id: string): ObjectId {
  return ObjectId.createFromHexString(id);
}

function idBytes(id: unknown): Buffer {
  return Buffer.from((id as ObjectId).id);
}
