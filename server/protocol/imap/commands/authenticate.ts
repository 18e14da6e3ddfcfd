/** STARTTLS, LOGIN, AUTHENTICATE with the mechanisms that all protocols share (and SASL-IR). */
import type { AuthenticationResult } from '../../../operations/contract-accounts.ts';
import { type CommandContext, type CommandSpec, type Completion, command, no, noArguments, ok } from '../command.ts';
import { runSasl } from '../../sasl.ts';
import { decodeBase64 } from '../wire/base64.ts';

const BEFORE_LOGIN = ['not-authenticated'] as const;
/** An answer to a challenge, in base64. */
const MAX_ANSWER_BYTES = 16 * 1024;

const starttls = command({
  names: ['STARTTLS'],
  states: BEFORE_LOGIN,
  rfc: '3501 §6.2.1',
  capabilities: ({ state, canStartTls }) => (state === 'not-authenticated' && canStartTls ? ['STARTTLS'] : []),
  expunge: 'no',
  parse: noArguments,
  run: async ({ client }) => {
    if (client.secure) return { status: 'BAD', text: 'TLS is already in use' };
    if (!client.canStartTls) return no('TLS is not available');
    client.startTls();
    return ok('Begin TLS negotiation now');
  },
});

type Credentials = { readonly username: string; readonly password: string };

const login = command<Credentials>({
  names: ['LOGIN'],
  states: BEFORE_LOGIN,
  rfc: '3501 §6.2.3',
  capabilities: ({ state, passwordAllowed }) => (state === 'not-authenticated' && !passwordAllowed ? ['LOGINDISABLED'] : []),
  expunge: 'no',
  secret: true,
  parse: (args) => {
    args.expectSp();
    const username = args.expectText('a user name');
    args.expectSp();
    const password = args.expectAstring('a password').toString('utf8');
    args.expectEnd();
    return { username, password };
  },
  run: async (context, credentials) => {
    if (!context.client.passwordAllowed) return privacyRequired();
    return signIn(context, credentials);
  },
});

const authenticate = command<{ mechanism: string; initial: Buffer | undefined }>({
  names: ['AUTHENTICATE'],
  states: BEFORE_LOGIN,
  rfc: '3501 §6.2.2, 4959, 4616, 5802, 7677',
  capabilities: ({ state, passwordAllowed, mechanisms }) => {
    if (state !== 'not-authenticated') return [];
    return ['SASL-IR', ...(passwordAllowed ? mechanisms.map((name) => `AUTH=${name}`) : [])];
  },
  expunge: 'no',
  secret: true,
  parse: (args) => {
    args.expectSp();
    const mechanism = args.expectAtom('a mechanism').toUpperCase();
    const initial = args.trySp() ? args.expectBase64() : undefined;
    args.expectEnd();
    return { mechanism, initial };
  },
  run: async (context, { mechanism, initial }) => {
    const { client } = context;
    if (!client.mechanisms.includes(mechanism)) return no('That mechanism is not offered', 'CANNOT');
    if (!client.passwordAllowed) return privacyRequired();
    const outcome = await runSasl(mechanism, initial, {
      accounts: context.ops.accounts,
      protocol: 'imap',
      from: { ip: client.remoteAddress, connection: client.id },
      bindings: client.channelBindings,
      ask: (challenge) => ask(context, challenge),
    });
    switch (outcome.kind) {
      case 'done':
        return finishSignIn(context, outcome.result);
      case 'other-user':
        return no('You can act as yourself only', 'AUTHORIZATIONFAILED');
      case 'malformed':
        return { status: 'BAD', text: 'Invalid authentication message' };
      case 'cancelled':
        return { status: 'BAD', text: 'Authentication cancelled' };
    }
  },
});

async function ask({ client }: CommandContext, challenge: Buffer): Promise<Buffer | 'cancelled' | 'malformed'> {
  const line = await client.ask(challenge.toString('base64'), MAX_ANSWER_BYTES);
  if (line === undefined || line.toString('latin1') === '*') return 'cancelled';
  return decodeBase64(line.toString('latin1')) ?? 'malformed';
}

function privacyRequired(): Completion {
  return no('A password needs TLS: use STARTTLS first', 'PRIVACYREQUIRED');
}

async function signIn(context: CommandContext, credentials: Credentials): Promise<Completion> {
  const { ops, client } = context;
  const result = await ops.accounts.authenticate(credentials.username, credentials.password, 'imap', {
    ip: client.remoteAddress,
    connection: client.id,
  });
  return finishSignIn(context, result);
}

/** One reply for every mechanism. Unknown users and wrong passwords look and take the same. */
async function finishSignIn(context: CommandContext, result: AuthenticationResult): Promise<Completion> {
  const { session, client, out, capabilities, log } = context;
  if (!result.ok) {
    log.info('login failed', { reason: result.reason });
    if (result.code === 'UNAVAILABLE') return no('Temporary failure, try again later', 'UNAVAILABLE');
    const tooMany = await client.failedLogin();
    const completion = no(FAILURES[result.code], result.code);
    if (tooMany) {
      out.untaggedStatus('BYE', 'Too many failed logins');
      session.logout();
    }
    return completion;
  }
  const { account } = result;
  if (!(await client.claimUser(account.user))) return no('Too many connections of this user', 'LIMIT');
  session.authenticate(account);
  log.info('logged in', { user: account.user, username: account.username, tls: client.secure });
  return ok('Logged in', `CAPABILITY ${capabilities()}`);
}

const FAILURES = {
  AUTHENTICATIONFAILED: 'Wrong user name or password',
  AUTHORIZATIONFAILED: 'This user may not use IMAP',
  EXPIRED: 'The password has expired',
  LIMIT: 'Too many attempts, try again later',
} as const;

export const authenticateCommands: readonly CommandSpec[] = [starttls, login, authenticate];
