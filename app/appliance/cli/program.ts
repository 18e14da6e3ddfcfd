/**
 * The commands and their options. What a command does is in commands/, loaded when it is called: `mallard status` must not load what only
 * `mallard start` needs.
 */
import { Command, CommanderError, Option } from 'commander';
import { version } from '../version.ts';
import { addAuditCommands } from './audit-program.ts';
import { addBackupCommands } from './backup-commands.ts';
import { add, collect, explainErrors, group } from './command-kit.ts';
import { type CommonOptions, contextOf } from './context.ts';
import { addDkimCommands, addListCommands, addQueueCommands, addRelayCommands, addSenderCommands } from './mail-commands.ts';
import { addFetchCommands } from './fetch-program.ts';
import type { PasswordFlags } from './password.ts';

/** Runs one command line. @returns the exit code. @throws CliFault and what the command throws */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = buildProgram((code) => {
    exitCode = code;
  });
  if (args.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    throw error;
  }
  return exitCode;
}

/** @param setExitCode for commands whose result is their exit code */
export function buildProgram(setExitCode: (code: number) => void): Command {
  const program = new Command('mallard')
    .description('A mail server that people own: IMAP, POP3 and SMTP with accounts, quotas and encryption.')
    .version(version, '--version', 'print the version')
    .helpCommand('help [command]', 'print what a command does')
    .option('--data <dir>', 'the data directory (also: MALLARD_DATA)')
    .option('--json', 'print JSON');
  explainErrors(program);

  add(program, 'start', 'run the mail server in the foreground; Ctrl-C stops it')
    .option('--set <name=value>', 'a setting for this run only; may be repeated', collect, [])
    .addOption(new Option('--workers <n>', 'how many worker processes share the ports'))
    .option('--no-open', 'do not open the GUI in a browser')
    .option('--life-line', 'stop when standard input ends (for a program that starts this one)')
    .action(async (options: StartFlags) =>
      (await import('./commands/start.ts')).start(contextOf(options), options).then(setExitCode),
    );

  add(program, 'stop', 'stop the mail server and wait until it has stopped').action(async (options: CommonOptions) =>
    (await import('./commands/stop.ts')).stop(contextOf(options)),
  );

  add(program, 'status', 'print what runs, and where it listens').action(async (options: CommonOptions) =>
    (await import('./commands/status.ts')).status(contextOf(options)).then(setExitCode),
  );

  add(program, 'restart <service>', 'restart one service: mongod, valkey, worker-1, … or worker for all workers').action(
    async (service: string, options: CommonOptions) =>
      (await import('./commands/restart.ts')).restart(contextOf(options), service),
  );

  add(program, 'gui', 'print a link that signs a browser in to the GUI, once').action(async (options: CommonOptions) =>
    (await import('./commands/gui.ts')).gui(contextOf(options)),
  );

  add(
    program,
    'support-bundle',
    'write a zip for somebody who helps: settings, state, checks and log, without secrets, names and addresses',
  )
    .option('--output <file>', 'where to (default: mallard-support.zip here)')
    .action(async (options: SupportBundleFlags) =>
      (await import('./commands/support-bundle.ts')).supportBundle(contextOf(options), options),
    );

  add(program, 'gui-password', 'set the password of the GUI; for who is on the machine itself, without the former one')
    .option('--password <password>', 'the password; - reads it from standard input')
    .option('--password-stdin', 'read the password from standard input')
    .option('--keep-second-factor', 'leave codes of an app and passkeys as they are; otherwise they are turned off')
    .action(async (options: GuiPasswordFlags) =>
      (await import('./commands/gui-password.ts')).guiPassword(contextOf(options), options),
    );

  add(program, 'logs', 'print log lines, newest last')
    .option('--follow', 'go on printing lines as they come')
    .option('--level <level>', 'this level and more serious ones: trace, debug, info, warn, error')
    .option('--service <names>', 'only these services, separated by commas; worker means all workers')
    .option('--grep <text>', 'only lines that contain this text')
    .option('--user <name>', 'only lines about this user')
    .option('--connection <id>', 'only lines of this connection')
    .option('--since <time>', 'only lines since then: 15m, 2h, 3d, or a date')
    .option('--lines <n>', 'at most this many lines before following', '100')
    .action(async (options: LogFlags) => (await import('./commands/logs.ts')).logs(contextOf(options), options));

  addUserCommands(group(program, 'user', 'accounts'));
  addConfigCommands(group(program, 'config', 'settings'));
  addServiceCommands(group(program, 'service', 'Mallard as a service of this computer'), setExitCode);

  add(group(program, 'mailbox', 'mailboxes'), 'list <user>', "list a user's mailboxes").action(
    async (user: string, options: CommonOptions) =>
      (await import('./commands/mailbox.ts')).listMailboxes(contextOf(options), user),
  );

  addTokenCommands(group(program, 'token', 'access tokens of the HTTP API'));
  addSecretsCommands(group(program, 'secrets', 'the keys that seal what is secret in the database'));
  addCertificateCommands(group(program, 'certificate', 'certificates by server name'));
  addBanCommands(group(program, 'ban', 'who is kept out for wrong passwords'));
  addAuditCommands(group(program, 'audit', 'who changed accounts, rights and settings'), setExitCode);
  addQueueCommands(group(program, 'queue', 'mail that waits to be sent'));
  addRelayCommands(group(program, 'relay', 'outgoing mail by a well-known provider'));
  addSenderCommands(group(program, 'sender', 'whose mail is wanted, and whose not'));
  addDkimCommands(group(program, 'dkim', 'keys that sign outgoing mail'));
  addListCommands(group(program, 'list', 'distribution lists'));
  addFetchCommands(group(program, 'fetch', 'mail from accounts elsewhere'), add);
  add(program, 'trace [message]', 'where is my mail: by an address, a Message-ID or an id')
    .option('--subject <text>', 'part of the subject')
    .option('--queue-id <id>', 'the id of an entry in the queue')
    .option('--ip <address>', 'the computer that it came from')
    .option('--since <time>', 'only mail since then: 15m, 2h, 3d, or a date')
    .option('--limit <n>', 'at most this many', '20')
    .action(async (message: string | undefined, options: CommonOptions & import('./commands/trace.ts').TraceFlags) =>
      (await import('./commands/trace.ts')).trace(contextOf(options), message, options),
    );

  addBackupCommands(program, group(program, 'backup', 'copies of everything, sealed'), add);

  add(program, 'doctor', 'check ports, disk, versions, permissions and memory, and say what to do').action(
    async (options: CommonOptions) => (await import('./commands/doctor.ts')).doctor(contextOf(options)).then(setExitCode),
  );
  return program;
}

