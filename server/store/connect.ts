/**
 * The one door to MongoDB: connection, topology, write concerns, and the translation of driver errors into Faults.
 *
 * Durability: a commit (journal entry, account change) is written with `durable`, which is j:true on one server and w:'majority' on a replica set. What a commit
 * refers to (contents, blobs on the same server) may be written before it with `ordered`, because the server's log is sequential: when the commit is durable, so is
 * everything acknowledged before it.
 */
import {
  type Collection,
  type Db,
  MongoClient,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  ObjectId,
  type WriteConcernSettings,
} from 'mongodb';
import { Fault, unavailable } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import { type Sealer, openSealer } from '../base/sealing.ts';
import type { BlobDoc, ChunkDoc, ContentDoc, JournalDoc, MailboxDoc, MessageDoc, TextDoc } from './documents.ts';

export type StoreOptions = {
  /** With database name, e.g. `mongodb://127.0.0.1:27017/mallard`. */
  readonly uri: string;
  /** Where blobs live; default: the same server, database `<name>-blobs`. */
  readonly blobUri?: string | undefined;
  /** How long an operation waits for a server before it fails as busy (ms). */
  readonly serverSelectionTimeoutMs?: number;
  readonly maxPoolSize?: number;
  /** Seals the fields of `sealed-fields.ts`; default: nothing is sealed. */
  readonly sealer?: Sealer;
};

export type Topology = 'standalone' | 'replica-set' | 'sharded';

/** Write options by purpose. */
export type Concerns = {
  /** Acknowledged means durable. */
  readonly durable: { readonly writeConcern: WriteConcernSettings };
  /** Durable at the latest with the next `durable` write on the same server. */
  readonly ordered: { readonly writeConcern: WriteConcernSettings };
  /** `ordered` where blobs share the server with the journal, else `durable`. */
  readonly blob: { readonly writeConcern: WriteConcernSettings };
};

export type Database = {
  readonly main: Db;
  readonly blobs: Db;
  readonly topology: Topology;
  readonly concerns: Concerns;
  readonly sealer: Sealer;
  readonly mailboxes: Collection<MailboxDoc>;
  readonly messages: Collection<MessageDoc>;
  readonly journal: Collection<JournalDoc>;
  readonly contents: Collection<ContentDoc>;
  readonly texts: Collection<TextDoc>;
  readonly blobDocs: Collection<BlobDoc>;
  readonly chunks: Collection<ChunkDoc>;
  /** Grows whenever a server went away or changed role: what was acknowledged without `durable` may be gone since. */
  readonly epoch: () => number;
  /** Answers when the server does, for health checks. Throws a busy Fault. */
  readonly ping: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Connects and learns the topology. Throws a busy Fault when no server answers in time; the caller retries. */
export async function connectDatabase(options: StoreOptions, log: Logger): Promise<Database> {
  const settings = {
    serverSelectionTimeoutMS: options.serverSelectionTimeoutMs ?? 5_000,
    maxPoolSize: options.maxPoolSize ?? 24,
    minPoolSize: 1,
    connectTimeoutMS: 5_000,
    promoteBuffers: true,
    ignoreUndefined: true,
    appName: 'mallard',
  };
  const client = new MongoClient(options.uri, settings);
  const blobClient = options.blobUri === undefined ? client : new MongoClient(options.blobUri, settings);
  let epoch = 0;
  // A cleared pool means that the server was lost; a changed primary means that another history may be served now.
  client.on('connectionPoolCleared', () => {
    epoch += 1;
  });
  client.on('serverDescriptionChanged', (event) => {
    if (event.previousDescription.type !== event.newDescription.type) epoch += 1;
  });
  client.on('error', (error) => log.warn('database connection', { error }));
  try {
    await client.connect();
    if (blobClient !== client) await blobClient.connect();
    const main = client.db();
    const blobs = blobClient === client ? client.db(`${main.databaseName}-blobs`) : blobClient.db();
    const topology = await readTopology(main);
    const concerns = concernsFor(topology, blobClient === client);
    return {
      main,
      blobs,
      topology,
      concerns,
      sealer: options.sealer ?? openSealer,
      mailboxes: main.collection('mailboxes'),
      messages: main.collection('messages'),
      journal: main.collection('journal'),
      contents: main.collection('contents'),
      texts: main.collection('texts'),
      blobDocs: blobs.collection('blobs'),
      chunks: blobs.collection('chunks'),
      epoch: () => epoch,
      ping: () => guarded(async () => void (await main.command({ ping: 1 }))),
      close: async () => {
        await client.close();
        if (blobClient !== client) await blobClient.close();
      },
    };
  } catch (error) {
    await client.close();
    if (blobClient !== client) await blobClient.close();
    throw storeFault(error);
  }
}

async function readTopology(db: Db): Promise<Topology> {
  const hello = await db.admin().command({ hello: 1 });
  if (hello['msg'] === 'isdbgrid') return 'sharded';
  return typeof hello['setName'] === 'string' ? 'replica-set' : 'standalone';
}

function concernsFor(topology: Topology, blobsTogether: boolean): Concerns {
  const durable = { writeConcern: topology === 'standalone' ? { w: 1, j: true } : { w: 'majority' as const, j: true } };
  // On a sharded cluster contents and journal live on different servers: only then must what a commit refers to be durable by itself.
  const ordered = topology === 'sharded' ? durable : { writeConcern: { w: 1 } };
  return { durable, ordered, blob: blobsTogether ? ordered : durable };
}

/** Runs a database call and throws Faults only. */
export async function guarded<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw storeFault(error);
  }
}

/** Codes of a server that is shutting down, stepping down, or not primary: the same call may succeed elsewhere or later. */
const RETRYABLE_CODES = new Set([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 50, 64]);

/** True when the call may or may not have happened, or did not, because a server went away. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof Fault) return error.code === 'UNAVAILABLE';
  if (error instanceof MongoNetworkError || error instanceof MongoServerSelectionError) return true;
  if (error instanceof MongoServerError)
    return RETRYABLE_CODES.has(Number(error.code)) || error.hasErrorLabel('RetryableWriteError');
  // Driver errors without a server's answer: closed pools, timeouts, "client was closed", "topology is closed".
  return error instanceof MongoError && !(error instanceof MongoServerError);
}

/** A duplicate key, with the fields of the index that refused. */
export function duplicateKey(error: unknown): Record<string, unknown> | undefined {
  if (!(error instanceof MongoServerError) || error.code !== 11000) return undefined;
  return (error['keyPattern'] as Record<string, unknown> | undefined) ?? {};
}

/** Faults pass; a server that is away becomes busy UNAVAILABLE; anything else is our own error. */
export function storeFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (isUnavailable(error)) return unavailable('The mail store is not available at the moment.', error);
  return new Fault('server', 'SERVERBUG', 'Internal error in the mail store.', { cause: error });
}

/** A hex id as the database keeps it. */
export function oid(id: string): ObjectId {
  return ObjectId.createFromHexString(id);
}

/** A fresh id, ascending with time: 24 hex digits. */
export function newId(): string {
  return new ObjectId().toHexString();
}
