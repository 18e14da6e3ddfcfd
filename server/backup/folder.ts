/**
 * The backup folder: `mallard-backups.json` with its keys, `packs/` with contents that all backups share, and `snapshots/` with one folder for each backup.
 * It may lie on a stick or a share: nothing here needs more than names, renames and fsync.
 */
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { type OwnerLock, tryOwnerLock } from '../base/owner-lock.ts';
import { BackupFault, fileFault } from './fault.ts';
import { createKeys, FORMAT, FORMAT_VERSION, KEY_FILE, type KeyFile, keyFileSchema, type Unlock, unlock } from './keys.ts';
import { type Manifest, newer, readManifest } from './manifest.ts';

export type BackupFolder = {
  readonly root: string;
  readonly packs: string;
  readonly snapshots: string;
  readonly keys: KeyFile;
  readonly dataKey: Buffer;
};

const MANIFEST = 'manifest.json';

/** Opens a folder of backups. Faults: not-a-backup, wrong-version, wrong-key, unreachable. */
export async function openFolder(root: string, by: Unlock): Promise<BackupFolder> {
  const keys = await readKeys(root);
  if (keys === undefined) throw notABackup(root);
  return { ...places(root), keys, dataKey: await unlock(keys, by) };
}

/** Makes the folder and its keys; the recovery key is told this once. Faults: not-empty, refused, unreachable, disk-full. */
export async function createFolder(root: string, passphrase: string): Promise<{ folder: BackupFolder; recoveryKey: string }> {
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    const inside = (await readdir(root)).filter((name) => !IGNORED.has(name));
    if (inside.includes(KEY_FILE)) throw new BackupFault('not-empty', `${root} holds backups already.`);
    if (inside.length > 0) {
      throw new BackupFault('not-empty', `${root} is not empty. Name an empty folder, or a new one, for the backups.`);
    }
    const { file, dataKey, recoveryKey } = await createKeys(passphrase);
    const at = places(root);
    await mkdir(at.packs, { mode: 0o700 });
    await mkdir(at.snapshots, { mode: 0o700 });
    await writeWhole(path.join(root, KEY_FILE), `${JSON.stringify(file, null, 1)}\n`);
    return { folder: { ...at, keys: file, dataKey }, recoveryKey };
  } catch (error) {
    throw fileFault(error, root);
  }
}

/** What systems leave in a folder that people call empty. */
const IGNORED = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini', 'lost+found', 'System Volume Information', '.Trashes']);

export async function writeKeys(root: string, keys: KeyFile): Promise<void> {
  await writeWhole(path.join(root, KEY_FILE), `${JSON.stringify(keys, null, 1)}\n`);
}

/** Undefined when the folder is not there or holds none. */
export async function readKeys(root: string): Promise<KeyFile | undefined> {
  let text: string;
  try {
    text = await readFile(path.join(root, KEY_FILE), 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fileFault(error, root);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BackupFault('damaged', `${KEY_FILE} in ${root} is damaged.`, { cause: error });
  }
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== FORMAT || typeof version !== 'number') throw notABackup(root);
  if (version > FORMAT_VERSION) throw newer(`The backup folder ${root}`, version);
  const keys = keyFileSchema.safeParse(value);
  if (!keys.success) throw new BackupFault('damaged', `${KEY_FILE} in ${root} is damaged.`, { cause: keys.error });
  return keys.data;
}

function notABackup(root: string): BackupFault {
  return new BackupFault('not-a-backup', `There are no backups of Mallard in ${root}.`);
}

function places(root: string): { root: string; packs: string; snapshots: string } {
  return { root, packs: path.join(root, 'packs'), snapshots: path.join(root, 'snapshots') };
}

/** One writer at a time. Fault `in-use`. */
export function lockFolder(root: string): OwnerLock {
  let attempt: ReturnType<typeof tryOwnerLock>;
  try {
    attempt = tryOwnerLock(path.join(root, 'in-use.lock'));
  } catch (error) {
    throw fileFault(error, root);
  }
  if ('owner' in attempt) {
    throw new BackupFault('in-use', `Another backup is being written into ${root} (process ${attempt.owner.pid}).`);
  }
  return attempt.lock;
}

