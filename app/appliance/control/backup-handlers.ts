/** What the routes about backups and jobs do. */
import type { backupRoutes } from './contract-backup.ts';
import type { Handlers } from './handlers.ts';
import type { ControlSubject } from './subject.ts';

const done = { done: true } as const;

type BackupHandlers = Pick<Handlers, keyof typeof backupRoutes>;

export function makeBackupHandlers({ backups, jobs }: Pick<ControlSubject, 'backups' | 'jobs'>): BackupHandlers {
  return {
    jobs: () => ({ jobs: [...jobs.list()] }),
    job: ({ name }) => jobs.get(name),
    cancelJob: ({ name }) => {
      jobs.cancel(name);
      return done;
    },
    storage: () => backups.storage(),
    backups: () => backups.overview(),
    useBackupFolder: ({ body }) => backups.useFolder(body.folder, body.passphrase),
    changeBackupPassphrase: async ({ body }) => backups.changePassphrase(body.passphrase).then(() => done),
    backupNow: () => ({ job: backups.backupNow() }),
    verifyBackup: ({ name }) => ({ job: backups.verify(name) }),
    removeBackup: async ({ name }) => backups.remove(name).then(() => done),
    lookIntoFolder: ({ body }) => backups.look(body.folder),
    usersInBackup: ({ body }) => ({ job: backups.users(body.from, body.backup) }),
    restoreUser: ({ body: { from, ...what } }) => ({ job: backups.restoreUser(from, what) }),
    restoreAll: async ({ body: { from, ...what } }) => ({ job: await backups.restoreAll(from, what) }),
  };
}
