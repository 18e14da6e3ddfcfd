/**
 * The one place that decides whether a password opens an account, for every protocol.
 *
 * - Unknown user, wrong password and closed account take the same time and, but for the log, the same answer.
 * - The master password opens everything, unless a second factor is on: then only the web may ask for that factor, and IMAP, POP3 and SMTP need an
 *   application password of their scope.
 * - A hash in an old form is replaced on the way, and SCRAM keys are made.
 */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { deriveScramKeys } from '../auth/scram.ts';
import { isFault } from '../base/fault.ts';
import ipaddr from 'ipaddr.js';
import type { SecondFactor } from '../store/types-accounts.ts';
import { type AccountContext, type User, isClosed } from './accounts-context.ts';
import { findSignInUser } from './accounts-lookup.ts';
import { usernameKey } from './account-names.ts';
import type { AuthLog } from './auth-log.ts';

export type SignInScope = 'master' | 'imap' | 'pop3' | 'smtp';

export type SignInRequest = {
  readonly username: string;
  readonly password: string;
  readonly scope: SignInScope;
  /** As it is logged: `IMAP`, `API`, … */
  readonly protocol: string;
  readonly ip: string;
  readonly session: string;
};

export type SignInFailure = 'unknown' | 'password' | 'scope' | 'second-factor' | 'disabled' | 'limit' | 'not-yet' | 'network';

export type SignIn =
  | {
      readonly ok: true;
      readonly user: User;
      readonly source: 'master' | 'asp' | 'temporary';
      readonly appPassword: string | undefined;
      /** Factors that the caller must still ask for (API only). */
      readonly require2fa: readonly SecondFactor[];
      readonly requirePasswordChange: boolean;
    }
  | {
      readonly ok: false;
      readonly reason: SignInFailure /** When the name is known. */;
      readonly user: User | undefined;
      readonly validAfter?: Date;
    };

export async function signIn(context: AccountContext, authLog: AuthLog, request: SignInRequest): Promise<SignIn> {
  const name = usernameKey(request.username.trim()) ?? request.username.slice(0, 128);
  if ((await context.limiter.banOf(name, request.ip)) !== undefined) return { ok: false, reason: 'limit', user: undefined };
  const user = await findSignInUser(context, request.username);
  const result = await decide(context, user, request);
  if (result.ok) await context.limiter.succeeded(name, request.ip);
  else if (countsAsGuess(result.reason))
    await pause(await context.limiter.failed(name, request.ip, request.password), undefined, { ref: false });
  if (user !== undefined) {
    authLog.record({
      user: user.id,
      action: 'authentication',
      result: result.ok ? 'success' : RESULTS[result.reason],
      protocol: request.protocol,
      requiredScope: request.scope,
      source: result.ok ? result.source : 'master',
      ip: request.ip,
      session: request.session,
      appPassword: result.ok && result.appPassword !== undefined ? { id: result.appPassword, description: '' } : undefined,
      temporary: result.ok && result.source === 'temporary',
    });
  }
  return result;
}

const RESULTS: Readonly<Record<SignInFailure, string>> = {
  unknown: 'unknown user',
  password: 'fail',
  scope: 'wrong scope',
  'second-factor': '2fa required',
  disabled: 'disabled',
  limit: 'rate limited',
  'not-yet': 'temporary password not yet valid',
  network: 'wrong network',
};

function countsAsGuess(reason: SignInFailure): boolean {
  return reason === 'unknown' || reason === 'password';
}

async function decide(context: AccountContext, user: User | undefined, request: SignInRequest): Promise<SignIn> {
  const refuse = (reason: SignInFailure): SignIn => ({ ok: false, reason, user });
  if (user === undefined) {
    await context.passwords.verifyNothing(request.password);
    return refuse('unknown');
  }
  const byAppPassword = request.scope === 'master' ? undefined : await tryAppPassword(context, user, request);
  if (byAppPassword !== undefined) return byAppPassword;
  const check =
    user.password === ''
      ? await context.passwords.verifyNothing(request.password)
      : await context.passwords.verify(request.password, user.password);
  if (!check.ok) return tryTemporaryPassword(context, user, request);
  if (isClosed(user)) return refuse('disabled');
  if (request.scope !== 'master' && user.disabledScopes.includes(request.scope)) return refuse('scope');
  // With a second factor the master password is only the first half, and mail protocols can't ask for the other.
  if (request.scope !== 'master' && user.enabled2fa.length > 0) return refuse('second-factor');
  if (check.outdated) await renewHash(context, user, request.password);
  const { enabled2fa, requirePasswordChange } = user;
  return { ok: true, user, source: 'master', appPassword: undefined, require2fa: enabled2fa, requirePasswordChange };
}

