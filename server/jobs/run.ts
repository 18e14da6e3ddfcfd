/** What each kind of job does. What only some need is loaded when it is needed. */
import { BackupFault } from '../backup/fault.ts';
import {
  createFolder,
  findBackup,
  freeBytes,
  listBackups,
  lockFolder,
  readKeys,
  removeBackup,
  writeKeys,
} from '../backup/folder.ts';
import { changePassphrase } from '../backup/keys.ts';
import { pruneBackups } from '../backup/prune.ts';
import type { Job } from './contract.ts';
import { type JobTools, opened, summary } from './sources.ts';

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
      const { listUsers } = await import('../backup/user-state.ts');
      return { backup: summary(manifest), users: await listUsers(folder, manifest) };
    }
    case 'verify': {
      const folder = await opened(job);
      const manifest = await findBackup(folder, job.backup);
      const { verifyBackup } = await import('../backup/verify.ts');
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
    default: {
      const [{ withDatabase }, { resolveConfig }] = await Promise.all([
        import('./database-jobs.ts'),
        import('../config/load.ts'),
      ]);
      return withDatabase(job, resolveConfig(rawConfig), tools);
    }
  }
}

async function listOf(root: string): Promise<unknown> {
  const keys = await readKeys(root);
  if (keys === undefined) throw new BackupFault('not-a-backup', `There are no backups of Mallard in ${root}.`);
  const backups = (await listBackups(root)).map((each) =>
    each.state === 'complete' ? { ...summary(each.manifest), state: each.state } : each,
  );
  return { id: keys.id, freeBytes: await freeBytes(root), backups };
}
