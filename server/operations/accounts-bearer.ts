/**
 * Sign-in to mail by an access token (RFC 7628). A user's own token opens what the user may open; a `custom` token only what it has been granted: `imap:use:own`,
 * `pop3:use:own`, `smtp:use:own`. Tokens of administrators open nobody's mail. A token stands for a sign-in that has shown its second factor.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { usernameKey } from './account-names.ts';
import { type AccountContext, accountOf, isClosed } from './accounts-context.ts';
import { findSignInUser } from './accounts-lookup.ts';
import type { ApiActor, TokenAdministration } from './accounts-tokens.ts';
import type { AuthLog } from './auth-log.ts';
import type { AuthenticationResult, Protocol } from './contract-accounts.ts';

export type BearerRequest = {
  readonly token: string;
  /** Whom the client says it is; undefined leaves it to the token. */
  readonly username: string | undefined;
  readonly protocol: Exclude<Protocol, 'api'>;
  readonly ip: string;
  readonly session: string;
};

const WRONG: AuthenticationResult = { ok: false, reason: 'token', code: 'AUTHENTICATIONFAILED' };
const NOT_ALLOWED: AuthenticationResult = { ok: false, reason: 'scope', code: 'AUTHORIZATIONFAILED' };
const LIMIT: AuthenticationResult = { ok: false, reason: 'limit', code: 'LIMIT' };

/** What a `custom` token must be granted to open a protocol. */
export function mailGrant(protocol: BearerRequest['protocol']): string {
  return `${protocol}:use:own`;
}

export async function signInByToken(
  context: AccountContext,
  authLog: AuthLog,
  tokens: Pick<TokenAdministration, 'check'>,
  request: BearerRequest,
): Promise<AuthenticationResult> {
  const { username, ip, protocol } = request;
  const name = username === undefined ? 'token' : (usernameKey(username.trim()) ?? username.slice(0, 128));
  if ((await context.limiter.banOf(name, ip)) !== undefined) return LIMIT;
  const actor = await tokens.check(request.token);
  const user = actor?.user === undefined ? undefined : await context.tables.users.get(actor.user);
  const named = username === undefined ? user : await findSignInUser(context, username);
  // A stranger's token for an account is as wrong as none.
  const isTheirs = actor !== undefined && user !== undefined && named?.id === user.id && !isClosed(user);
  const result = !isTheirs
    ? WRONG
    : !mayOpen(actor, protocol) || user.disabledScopes.includes(protocol)
      ? NOT_ALLOWED
      : ({
          ok: true,
          account: { ...accountOf(user, context.defaults), ...(actor.token === undefined ? {} : { token: actor.token }) },
        } as const);
  if (named !== undefined) {
    authLog.record({
      user: named.id,
      action: 'authentication',
      result: result.ok ? 'success' : result === NOT_ALLOWED ? 'wrong scope' : 'fail',
      protocol: protocol.toUpperCase(),
      requiredScope: protocol,
      source: 'token',
      ip,
      session: request.session,
    });
  }
  if (result === WRONG) await pause(await context.limiter.failed(name, ip, request.token), undefined, { ref: false });
  return result;
}

function mayOpen(actor: ApiActor, protocol: BearerRequest['protocol']): boolean {
  return actor.role === 'user' || (actor.role === 'custom' && actor.grants.includes(mailGrant(protocol)));
}
