/** What each kind of job does. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../base/log.ts';
import { createSealer } from '../base/sealing.ts';
import { BackupFault } from '../backup/fault.ts';
import {
  type BackupFolder,
  createFolder,
  findBackup,
  freeBytes,
  listBackups,
  lockFolder,
  openFolder,
  readKeys,
  removeBackup,
  writeKeys,
} from '../backup/folder.ts';
import { changePassphrase } from '../backup/keys.ts';
import { makeBackup } from '../backup/make-backup.ts';
import { type Manifest } from '../backup/manifest.ts';
import { pruneBackups } from '../backup/prune.ts';
import { restoreAll } from '../backup/restore-all.ts';
import { restoreUser } from '../backup/restore-user.ts';
import { readSealed } from '../backup/sealed-file.ts';
import { listUsers } from '../backup/user-state.ts';
import { verifyBackup } from '../backup/verify.ts';
import { readSealingKeys, resolveConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type OpenedStore, createOperations } from '../operations/create.ts';
import { ALL_INDEXES } from '../store/all-indexes.ts';
import { isEmpty, isRestoring } from '../store/backup-mail.ts';
import { type Database, connectDatabase } from '../store/connect.ts';
import { ensureIndexes } from '../store/indexes.ts';
import { storageReport } from '../store/storage-report.ts';
import type { Job, JobProgress } from './contract.ts';

export type JobTools = {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: JobProgress) => void;
  /** Resolves when the workers are out of the way. */
  readonly ready: () => Promise<void>;
};

/** Resolves with the job's result, plain JSON. Faults: BackupFault, Fault. */
export async function runJob(job: Job, rawConfig: unknown, tools: JobTools): Promise<unknown> {
  switch (job.kind) {
    case 'create-folder': {
      const { folder, recoveryKey } = await createFolder(job.folder, job.passphrase);
      return { id: folder.keys.id, dataKey: folder.dataKey.toString('base64'), recoveryKey };
    }
    case 'open-folder': {
      const folder = await opened(job);
      return { id: folder.keys.id, dataKey: folder.dataKey.toString('base64') };
    }
    case 'change-passphrase': {
      const folder = await opened(job);
      await writeKeys(folder.root, await changePassphrase(folder.keys, folder.dataKey, job.passphrase));
      return {};
    }
    case 'list':
      return listOf(job.folder);
    case 'users': {
      const folder = await opened(job);
      const manifest = await findBackup(folder, job.backup);
      return { backup: summary(manifest), users: await listUsers(folder, manifest) };
    }
    case 'verify': {
      const folder = await opened(job);
      const manifest = await findBackup(folder, job.backup);
      await verifyBackup(folder, manifest, tools);
      return { backup: summary(manifest) };
    }
    case 'remove': {
      const folder = await opened(job);
      const lock = lockFolder(folder.root);
      try {
        if (!(await listBackups(folder.root)).some(({ id }) => id === job.backup))
          throw new BackupFault('unknown', `There is no backup ${job.backup} in ${folder.root}.`);
        await removeBackup(folder.root, job.backup);
      } finally {
        lock.release();
      }
      return pruneBackups(folder, 'all');
    }
    default:
      return withDatabase(job, resolveConfig(rawConfig), tools);
  }
}

type DatabaseJob = Extract<Job, { kind: 'backup' | 'restore-all' | 'restore-user' | 'is-empty' | 'storage' }>;

async function withDatabase(job: DatabaseJob, config: Config, tools: JobTools): Promise<unknown> {
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
export async function withOperations<T>(config: Config, log: Logger, use: (store: OpenedStore) => Promise<T>): Promise<T> {
  const store = await createOperations(config, log);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

type Source = { readonly folder: string; readonly unlock: { secret: string } | { dataKey: string } };

async function opened({ folder, unlock }: Source): Promise<BackupFolder> {
  return openFolder(folder, 'secret' in unlock ? unlock : { dataKey: Buffer.from(unlock.dataKey, 'base64') });
}

async function listOf(root: string): Promise<unknown> {
  const keys = await readKeys(root);
  if (keys === undefined) throw new BackupFault('not-a-backup', `There are no backups of Mallard in ${root}.`);
  const backups = (await listBackups(root)).map((each) =>
    each.state === 'complete' ? { ...summary(each.manifest), state: each.state } : each,
  );
  return { id: keys.id, freeBytes: await freeBytes(root), backups };
}

function summary(manifest: Manifest): object {
  const { id, mallard, startedAt, finishedAt, counts, bytes, addedBytes, warnings } = manifest;
  return { id, mallard, startedAt, finishedAt, counts, bytes, addedBytes, warnings };
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
