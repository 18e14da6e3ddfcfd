/** Backups as a stage plays them: a folder with some backups, jobs that run for a moment and end well. */
import type { Backups, BackupSummary, JobState } from '../../app/appliance/control/contract-backup.ts';
import { ControlFault } from '../../app/appliance/control/fault.ts';
import type { ControlSubject } from '../../app/appliance/control/subject.ts';

const day = 86_400_000;
const gigabyte = 1_000_000_000;

export function playedBackups(onChange: (job: JobState) => void): Pick<ControlSubject, 'jobs' | 'backups'> {
  const jobs: JobState[] = [];
  let folder = '/media/backup-disk/mallard';
  let backups: Backups['backups'] = [0, 1, 2, 7].map((ago) => ({ ...playedBackup(Date.now() - ago * day), state: 'complete' }));
  backups.push({ id: '2026-10-01T03-00-00Z', state: 'damaged', reason: 'tables.sealed has 12 octets instead of 5120.' });
  const begin = (kind: JobState['kind'], result: unknown, then: () => void = () => {}): string => {
    const id = `job-${jobs.length + 1}`;
    const job: JobState = {
      id,
      kind,
      state: 'running',
      startedAt: new Date().toISOString(),
      progress: { phase: kind === 'backup' ? 'contents' : 'verify', done: 34, total: 100, bytes: 3_400_000 },
    };
    jobs.push(job);
    onChange(job);
    setTimeout(() => {
      if (job.state !== 'running') return;
      Object.assign(job, { state: 'done', endedAt: new Date().toISOString(), result });
      then();
      onChange(job);
    }, 400).unref();
    return id;
  };
  const find = (id: string): JobState => {
    const job = jobs.find((each) => each.id === id);
    if (job === undefined) throw new ControlFault(404, 'NotFound', 'There is no such job.');
    return job;
  };
  return {
    jobs: {
      list: () => [...jobs].reverse(),
      get: find,
      cancel: (id) => {
        Object.assign(find(id), { state: 'cancelled', endedAt: new Date().toISOString() });
        onChange(find(id));
      },
    },
    backups: {
      start: () => {},
      stop: () => {},
      overview: () =>
        Promise.resolve({
          state: folder === '' ? 'none' : 'ready',
          folder,
          freeBytes: 412 * gigabyte,
          backups,
          nextAt: new Date(Date.now() + day / 2).toISOString(),
        }),
      look: () => Promise.resolve({ backups }),
      useFolder: (given) => {
        folder = given;
        return Promise.resolve({ created: true, recoveryKey: 'ABCDE-FGHJK-MNPQR-STVWX-YZ012-34567-89ABC-DE' });
      },
      changePassphrase: () => Promise.resolve(),
      backupNow: () =>
        begin('backup', { backup: playedBackup(Date.now()), removed: [] }, () => {
          backups = [{ ...playedBackup(Date.now()), state: 'complete' }, ...backups];
        }),
      verify: (id) => begin('verify', { backup: { ...playedBackup(Date.now()), id } }),
      remove: (id) => {
        backups = backups.filter((each) => each.id !== id);
        return Promise.resolve();
      },
      users: () =>
        begin('users', {
          backup: playedBackup(Date.now()),
          users: ['anna', 'björn', 'carla'].map((name, index) => ({
            id: String(index).repeat(24),
            username: `${name}@example.org`,
            address: `${name}@example.org`,
            name,
            messages: 1200 * (index + 1),
            bytes: gigabyte / (index + 2),
          })),
        }),
      restoreUser: (_from, { user, beside, dryRun }) =>
        begin(dryRun ? 'preview' : 'restore', {
          user,
          username: 'anna@example.org',
          accountRestored: false,
          mailboxes: [
            {
              path: 'INBOX',
              target: beside ? 'Restored 2026-11-24/INBOX' : 'INBOX',
              inBackup: 900,
              missing: 3,
              missingBytes: 81_000,
              oldest: '2024-01-02T08:00:00.000Z',
              newest: '2026-11-23T17:00:00.000Z',
            },
            {
              path: 'Projects',
              target: beside ? 'Restored 2026-11-24/Projects' : 'Projects',
              inBackup: 300,
              missing: 300,
              missingBytes: 9_100_000,
              oldest: '2025-01-02T08:00:00.000Z',
              newest: '2026-11-20T17:00:00.000Z',
            },
          ],
          messages: 303,
          bytes: 9_181_000,
        }),
      restoreAll: () => Promise.resolve(begin('restore-all', { backup: playedBackup(Date.now()), heldMessages: 0 })),
      storage: () =>
        Promise.resolve({
          messages: 48_200,
          messageBytes: 14 * gigabyte,
          contents: 41_000,
          blobs: 9_800,
          storedBytes: 8.1 * gigabyte,
          mainDiskBytes: 2.1 * gigabyte,
          blobDiskBytes: 4.2 * gigabyte,
          indexDiskBytes: 0.1 * gigabyte,
          freeBytes: 38 * gigabyte,
          diskBytes: 256 * gigabyte,
          people: ['anna', 'björn', 'carla', 'dieter'].map((name, index) => ({
            user: String(index).repeat(24),
            username: `${name}@example.org`,
            messages: 12_000 - 2_000 * index,
            bytes: (5 - index) * gigabyte,
          })),
        }),
    },
  };
}

function playedBackup(atMs: number): BackupSummary {
  const at = new Date(atMs).toISOString();
  return {
    id: `${at.slice(0, 19).replaceAll(':', '-')}Z`,
    mallard: '0.1.0',
    startedAt: at,
    finishedAt: at,
    counts: { users: 34, mailboxes: 210, messages: 48_200, messageBytes: 14 * gigabyte, contents: 41_000, blobs: 9_800 },
    bytes: 6 * gigabyte,
    addedBytes: 180_000_000,
    warnings: [],
  };
}
