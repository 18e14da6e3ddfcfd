/**
 * SASL sign-in (RFC 4422) as POP3 and SMTP carry it: the mechanisms and their exchanges, apart from how a protocol frames challenges. PLAIN (RFC 4616), LOGIN
 * (what Outlook and devices speak), SCRAM-SHA-1 and -256 with channel binding (RFC 5802, RFC 7677, RFC 9266), OAUTHBEARER (RFC 7628) and its
 * forerunner XOAUTH2 with access tokens.
 */
import { type BearerMechanism, bearerFailure, parseBearerMessage } from '../auth/bearer-message.ts';
import {
  bindingFits,
  checkClientFinal,
  readClientFirst,
  scramMechanism,
  serverFirst,
  type ChannelBindings,
} from '../auth/scram-exchange.ts';
import type { AccountOperations, AuthenticationResult, Protocol } from '../operations/contract-accounts.ts';
import { decodeUtf8, parsePlain } from './sasl-plain.ts';

export type SaslOutcome =
  | {
      readonly kind: 'done';
      readonly result: AuthenticationResult /** As the client gave it, for the log. */;
      readonly username: string;
    }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'malformed' }
  /** The client wants to act for somebody else. */
  | { readonly kind: 'other-user'; readonly username: string };

export type SaslContext = {
  readonly accounts: AccountOperations;
  readonly protocol: Exclude<Protocol, 'api'>;
  readonly from: { readonly ip: string; readonly connection: string };
  readonly bindings: ChannelBindings;
  /** Sends a challenge and answers the decoded response; throws when the client is gone. */
  readonly ask: (challenge: Buffer) => Promise<Buffer | 'cancelled' | 'malformed'>;
};

const BEARER: readonly BearerMechanism[] = ['OAUTHBEARER', 'XOAUTH2'];

/** What can be offered on a connection; the safest first, then what needs a token. */
export function saslMechanisms(bindings: ChannelBindings, options: { readonly login: boolean }): readonly string[] {
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-1'];
  const bound = bindings.size > 0 ? scram.map((name) => `${name}-PLUS`) : [];
  return [...bound, ...scram, 'PLAIN', ...(options.login ? ['LOGIN'] : []), ...BEARER];
}

/** Runs one exchange. `initial` = the client's initial response, undefined when it sent none. */
export function runSasl(mechanism: string, initial: Buffer | undefined, context: SaslContext): Promise<SaslOutcome> {
  if (mechanism === 'PLAIN') return plain(initial, context);
  if (mechanism === 'OAUTHBEARER' || mechanism === 'XOAUTH2') return bearer(mechanism, initial, context);
  return mechanism === 'LOGIN' ? login(initial, context) : scram(mechanism, initial, context);
}

/** Thrown inside an exchange to leave it. */
class Left extends Error {
  readonly outcome: SaslOutcome;

  constructor(outcome: SaslOutcome) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

async function response(context: SaslContext, challenge: string): Promise<Buffer> {
  const answer = await context.ask(Buffer.from(challenge));
  if (answer === 'cancelled' || answer === 'malformed') throw new Left({ kind: answer });
  return answer;
}

async function leaving(exchange: () => Promise<SaslOutcome>): Promise<SaslOutcome> {
  try {
    return await exchange();
  } catch (error) {
    if (error instanceof Left) return error.outcome;
    throw error;
  }
}

function plain(initial: Buffer | undefined, context: SaslContext): Promise<SaslOutcome> {
  return leaving(async () => {
    const credentials = parsePlain(initial ?? (await response(context, '')));
    if (credentials === undefined) return { kind: 'malformed' };
    const { authzid, username, password } = credentials;
    if (authzid !== '' && authzid !== username) return { kind: 'other-user', username };
    return {
      kind: 'done',
      username,
      result: await context.accounts.authenticate(username, password, context.protocol, context.from),
    };
  });
}

/** RFC 7628 §3.2.3: why a token is not good is told as a challenge; the client answers with anything, and then the exchange fails. */
function bearer(mechanism: BearerMechanism, initial: Buffer | undefined, context: SaslContext): Promise<SaslOutcome> {
  return leaving(async () => {
    const message = parseBearerMessage(mechanism, decodeUtf8(initial ?? (await response(context, ''))) ?? '');
    if (message === undefined) return { kind: 'malformed' };
    const { token, username } = message;
    const result = await context.accounts.authenticateToken(token, username, context.protocol, context.from);
    if (!result.ok && result.code !== 'UNAVAILABLE') await context.ask(Buffer.from(bearerFailure(context.protocol)));
    return { kind: 'done', username: username ?? '', result };
  });
}

function login(initial: Buffer | undefined, context: SaslContext): Promise<SaslOutcome> {
  return leaving(async () => {
    const username = decodeUtf8(initial ?? (await response(context, 'Username:')));
    const password = decodeUtf8(await response(context, 'Password:'));
    if (username === undefined || username === '' || password === undefined || password === '') return { kind: 'malformed' };
    return {
      kind: 'done',
      username,
      result: await context.accounts.authenticate(username, password, context.protocol, context.from),
    };
  });
}

function scram(name: string, initial: Buffer | undefined, context: SaslContext): Promise<SaslOutcome> {
  return leaving(async () => {
    const mechanism = scramMechanism(name);
    const first = readClientFirst(decodeUtf8(initial ?? (await response(context, ''))) ?? '');
    if (mechanism === undefined || first === undefined) return { kind: 'malformed' };
    const { username, authorizationId } = first;
    if (authorizationId !== '' && authorizationId !== username) return { kind: 'other-user', username };
    const started = await context.accounts.startScram(username, mechanism.hash, context.protocol, context.from);
    const server = serverFirst(first, started.keys);
    const final = decodeUtf8(await response(context, server.message)) ?? '';
    const exchange = { first, server, keys: started.keys, bindings: context.bindings };
    const checked = bindingFits(first, mechanism, context.bindings)
      ? checkClientFinal(mechanism, exchange, final)
      : ({ ok: false, fault: 'channel-binding' } as const);
    if (!checked.ok && checked.fault === 'syntax') return { kind: 'malformed' };
    const result = await started.finish(checked.ok);
    // The server's signature goes before the success; the client answers it with nothing.
    if (result.ok && checked.ok) await response(context, checked.message);
    return { kind: 'done', username, result };
  });
}
