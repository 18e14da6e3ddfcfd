/**
 * Where downloaded server binaries live: one folder per server, version, source and platform, each with the binary and a receipt. A folder
 * appears by one rename, complete or not at all, so a reader needs no lock. The receipt's size and time tell a file that was changed since.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Host } from './host.ts';
import type { ServerName } from './manifest.ts';

const receiptSchema = z.object({
  binary: z.string(),
  version: z.string(),
  source: z.string(),
  sha256: z.string(),
  sizeBytes: z.number(),
  modifiedAtMs: z.number(),
});
export type Receipt = z.infer<typeof receiptSchema>;

/** The user's cache folder by the system's convention; MALLARD_CACHE_DIR moves it. */
export function cacheDirectory(host: Pick<Host, 'os' | 'env' | 'homeDir'>): string {
  const { env } = host;
  if (env['MALLARD_CACHE_DIR']) return path.resolve(env['MALLARD_CACHE_DIR'], 'servers');
  switch (host.os) {
    case 'darwin':
      return path.join(host.homeDir, 'Library', 'Caches', 'Mallard', 'servers');
    case 'win32':
      return path.join(env['LOCALAPPDATA'] ?? path.join(host.homeDir, 'AppData', 'Local'), 'Mallard', 'Cache', 'servers');
    default: {
      const base = env['XDG_CACHE_HOME'];
      // The XDG specification says to ignore a relative path.
      return path.join(
        base !== undefined && path.isAbsolute(base) ? base : path.join(host.homeDir, '.cache'),
        'mallard',
        'servers',
      );
    }
  }
}

export type CacheEntry = { readonly folder: string; readonly binary: string; readonly receipt: Receipt };

/** The entry under this key, or undefined when there is none, or its file is not what the receipt says. */
export function readEntry(cacheDir: string, key: string): CacheEntry | undefined {
  const folder = path.join(cacheDir, key);
  try {
    const receipt = receiptSchema.parse(JSON.parse(readFileSync(path.join(folder, 'receipt.json'), 'utf8')));
    const binary = path.join(folder, receipt.binary);
    const stat = statSync(binary);
    if (stat.size !== receipt.sizeBytes || Math.abs(stat.mtimeMs - receipt.modifiedAtMs) > 2000) return undefined;
    return { folder, binary, receipt };
  } catch {
    return undefined;
  }
}

/** Keys that are in the cache for a server and platform, in no order. */
export function listKeys(cacheDir: string, server: ServerName, platform: string): string[] {
  try {
    return readdirSync(cacheDir).filter((name) => name.startsWith(`${server}-`) && name.endsWith(`-${platform}`));
  } catch {
    return [];
  }
}

/** A private folder on the cache's own file system, so that the last step is a rename. Left-overs of crashed downloads are removed first. */
export function createDraft(cacheDir: string, server: ServerName): string {
  mkdirSync(cacheDir, { recursive: true });
  // Called under the server's lock: whoever made an older draft is gone.
  for (const name of readdirSync(cacheDir)) {
    if (name.startsWith(`.draft-${server}-`)) rmSync(path.join(cacheDir, name), { recursive: true, force: true });
  }
  const draft = path.join(cacheDir, `.draft-${server}-${process.pid}`);
  mkdirSync(draft);
  return draft;
}

/** Writes the receipt and moves the draft into place. An entry with this key that was judged broken is replaced. */
export function commitDraft(
  cacheDir: string,
  key: string,
  draft: string,
  facts: Omit<Receipt, 'sizeBytes' | 'modifiedAtMs'>,
): CacheEntry {
  const stat = statSync(path.join(draft, facts.binary));
  const receipt: Receipt = { ...facts, sizeBytes: stat.size, modifiedAtMs: stat.mtimeMs };
  writeFileSync(path.join(draft, 'receipt.json'), `${JSON.stringify(receipt, null, 2)}\n`);
  const folder = path.join(cacheDir, key);
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
  return { folder, binary: path.join(folder, facts.binary), receipt };
}
