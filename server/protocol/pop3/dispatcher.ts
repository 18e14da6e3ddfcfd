/** The loop of one POP3 connection: takes commands in order, checks the state, logs, turns faults into -ERR, and ends the connection in every case. */
import { isUtf8 } from 'node:buffer';
import type { Connection } from '../../base/connection.ts';
import { isFault } from '../../base/fault.ts';
import type { ConnectionHandler } from '../../base/listener.ts';
import type { Logger } from '../../base/log.ts';
import { IdleTimeout, SocketIo } from '../../base/socket-io.ts';
import type { Pop3Command } from './command-spec.ts';
import { authorizationCommands } from './commands/authorization.ts';
import { maildropCommands } from './commands/maildrop-commands.ts';
import { capaCommand, sessionCommands } from './commands/session-commands.ts';
import { AccessWatch } from '../access-watch.ts';
import { Pop3Session, type Pop3Services, type ResponseCode } from './session.ts';
import { LineReader } from './wire/line-reader.ts';

/** RFC 2449 §4 asks for 255; an initial response of AUTH may be longer. */
const MAX_LINE_BYTES = 8_192;
const MAX_ERRORS = 100;

const commands: readonly Pop3Command[] = [
  capaCommand(() => commands),
  ...authorizationCommands,
  ...maildropCommands,
  ...sessionCommands,
];
const byName = new Map(commands.map((command) => [command.name, command]));

export function createPop3Handler(services: Pop3Services, log: Logger): ConnectionHandler {
  return {
    busyLine: (reason) => `-ERR [SYS/TEMP] Try again later: ${reason}\r\n`,
    accept: (connection) => {
      serve(connection, services, log.with({ connection: connection.id })).catch((error: unknown) => {
        log.error('session ended by an error', { connection: connection.id, error });
        connection.destroy();
      });
    },
  };
}

async function serve(connection: Connection, services: Pop3Services, log: Logger): Promise<void> {
  const io = new SocketIo(connection.socket, { idleTimeoutMs: services.config.pop3.idleTimeoutMs });
  const session = new Pop3Session(connection, services, log, io, new LineReader(MAX_LINE_BYTES));
  log.debug('connected', { ip: connection.remoteAddress });
  // Marks are lost as with any lost connection: the client does it all again with the next login.
  const leave = (text: string, code: ResponseCode): void => {
    session.close();
    if (!io.waiting) return;
    session.err(text, code);
    void io.end();
  };
  connection.onDrain(() => leave('The server is going down: try again in a moment', 'SYS/TEMP'));
  const access = new AccessWatch(services.operations.events);
  access.onChange(() => leave('Access has changed: log in again', 'AUTH'));
  session.onLogIn((account) => access.begin('pop3', account));
  try {
    session.ok(`${services.config.hostname} POP3 Mallard`);
    await run(session);
  } catch (error) {
    // RFC 1939 §3: no UPDATE state after an idle timeout, and no reply either.
    if (!(error instanceof IdleTimeout)) {
      if (!connection.socket.destroyed) log.info('session failed', { error });
      connection.destroy();
    }
  } finally {
    access.end();
    await session.allowance?.giveBack().catch((error: unknown) => log.info('octets not given back', { error }));
    await io.end();
    session.log.debug('disconnected', { ms: Date.now() - connection.openedAtMs });
  }
}

async function run(session: Pop3Session): Promise<void> {
  while (!session.closing) {
    const event = await session.nextLine();
    if (event === undefined || session.closing) return;
    if (event.kind === 'too-long') session.err('The line is too long');
    else await command(session, event.line);
    if (session.errors > MAX_ERRORS) return;
  }
}

async function command(session: Pop3Session, line: Buffer): Promise<void> {
  if (!isUtf8(line) || line.includes(0)) return session.err('The command can’t be understood');
  const text = line.toString('utf8');
  const space = text.indexOf(' ');
  const name = (space < 0 ? text : text.slice(0, space)).toUpperCase();
  const rest = space < 0 ? '' : text.slice(space + 1);
  const spec = byName.get(name);
  if (spec === undefined) return session.err('Unknown command');
  if (!spec.states.includes(session.state)) {
    return session.err(session.state === 'authorization' ? 'Log in first' : 'Not after login');
  }
  const startedAt = performance.now();
  try {
    await spec.run(session, name === 'PASS' ? rest : rest.trim());
  } catch (error) {
    if (error instanceof IdleTimeout || session.io.closed) throw error;
    fail(session, name, error);
  }
  if (session.log.enabled('debug')) {
    session.log.debug('command', { command: name, ms: Math.round((performance.now() - startedAt) * 10) / 10 });
  }
}

/** A client never sees the text of an exception that is no Fault. */
function fail(session: Pop3Session, name: string, error: unknown): void {
  if (isFault(error) && error.kind === 'busy') return session.err('The mail store is not available at the moment', 'SYS/TEMP');
  if (isFault(error) && error.kind === 'user') return session.err(error.message);
  session.log.error('command failed', { command: name, error });
  session.err('Internal error', 'SYS/TEMP');
}
