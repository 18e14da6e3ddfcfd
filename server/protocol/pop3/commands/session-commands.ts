/** CAPA, NOOP, LANG, QUIT (RFC 2449 §5, RFC 1939 §5–6, RFC 6856 §3). */
import { isFault } from '../../../base/fault.ts';
import type { Pop3Command } from '../command-spec.ts';

/** `all` = every command of the service, for its capabilities. */
export function capaCommand(all: () => readonly Pop3Command[]): Pop3Command {
  return {
    name: 'CAPA',
    states: ['authorization', 'transaction'],
    // Nothing expires and nobody has to wait between logins; the rest is what the reader and the replies do.
    capability: () => ['RESP-CODES', 'AUTH-RESP-CODE', 'PIPELINING', 'EXPIRE NEVER', 'IMPLEMENTATION Mallard'],
    rfc: '2449 §5',
    run: (session) =>
      session.lines(
        'Capabilities follow',
        all().flatMap((command) => command.capability?.(session) ?? []),
      ),
  };
}

const noop: Pop3Command = {
  name: 'NOOP',
  states: ['transaction'],
  rfc: '1939 §5',
  run: (session) => session.ok(),
};

const lang: Pop3Command = {
  name: 'LANG',
  states: ['authorization', 'transaction'],
  capability: () => ['LANG'],
  rfc: '6856 §3',
  run: (session, argument) => {
    if (argument === '') return session.lines('Languages follow', ['en English']);
    const wanted = argument.toLowerCase();
    if (wanted === '*' || wanted === 'en' || wanted.startsWith('en-')) session.ok('en Texts are in English');
    else session.err('This language is not known');
  },
};

const quit: Pop3Command = {
  name: 'QUIT',
  states: ['authorization', 'transaction'],
  rfc: '1939 §6',
  run: async (session) => {
    session.close();
    if (session.state === 'authorization') return session.ok('Goodbye');
    try {
      const { deleted } = await session.maildrop.update();
      if (deleted > 0) session.log.info('messages deleted', { count: deleted });
      session.ok('Goodbye');
    } catch (error) {
      session.log.error('update failed', { error });
      const temporary = isFault(error) && error.kind === 'busy';
      session.err('Some deleted messages were not removed', temporary ? 'SYS/TEMP' : 'SYS/PERM');
    }
  },
};

export const sessionCommands: readonly Pop3Command[] = [noop, lang, quit];
