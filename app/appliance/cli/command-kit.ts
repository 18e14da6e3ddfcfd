/** How commands are made: common options for each, and complaints in our words. */
import type { Command } from 'commander';
import { CliFault } from './fault.ts';

export function add(parent: Command, signature: string, description: string): Command {
  const command = parent.command(signature).description(description);
  command.option('--data <dir>', 'the data directory (also: MALLARD_DATA)').option('--json', 'print JSON');
  // Both may also stand before the command.
  command.hook('preAction', () => {
    for (const [name, value] of Object.entries(rootOf(command).opts())) {
      if (command.getOptionValue(name) === undefined) command.setOptionValue(name, value);
    }
  });
  explainErrors(command);
  explainErrors(parent);
  return command;
}

export function group(program: Command, name: string, what: string): Command {
  const command = program.command(name).description(`${what}: see "mallard ${name} --help"`);
  explainErrors(command);
  return command;
}

export function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

/** Commander's complaints become ours: exit 2, and what is allowed. */
export function explainErrors(command: Command): void {
  command.configureOutput({ outputError: () => {}, writeErr: () => {} });
  command.exitOverride((error) => {
    if (error.exitCode === 0) throw error;
    // A group without a command, as in "mallard user".
    if (error.code === 'commander.help') throw new CliFault(2, `A command is missing.\n${allowed(command)}`, 'Usage');
    const message = error.message.replace(/^error: /, '').replace(/\n?\(Did you mean (.*)\?\)/s, ' Did you mean $1?');
    throw new CliFault(2, `${message.charAt(0).toUpperCase()}${message.slice(1)}\n${allowed(command)}`, 'Usage');
  });
}

export function allowed(command: Command): string {
  const name = command.parent === null ? 'mallard' : fullName(command);
  const commands = command.commands.map((each) => each.name());
  if (commands.length > 0) return `Allowed: ${commands.join(', ')}. See "${name} --help".`;
  const options = command.options.map((option) => option.flags);
  return `Usage: ${name} ${command.usage()}\nAllowed: ${options.join(', ')}`;
}

export function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
