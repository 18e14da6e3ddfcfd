/** The commands about mail on its way: queue, lists, relays. */
import type { Command } from 'commander';
import { add, collect } from './command-kit.ts';
import { type CommonOptions, contextOf } from './context.ts';
import type { PasswordFlags } from './password.ts';

export function addQueueCommands(queue: Command): void {
  const commands = async <T>(use: (module: typeof import('./commands/queue.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/queue.ts'));
  add(queue, 'list', 'list what waits')
    .option('--search <text>', 'only mail with this in an address, the subject or the Message-ID')
    .option('--held', 'only what is held')
    .option('--limit <n>', 'at most this many', '50')
    .action(async (options: CommonOptions & import('./commands/queue.ts').QueueListFlags) =>
      commands((module) => module.listQueue(contextOf(options), options)),
    );
  add(queue, 'status', 'print how much waits, and why').action(async (options: CommonOptions) =>
    commands((module) => module.queueStatus(contextOf(options))),
  );
  add(queue, 'show <id>', 'print one entry').action(async (id: string, options: CommonOptions) =>
    commands((module) => module.showQueueEntry(contextOf(options), id)),
  );
  add(queue, 'hold <id>', 'keep an entry until it is released').action(async (id: string, options: CommonOptions) =>
    commands((module) => module.changeQueueEntry(contextOf(options), id, 'hold')),
  );
  add(queue, 'release <id>', 'end what hold did').action(async (id: string, options: CommonOptions) =>
    commands((module) => module.changeQueueEntry(contextOf(options), id, 'release')),
  );
  add(queue, 'retry <id>', 'try to send an entry now').action(async (id: string, options: CommonOptions) =>
    commands((module) => module.changeQueueEntry(contextOf(options), id, 'retry')),
  );
  add(queue, 'return <id>', 'return an entry to its sender')
    .option('--reason <text>', 'what the sender is told')
    .action(async (id: string, options: CommonOptions & { reason?: string }) =>
      commands((module) => module.changeQueueEntry(contextOf(options), id, 'return', options.reason)),
    );
  add(queue, 'route <id> [host]', 'send an entry by this host (or host:port); without one, as the settings say').action(
    async (id: string, host: string | undefined, options: CommonOptions) =>
      commands((module) => module.routeQueueEntry(contextOf(options), id, host)),
  );
  add(queue, 'delete <id>', 'delete an entry; nobody is told')
    .option('--yes', 'that is meant')
    .action(async (id: string, options: CommonOptions & { yes?: boolean }) =>
      commands((module) => module.removeQueueEntry(contextOf(options), id, options.yes === true)),
    );
  add(queue, 'pause', 'let all outgoing mail wait')
    .option('--reason <text>', 'for those who wonder')
    .action(async (options: CommonOptions & { reason?: string }) =>
      commands((module) => module.pauseQueue(contextOf(options), true, options.reason)),
    );
  add(queue, 'resume', 'end what pause did').action(async (options: CommonOptions) =>
    commands((module) => module.pauseQueue(contextOf(options), false)),
  );
}

export function addRelayCommands(relay: Command): void {
  const commands = async <T>(use: (module: typeof import('./commands/relay.ts')) => T): Promise<T> =>
    use(await import('./commands/relay.ts'));
  add(relay, 'list', 'list well-known relays').action(async (options: CommonOptions) =>
    commands((module) => module.listRelays(contextOf(options))),
  );
  add(relay, 'use <relay> <username>', 'send all outgoing mail by this relay')
    .option('--password <password>', 'the password there; without it, it is asked for')
    .option('--password-stdin', 'read the password from standard input')
    .action(async (relayId: string, username: string, options: CommonOptions & PasswordFlags) =>
      commands((module) => module.useRelay(contextOf(options), relayId, username, options)),
    );
}

export function addListCommands(list: Command): void {
  const commands = async <T>(use: (module: typeof import('./commands/list.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/list.ts'));
  type Flags = CommonOptions & import('./commands/list.ts').ListFlags;
  const rules = (command: Command): Command =>
    command
      .option('--name <name>', 'what it is called')
      .option('--open', 'anyone may write to it')
      .option('--members', 'only members may write to it')
      .option('--moderated', 'every post waits for a moderator')
      .option('--unmoderated', 'posts go out at once')
      .option('--moderator <address>', 'who judges posts and gets bounces; may be repeated', collect, []);

  add(list, 'list', 'list all').action(async (options: CommonOptions) =>
    commands((module) => module.listLists(contextOf(options))),
  );
  rules(add(list, 'create <address>', 'make a list; it needs a moderator')).action(async (address: string, options: Flags) =>
    commands((module) => module.addList(contextOf(options), address, options)),
  );
  rules(add(list, 'set <address>', 'change a list')).action(async (address: string, options: Flags) =>
    commands((module) => module.setList(contextOf(options), address, options)),
  );
  add(list, 'show <address>', 'print a list with its members').action(async (address: string, options: CommonOptions) =>
    commands((module) => module.showList(contextOf(options), address)),
  );
  add(list, 'delete <address>', 'delete a list; posts that wait go back').action(
    async (address: string, options: CommonOptions) => commands((module) => module.removeList(contextOf(options), address)),
  );
  for (const [name, way] of [
    ['join', 'add'],
    ['leave', 'remove'],
  ] as const)
    add(list, `${name} <address> <members...>`, `${way} members`).action(
      async (address: string, members: readonly string[], options: CommonOptions) =>
        commands((module) => module.changeMembers(contextOf(options), address, members, way)),
    );
  add(list, 'held <address>', 'list posts that wait for a moderator').action(async (address: string, options: CommonOptions) =>
    commands((module) => module.listHeld(contextOf(options), address)),
  );
  for (const [action, what] of [
    ['approve', 'pass a post on to the members'],
    ['refuse', 'return a post to its sender'],
    ['discard', 'drop a post; nobody is told'],
  ] as const)
    add(list, `${action} <address> <post>`, what)
      .option('--reason <text>', 'what the sender of a refused post is told')
      .action(async (address: string, post: string, options: CommonOptions & { reason?: string }) =>
        commands((module) => module.decide(contextOf(options), address, post, action, options.reason)),
      );
}

export function addSenderCommands(sender: Command): void {
  const commands = async <T>(use: (module: typeof import('./commands/sender.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/sender.ts'));
  type Flags = CommonOptions & import('./commands/sender.ts').SenderFlags;
  const forUser = (command: Command): Command => command.option('--user <user>', 'for this user; without it, for everybody');
  forUser(add(sender, 'list', 'list who is allowed or blocked')).action(async (options: Flags) =>
    commands((module) => module.listSenders(contextOf(options), options)),
  );
  for (const action of ['allow', 'block'] as const)
    forUser(add(sender, `${action} <sender>`, `${action} an address, a domain, or (for everybody) an IP network`)).action(
      async (name: string, options: Flags) => commands((module) => module.setSender(contextOf(options), name, action, options)),
    );
  forUser(add(sender, 'remove <sender>', 'take a sender from its list')).action(async (name: string, options: Flags) =>
    commands((module) => module.removeSender(contextOf(options), name, options)),
  );
}

export function addDkimCommands(dkim: Command): void {
  const commands = async <T>(use: (module: typeof import('./commands/dkim.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/dkim.ts'));
  add(dkim, 'list [domain]', 'list keys').action(async (domain: string | undefined, options: CommonOptions) =>
    commands((module) => module.listKeys(contextOf(options), domain)),
  );
  add(dkim, 'create <domain> <selector>', 'make a key, and print its record for DNS').action(
    async (domain: string, selector: string, options: CommonOptions) =>
      commands((module) => module.createKey(contextOf(options), domain, selector)),
  );
  add(dkim, 'rotate <domain>', 'make a successor, and print its record; it signs once DNS has that').action(
    async (domain: string, options: CommonOptions) => commands((module) => module.rotateKeys(contextOf(options), domain)),
  );
}
