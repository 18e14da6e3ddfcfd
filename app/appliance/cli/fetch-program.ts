/** `mallard fetch …` and its options. */
import { type Command, Option } from 'commander';
import { type CommonOptions, contextOf } from './context.ts';

export function addFetchCommands(fetch: Command, add: (parent: Command, name: string, what: string) => Command): void {
  const commands = async <T>(use: (module: typeof import('./commands/fetch.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/fetch.ts'));
  add(fetch, 'add <user> <server> <login>', 'fetch mail from an account elsewhere into the mailboxes of a user')
    .addOption(new Option('--kind <kind>', 'how the server is asked').choices(['imap', 'pop3']).default('imap'))
    .addOption(new Option('--tls <mode>', 'how it is encrypted').choices(['implicit', 'starttls', 'none']).default('implicit'))
    .option('--port <n>', 'its port, where it is not the usual one')
    .option('--any-certificate', 'take any certificate')
    .option('--password <password>', 'the password there; - reads it from standard input')
    .option('--password-stdin', 'read the password from standard input')
    .option('--folder <path>', 'the mailbox there (IMAP); without it INBOX')
    .option('--into <path>', 'the mailbox here; without it INBOX')
    .option('--keep <what>', 'what becomes of it there: leave, delete, or days such as 14d', 'leave')
    .option('--every <minutes>', 'how often it is looked at', '5m')
    .action(
      async (user: string, server: string, login: string, options: CommonOptions & import('./commands/fetch.ts').FetchAddFlags) =>
        commands((module) => module.addExternal(contextOf(options), user, server, login, options)),
    );
  add(fetch, 'list <user>', 'list the accounts, and how it goes').action(async (user: string, options: CommonOptions) =>
    commands((module) => module.listExternal(contextOf(options), user)),
  );
  add(fetch, 'now <user> [id]', 'look at an account now, or at all of them').action(
    async (user: string, id: string | undefined, options: CommonOptions) =>
      commands((module) => module.fetchNow(contextOf(options), user, id)),
  );
  add(fetch, 'remove <user> <id>', 'fetch no more from an account').action(
    async (user: string, id: string, options: CommonOptions) =>
      commands((module) => module.removeExternal(contextOf(options), user, id)),
  );
}