export interface SupportBundleFlags extends CommonOptions {
  readonly output?: string;
}
export interface GuiPasswordFlags extends CommonOptions, PasswordFlags {
  readonly keepSecondFactor?: boolean;
}
export interface StartFlags extends CommonOptions {
  readonly set: readonly string[];
  readonly workers?: string;
  readonly open: boolean;
  readonly lifeLine?: boolean;
}

export interface LogFlags extends CommonOptions {
  readonly follow?: boolean;
  readonly level?: string;
  readonly service?: string;
  readonly grep?: string;
  readonly user?: string;
  readonly connection?: string;
  readonly since?: string;
  readonly lines: string;
}

export interface UserFlags extends CommonOptions {
  readonly password?: string;
  readonly passwordStdin?: boolean;
  readonly quota?: string;
  readonly name?: string;
  readonly username?: string;
  readonly disable?: boolean;
  readonly enable?: boolean;
}

function addUserCommands(user: Command): void {
  const users = async <T>(use: (module: typeof import('./commands/user.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/user.ts'));
  const password = (command: Command): Command =>
    command
      .option('--password <password>', 'the password; without it, it is asked for')
      .option('--password-stdin', 'read the password from standard input');

  password(add(user, 'add <address>', 'add a user with this address'))
    .option('--quota <amount>', 'how much mail the user may keep: 2GB, 500MB, unlimited')
    .option('--name <name>', "the person's name")
    .option('--username <name>', 'the name to log in with, beside the address')
    .action(async (address: string, options: UserFlags) =>
      users((module) => module.addUser(contextOf(options), address, options)),
    );
  add(user, 'list', 'list users')
    .option('--query <text>', 'only users whose name or address contains this')
    .action(async (options: CommonOptions & { query?: string }) =>
      users((module) => module.listUsers(contextOf(options), options.query)),
    );
  add(user, 'show <user>', 'print one user').action(async (name: string, options: CommonOptions) =>
    users((module) => module.showUser(contextOf(options), name)),
  );
  add(user, 'set <user>', 'change a user')
    .option('--quota <amount>', 'how much mail the user may keep: 2GB, 500MB, unlimited')
    .option('--name <name>', "the person's name")
    .option('--disable', 'no login and no new mail')
    .option('--enable', 'end what --disable did')
    .action(async (name: string, options: UserFlags) => users((module) => module.setUser(contextOf(options), name, options)));
  password(add(user, 'password <user>', "change a user's password")).action(async (name: string, options: UserFlags) =>
    users((module) => module.changePassword(contextOf(options), name, options)),
  );
  add(user, 'remove <user>', 'remove a user and all mail of that user')
    .option('--yes', 'do not ask')
    .action(async (name: string, options: CommonOptions & { yes?: boolean }) =>
      users((module) => module.removeUser(contextOf(options), name, options.yes === true)),
    );
}

function addConfigCommands(config: Command): void {
  const commands = async <T>(use: (module: typeof import('./commands/config.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/config.ts'));
  add(config, 'list', 'list all settings with their values')
    .option('--changed', 'only settings that are not at their default')
    .action(async (options: CommonOptions & { changed?: boolean }) =>
      commands((module) => module.listConfig(contextOf(options), options.changed === true)),
    );
  add(config, 'get <name>', 'print the value of a setting').action(async (name: string, options: CommonOptions) =>
    commands((module) => module.getConfig(contextOf(options), name)),
  );
  add(config, 'set <name> [value]', 'change a setting: NAME VALUE or NAME=VALUE; workers restart by themselves')
    .option('--default', 'go back to the default')
    .action(async (name: string, value: string | undefined, options: CommonOptions & { default?: boolean }) =>
      commands((module) => module.setConfig(contextOf(options), name, value, options.default === true)),
    );
}

function addTokenCommands(token: Command): void {
  const commands = async <T>(use: (module: typeof import('./commands/token.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/token.ts'));
  add(token, 'create', 'make a token and print it; it is shown this once')
    .addOption(
      new Option('--role <role>', 'what it may do')
        .choices(['root', 'manager', 'user', 'audit', 'export', 'readonly', 'custom'])
        .makeOptionMandatory(),
    )
    .option('--user <user>', 'whose things it is for; needed for the role user')
    .option('--ttl <span>', 'end this long after the last use: 90s, 15m, 12h, 30d')
    .option('--description <text>', 'what it is for')
    .option('--grant <grant>', 'for the role custom: messages:read:own and the like; may be repeated', collect, [])
    .option('--domain <domain>', 'for the role manager: a domain whose users it administers; may be repeated', collect, [])
    .action(async (options: CommonOptions & import('./commands/token.ts').TokenFlags) =>
      commands((module) => module.createToken(contextOf(options), options)),
    );
  add(token, 'list', 'list tokens').action(async (options: CommonOptions) =>
    commands((module) => module.listTokens(contextOf(options))),
  );
  add(token, 'revoke <id>', 'revoke a token').action(async (id: string, options: CommonOptions) =>
    commands((module) => module.revokeToken(contextOf(options), id)),
  );
}

function addSecretsCommands(secrets: Command): void {
  const commands = async <T>(use: (module: typeof import('./commands/secrets.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/secrets.ts'));
  add(secrets, 'list', 'list the keys by their ids, and the file that holds them').action(async (options: CommonOptions) =>
    commands((module) => module.listKeys(contextOf(options))),
  );
  add(secrets, 'rotate', 'seal with a new key from the next start on; older keys go on opening').action(
    async (options: CommonOptions) => commands((module) => module.rotateKeys(contextOf(options))),
  );
}

function addCertificateCommands(certificate: Command): void {
  const commands = async <T>(use: (module: typeof import('./commands/certificate.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/certificate.ts'));
  add(certificate, 'list', 'list certificates, and why one was not issued').action(async (options: CommonOptions) =>
    commands((module) => module.listCertificates(contextOf(options))),
  );
  add(certificate, 'order <name>', 'have one issued by the public authority (setting acme.enabled), and wait for it')
    .option('--no-wait', 'do not wait')
    .action(async (name: string, options: CommonOptions & { readonly wait: boolean }) =>
      commands((module) => module.orderCertificate(contextOf(options), name, options.wait)),
    );
  add(certificate, 'remove <name>', 'remove one; the server’s own serves that name again').action(
    async (name: string, options: CommonOptions) => commands((module) => module.removeCertificate(contextOf(options), name)),
  );
}

function addBanCommands(ban: Command): void {
  const commands = async <T>(use: (module: typeof import('./commands/token.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/token.ts'));
  add(ban, 'list', 'list who is kept out').action(async (options: CommonOptions) =>
    commands((module) => module.listBans(contextOf(options))),
  );
  add(ban, 'remove <who>', 'let somebody in again').action(async (who: string, options: CommonOptions) =>
    commands((module) => module.removeBan(contextOf(options), who)),
  );
}

function addServiceCommands(service: Command, setExitCode: (code: number) => void): void {
  const commands = async <T>(use: (module: typeof import('./commands/service.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/service.ts'));
  add(service, 'install', 'start with the computer, before anyone signs in (needs an administrator)')
    .option('--account <name>', 'the account it runs under; without it, whoever asks')
    .action(async (options: CommonOptions & { account?: string }) => commands((module) => module.serviceInstall(options)));
  add(service, 'remove', 'end that; the data stays').action(async (options: CommonOptions) =>
    commands((module) => module.serviceRemove(options)),
  );
  add(service, 'status', 'print whether it is installed and runs').action(async (options: CommonOptions) =>
    commands((module) => module.serviceState(options)).then(setExitCode),
  );
}
