/**
 * Sign-in by SCRAM: the server holds keys derived from the master password, never the password. Application passwords are random and kept as one hash, so they go by PLAIN.
 * An unknown name, and a user without keys (an imported hash before its first sign-in by password), get made-up keys: the exchange looks the same and fails at its end.
 */
import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_SCRAM_ITERATIONS, type ScramHash, type ScramKeys } from '../auth/scram.ts';
import { usernameKey } from './account-names.ts';
import { type AccountContext, type User, accountOf, isClosed } from './accounts-context.ts';
import { findSignInUser } from './accounts-lookup.ts';
import type { AuthLog } from './auth-log.ts';
import type { AuthenticationResult, Protocol, ScramSignIn } from './contract-accounts.ts';

export type ScramRequest = {
  readonly username: string;
  readonly hash: ScramHash;
  readonly protocol: Protocol;
  readonly ip: string;
  readonly session: string;
};

/** `decoyKey`: the same in all workers, so that an unknown name gets the same salt everywhere. */
export async function startScram(
  context: AccountContext,
  authLog: AuthLog,
  decoyKey: Buffer,
  request: ScramRequest,
): Promise<ScramSignIn> {
  const name = usernameKey(request.username.trim()) ?? request.username.slice(0, 128);
  const user = await findSignInUser(context, request.username);
  const keys = user?.scram?.[request.hash] ?? decoyKeys(decoyKey, name, request.hash);
  const banned = (await context.limiter.banOf(name, request.ip)) !== undefined;

  const finish = async (proofHolds: boolean): Promise<AuthenticationResult> => {
    const refusal = banned ? LIMIT : proofHolds && user?.scram !== undefined ? refusalFor(user, request.protocol) : WRONG;
    if (user !== undefined) {
      authLog.record({
        user: user.id,
        action: 'authentication',
        result: refusal === undefined ? 'success' : 'fail',
        protocol: request.protocol.toUpperCase(),
        requiredScope: request.protocol,
        source: 'master',
        ip: request.ip,
        session: request.session,
      });
    }
    if (refusal === undefined && user !== undefined) {
      await context.limiter.succeeded(name, request.ip);
      return { ok: true, account: accountOf(user, context.defaults) };
    }
    // Every wrong proof is another guess: there is no telling which password was behind it.
    if (refusal === WRONG)
      await pause(await context.limiter.failed(name, request.ip, `${Math.random()}`), undefined, { ref: false });
    return refusal ?? WRONG;
  };
  return { keys, finish };
}

const WRONG: AuthenticationResult = { ok: false, reason: 'password', code: 'AUTHENTICATIONFAILED' };
const LIMIT: AuthenticationResult = { ok: false, reason: 'limit', code: 'LIMIT' };

/** Why a user with the right password may not come in this way. */
function refusalFor(user: User, protocol: Protocol): AuthenticationResult | undefined {
  if (isClosed(user)) return { ok: false, reason: 'disabled', code: 'AUTHENTICATIONFAILED' };
  if (protocol !== 'api' && user.disabledScopes.includes(protocol))
    return { ok: false, reason: 'scope', code: 'AUTHORIZATIONFAILED' };
  if (user.enabled2fa.length > 0) return { ok: false, reason: 'second-factor', code: 'AUTHORIZATIONFAILED' };
  return undefined;
}

function decoyKeys(decoyKey: Buffer, name: string, hash: ScramHash): ScramKeys {
  const made = (what: string): Buffer => createHmac('sha256', decoyKey).update(`${what}\0${hash}\0${name}`).digest();
  const size = hash === 'sha1' ? 20 : 32;
  return {
    salt: made('salt').subarray(0, 16),
    iterations: DEFAULT_SCRAM_ITERATIONS,
    storedKey: made('stored').subarray(0, size),
    serverKey: made('server').subarray(0, size),
  };
}
