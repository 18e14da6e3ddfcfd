/** What jobs on folders and jobs on the database share. Loads no database driver: a list of backups must cost little. */
import type { Logger } from '../base/log.ts';
import { type BackupFolder, openFolder } from '../backup/folder.ts';
import type { Manifest } from '../backup/manifest.ts';
import type { JobProgress } from './contract.ts';

export type JobTools = {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: JobProgress) => void;
  /** Resolves when the workers are out of the way. */
  readonly ready: () => Promise<void>;
};

export type Source = { readonly folder: string; readonly unlock: { secret: string } | { dataKey: string } };

export async function opened({ folder, unlock }: Source): Promise<BackupFolder> {
  return openFolder(folder, 'secret' in unlock ? unlock : { dataKey: Buffer.from(unlock.dataKey, 'base64') });
}

/** What people are told of a backup. */
export function summary(manifest: Manifest): object {
  const { id, mallard, startedAt, finishedAt, counts, bytes, addedBytes, warnings } = manifest;
  return { id, mallard, startedAt, finishedAt, counts, bytes, addedBytes, warnings };
}
