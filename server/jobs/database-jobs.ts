/** The jobs that work on the database. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../base/log.ts';
import { createSealer } from '../base/sealing.ts';
import { BackupFault } from '../backup/fault.ts';
import { type BackupFolder, findBackup } from '../backup/folder.ts';
import { makeBackup } from '../backup/make-backup.ts';
import type { Manifest } from '../backup/manifest.ts';
import { pruneBackups } from '../backup/prune.ts';
import { restoreAll } from '../backup/restore-all.ts';
import { restoreUser } from '../backup/restore-user.ts';
import { readSealed } from '../backup/sealed-file.ts';
import { readSealingKeys } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type OpenedStore, createOperations } from '../operations/create.ts';
import { ALL_INDEXES } from '../store/all-indexes.ts';
import { isEmpty, isRestoring } from '../store/backup-mail.ts';
import { type Database, connectDatabase } from '../store/connect.ts';
import { ensureIndexes } from '../store/indexes.ts';
import { storageReport } from '../store/storage-report.ts';
import type { Job } from './contract.ts';
import { type JobTools, opened, summary } from './sources.ts';

export type DatabaseJob = Extract<Job, { kind: 'backup' | 'restore-all' | 'restore-user' | 'is-empty' | 'storage' }>;

/** Opens the database for one job. */
export async function withDatabase(job: DatabaseJob, config: Config, tools: JobTools): Promise<unknown> {
  const database = await connectDatabase(
    {
      uri: config.mongo.uri,
      blobUri: config.mongo.blobUri,
      sealer: createSealer(readSealingKeys(config)),
      serverSelectionTimeoutMs: 30_000,
    },
    tools.log,
  );
  try {
    return await onDatabase(job, config, database, tools);
  } finally {
    await database.close();
  }
}

async function onDatabase(job: DatabaseJob, config: Config, database: Database, tools: JobTools): Promise<unknown> {
  switch (job.kind) {
    case 'is-empty':
      return { empty: (await isEmpty(database)) || (await isRestoring(database)) };
    case 'storage':
      return storageReport(database);
    case 'backup': {
      const folder = await opened(job);
      const manifest = await makeBackup(database, folder, { ...tools, mallard: job.mallard, files: job.files });
      const pruned = job.keep === undefined ? undefined : await pruneBackups(folder, job.keep);
      return { backup: summary(manifest), removed: pruned?.removed ?? [] };
    }
    case 'restore-all': {
      const folder = await opened(job);
      const manifest = await findBackup(folder, job.backup);
      const { heldMessages } = await restoreAll(database, folder, manifest, {
        ...tools,
        replace: job.replace,
        ensureIndexes: () => ensureIndexes(database, ALL_INDEXES),
      });
      await applianceFiles(folder, manifest, job.filesTo);
      return { backup: summary(manifest), heldMessages };
    }
    case 'restore-user': {
      const folder = await opened(job);
      const manifest = await findBackup(folder, job.backup);
      return withOperations(config, tools.log, (store) =>
        restoreUser(database, store.operations, folder, manifest, { ...job, ...tools }),
      );
    }
  }
}

/** The mail store as a worker has it, without housekeeping: changes are told to the workers. */
async function withOperations<T>(config: Config, log: Logger, use: (store: OpenedStore) => Promise<T>): Promise<T> {
  const store = await createOperations(config, log);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

async function applianceFiles(folder: BackupFolder, manifest: Manifest, to: string): Promise<void> {
  const file = path.join(folder.snapshots, manifest.id, 'appliance.sealed');
  for await (const { bytes } of readSealed(file, folder.dataKey)) {
    const end = bytes.indexOf(0);
    const name = bytes.toString('utf8', 0, end);
    const target = path.resolve(to, name);
    // Sealed by us, and yet: a name must not lead anywhere else.
    if (end < 1 || !target.startsWith(path.resolve(to) + path.sep))
      throw new BackupFault('damaged', 'A file of the backup has a strange name.');
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    await writeFile(target, bytes.subarray(end + 1), { mode: 0o600 });
  }
}
