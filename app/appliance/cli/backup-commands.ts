/** The options of `mallard backup` and `mallard restore`. */
import type { Command } from 'commander';
import { type CommonOptions, contextOf } from './context.ts';

type Add = (parent: Command, signature: string, description: string) => Command;
type Module = typeof import('./commands/backup.ts');

export function addBackupCommands(program: Command, backup: Command, add: Add): void {
  const commands = async <T>(use: (module: Module) => Promise<T>): Promise<T> => use(await import('./commands/backup.ts'));
  const secret = (command: Command): Command =>
    command.option('--passphrase-stdin', 'read the passphrase from standard input (also: MALLARD_BACKUP_PASSPHRASE)');
  secret(
    add(backup, 'folder <dir>', 'choose where backups are kept; an empty folder gets a passphrase and a recovery key'),
  ).action(async (folder: string, options: CommonOptions & import('./commands/backup.ts').PassphraseFlags) =>
    commands((module) => module.useFolder(contextOf(options), folder, options)),
  );
  add(backup, 'now', 'make a backup').action(async (options: CommonOptions) =>
    commands((module) => module.backupNow(contextOf(options))),
  );
  add(backup, 'list', 'list backups').action(async (options: CommonOptions) =>
    commands((module) => module.listBackups(contextOf(options))),
  );
  add(backup, 'verify [id]', 'read a backup whole, the newest without an id, and say whether it is good').action(
    async (id: string | undefined, options: CommonOptions) => commands((module) => module.verifyBackup(contextOf(options), id)),
  );
  add(backup, 'remove <id>', 'remove one backup').action(async (id: string, options: CommonOptions) =>
    commands((module) => module.removeBackup(contextOf(options), id)),
  );
  add(backup, 'schedule [every]', 'print or change when backups are made: off, daily, weekly')
    .option('--hour <hour>', 'at which hour, 0 to 23')
    .option('--keep-daily <n>', 'keep the newest of each of so many days')
    .option('--keep-weekly <n>', 'and of so many weeks')
    .option('--keep-monthly <n>', 'and of so many months')
    .action(async (every: string | undefined, options: CommonOptions & import('./commands/backup.ts').ScheduleFlags) =>
      commands((module) => module.scheduleBackups(contextOf(options), every, options)),
    );
  secret(add(backup, 'passphrase', 'change the passphrase of the backups; the recovery key stays')).action(
    async (options: CommonOptions & import('./commands/backup.ts').PassphraseFlags) =>
      commands((module) => module.changePassphrase(contextOf(options), options)),
  );
  secret(add(program, 'restore', 'bring back everything, one user or one mailbox from a backup'))
    .option('--from <dir>', 'a folder of backups; without it, the one that backups are made into')
    .option('--backup <id>', 'which one; without it, the newest')
    .option('--user <user>', 'only this user; what is missing comes back, nothing is doubled')
    .option('--mailbox <path>', 'of this user only this mailbox, with what is below it')
    .option('--beside', 'into a mailbox "Restored …" of its own instead of into place')
    .option('--dry-run', 'only tell what would come')
    .option('--replace', 'everything: what is here now goes')
    .action(async (options: CommonOptions & import('./commands/backup.ts').RestoreFlags) =>
      commands((module) => module.restore(contextOf(options), options)),
    );
}