export type ListedBackup =
  | { readonly id: string; readonly state: 'complete'; readonly manifest: Manifest }
  /** Broken off, or being written. */
  | { readonly id: string; readonly state: 'incomplete' }
  | { readonly id: string; readonly state: 'damaged'; readonly reason: string };

/** Newest first. Sizes of files are looked at, their insides are not. */
export async function listBackups(root: string): Promise<ListedBackup[]> {
  const { snapshots } = places(root);
  let names: string[];
  try {
    names = await readdir(snapshots);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileFault(error, snapshots);
  }
  const listed: ListedBackup[] = [];
  for (const id of names.filter(isBackupId).sort().reverse()) {
    try {
      const manifest = await manifestOf(root, id);
      if (manifest === undefined) {
        listed.push({ id, state: 'incomplete' });
        continue;
      }
      await checkSizes(root, manifest);
      listed.push({ id, state: 'complete', manifest });
    } catch (error) {
      if (!(error instanceof BackupFault)) throw error;
      listed.push({ id, state: 'damaged', reason: error.message });
    }
  }
  return listed;
}

/** The newest complete one when no id is given. Faults: unknown, damaged, wrong-version. */
export async function findBackup(folder: BackupFolder, id: string | undefined): Promise<Manifest> {
  if (id !== undefined) {
    const manifest = isBackupId(id) ? await manifestOf(folder.root, id, folder.dataKey) : undefined;
    if (manifest === undefined) throw new BackupFault('unknown', `There is no complete backup ${id} in ${folder.root}.`);
    return manifest;
  }
  const newest = (await listBackups(folder.root)).find((each) => each.state !== 'incomplete');
  if (newest === undefined) throw new BackupFault('unknown', `There is no complete backup in ${folder.root}.`);
  const manifest = await manifestOf(folder.root, newest.id, folder.dataKey);
  if (manifest === undefined) throw new BackupFault('unknown', `There is no complete backup in ${folder.root}.`);
  return manifest;
}

async function manifestOf(root: string, id: string, dataKey?: Buffer): Promise<Manifest | undefined> {
  const file = path.join(places(root).snapshots, id, MANIFEST);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileFault(error, file);
  }
  return readManifest(text, id, dataKey);
}

/** Every file is there and as long as it was. Fault `damaged`. */
export async function checkSizes(root: string, manifest: Manifest): Promise<void> {
  for (const { file, entry } of filesOf(root, manifest)) {
    const found = await stat(file).catch((error: unknown) => {
      throw fileFault(error, entry.name);
    });
    if (found.size !== entry.bytes) {
      throw new BackupFault('damaged', `${entry.name} has ${found.size} octets instead of ${entry.bytes}.`);
    }
  }
}

/** The files of a backup with their places. */
export function filesOf(root: string, manifest: Manifest): { file: string; entry: Manifest['files'][number] }[] {
  const at = places(root);
  return [
    ...manifest.files.map((entry) => ({ file: path.join(at.snapshots, manifest.id, entry.name), entry })),
    ...manifest.packs.map((entry) => ({ file: path.join(at.packs, entry.name), entry })),
  ];
}

/** A folder's name from a time: sorts by it, and is a name on every system. */
export function backupId(at: Date): string {
  return `${at.toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
}

export function isBackupId(name: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/.test(name);
}

export async function writeManifestFile(folder: BackupFolder, id: string, text: string): Promise<void> {
  await writeWhole(path.join(folder.snapshots, id, MANIFEST), text);
}

/** The file is there whole, or not at all. */
export async function writeWhole(file: string, text: string): Promise<void> {
  try {
    const handle = await open(`${file}.part`, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.part`, file);
  } catch (error) {
    throw fileFault(error, file);
  }
}

export async function removeBackup(root: string, id: string): Promise<void> {
  const at = path.join(places(root).snapshots, id);
  // The manifest first: half a backup must not look whole.
  await rm(path.join(at, MANIFEST), { force: true });
  await rm(at, { recursive: true, force: true });
}

/** Room left where the folder is (octets); undefined where the system does not say. */
export async function freeBytes(root: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(root);
    return bavail * bsize;
  } catch {
    // Some network shares do not tell.
    return undefined;
  }
}
