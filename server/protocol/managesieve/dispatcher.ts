/** The loop of one ManageSieve connection: takes commands in order, checks the state, logs, turns faults into NO, and ends the connection in every case. */
import type { Connection } from '../../base/connection.ts';
import { isFault } from '../../base/fault.ts';
import type { ConnectionHandler } from '../../base/listener.ts';
import type { Logger } from '../../base/log.ts';
import { IdleTimeout, SocketIo } from '../../base/socket-io.ts';
import { Refusal } from '../../operations/refusal.ts';
import { SieveFault } from '../../sieve/fault.ts';
import { MAX_SCRIPT_BYTES } from '../../sieve/lexer.ts';
import { AccessWatch } from '../access-watch.ts';
import { argumentsOf, commands, tellCapabilities } from './commands.ts';
import { ManageSieveSession, type ManageSieveServices } from './session.ts';
import { ManageSieveReader, type ReaderEvent } from './wire/reader.ts';
import { replyOf, type ResponseCode } from './wire/writer.ts';

/** An initial response of AUTHENTICATE with a token is long. */
const MAX_LINE_BYTES = 16_384;
const MAX_ERRORS = 50;
/** RFC 5804 §1.2: at least 30 minutes once somebody is signed in. */
const SIGN_IN_TIMEOUT_MS = 60_000;

export function createManageSieveHandler(services: ManageSieveServices, log: Logger): ConnectionHandler {
  return {
    busyLine: (reason) => replyOf('BYE', `Try again later: ${reason}`, 'TRYLATER'),
    accept: (connection) => {
      serve(connection, services, log.with({ connection: connection.id })).catch((error: unknown) => {
        log.error('session ended by an error', { connection: connection.id, error });
        connection.destroy();
      });
    },
  };
}

async function serve(connection: Connection, services: ManageSieveServices, log: Logger): Promise<void> {
  const io = new SocketIo(connection.socket, { idleTimeoutMs: SIGN_IN_TIMEOUT_MS });
  const reader = new ManageSieveReader({ maxLineBytes: MAX_LINE_BYTES, maxLiteralBytes: MAX_SCRIPT_BYTES });
  const session = new ManageSieveSession(connection, services, log, io, reader);
  const leave = (text: string): void => {
    session.close();
    if (!io.waiting) return;
    session.bye(text, 'TRYLATER');
    void io.end();
  };
  connection.onDrain(() => leave('The server is going down: try again in a moment'));
  const access = new AccessWatch(services.operations.events);
  access.onChange(() => leave('Access has changed: sign in again'));
  session.onLogIn((account) => {
    io.idleTimeoutMs = account === undefined ? SIGN_IN_TIMEOUT_MS : services.config.sieve.idleTimeoutMs;
    if (account === undefined) access.end();
    else access.begin('imap', account);
  });
  try {
    tellCapabilities(session);
    session.ok(`${services.config.hostname} ManageSieve`);
    await run(session);
  } catch (error) {
    if (error instanceof IdleTimeout) session.bye('Nothing was said for too long', 'TRYLATER');
    else {
      if (!connection.socket.destroyed) log.info('session failed', { error });
      connection.destroy();
    }
  } finally {
    access.end();
    await io.end();
  }
}

async function run(session: ManageSieveSession): Promise<void> {
  while (!session.closing) {
    const event = await session.next();
    if (event === undefined || session.closing) return;
    await take(session, event);
    if (session.errors > MAX_ERRORS) session.bye('Too many errors');
  }
}

async function take(session: ManageSieveSession, event: ReaderEvent): Promise<void> {
  if (event.kind === 'fault') {
    if (event.fatal) session.bye(event.text);
    else session.no(event.text, event.tooLong ? 'QUOTA/MAXSIZE' : undefined);
    return;
  }
  const [name, ...words] = event.words;
  if (name === undefined) return;
  const command = name.kind === 'atom' && Object.hasOwn(commands, name.text) ? commands[name.text] : undefined;
  if (command === undefined || name.kind !== 'atom') return session.no('Unknown command');
  const signedIn = session.account !== undefined;
  if (command.signedIn === 'after' && !signedIn) return session.no('Sign in first');
  if (command.signedIn === 'before' && signedIn) return session.no('Not after sign-in');
  const args = argumentsOf(words, command.args);
  if (args === undefined) return session.no(`${name.text} wants other arguments`);
  const startedAt = performance.now();
  try {
    await command.run(session, args);
  } catch (error) {
    if (error instanceof IdleTimeout || session.io.closed) throw error;
    fail(session, name.text, error);
  }
  if (session.log.enabled('debug')) {
    session.log.debug('command', { command: name.text, ms: Math.round((performance.now() - startedAt) * 10) / 10 });
  }
}

const CODES: Readonly<Record<string, ResponseCode>> = {
  ScriptNotFound: 'NONEXISTENT',
  ScriptActive: 'ACTIVE',
  ScriptExists: 'ALREADYEXISTS',
};

/** A client never sees the text of an exception that is no Fault. */
function fail(session: ManageSieveSession, name: string, error: unknown): void {
  // RFC 5804 §2.6: what is wrong with a script, for the person who wrote it.
  if (error instanceof SieveFault) return session.no(`line ${error.line}: ${error.message}`);
  if (error instanceof Refusal) {
    const quota = /octets/.test(error.message) ? 'QUOTA/MAXSIZE' : 'QUOTA/MAXSCRIPTS';
    return session.no(error.message, error.reason === 'TooMany' ? quota : CODES[error.reason]);
  }
  if (isFault(error) && error.kind === 'busy') return session.no('The mail store is not available at the moment', 'TRYLATER');
  if (isFault(error) && error.kind === 'user') return session.no(error.message);
  session.log.error('command failed', { command: name, error });
  session.no('Internal error', 'TRYLATER');
}
