/** The commands of ManageSieve (RFC 5804 §2). */
import { setTimeout as sleep } from 'node:timers/promises';
import { mayAuthenticate } from '../../config/plaintext-policy.ts';
import type { AuthenticationResult } from '../../operations/contract-accounts.ts';
import { compileScript } from '../../sieve/binder.ts';
import { CAPABILITIES } from '../../sieve/specs.ts';
import { decodeSaslResponse } from '../sasl-plain.ts';
import { runSasl, saslMechanisms } from '../sasl.ts';
import type { ManageSieveSession } from './session.ts';
import type { Word } from './wire/reader.ts';
import { stringOf } from './wire/writer.ts';

/** `string?`: may be left out. */
type Wanted = 'string' | 'number' | 'string?';

export type ManageSieveCommand = {
  readonly signedIn: 'before' | 'after' | 'any';
  readonly args: readonly Wanted[];
  readonly run: (session: ManageSieveSession, args: readonly string[]) => Promise<void> | void;
};

export const commands: Readonly<Record<string, ManageSieveCommand>> = {
  CAPABILITY: {
    signedIn: 'any',
    args: [],
    run: (session) => {
      tellCapabilities(session);
      session.ok();
    },
  },
  NOOP: {
    signedIn: 'any',
    args: ['string?'],
    run: (session, [tag]) => session.ok('Done', tag === undefined ? undefined : `TAG ${stringOf(tag)}`),
  },
  LOGOUT: {
    signedIn: 'any',
    args: [],
    run: (session) => {
      session.ok('Goodbye');
      session.close();
    },
  },
  STARTTLS: { signedIn: 'before', args: [], run: startTls },
  AUTHENTICATE: { signedIn: 'before', args: ['string', 'string?'], run: authenticate },
  UNAUTHENTICATE: {
    signedIn: 'after',
    args: [],
    run: (session) => {
      session.signedOut();
      session.ok();
    },
  },
  HAVESPACE: {
    signedIn: 'after',
    args: ['string', 'number'],
    run: async (session, [name = '', size = '0']) => {
      await session.services.scripts.haveSpace(session.user, name, Number(size));
      session.ok();
    },
  },
  CHECKSCRIPT: {
    signedIn: 'after',
    args: ['string'],
    run: (session, [text = '']) => {
      compileScript(text);
      session.ok();
    },
  },
  PUTSCRIPT: {
    signedIn: 'after',
    args: ['string', 'string'],
    run: async (session, [name = '', text = '']) => {
      await session.services.scripts.put(session.user, name, text);
      changed(session);
      session.ok();
    },
  },
  GETSCRIPT: {
    signedIn: 'after',
    args: ['string'],
    run: async (session, [name = '']) => {
      const text = await session.services.scripts.get(session.user, name);
      // Scripts go as literals, however short (RFC 5804 §2.9).
      session.io.write(`{${Buffer.byteLength(text)}}\r\n${text}\r\n`);
      session.ok();
    },
  },
  LISTSCRIPTS: {
    signedIn: 'after',
    args: [],
    run: async (session) => {
      for (const { name, active } of await session.services.scripts.list(session.user)) {
        session.io.write(`${stringOf(name)}${active ? ' ACTIVE' : ''}\r\n`);
      }
      session.ok();
    },
  },
  SETACTIVE: {
    signedIn: 'after',
    args: ['string'],
    run: async (session, [name = '']) => {
      await session.services.scripts.activate(session.user, name === '' ? undefined : name);
      changed(session);
      session.ok();
    },
  },
  DELETESCRIPT: {
    signedIn: 'after',
    args: ['string'],
    run: async (session, [name = '']) => {
      await session.services.scripts.remove(session.user, name);
      session.ok();
    },
  },
  RENAMESCRIPT: {
    signedIn: 'after',
    args: ['string', 'string'],
    run: async (session, [from = '', to = '']) => {
      await session.services.scripts.rename(session.user, from, to);
      changed(session);
      session.ok();
    },
  },
};

/** The words after a command's name, as it wants them; undefined when they are others. Numbers come as text. */
export function argumentsOf(words: readonly Word[], wanted: readonly Wanted[]): readonly string[] | undefined {
  if (words.length > wanted.length) return undefined;
  const args: string[] = [];
  for (const [index, kind] of wanted.entries()) {
    const word = words[index];
    if (word === undefined && kind === 'string?') break;
    if (kind === 'number' ? word?.kind !== 'number' : word?.kind !== 'string') return undefined;
    if (word !== undefined) args.push(word.kind === 'number' ? String(word.value) : word.text);
  }
  return args;
}

