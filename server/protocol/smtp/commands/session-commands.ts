/** NOOP, QUIT, VRFY, EXPN, HELP, STARTTLS: commands about the session itself (RFC 5321 §4.1.1.6–10, RFC 3207). */
import type { CommandSpec } from '../command-spec.ts';
import { reply } from '../wire/reply.ts';

const noop: CommandSpec = {
  verbs: ['NOOP'],
  needs: 'nothing',
  takesArgument: 'maybe',
  rfc: '5321 §4.1.1.9',
  run: (session) => session.reply(reply(250, '2.0.0', 'OK')),
};

const quit: CommandSpec = {
  verbs: ['QUIT'],
  needs: 'nothing',
  takesArgument: 'no',
  rfc: '5321 §4.1.1.10',
  run: (session) => {
    session.endTransaction();
    session.reply(reply(221, '2.0.0', 'Goodbye'));
    session.close();
  },
};

const vrfy: CommandSpec = {
  verbs: ['VRFY'],
  needs: 'nothing',
  takesArgument: 'yes',
  capability: () => undefined,
  rfc: '5321 §3.5.3, §7.3',
  // Who exists here is told by RCPT only, where it is limited and logged.
  run: (session) => session.reply(reply(252, '2.5.0', 'Send some mail, I’ll try my best')),
};

const expn: CommandSpec = {
  verbs: ['EXPN'],
  needs: 'nothing',
  takesArgument: 'maybe',
  rfc: '5321 §3.5.2, §7.3',
  run: (session) => session.reply(reply(502, '5.5.1', 'EXPN is not offered')),
};

const help: CommandSpec = {
  verbs: ['HELP'],
  needs: 'nothing',
  takesArgument: 'maybe',
  rfc: '5321 §4.1.1.8',
  run: (session) => session.reply(reply(214, '2.0.0', 'See RFC 5321 and RFC 2033; postmaster helps with the rest')),
};

const startTls: CommandSpec = {
  verbs: ['STARTTLS'],
  needs: 'hello',
  takesArgument: 'no',
  capability: (session) => (session.connection.canStartTls ? 'STARTTLS' : undefined),
  rfc: '3207',
  run: async (session) => {
    if (session.connection.secure) return session.reply(reply(503, '5.5.1', 'TLS is already in use'));
    if (!session.connection.canStartTls) return session.reply(reply(502, '5.5.1', 'TLS is not offered here'));
    session.reply(reply(220, '2.0.0', 'Ready to start TLS'));
    await session.startTls();
  },
};

export const sessionCommands: readonly CommandSpec[] = [noop, quit, vrfy, expn, help, startTls];
