/**
 * Makes a backup: the state first (capture), then the contents that it refers to and the folder does not hold yet, the manifest last. Whatever stops it before that leaves earlier backups as
 * they are, and finished packs for the next attempt.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Database } from '../store/connect.ts';
import { readBlobDocs, readChunkDocs, readContentDocs, readTextDocs } from '../store/backup-mail.ts';
import { holdSweeping, releaseSweeping } from '../store/sweep-hold.ts';
import { SCHEMA_VERSION } from '../store/migrations.ts';
import { type CaptureOptions, type Captured, capture } from './capture.ts';
import { checkCancelled, fileFault } from './fault.ts';
import { type BackupFolder, backupId, listBackups, lockFolder, removeBackup, writeManifestFile } from './folder.ts';
import { FORMAT, FORMAT_VERSION } from './keys.ts';
import { type FileEntry, type Manifest, writeManifest } from './manifest.ts';
import { idsNameOf, indexedIn, type PackIndex, PackWriter, readIndex } from './packs.ts';
import { SealedWriter } from './sealed-file.ts';

/** A file of the appliance: where it is, and its name in the data directory. */
export type ApplianceFile = { readonly name: string; readonly path: string };

export type Progress = {
  readonly phase: 'state' | 'contents' | 'verify' | 'restore' | 'apply';
  readonly done: number;
  /** Undefined while it is not known. */
  readonly total?: number;
  readonly bytes?: number;
};

export type BackupOptions = {
  readonly mallard: string;
  readonly files: readonly ApplianceFile[];
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly between?: CaptureOptions['between'];
  readonly packBytes?: number;
  readonly now?: () => Date;
};

const HOLD_MS = 120_000;
const BATCH = 200;

/** Faults: in-use, disk-full, unreachable, cancelled. */
export async function makeBackup(database: Database, folder: BackupFolder, options: BackupOptions): Promise<Manifest> {
  const lock = lockFolder(folder.root);
  const owner = randomUUID();
  let renewing: Promise<void> = holdSweeping(database, owner, HOLD_MS);
  const timer = setInterval(() => {
    // The hold is long enough for a renewal or two to fail; what reads meets the same trouble and tells it.
    renewing = holdSweeping(database, owner, HOLD_MS).catch(() => {});
  }, HOLD_MS / 4);
  try {
    await renewing;
    return await write(database, folder, options);
  } finally {
    clearInterval(timer);
    await renewing;
    // Only makes the sweeper wait for the hold's end.
    await releaseSweeping(database, owner).catch(() => {});
    lock.release();
  }
}

