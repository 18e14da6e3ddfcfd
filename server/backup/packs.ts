/**
 * Packs: contents, texts and blobs, which never change, in files of some 64 MB that all backups of a folder share. Beside each pack lies its index (`.ids`), so the next backup knows
 * what is there without reading it. A pack counts from the moment its index has its name.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { BackupFolder } from './folder.ts';
import { BackupFault } from './fault.ts';
import { HASH_BYTES, ID_BYTES, IdTable } from './id-table.ts';
import type { FileEntry } from './manifest.ts';
import { readSealed, SealedWriter } from './sealed-file.ts';

const PACK_BYTES = 64 << 20;
export const PACK_END = '.pack';
const IDS_END = '.ids';

/** What lies in the packs of a folder. */
export type PackIndex = {
  readonly packs: FileEntry[];
  /** By content id: the pack's number. */
  readonly contents: IdTable;
  readonly blobs: IdTable;
};

export function emptyIndex(): PackIndex {
  return { packs: [], contents: new IdTable(ID_BYTES), blobs: new IdTable(HASH_BYTES) };
}

/** What the index of a pack says, frame by frame. */
export type Indexed =
  | { readonly kind: 'content'; readonly id: Buffer; readonly blobs: readonly Buffer[] }
  | { readonly kind: 'blob'; readonly hash: Buffer };

/** Reads all indexes. A pack that is not as its index says is left out: what it held is written again. */
export async function readIndex(folder: BackupFolder, onDoubt: (reason: string) => void): Promise<PackIndex> {
  const index = emptyIndex();
  const names = (await readdir(folder.packs)).filter((name) => name.endsWith(IDS_END)).sort();
  for (const name of names) {
    try {
      const entry = await headOf(folder, name);
      const found = await stat(path.join(folder.packs, entry.name));
      if (found.size !== entry.bytes) throw new BackupFault('damaged', `${entry.name} is not as long as it was.`);
      const pack = index.packs.length;
      const ids: Indexed[] = [];
      for await (const one of indexedIn(folder, name)) ids.push(one);
      index.packs.push(entry);
      for (const one of ids) {
        if (one.kind === 'content') index.contents.set(one.id, pack);
        else index.blobs.set(one.hash, pack);
      }
    } catch (error) {
      onDoubt(error instanceof Error ? error.message : 'unknown');
    }
  }
  return index;
}

async function headOf(folder: BackupFolder, idsName: string): Promise<FileEntry> {
  for await (const frame of readSealed(path.join(folder.packs, idsName), folder.dataKey)) {
    if (frame.name !== 'pack') break;
    return JSON.parse(frame.bytes.toString()) as FileEntry;
  }
  throw new BackupFault('damaged', `${idsName} does not name its pack.`);
}

/** Every content and blob of one pack, as its index has them. */
export async function* indexedIn(folder: BackupFolder, idsName: string): AsyncGenerator<Indexed> {
  for await (const { name, bytes } of readSealed(path.join(folder.packs, idsName), folder.dataKey)) {
    if (name === 'b') yield { kind: 'blob', hash: bytes };
    if (name !== 'c') continue;
    const blobs: Buffer[] = [];
    for (let at = ID_BYTES; at < bytes.length; at += HASH_BYTES) blobs.push(bytes.subarray(at, at + HASH_BYTES));
    yield { kind: 'content', id: bytes.subarray(0, ID_BYTES), blobs };
  }
}

export function idsNameOf(pack: FileEntry): string {
  return pack.name.slice(0, -PACK_END.length) + IDS_END;
}

/** Writes packs, one after the other. What is in a finished pack stays good if the backup is broken off. */
export class PackWriter {
  readonly #folder: BackupFolder;
  readonly #index: PackIndex;
  readonly #packBytes: number;
  #writer: SealedWriter | undefined;
  #name = '';
  #contents: { id: Buffer; blobs: readonly Buffer[] }[] = [];
  #blobs: Buffer[] = [];
  /** Octets of finished packs. */
  written = 0;

  constructor(folder: BackupFolder, index: PackIndex, packBytes = PACK_BYTES) {
    this.#folder = folder;
    this.#index = index;
    this.#packBytes = packBytes;
  }

  get bytes(): number {
    return this.written + (this.#writer?.written ?? 0);
  }

  async add(name: 'contents' | 'texts' | 'blobs' | 'chunks', bytes: Uint8Array): Promise<void> {
    if (this.#writer === undefined) {
      this.#name = randomBytes(8).toString('hex') + PACK_END;
      this.#writer = await SealedWriter.create(path.join(this.#folder.packs, this.#name), this.#folder.dataKey);
    }
    await this.#writer.add(name, bytes);
  }

  /** To be called when all of a content is in. */
  hasContent(id: Buffer, blobs: readonly Buffer[]): void {
    this.#contents.push({ id: Buffer.from(id), blobs: blobs.map((hash) => Buffer.from(hash)) });
    // Known at once, so that nothing is written twice; a pack that is not finished takes its backup with it.
    this.#index.contents.set(id, this.#index.packs.length);
  }

  hasBlob(hash: Buffer): void {
    this.#blobs.push(Buffer.from(hash));
    this.#index.blobs.set(hash, this.#index.packs.length);
  }

  /** Between two contents: a pack that is large enough is finished. */
  async roll(): Promise<void> {
    if (this.#writer !== undefined && this.#writer.written >= this.#packBytes) await this.finish();
  }

  async finish(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    const entry: FileEntry = { name: this.#name, ...(await writer.finish()) };
    this.#writer = undefined;
    const ids = await SealedWriter.create(path.join(this.#folder.packs, idsNameOf(entry)), this.#folder.dataKey);
    await ids.add('pack', Buffer.from(JSON.stringify(entry)));
    for (const { id, blobs } of this.#contents) await ids.add('c', Buffer.concat([id, ...blobs]));
    for (const hash of this.#blobs) await ids.add('b', hash);
    this.written += entry.bytes + (await ids.finish()).bytes;
    this.#contents = [];
    this.#blobs = [];
    this.#index.packs.push(entry);
  }

  async discard(): Promise<void> {
    await this.#writer?.discard();
    this.#writer = undefined;
  }
}

/** Removes packs that no backup of the folder needs any more, and leavings of broken-off ones. `keep`: names. */
export async function prunePacks(folder: BackupFolder, keep: ReadonlySet<string>): Promise<number> {
  let freed = 0;
  for (const name of await readdir(folder.packs)) {
    const pack = name.replace(/\.(ids|pack)(\.part)?$/, PACK_END);
    if (keep.has(pack) && !name.endsWith('.part')) continue;
    const file = path.join(folder.packs, name);
    freed += (await stat(file)).size;
    await rm(file, { force: true });
  }
  return freed;
}
