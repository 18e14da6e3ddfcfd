/** IDLE: the connection tells news by itself until DONE. */
import { type CommandSpec, AUTHENTICATED, command, noArguments, ok } from '../command.ts';

const idle = command({
  names: ['IDLE'],
  states: AUTHENTICATED,
  rfc: '2177',
  capabilities: () => ['IDLE'],
  expunge: 'yes',
  parse: noArguments,
  run: async ({ client }) => {
    const end = await client.idle();
    if (end === 'bad') return { status: 'BAD', text: 'Expected DONE' };
    return ok('IDLE completed');
  },
});

export const idleCommands: readonly CommandSpec[] = [idle];