async function write(database: Database, folder: BackupFolder, options: BackupOptions): Promise<Manifest> {
  const { signal, onProgress, now = () => new Date() } = options;
  await removeBroken(folder);
  const started = now();
  const id = await freeId(folder, started);
  const at = path.join(folder.snapshots, id);
  const warnings: string[] = [];
  const writers: SealedWriter[] = [];
  let packs: PackWriter | undefined;
  try {
    await mkdir(at, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw fileFault(error, at);
    });
    const begin = async (name: string): Promise<SealedWriter> => {
      const writer = await SealedWriter.create(path.join(at, name), folder.dataKey);
      writers.push(writer);
      return writer;
    };
    const appliance = await begin('appliance.sealed');
    for (const file of options.files) await appliance.add('file', await namedFile(file));
    const [tables, placements, journal] = [
      await begin('tables.sealed'),
      await begin('placements.sealed'),
      await begin('journal.sealed'),
    ];
    const captured = await capture(
      database,
      {
        table: (name, bytes) => tables.add(name, bytes),
        mailbox: (bytes) => tables.add('mailboxes', bytes),
        placement: (bytes) => placements.add('messages', bytes),
        entry: (bytes) => journal.add('journal', bytes),
      },
      {
        signal,
        onProgress: (done) => onProgress({ phase: 'state', done }),
        ...(options.between === undefined ? {} : { between: options.between }),
      },
    );
    const files: FileEntry[] = [];
    for (const [name, writer] of [
      ['appliance.sealed', appliance],
      ['tables.sealed', tables],
      ['placements.sealed', placements],
      ['journal.sealed', journal],
    ] as const) {
      files.push({ name, ...(await writer.finish()) });
    }
    const index = await readIndex(folder, (reason) => warnings.push(`A pack was not used again: ${reason}`));
    const writer = new PackWriter(folder, index, options.packBytes);
    packs = writer;
    const stored = await writeContents(database, captured, index, writer, options);
    if (stored.lost > 0) warnings.push(`${stored.lost} contents that something refers to are not in the database.`);
    await writer.finish();
    const used = await usedPacks(folder, captured, index);
    checkCancelled(signal);
    const sum = (entries: readonly FileEntry[]): number => entries.reduce((total, { bytes }) => total + bytes, 0);
    const manifest: Manifest = {
      format: FORMAT,
      version: FORMAT_VERSION,
      folder: folder.keys.id,
      id,
      mallard: options.mallard,
      schema: SCHEMA_VERSION,
      startedAt: started.toISOString(),
      finishedAt: now().toISOString(),
      counts: {
        users: captured.users,
        mailboxes: captured.mailboxes,
        messages: captured.messages,
        messageBytes: captured.messageBytes,
        contents: captured.contents.size - stored.lost,
        blobs: used.blobs,
      },
      files,
      packs: used.packs,
      bytes: sum(files) + sum(used.packs),
      addedBytes: sum(files) + writer.written,
      warnings,
    };
    await writeManifestFile(folder, id, writeManifest(manifest, folder.dataKey));
    return manifest;
  } catch (error) {
    for (const writer of writers) await writer.discard();
    await packs?.discard();
    // The disk may be gone; the next backup removes what is left.
    await rm(at, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** Folders without a manifest, from backups that were broken off: nobody writes here now, the lock is ours. */
async function removeBroken(folder: BackupFolder): Promise<void> {
  for (const each of await listBackups(folder.root)) if (each.state === 'incomplete') await removeBackup(folder.root, each.id);
}

/** Two backups within one second: the second waits for a name of its own. */
async function freeId(folder: BackupFolder, started: Date): Promise<string> {
  const taken = new Set((await listBackups(folder.root)).map(({ id }) => id));
  for (let at = started.getTime(); ; at += 1_000) {
    const id = backupId(new Date(at));
    if (!taken.has(id)) return id;
  }
}

/** Name, NUL, octets. */
async function namedFile(file: ApplianceFile): Promise<Buffer> {
  return Buffer.concat([Buffer.from(`${file.name}\0`), await readFile(file.path)]);
}

async function writeContents(
  database: Database,
  captured: Captured,
  index: PackIndex,
  writer: PackWriter,
  { signal, onProgress }: BackupOptions,
): Promise<{ lost: number }> {
  const total = captured.contents.size;
  let done = 0;
  let lost = 0;
  let batch: Buffer[] = [];
  const flush = async (): Promise<void> => {
    checkCancelled(signal);
    const wanted = batch;
    batch = [];
    if (wanted.length > 0) {
      const found = await storeBatch(database, wanted, index, writer);
      lost += wanted.length - found;
    }
    onProgress({ phase: 'contents', done, total, bytes: writer.bytes });
  };
  for (const { key } of captured.contents.entries()) {
    done += 1;
    if (!index.contents.has(key)) batch.push(key);
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  return { lost };
}

/** @returns how many were there */
async function storeBatch(database: Database, ids: readonly Buffer[], index: PackIndex, writer: PackWriter): Promise<number> {
  const blobsOf = new Map<string, { id: Buffer; blobs: readonly Buffer[] }>();
  const wanted = new Map<string, Buffer>();
  for await (const { bytes, id, blobs } of readContentDocs(database, ids)) {
    await writer.add('contents', bytes);
    blobsOf.set(id.toString('hex'), { id, blobs });
    for (const hash of blobs) if (!index.blobs.has(hash)) wanted.set(hash.toString('hex'), hash);
  }
  for await (const { bytes } of readTextDocs(database, ids)) await writer.add('texts', bytes);
  const hashes = [...wanted.values()];
  for (let at = 0; at < hashes.length; at += 8) {
    for await (const blob of readBlobDocs(database, hashes.slice(at, at + 8))) {
      if (blob.upload !== undefined) {
        for await (const { bytes } of readChunkDocs(database, blob.upload)) await writer.add('chunks', bytes);
      }
      await writer.add('blobs', blob.bytes);
      writer.hasBlob(blob.hash);
    }
  }
  for (const { id, blobs } of blobsOf.values()) writer.hasContent(id, blobs);
  await writer.roll();
  return blobsOf.size;
}

/** The packs that hold anything of what was captured. */
async function usedPacks(
  folder: BackupFolder,
  captured: Captured,
  index: PackIndex,
): Promise<{ packs: FileEntry[]; blobs: number }> {
  const used = new Set<number>();
  let blobs = 0;
  const counted = new Set<string>();
  for (const pack of index.packs) {
    for await (const one of indexedIn(folder, idsNameOf(pack))) {
      if (one.kind === 'blob' || !captured.contents.has(one.id)) continue;
      const own = index.contents.get(one.id);
      if (own !== undefined) used.add(own);
      for (const hash of one.blobs) {
        const where = index.blobs.get(hash);
        if (where === undefined) continue;
        used.add(where);
        const name = hash.toString('latin1');
        if (!counted.has(name)) blobs += 1;
        counted.add(name);
      }
    }
  }
  return { packs: index.packs.filter((_, number) => used.has(number)), blobs };
}
