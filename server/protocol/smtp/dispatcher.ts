/**
 * The loop of one SMTP or LMTP connection: takes commands in order, checks state and arguments, logs, turns faults into replies, and ends the connection in
 * every case. The only place that knows which command may run when.
 */
import type { ConnectionHandler } from '../../base/listener.ts';
import type { Connection } from '../../base/connection.ts';
import type { Logger } from '../../base/log.ts';
import { IdleTimeout, SocketIo } from '../../base/socket-io.ts';
import type { CommandSpec } from './command-spec.ts';
import { authCommands } from './commands/auth.ts';
import { ClientGone, dataCommands } from './commands/data.ts';
import { helloCommand } from './commands/hello.ts';
import { mailCommands } from './commands/mail.ts';
import { sessionCommands } from './commands/session-commands.ts';
import { replyForFault } from './fault-reply.ts';
import { SmtpSession, type SmtpServices } from './session.ts';
import { parseCommand } from './wire/command.ts';
import { SmtpReader, type LineFault } from './wire/reader.ts';
import { encodeReply, plainReply, reply, type SmtpReply } from './wire/reply.ts';

/** RFC 4954 §4.3 (12288 octets of base64), with room for the verb. */
const MAX_LINE_BYTES = 12_400;

const specs: readonly CommandSpec[] = [
  helloCommand(() => specs),
  ...mailCommands,
  ...dataCommands,
  ...authCommands,
  ...sessionCommands,
];
const byVerb = new Map(specs.flatMap((spec) => spec.verbs.map((verb) => [verb, spec] as const)));

const accessChanged = reply(421, '4.7.0', 'Access has changed: log in again');
const goingDown = reply(421, '4.3.2', 'The server is going down: try again in a moment');

/** The handler of one service for the shared listener. */
export function createSmtpHandler(services: SmtpServices, log: Logger): ConnectionHandler {
  const idleTimeoutMs = services.config.smtp.idleTimeoutMs;
  return {
    busyLine: (reason) => encodeReply(reply(421, '4.7.0', `Try again later: ${reason}`), false),
    accept: (connection) => {
      serve(connection, services, idleTimeoutMs, log.with({ connection: connection.id })).catch((error: unknown) => {
        log.error('session ended by an error', { connection: connection.id, error });
        connection.destroy();
      });
    },
  };
}

async function serve(connection: Connection, services: SmtpServices, idleTimeoutMs: number, log: Logger): Promise<void> {
  const io = new SocketIo(connection.socket, { idleTimeoutMs });
  const session = new SmtpSession(connection, services, log, io, new SmtpReader({ maxLineBytes: MAX_LINE_BYTES }));
  log.debug('connected', { ip: connection.remoteAddress });
  // Between commands: at once. Inside one: the loop sees it when the command is done.
  const leaveWhenIdle = (farewell: SmtpReply): void => {
    if (!io.waiting || session.transaction !== undefined) return;
    session.reply(farewell);
    session.close();
    void io.end();
  };
  connection.onDrain(() => leaveWhenIdle(goingDown));
  session.access.onChange(() => leaveWhenIdle(accessChanged));
  try {
    await greet(session);
    await commands(session);
  } catch (error) {
    if (error instanceof IdleTimeout) session.reply(reply(421, '4.4.2', 'Too long without a command'));
    else if (!(error instanceof ClientGone)) {
      if (!connection.socket.destroyed) log.info('session failed', { error });
      connection.destroy();
    }
  } finally {
    session.access.end();
    session.endTransaction();
    await io.end();
    log.debug('disconnected', { ms: Date.now() - connection.openedAtMs });
  }
}

async function greet(session: SmtpSession): Promise<void> {
  const refusal = await session.profile.onConnect?.(session);
  if (refusal !== undefined) {
    session.reply(refusal);
    session.close();
    return;
  }
  session.reply(plainReply(220, `${session.services.config.hostname} ${session.profile.protocol} Mallard`));
}

async function commands(session: SmtpSession): Promise<void> {
  while (!session.closing) {
    const event = await session.nextEvent();
    if (event === undefined || session.closing) return;
    if (event.kind === 'fault') session.reply(lineFault(event.fault));
    else if (event.kind === 'command') await command(session, event.line);
    if (session.closing) return;
    if (session.tooManyErrors) {
      session.reply(reply(421, '4.7.0', 'Too many errors'));
      return;
    }
    if (session.transaction !== undefined) continue;
    if (session.connection.draining || session.access.changed) {
      session.reply(session.connection.draining ? goingDown : accessChanged);
      return;
    }
  }
}

async function command(session: SmtpSession, line: Buffer): Promise<void> {
  const parsed = parseCommand(line);
  const spec = parsed === undefined ? undefined : byVerb.get(parsed.verb);
  if (parsed === undefined || spec === undefined || spec.availableIn?.(session) === false) {
    session.reply(reply(500, '5.5.1', 'Unknown command'));
    return;
  }
  const startedAt = performance.now();
  const refusal = notNow(session, spec, parsed.argument);
  if (refusal !== undefined) session.reply(refusal);
  else {
    try {
      await spec.run(session, parsed.argument, parsed.verb);
    } catch (error) {
      if (error instanceof ClientGone || error instanceof IdleTimeout || session.io.closed) throw error;
      const answer = replyForFault(error);
      if (answer.code === 451) session.log.error('command failed', { command: parsed.verb, error });
      session.reply(answer);
    }
  }
  if (session.log.enabled('debug')) {
    // Arguments are not logged here: AUTH has secrets. What matters of the others is logged where it is decided.
    session.log.debug('command', {
      command: parsed.verb,
      code: session.lastReply?.code,
      ms: Math.round((performance.now() - startedAt) * 10) / 10,
    });
  }
}

function notNow(session: SmtpSession, spec: CommandSpec, argument: string): SmtpReply | undefined {
  if (spec.takesArgument === 'no' && argument !== '') return reply(501, '5.5.4', 'This command takes no argument');
  if (spec.takesArgument === 'yes' && argument === '') return reply(501, '5.5.4', 'This command needs an argument');
  if (spec.needs === 'nothing') return undefined;
  if (session.hello === undefined) return reply(503, '5.5.1', `${session.profile.hello[0] ?? 'EHLO'} comes first`);
  if (spec.needs === 'hello') return undefined;
  if (session.profile.requiresAuth && session.account === undefined) return reply(530, '5.7.0', 'Authentication required');
  if (spec.needs === 'transaction' && session.transaction === undefined) return reply(503, '5.5.1', 'MAIL comes first');
  return undefined;
}

function lineFault(fault: LineFault): SmtpReply {
  switch (fault) {
    case 'line-too-long':
      return reply(500, '5.5.2', 'The line is too long');
    case 'bare-line-end':
      return reply(500, '5.5.2', 'Lines end with CR LF');
    case 'control-character':
      return reply(500, '5.5.2', 'The line can’t be understood');
  }
}
