/**
 * The copy of the data that is kept before an update: everything in the data directory but logs and what belongs to a running process, taken while
 * nothing runs, so that it is consistent. Beside the data directory, because inside it would be copied the next time. One copy is kept: an older
 * one goes only when the new one is whole. Where the file system can share blocks, the copy costs nothing.
 */
import { constants, existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';

const leftOut: ReadonlySet<string> = new Set(['logs', 'run']);
/** What must stay free beside the copy: mongod stops writing on a full disk. */
const reserveBytes = 512 * 1024 * 1024;

export class DataCopyError extends Error {}

export function copyFolder(dataDir: string): string {
  return `${path.resolve(dataDir)} before update`;
}

/**
 * Call it only when nothing runs on the data directory.
 * @param onProgress with the part that is copied, 0 to 1
 * @returns where the copy is
 * @throws DataCopyError when there is no room; the former copy is still there then
 */
export async function copyData(dataDir: string, onProgress: (part: number) => void = () => {}): Promise<string> {
  const root = path.resolve(dataDir);
  const target = copyFolder(root);
  const draft = `${target}.part`;
  await rm(draft, { recursive: true, force: true });
  const files = (await listFiles(root, '')).filter(({ name }) => !leftOut.has(name.split(path.sep)[0] ?? ''));
  const total = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const free = await freeBytes(path.dirname(root));
  if (free !== undefined && free < total + reserveBytes) {
    throw new DataCopyError(
      `The copy of the data needs ${gigabytes(total + reserveBytes)}, and ${gigabytes(free)} are free on the disk of ${root}.`,
    );
  }
  let done = 0;
  await mkdir(draft, { mode: 0o700 });
  for (const { name, sizeBytes } of files) {
    const to = path.join(draft, name);
    await mkdir(path.dirname(to), { recursive: true, mode: 0o700 });
    await copyFile(path.join(root, name), to, constants.COPYFILE_FICLONE);
    if (statSync(to).size !== sizeBytes)
      throw new DataCopyError(`${name} changed while it was copied: something still runs on ${root}.`);
    done += sizeBytes;
    onProgress(total === 0 ? 1 : done / total);
  }
  const former = `${target}.old`;
  await rm(former, { recursive: true, force: true });
  if (existsSync(target)) await rename(target, former);
  await rename(draft, target);
  await rm(former, { recursive: true, force: true });
  return target;
}

async function listFiles(root: string, folder: string): Promise<{ name: string; sizeBytes: number }[]> {
  const found: { name: string; sizeBytes: number }[] = [];
  for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await listFiles(root, name)));
    // Sockets of the databases are of no use in a copy.
    else if (entry.isFile()) found.push({ name, sizeBytes: statSync(path.join(root, name)).size });
  }
  return found;
}

async function freeBytes(folder: string): Promise<number | undefined> {
  // Not in every Node that Electron brings.
  if (typeof statfs !== 'function') return undefined;
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