async function tryTemporaryPassword(context: AccountContext, user: User, request: SignInRequest): Promise<SignIn> {
  const refuse = (reason: SignInFailure): SignIn => ({ ok: false, reason, user });
  const temporary = user.temporaryPassword;
  // It is for setting a new one: nothing but the web takes it.
  if (temporary === undefined || request.scope !== 'master') return refuse('password');
  if (!(await context.passwords.verify(request.password, temporary.hash)).ok) return refuse('password');
  if (isClosed(user)) return refuse('disabled');
  if (temporary.validAfter !== null && temporary.validAfter.getTime() > context.now())
    return { ok: false, reason: 'not-yet', user, validAfter: temporary.validAfter };
  return {
    ok: true,
    user,
    source: 'temporary',
    appPassword: undefined,
    require2fa: user.enabled2fa,
    requirePasswordChange: true,
  };
}

/** Undefined when the password has not the form of an application password or is none of this user's. */
async function tryAppPassword(context: AccountContext, user: User, request: SignInRequest): Promise<SignIn | undefined> {
  const hash = appPasswordHash(request.password);
  if (hash === undefined) return undefined;
  const found = await context.tables.appPasswords.findOne({ user: user.id, hash });
  if (found === undefined) return undefined;
  const refuse = (reason: SignInFailure): SignIn => ({ ok: false, reason, user });
  if (found.expires !== undefined && found.expires.getTime() <= context.now()) return undefined;
  if (isClosed(user)) return refuse('disabled');
  if (!found.scopes.includes('*') && !found.scopes.includes(request.scope)) return refuse('scope');
  if (request.scope !== 'master' && user.disabledScopes.includes(request.scope)) return refuse('scope');
  if (found.networks !== undefined && !isWithin(request.ip, found.networks)) return refuse('network');
  const lastUse = { time: new Date(context.now()), event: null };
  // Known to the minute: a write per sign-in would be the most expensive part of it.
  if (found.lastUse === undefined || context.now() - found.lastUse.time.getTime() > 60_000) {
    context.tables.appPasswords.update({ id: found.id }, { set: { lastUse } }).catch((error: unknown) => {
      context.log.warn('last use of an application password', { error, user: user.id });
    });
  }
  return { ok: true, user, source: 'asp', appPassword: found.id, require2fa: [], requirePasswordChange: false };
}

/** 16 letters, shown in groups of four; how they are typed does not matter. */
export function appPasswordHash(password: string): Buffer | undefined {
  if (password.length > 64) return undefined;
  const plain = password.replace(/\s+/g, '').toLowerCase();
  return /^[a-z]{16}$/.test(plain) ? createHash('sha256').update(plain).digest() : undefined;
}

function isWithin(ip: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(ip)) return false;
  const address = ipaddr.process(ip);
  return networks.some((network) => {
    const [range, bits] = ipaddr.parseCIDR(network);
    return range.kind() === address.kind() && address.match(range, bits);
  });
}

/** Best effort: the sign-in is right either way, and a busy database will be asked again next time. */
async function renewHash(context: AccountContext, user: User, password: string): Promise<void> {
  try {
    const set = await passwordFields(context, password);
    await context.tables.users.update({ id: user.id, password: user.password }, { set });
  } catch (error) {
    if (!isFault(error)) throw error;
    context.log.warn('password hash not renewed', { error, user: user.id });
  }
}

/** Everything that is derived from a password. */
export async function passwordFields(
  context: AccountContext,
  password: string,
): Promise<{ password: string; scram: NonNullable<User['scram']> }> {
  const [hash, sha1, sha256] = await Promise.all([
    context.passwords.hash(password),
    deriveScramKeys('sha1', password),
    deriveScramKeys('sha256', password),
  ]);
  return { password: hash, scram: { sha1, sha256 } };
}
