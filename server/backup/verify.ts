/** Reads a whole backup and says whether it is good: every file is as it was written, opens with the key, and holds everything that something in it refers to. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { entryOf } from '../store/backup-mail.ts';
import { parseRaw } from '../store/backup-tables.ts';
import { SCHEMA_VERSION } from '../store/migrations.ts';
import { BackupFault, checkCancelled, fileFault } from './fault.ts';
import { type BackupFolder, checkSizes, filesOf } from './folder.ts';
import { HASH_BYTES, ID_BYTES, IdTable } from './id-table.ts';
import type { Progress } from './make-backup.ts';
import type { Manifest } from './manifest.ts';
import { PACK_END } from './packs.ts';
import { readSealed } from './sealed-file.ts';

export type VerifyOptions = { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void };

/** What the backup's own documents refer to: packs hold more, of other backups. */
export type References = {
  readonly contents: IdTable;
  readonly blobs: IdTable;
  /** Of blobs that lie in chunks. */
  readonly uploads: IdTable;
};

/** Faults: damaged, wrong-version, cancelled. */
export async function verifyBackup(folder: BackupFolder, manifest: Manifest, options: VerifyOptions): Promise<References> {
  expectKnownSchema(manifest);
  await checkSizes(folder.root, manifest);
  const check = new Check();
  let done = 0;
  // The state first: it says which of the packs' contents matter.
  for (const { file, entry } of filesOf(folder.root, manifest)) {
    checkCancelled(options.signal);
    if ((await sha256Of(file)) !== entry.sha256) throw new BackupFault('damaged', `${entry.name} was altered or is damaged.`);
    const isPack = entry.name.endsWith(PACK_END);
    for await (const { name, bytes } of readSealed(file, folder.dataKey)) {
      if (isPack) check.packed(name, bytes);
      else if (entry.name !== 'appliance.sealed') check.state(name, bytes);
    }
    done += entry.bytes;
    options.onProgress({ phase: 'verify', done, total: manifest.bytes });
  }
  const missing = check.missing();
  if (missing > 0 && manifest.warnings.length === 0)
    throw new BackupFault('damaged', `${missing} messages of the backup ${manifest.id} are not whole in it.`);
  return check;
}

class Check implements References {
  readonly contents = new IdTable(ID_BYTES);
  readonly blobs = new IdTable(HASH_BYTES);
  readonly uploads = new IdTable(ID_BYTES);
  /** Contents of messages that are there for people, and what was found of them. */
  readonly #live = new IdTable(ID_BYTES);
  readonly #found = new IdTable(ID_BYTES);
  readonly #texts = new IdTable(ID_BYTES);
  readonly #foundBlobs = new IdTable(HASH_BYTES);

  state(name: string, bytes: Buffer): void {
    const doc = parseRaw(bytes);
    if (name === 'journal') {
      for (const content of entryOf({ bytes, doc }).contents) this.contents.set(content, 0);
      return;
    }
    const content = (doc['content'] as { id?: Uint8Array } | undefined)?.id;
    if (!(content instanceof Uint8Array) || content.length !== ID_BYTES) return;
    this.contents.set(content, 0);
    if (name === 'messages' && doc['expunged'] === undefined) this.#live.set(content, 0);
  }

  packed(name: string, bytes: Buffer): void {
    // A chunk is checked by its blob's hash when it is read; its octets are covered by the pack's.
    if (name === 'chunks') return;
    const doc = parseRaw(bytes);
    if (name === 'blobs') {
      this.#foundBlobs.set(doc['_id'] as Uint8Array, 0);
      const upload = (doc['upload'] as { id: Uint8Array } | undefined)?.id;
      if (upload !== undefined) this.uploads.set(upload, 0);
      return;
    }
    const { id } = doc['_id'] as { id: Uint8Array };
    if (name === 'texts') this.#texts.set(id, 0);
    if (name !== 'contents' || !this.contents.has(id)) return;
    this.#found.set(id, 0);
    for (const hash of (doc['blobs'] ?? []) as Uint8Array[]) this.blobs.set(hash, 0);
  }

  missing(): number {
    let missing = 0;
    for (const { key } of this.#live.entries()) if (!this.#found.has(key) || !this.#texts.has(key)) missing += 1;
    for (const { key } of this.blobs.entries()) if (!this.#foundBlobs.has(key)) missing += 1;
    return missing;
  }
}

export function expectKnownSchema(manifest: Manifest): void {
  if (manifest.schema <= SCHEMA_VERSION) return;
  throw new BackupFault(
    'wrong-version',
    `The backup ${manifest.id} was made by Mallard ${manifest.mallard}, whose data this version does not know. Install that version, or a later one, and restore with it.`,
  );
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer);
  } catch (error) {
    throw fileFault(error, file);
  }
  return hash.digest('hex');
}
