/** `mallard audit …` and its options. */
import type { Command } from 'commander';
import { add } from './command-kit.ts';
import { type CommonOptions, contextOf } from './context.ts';

export function addAuditCommands(audit: Command, setExitCode: (code: number) => void): void {
  const commands = async <T>(use: (module: typeof import('./commands/audit.ts')) => Promise<T>): Promise<T> =>
    use(await import('./commands/audit.ts'));
  add(audit, 'list', 'list changes of accounts, rights and settings, newest first')
    .option('--user <user>', 'only what was done to this user')
    .option('--by <user>', 'only what this user did')
    .option('--action <name>', 'only this operation, such as updateUser')
    .option('--ip <address>', 'only what was asked from there')
    .option('--from <time>', 'only since then: 15m, 2h, 3d, or a date')
    .option('--to <time>', 'only before then')
    .option('--text <text>', 'only what contains this text')
    .option('--limit <n>', 'at most this many', '50')
    .action(async (options: CommonOptions & import('./commands/audit.ts').AuditFlags) =>
      commands((module) => module.listActs(contextOf(options), options)),
    );
  add(audit, 'verify', 'check that nothing in the log was changed or removed; exit code 1 when something was').action(
    async (options: CommonOptions) => commands((module) => module.verifyActs(contextOf(options))).then(setExitCode),
  );
  add(audit, 'export <file>', 'write all of it as JSON lines, oldest first, with the hashes; - is standard output').action(
    async (file: string, options: CommonOptions) => commands((module) => module.exportActs(contextOf(options), file)),
  );
}
