/** AUTH PLAIN and AUTH LOGIN (RFC 4954, RFC 4616). Offered where the profile says and a password may come over this connection. */
import { setTimeout as sleep } from 'node:timers/promises';
import { mayAuthenticate } from '../../../config/plaintext-policy.ts';
import { decodeSaslResponse, decodeUtf8, parsePlain } from '../../sasl-plain.ts';
import type { CommandSpec } from '../command-spec.ts';
import type { SmtpSession } from '../session.ts';
import { plainReply, reply } from '../wire/reply.ts';
import { ClientGone } from './data.ts';

type Credentials = { readonly authzid: string; readonly username: string; readonly password: string };

function offered(session: SmtpSession): readonly string[] {
  const { config } = session.services;
  return mayAuthenticate(config, session.connection) ? session.profile.mechanisms(session) : [];
}

const auth: CommandSpec = {
  verbs: ['AUTH'],
  needs: 'hello',
  takesArgument: 'yes',
  capability: (session) => {
    const mechanisms = offered(session);
    return mechanisms.length === 0 ? undefined : `AUTH ${mechanisms.join(' ')}`;
  },
  rfc: '4954 §4',
  run: async (session, argument) => {
    const known = session.profile.mechanisms(session);
    if (known.length === 0) return session.reply(reply(502, '5.5.1', 'AUTH is not offered here'));
    if (offered(session).length === 0)
      return session.reply(reply(538, '5.7.11', 'Passwords are taken over TLS only: use STARTTLS'));
    if (session.account !== undefined) return session.reply(reply(503, '5.5.1', 'Already authenticated'));
    if (session.transaction !== undefined) return session.reply(reply(503, '5.5.1', 'Not inside a transaction'));
    const [name = '', initial, ...more] = argument.split(' ').filter((word) => word !== '');
    const mechanism = name.toUpperCase();
    if (!known.includes(mechanism) || more.length > 0) return session.reply(reply(504, '5.5.4', 'This mechanism is not offered'));
    const credentials = mechanism === 'PLAIN' ? await plain(session, initial) : await login(session, initial);
    if (credentials === 'cancelled') return session.reply(reply(501, '5.0.0', 'Cancelled'));
    if (credentials === undefined) return session.reply(reply(501, '5.5.2', 'The response can’t be understood'));
    if (credentials.authzid !== '' && credentials.authzid !== credentials.username) {
      return session.reply(reply(535, '5.7.8', 'Acting for another user is not allowed'));
    }
    await logIn(session, credentials);
  },
};

async function plain(session: SmtpSession, initial: string | undefined): Promise<Credentials | 'cancelled' | undefined> {
  const response = initial === undefined ? await challenge(session, '') : decodeSaslResponse(initial);
  return response === undefined || response === 'cancelled' ? response : parsePlain(response);
}

/** The old mechanism of Outlook and many devices: name and password, asked for one by one. */
async function login(session: SmtpSession, initial: string | undefined): Promise<Credentials | 'cancelled' | undefined> {
  const name = initial === undefined ? await challenge(session, 'Username:') : decodeSaslResponse(initial);
  if (name === undefined || name === 'cancelled') return name;
  const password = await challenge(session, 'Password:');
  if (password === undefined || password === 'cancelled') return password;
  const username = decodeUtf8(name);
  const secret = decodeUtf8(password);
  return username === undefined || username === '' || secret === undefined || secret === ''
    ? undefined
    : { authzid: '', username, password: secret };
}

async function challenge(session: SmtpSession, text: string): Promise<Buffer | 'cancelled' | undefined> {
  session.reply(plainReply(334, Buffer.from(text).toString('base64')));
  const event = await session.nextEvent();
  if (event === undefined) throw new ClientGone();
  if (event.kind !== 'command') return undefined;
  const line = event.line.toString('latin1');
  return line === '*' ? 'cancelled' : decodeSaslResponse(line);
}

async function logIn(session: SmtpSession, { username, password }: Credentials): Promise<void> {
  const { operations, config } = session.services;
  const { connection } = session;
  const result = await operations.accounts.authenticate(username, password, 'smtp', {
    ip: connection.remoteAddress,
    connection: connection.id,
  });
  if (result.ok) {
    session.authenticated(result.account);
    session.log.info('logged in', { user: result.account.user, username: result.account.username, ip: connection.remoteAddress });
    return session.reply(reply(235, '2.7.0', 'Welcome'));
  }
  session.log.info('login refused', { username, ip: connection.remoteAddress, reason: result.reason });
  if (result.code === 'UNAVAILABLE') return session.reply(reply(454, '4.7.0', 'Login is not possible at the moment'));
  await sleep(config.auth.failureDelayMs);
  session.reply(
    result.code === 'LIMIT'
      ? reply(454, '4.7.0', 'Too many tries: wait a while')
      : reply(535, '5.7.8', 'User name or password is wrong'),
  );
  if (session.authFailed()) {
    session.reply(reply(421, '4.7.0', 'Too many wrong passwords'));
    session.close();
  }
}

export const authCommands: readonly CommandSpec[] = [auth];
