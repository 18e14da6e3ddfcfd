/** STARTTLS, LOGIN, AUTHENTICATE (PLAIN and LOGIN, with SASL-IR). */
import type { AuthenticationResult } from '../../../operations/contract.ts';
import { type CommandContext, type CommandSpec, type Completion, command, no, noArguments, ok } from '../command.ts';
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

type Mechanism = (context: CommandContext, initial: Buffer | undefined) => Promise<Completion>;

const MECHANISMS: ReadonlyMap<string, Mechanism> = new Map<string, Mechanism>([
  ['PLAIN', plain],
  ['LOGIN', loginMechanism],
]);

const authenticate = command<{ mechanism: string; initial: Buffer | undefined }>({
  names: ['AUTHENTICATE'],
  states: BEFORE_LOGIN,
  rfc: '3501 §6.2.2, 4959, 4616',
  capabilities: ({ state, passwordAllowed }) => {
    if (state !== 'not-authenticated') return [];
    return passwordAllowed ? ['SASL-IR', 'AUTH=PLAIN', 'AUTH=LOGIN'] : ['SASL-IR'];
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
    const run = MECHANISMS.get(mechanism);
    if (run === undefined) return no('Unknown authentication mechanism', 'CANNOT');
    if (!context.client.passwordAllowed) return privacyRequired();
    return run(context, initial);
  },
});

async function plain(context: CommandContext, initial: Buffer | undefined): Promise<Completion> {
  const message = initial ?? (await challenge(context, ''));
  if (message === undefined) return cancelled();
  // RFC 4616 §2: authzid NUL authcid NUL passwd.
  const parts = message.toString('utf8').split('\u0000');
  const [actAs = '', username = '', password = ''] = parts;
  if (parts.length !== 3 || username === '') return { status: 'BAD', text: 'Invalid PLAIN message' };
  if (actAs !== '' && actAs !== username) return no('You can act as yourself only', 'AUTHORIZATIONFAILED');
  return signIn(context, { username, password });
}

/** The LOGIN mechanism never became an RFC; clients that know no other one are still about. */
async function loginMechanism(context: CommandContext, initial: Buffer | undefined): Promise<Completion> {
  const username = initial ?? (await challenge(context, 'Username:'));
  if (username === undefined) return cancelled();
  const password = await challenge(context, 'Password:');
  if (password === undefined) return cancelled();
  return signIn(context, { username: username.toString('utf8'), password: password.toString('utf8') });
}

/** One challenge and its answer; undefined when the client cancelled (`*`), sent no base64, or left. */
async function challenge(context: CommandContext, text: string): Promise<Buffer | undefined> {
  const line = await context.client.ask(Buffer.from(text).toString('base64'), MAX_ANSWER_BYTES);
  return line === undefined ? undefined : decodeBase64(line.toString('latin1'));
}

function cancelled(): Completion {
  return { status: 'BAD', text: 'Authentication cancelled' };
}

function privacyRequired(): Completion {
  return no('A password needs TLS: use STARTTLS first', 'PRIVACYREQUIRED');
}

async function signIn(context: CommandContext, credentials: Credentials): Promise<Completion> {
  const { ops, client, log } = context;
  const result = await ops.accounts.authenticate(credentials.username, credentials.password, 'imap', {
    ip: client.remoteAddress,
    connection: client.id,
  });
  return finishSignIn(context, result, log);
}

/** One reply for every mechanism. Unknown users and wrong passwords look and take the same. */
async function finishSignIn(
  context: CommandContext,
  result: AuthenticationResult,
  log: CommandContext['log'],
): Promise<Completion> {
  const { session, client, out, capabilities } = context;
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
  if (!client.claimUser(account.user)) return no('Too many connections of this user', 'LIMIT');
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
