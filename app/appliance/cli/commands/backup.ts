/** `mallard backup …` and `mallard restore`: asked of the running appliance, which shows the same in its GUI. */
import path from 'node:path';
import type { z } from 'zod';
import { routes } from '../../control/contract.ts';
import {
  type BackupSummary,
  backupResultSchema,
  type ListedBackup,
  type RestoreResult,
  restoreAllResultSchema,
  restoreResultSchema,
} from '../../control/contract-backup.ts';
import { formatBytes } from '../../settings/quantity.ts';
import type { CliContext } from '../context.ts';
import { ControlClient } from '../control-client.ts';
import { CliFault, usage } from '../fault.ts';
import { printJson, printLine, printTable, tell } from '../output.ts';
import { readPassword } from '../password.ts';
import { ProgressLines } from '../progress.ts';

export type PassphraseFlags = { readonly passphraseStdin?: boolean };

/** The variable that scripts may set instead of typing. */
export const PASSPHRASE_VARIABLE = 'MALLARD_BACKUP_PASSPHRASE';
const POLL_MS = 300;

export async function useFolder({ paths, json }: CliContext, folder: string, flags: PassphraseFlags): Promise<void> {
  const client = ControlClient.open(paths);
  const passphrase = await passphraseOf(flags);
  const answer = await client.call(routes.useBackupFolder, { body: { folder: path.resolve(folder), passphrase } });
  if (json) return printJson(answer);
  if (answer.recoveryKey === undefined) return printLine('The backups there are used from now on.');
  printLine(`Recovery key: ${answer.recoveryKey}`);
  tell(
    'Print it or write it down, and keep it apart from this computer: with it or the passphrase the backups can be opened, without both nobody can. It is not shown again.',
  );
}

export async function changePassphrase({ paths, json }: CliContext, flags: PassphraseFlags): Promise<void> {
  const client = ControlClient.open(paths);
  const answer = await client.call(routes.changeBackupPassphrase, { body: { passphrase: await passphraseOf(flags) } });
  if (json) printJson(answer);
}

export async function backupNow({ paths, json }: CliContext): Promise<void> {
  const client = ControlClient.open(paths);
  const { job } = await client.call(routes.backupNow);
  const { backup, removed = [] } = backupResultSchema.parse(await follow(client, job, 'backup'));
  if (json) return printJson({ backup, removed });
  printLine(`${backup.id}: ${describe(backup)}, ${formatBytes(backup.addedBytes)} written`);
  for (const warning of backup.warnings) tell(warning);
  if (removed.length > 0) printLine(`Removed by the retention: ${removed.join(', ')}`);
}

export async function listBackups({ paths, json }: CliContext): Promise<void> {
  const overview = await ControlClient.open(paths).call(routes.backups);
  if (json) return printJson(overview);
  if (overview.state === 'none') return printLine('No folder is chosen yet: mallard backup folder DIR');
  printLine(`${overview.folder}${overview.freeBytes === undefined ? '' : `, ${formatBytes(overview.freeBytes)} free`}`);
  if (overview.reason !== undefined) printLine(overview.reason);
  if (overview.state === 'locked') printLine('Its key is not known here: mallard backup folder DIR asks for the passphrase.');
  if (overview.nextAt !== undefined) printLine(`Next: ${overview.nextAt}`);
  if (overview.lastFailure !== undefined) printLine(`Failed ${overview.lastFailure.at}: ${overview.lastFailure.message}`);
  if (overview.backups.length > 0)
    printTable(['BACKUP', 'STATE', 'USERS', 'MESSAGES', 'SIZE', 'WRITTEN'], overview.backups.map(row));
}

export async function verifyBackup({ paths, json }: CliContext, id: string | undefined): Promise<void> {
  const client = ControlClient.open(paths);
  const newest = id ?? (await client.call(routes.backups)).backups.find(({ state }) => state === 'complete')?.id;
  if (newest === undefined) throw new CliFault(1, 'There is no complete backup.');
  const { job } = await client.call(routes.verifyBackup, { name: newest });
  const { backup } = backupResultSchema.parse(await follow(client, job, 'verify'));
  if (json) printJson({ backup });
  else printLine(`${backup.id} is good: ${describe(backup)}`);
}

export async function removeBackup({ paths, json }: CliContext, id: string): Promise<void> {
  const answer = await ControlClient.open(paths).call(routes.removeBackup, { name: id });
  if (json) printJson(answer);
}

export type ScheduleFlags = {
  readonly hour?: string;
  readonly keepDaily?: string;
  readonly keepWeekly?: string;
  readonly keepMonthly?: string;
};

