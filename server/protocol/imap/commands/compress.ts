/** COMPRESS DEFLATE. */
import { type CommandSpec, AUTHENTICATED, command, no, ok } from '../command.ts';

const compress = command<string>({
  names: ['COMPRESS'],
  states: AUTHENTICATED,
  rfc: '4978',
  capabilities: ({ state, compressed }) => (state === 'not-authenticated' || compressed ? [] : ['COMPRESS=DEFLATE']),
  expunge: 'no',
  parse: (args) => {
    args.expectSp();
    const mechanism = args.expectAtom('a mechanism').toUpperCase();
    args.expectEnd();
    return mechanism;
  },
  run: async ({ client }, mechanism) => {
    if (mechanism !== 'DEFLATE') return no('Only DEFLATE is known', 'CANNOT');
    if (client.compressed) return no('Compression is on already', 'COMPRESSIONACTIVE');
    client.startCompression();
    return ok('DEFLATE active');
  },
});

export const compressCommands: readonly CommandSpec[] = [compress];
