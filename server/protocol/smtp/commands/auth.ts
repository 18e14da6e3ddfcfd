/**
 * AUTH (RFC 4954) with the mechanisms of `protocol/sasl.ts`. Offered where the profile says and a password may come over this connection; SCRAM does not show
 * the password, but what follows it is mail in the clear, so the same rule holds for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { mayAuthenticate } from '../../../config/plaintext-policy.ts';
import { decodeSaslResponse } from '../../sasl-plain.ts';
import { runSasl, type SaslOutcome } from '../../sasl.ts';
import type { CommandSpec } from '../command-spec.ts';
import type { SmtpSession } from '../session.ts';
import { plainReply, reply } from '../wire/reply.ts';
import { ClientGone } from './data.ts';

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
    const first = initial === undefined ? undefined : decodeSaslResponse(initial);
    if (initial !== undefined && first === undefined)
      return session.reply(reply(501, '5.5.2', 'The response can’t be understood'));
    const { connection, services } = session;
    await answer(
      session,
      await runSasl(mechanism, first, {
        accounts: services.operations.accounts,
        protocol: 'smtp',
        from: { ip: connection.remoteAddress, connection: connection.id },
        bindings: connection.channelBindings,
        ask: (challenge) => ask(session, challenge),
      }),
    );
  },
};

async function ask(session: SmtpSession, challenge: Buffer): Promise<Buffer | 'cancelled' | 'malformed'> {
  session.reply(plainReply(334, challenge.toString('base64')));
  const event = await session.nextEvent();
  if (event === undefined) throw new ClientGone();
  if (event.kind !== 'command') return 'malformed';
  const line = event.line.toString('latin1');
  return line === '*' ? 'cancelled' : (decodeSaslResponse(line) ?? 'malformed');
}

async function answer(session: SmtpSession, outcome: SaslOutcome): Promise<void> {
  if (outcome.kind === 'cancelled') return session.reply(reply(501, '5.0.0', 'Cancelled'));
  if (outcome.kind === 'malformed') return session.reply(reply(501, '5.5.2', 'The response can’t be understood'));
  if (outcome.kind === 'other-user') return session.reply(reply(535, '5.7.8', 'Acting for another user is not allowed'));
  const { result, username } = outcome;
  const ip = session.connection.remoteAddress;
  if (result.ok) {
    session.authenticated(result.account);
    session.log.info('logged in', { user: result.account.user, username: result.account.username, ip });
    return session.reply(reply(235, '2.7.0', 'Welcome'));
  }
  session.log.info('login refused', { username, ip, reason: result.reason });
  if (result.code === 'UNAVAILABLE') return session.reply(reply(454, '4.7.0', 'Login is not possible at the moment'));
  await sleep(session.services.config.auth.failureDelayMs);
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