export async function scheduleBackups(
  { paths, json }: CliContext,
  every: string | undefined,
  flags: ScheduleFlags,
): Promise<void> {
  const client = ControlClient.open(paths);
  const given: Readonly<Record<string, string | undefined>> = {
    'backup.schedule': every,
    'backup.hour': flags.hour,
    'backup.keepDaily': flags.keepDaily,
    'backup.keepWeekly': flags.keepWeekly,
    'backup.keepMonthly': flags.keepMonthly,
  };
  const values = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, name === 'backup.schedule' ? value : Number(value)]],
    ),
  );
  if (Object.keys(values).length > 0) await client.call(routes.changeSettings, { body: { values } });
  const { settings } = await client.call(routes.settings);
  const shown = settings.filter(({ name }) => Object.hasOwn(given, name));
  if (json) return printJson(Object.fromEntries(shown.map(({ name, value }) => [name, value])));
  for (const { name, value } of shown) printLine(`${name.padEnd(20)} ${String(value)}`);
  const { nextAt } = await client.call(routes.backups);
  if (nextAt !== undefined) printLine(`Next: ${nextAt}`);
}

export type RestoreFlags = PassphraseFlags & {
  readonly from?: string;
  readonly backup?: string;
  readonly user?: string;
  readonly mailbox?: string;
  readonly beside?: boolean;
  readonly dryRun?: boolean;
  readonly replace?: boolean;
};

export async function restore(context: CliContext, flags: RestoreFlags): Promise<void> {
  const client = ControlClient.open(context.paths);
  if (flags.user === undefined && (flags.mailbox !== undefined || flags.beside === true || flags.dryRun === true))
    throw usage('--mailbox, --beside and --dry-run are for one user.\nAllowed: with --user USER');
  if (flags.user !== undefined && flags.replace === true) throw usage('--replace is for everything, not for one user.');
  const from = flags.from === undefined ? undefined : { folder: path.resolve(flags.from), secret: await passphraseOf(flags) };
  const source = { ...(from === undefined ? {} : { from }), ...(flags.backup === undefined ? {} : { backup: flags.backup }) };
  if (flags.user !== undefined) {
    const { user, mailbox, beside = false, dryRun = false } = flags;
    const what = { user, beside, dryRun, ...(mailbox === undefined ? {} : { mailbox }) };
    const { job } = await client.call(routes.restoreUser, { body: { ...source, ...what } });
    return tellRestored(context, restoreResultSchema.parse(await follow(client, job, 'restore')), dryRun);
  }
  const { job } = await client.call(routes.restoreAll, { body: { ...source, replace: flags.replace === true } });
  const result = restoreAllResultSchema.parse(await follow(client, job, 'restore'));
  if (context.json) return printJson(result);
  printLine(`Restored ${result.backup.id}: ${describe(result.backup)}`);
  if (result.heldMessages > 0) {
    printLine(`${result.heldMessages} messages that waited to be sent are held: "mallard queue list --held" shows them.`);
  }
}

function tellRestored({ json }: CliContext, result: RestoreResult, dryRun: boolean): void {
  if (json) return printJson(result);
  if (result.accountRestored) printLine(`The account ${result.username} ${dryRun ? 'would come' : 'came'} back.`);
  printTable(
    ['MAILBOX', 'IN BACKUP', dryRun ? 'WOULD COME' : 'CAME', 'SIZE', 'TO'],
    result.mailboxes.map(({ path: at, target, inBackup, missing, missingBytes }) => [
      at,
      String(inBackup),
      String(missing),
      formatBytes(missingBytes),
      target,
    ]),
  );
  printLine(`${result.messages} messages, ${formatBytes(result.bytes)}`);
}

/** Waits for a job, showing what it does. Ctrl-C cancels it. */
export async function follow(client: ControlClient, id: string, name: string): Promise<unknown> {
  const progress = new ProgressLines();
  const cancel = (): void => void client.call(routes.cancelJob, { name: id }).catch(() => {}); // the appliance is gone: so is the job
  process.on('SIGINT', cancel);
  try {
    for (;;) {
      const job = await client.call(routes.job, { name: id });
      if (job.state === 'done') return job.result;
      if (job.state !== 'running') throw new CliFault(1, job.error?.message ?? 'It was cancelled.', job.error?.code);
      progress.update(name, words(job));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    process.off('SIGINT', cancel);
    progress.end();
  }
}

const phases: Readonly<Record<string, string>> = {
  state: 'reading the state',
  contents: 'writing messages',
  verify: 'checking the backup',
  restore: 'bringing messages back',
  apply: 'putting them into place',
};

function words({ progress }: z.output<typeof routes.job.answer>): string {
  if (progress === undefined) return 'starting';
  const { phase, done, total } = progress;
  const share = total === undefined || total === 0 ? String(done) : `${Math.floor((100 * done) / total)} %`;
  return `${phases[phase] ?? phase}, ${share}`;
}

function describe({ counts, bytes }: BackupSummary): string {
  return `${counts.users} users, ${counts.messages} messages, ${formatBytes(bytes)}`;
}

function row(backup: ListedBackup): string[] {
  if (backup.state !== 'complete') return [backup.id, backup.state, '', '', '', backup.state === 'damaged' ? backup.reason : ''];
  const { id, state, counts, bytes, addedBytes } = backup;
  return [id, state, String(counts.users), String(counts.messages), formatBytes(bytes), formatBytes(addedBytes)];
}

async function passphraseOf(flags: PassphraseFlags): Promise<string> {
  const given = process.env[PASSPHRASE_VARIABLE];
  if (given !== undefined && given !== '') return given;
  return readPassword({ passwordStdin: flags.passphraseStdin === true });
}
