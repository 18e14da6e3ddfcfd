/** USER, PASS, AUTH, STLS, UTF8: what comes before the maildrop is open (RFC 1939 §7, RFC 5034, RFC 2595, RFC 6856). */
import { setTimeout as sleep } from 'node:timers/promises';
import { mayAuthenticate } from '../../../config/plaintext-policy.ts';
import type { AuthenticationResult } from '../../../operations/contract-accounts.ts';
import { decodeSaslResponse } from '../../sasl-plain.ts';
import { runSasl, saslMechanisms } from '../../sasl.ts';
import { createAllowance } from '../allowance.ts';
import type { Pop3Command } from '../command-spec.ts';
import { Maildrop } from '../maildrop.ts';
import type { Pop3Session } from '../session.ts';

function mayLogIn(session: Pop3Session): boolean {
  return mayAuthenticate(session.services.config, session.connection);
}

const needsTls = (session: Pop3Session): void => session.err('Passwords are taken over TLS only: use STLS', 'SYS/PERM');

const user: Pop3Command = {
  name: 'USER',
  states: ['authorization'],
  capability: (session) => (mayLogIn(session) ? ['USER'] : []),
  rfc: '1939 §7',
  run: (session, argument) => {
    if (!mayLogIn(session)) return needsTls(session);
    const name = argument.trim();
    if (name === '') return session.err('USER wants a name');
    // Nobody learns here whether there is such a user.
    session.userName = name;
    session.ok('Send PASS');
  },
};

const pass: Pop3Command = {
  name: 'PASS',
  states: ['authorization'],
  rfc: '1939 §7',
  run: async (session, argument) => {
    const { userName } = session;
    session.userName = undefined;
    if (!mayLogIn(session)) return needsTls(session);
    if (userName === undefined) return session.err('USER comes first');
    if (argument === '') return session.err('PASS wants a password');
    await logIn(session, userName, argument);
  },
};

const auth: Pop3Command = {
  name: 'AUTH',
  states: ['authorization'],
  capability: (session) => (mayLogIn(session) ? [`SASL ${mechanismsOf(session).join(' ')}`] : []),
  rfc: '5034',
  run: async (session, argument) => {
    const [name = '', initial, ...more] = argument.split(' ').filter((word) => word !== '');
    // The old form without a mechanism lists them; Outlook still asks so.
    if (name === '') return session.lines('Mechanisms follow', mayLogIn(session) ? mechanismsOf(session) : []);
    const mechanism = name.toUpperCase();
    if (!mechanismsOf(session).includes(mechanism) || more.length > 0) return session.err('This mechanism is not offered');
    if (!mayLogIn(session)) return needsTls(session);
    const first = initial === undefined ? undefined : decodeSaslResponse(initial);
    if (initial !== undefined && first === undefined) return session.err('The response can’t be understood');
    const { connection, services } = session;
    const outcome = await runSasl(mechanism, first, {
      accounts: services.operations.accounts,
      protocol: 'pop3',
      from: { ip: connection.remoteAddress, connection: connection.id },
      bindings: connection.channelBindings,
      ask: (challenge) => ask(session, challenge),
    });
    if (outcome.kind === 'cancelled') return session.err('Cancelled');
    if (outcome.kind === 'malformed') return session.err('The response can’t be understood');
    if (outcome.kind === 'other-user') return session.err('Acting for another user is not allowed', 'AUTH');
    await finishLogIn(session, outcome.username, outcome.result);
  },
};

function mechanismsOf(session: Pop3Session): readonly string[] {
  return saslMechanisms(session.connection.channelBindings, { login: false });
}

async function ask(session: Pop3Session, challenge: Buffer): Promise<Buffer | 'cancelled' | 'malformed'> {
  session.io.write(`+ ${challenge.toString('base64')}\r\n`);
  const event = await session.nextLine();
  // A client that is gone gives up like one that says so.
  if (event === undefined) return 'cancelled';
  if (event.kind !== 'line') return 'malformed';
  const line = event.line.toString('latin1');
  return line === '*' ? 'cancelled' : (decodeSaslResponse(line) ?? 'malformed');
}

async function logIn(session: Pop3Session, username: string, password: string): Promise<void> {
  const { connection, services } = session;
  const from = { ip: connection.remoteAddress, connection: connection.id };
  await finishLogIn(session, username, await services.operations.accounts.authenticate(username, password, 'pop3', from));
}

async function finishLogIn(session: Pop3Session, username: string, result: AuthenticationResult): Promise<void> {
  const { operations, config, limitsOf, usage } = session.services;
  const { connection } = session;
  if (!result.ok) {
    session.log.info('login refused', { username, ip: connection.remoteAddress, reason: result.reason });
    if (result.code === 'UNAVAILABLE') return session.err('Login is not possible at the moment', 'SYS/TEMP');
    await sleep(config.auth.failureDelayMs);
    if (result.code === 'LIMIT') session.err('Too many tries: wait a while', 'LOGIN-DELAY');
    else session.err('User name or password is wrong', 'AUTH');
    if (session.authFailed()) session.close();
    return;
  }
  const { user } = result.account;
  const limits = await limitsOf?.(user);
  const own = limits?.pop3MaxMessages ?? 0;
  const maxMessages = own > 0 ? own : config.pop3.maxMessages;
  const maildrop = await Maildrop.open(operations, user, { ...config.pop3, maxMessages });
  const allowance = usage === undefined ? undefined : createAllowance(usage, user, limits?.pop3DownloadBytes ?? 0);
  session.loggedIn(result.account, maildrop, allowance);
  session.log.info('logged in', { username: result.account.username, ip: connection.remoteAddress, tls: connection.secure });
  session.ok(`${maildrop.count} messages (${maildrop.totalBytes} octets)`);
}

const stls: Pop3Command = {
  name: 'STLS',
  states: ['authorization'],
  capability: (session) => (session.connection.canStartTls && !session.utf8 ? ['STLS'] : []),
  rfc: '2595 §4',
  run: async (session, argument) => {
    if (argument !== '') return session.err('STLS takes no argument');
    if (session.connection.secure) return session.err('TLS is already in use');
    if (!session.connection.canStartTls) return session.err('TLS is not offered here');
    // RFC 6856 §2.1.
    if (session.utf8) return session.err('STLS comes before UTF8');
    session.ok('Begin TLS');
    await session.startTls();
  },
};

const utf8: Pop3Command = {
  name: 'UTF8',
  states: ['authorization'],
  // USER: names and passwords are UTF-8 in any case.
  capability: () => ['UTF8 USER'],
  rfc: '6856 §2',
  run: (session) => {
    session.enableUtf8();
    session.ok('UTF8 enabled');
  },
};

export const authorizationCommands: readonly Pop3Command[] = [user, pass, auth, stls, utf8];