/** RFC 5804 §1.7: also the greeting, and after TLS and sign-in. */
export function tellCapabilities(session: ManageSieveSession): void {
  const { connection, account, services } = session;
  const sasl = mayAuthenticate(services.config, connection) ? mechanismsOf(session) : [];
  const lines: readonly (readonly [string, string?])[] = [
    ['IMPLEMENTATION', 'Mallard'],
    ['VERSION', '1.0'],
    ['SASL', sasl.join(' ')],
    ['SIEVE', CAPABILITIES.join(' ')],
    ['MAXREDIRECTS', String(services.config.sieve.maxRedirects)],
    ...(connection.canStartTls && !connection.secure && account === undefined ? ([['STARTTLS']] as const) : []),
    ...(account === undefined ? [] : ([['OWNER', account.username]] as const)),
    ['UNAUTHENTICATE'],
  ];
  for (const [name, value] of lines) session.io.write(`"${name}"${value === undefined ? '' : ` ${stringOf(value)}`}\r\n`);
}

function changed({ account, services }: ManageSieveSession): void {
  if (account !== undefined) services.changed(account);
}

function mechanismsOf({ connection }: ManageSieveSession): readonly string[] {
  return saslMechanisms(connection.channelBindings, { login: false });
}

async function startTls(session: ManageSieveSession): Promise<void> {
  if (session.connection.secure) return session.no('TLS is already in use');
  if (!session.connection.canStartTls) return session.no('TLS is not offered here');
  session.ok('Begin TLS');
  await session.startTls();
  // RFC 5804 §2.2: the capabilities are told anew, unasked.
  tellCapabilities(session);
  session.ok('TLS is in use');
}

async function authenticate(session: ManageSieveSession, [name = '', initial]: readonly string[]): Promise<void> {
  const { connection, services } = session;
  if (!mayAuthenticate(services.config, connection)) return session.no('Passwords are taken over TLS only', 'ENCRYPT-NEEDED');
  const mechanism = name.toUpperCase();
  if (!mechanismsOf(session).includes(mechanism)) return session.no('This mechanism is not offered');
  const first = initial === undefined ? undefined : decodeSaslResponse(initial);
  if (initial !== undefined && first === undefined) return session.no('The response can’t be understood');
  const outcome = await runSasl(mechanism, first, {
    accounts: services.operations.accounts,
    // Who may read the mail may say where it goes: the same scope.
    protocol: 'imap',
    from: { ip: connection.remoteAddress, connection: connection.id },
    bindings: connection.channelBindings,
    ask: (challenge) => ask(session, challenge),
  });
  if (outcome.kind === 'cancelled') return session.no('Cancelled');
  if (outcome.kind === 'malformed') return session.no('The response can’t be understood');
  if (outcome.kind === 'other-user') return session.no('Acting for another user is not allowed');
  await finish(session, outcome.username, outcome.result);
}

/** RFC 5804 §2.1: challenges and responses are texts on lines of their own. */
async function ask(session: ManageSieveSession, challenge: Buffer): Promise<Buffer | 'cancelled' | 'malformed'> {
  session.io.write(`${stringOf(challenge.toString('base64'))}\r\n`);
  const event = await session.next();
  // A client that is gone gives up like one that says so.
  if (event === undefined) return 'cancelled';
  const [word] = event.kind === 'command' && event.words.length === 1 ? event.words : [];
  if (word?.kind === 'atom' && word.text === '*') return 'cancelled';
  if (word?.kind !== 'string') return 'malformed';
  return word.text === '*' ? 'cancelled' : (decodeSaslResponse(word.text) ?? 'malformed');
}

async function finish(session: ManageSieveSession, username: string, result: AuthenticationResult): Promise<void> {
  const { connection, services } = session;
  if (!result.ok) {
    session.log.info('login refused', { username, ip: connection.remoteAddress, reason: result.reason });
    if (result.code === 'UNAVAILABLE') return session.no('Sign-in is not possible at the moment', 'TRYLATER');
    await sleep(services.config.auth.failureDelayMs);
    session.no(result.code === 'LIMIT' ? 'Too many tries: wait a while' : 'User name or password is wrong');
    if (session.authFailed()) session.bye('Too many wrong passwords');
    return;
  }
  session.signedIn(result.account);
  session.log.info('logged in', { username: result.account.username, ip: connection.remoteAddress, tls: connection.secure });
  session.ok('Welcome');
}
