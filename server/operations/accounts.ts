/** Accounts as a whole: what protocols ask (`AccountOperations`), and administration, over one set of tables. */
import { createHash, randomUUID } from 'node:crypto';
import { Passwords } from '../auth/password.ts';
import { isFault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import { LruCache } from '../base/lru.ts';
import type { Config } from '../config/schema.ts';
import type { UserId } from '../mail/ids.ts';
import { createAccountTables } from '../store/account-tables.ts';
import type { Database } from '../store/connect.ts';
import { type AddressAdministration, createAddressAdministration } from './accounts-addresses.ts';
import { ACCOUNT_DEFAULTS, type AccountContext, type AccountMail, accountOf } from './accounts-context.ts';
import { signInByToken } from './accounts-bearer.ts';
import { findSignInUser, resolveRecipient } from './accounts-lookup.ts';
import { startScram } from './accounts-scram.ts';
import { type SignInFailure, type SignInRequest, type SignIn, signIn } from './accounts-sign-in.ts';
import { type TokenAdministration, createTokenAdministration } from './accounts-tokens.ts';
import { type AppPasswordAdministration, createAppPasswordAdministration } from './accounts-app-passwords.ts';
import { type SecondFactors, createSecondFactors, forgetSecondFactors } from './accounts-second-factor.ts';
import { type WebAuthn, createWebAuthn } from './accounts-webauthn.ts';
import { type UserDeletion, createUserDeletion } from './accounts-deletion.ts';
import { type UserAdministration, createUserAdministration } from './accounts-users.ts';
import { AuthLog } from './auth-log.ts';
import type { Account, AccountOperations, AuthenticationResult } from './contract-accounts.ts';
import type { BanBoard } from '../sync/ban-board.ts';
import { type LimiterOptions, SignInLimiter } from './sign-in-limiter.ts';

export type AccountParts = {
  readonly database: Database;
  readonly config: Config;
  readonly log: Logger;
  readonly mail: AccountMail;
  /** What workers know together of wrong passwords; by default this one alone. */
  readonly banBoard?: BanBoard;
};

export type Accounts = {
  readonly operations: AccountOperations;
  readonly users: UserAdministration;
  readonly deletion: UserDeletion;
  readonly appPasswords: AppPasswordAdministration;
  readonly secondFactors: SecondFactors;
  readonly webAuthn: WebAuthn;
  readonly addresses: AddressAdministration;
  readonly tokens: TokenAdministration;
  readonly authLog: AuthLog;
  readonly context: AccountContext;
  readonly signIn: (request: SignInRequest) => Promise<SignIn>;
};

/** How long a user's quota and name are remembered; changes made here are seen at once by the database's own answer at the latest after this (ms). */
const ACCOUNT_FRESH_MS = 2_000;

export function createAccounts(parts: AccountParts): Accounts {
  const mail: AccountMail = {
    ...parts.mail,
    accessChanged: (user, reason, only) => {
      // Here at once; on other workers what is remembered of a token is younger than a second.
      tokens.forget();
      parts.mail.accessChanged(user, reason, only);
    },
  };
  const context: AccountContext = {
    tables: createAccountTables(parts.database),
    passwords: new Passwords(),
    limiter: new SignInLimiter(limiterOptions(parts.config), parts.banBoard),
    mail,
    defaults: { ...ACCOUNT_DEFAULTS, emailDomain: parts.config.hostname },
    log: parts.log,
    forgetSecondFactors: (user) => forgetSecondFactors(context, user),
    now: Date.now,
  };
  const authLog = new AuthLog(context);
  const tokens = createTokenAdministration(context);
  // Workers of one installation share the token; without one, made-up salts differ between them.
  const decoyKey = createHash('sha256')
    .update(`decoy ${parts.config.api.rootToken ?? randomUUID()}`)
    .digest();
  const recent = new LruCache<UserId, { account: Account | undefined; atMs: number }>(10_000);

  const account = async (user: UserId): Promise<Account | undefined> => {
    const known = recent.get(user);
    if (known !== undefined && context.now() - known.atMs < ACCOUNT_FRESH_MS) return known.account;
    const found = await context.tables.users.get(user);
    const answer = found === undefined ? undefined : accountOf(found, context.defaults);
    recent.set(user, { account: answer, atMs: context.now() });
    return answer;
  };

  const authenticate: AccountOperations['authenticate'] = async (username, password, protocol, from) => {
    try {
      const result = await signIn(context, authLog, {
        username,
        password,
        scope: protocol === 'api' ? 'master' : protocol,
        protocol: protocol.toUpperCase(),
        ip: from.ip,
        session: from.connection,
      });
      if (!result.ok) return { ok: false, reason: result.reason, code: CODES[result.reason] };
      const signedIn = accountOf(result.user, context.defaults);
      const { appPassword } = result;
      return appPassword === undefined
        ? { ok: true, account: signedIn }
        : { ok: true, account: { ...signedIn, appPassword }, appPassword };
    } catch (error) {
      if (isFault(error, 'UNAVAILABLE')) return { ok: false, reason: error.message, code: 'UNAVAILABLE' };
      throw error;
    }
  };

  const authenticateToken: AccountOperations['authenticateToken'] = async (token, username, protocol, from) => {
    try {
      const request = { token, username, protocol, ip: from.ip, session: from.connection };
      return await signInByToken(context, authLog, tokens, request);
    } catch (error) {
      if (isFault(error, 'UNAVAILABLE')) return { ok: false, reason: error.message, code: 'UNAVAILABLE' };
      throw error;
    }
  };

  return {
    operations: {
      authenticate,
      authenticateToken,
      startScram: (username, hash, protocol, from) =>
        startScram(context, authLog, decoyKey, { username, hash, protocol, ip: from.ip, session: from.connection }),
      resolveRecipient: (address) => resolveRecipient(context, address),
      account,
      accountByName: async (name) => {
        const found = await findSignInUser(context, name);
        return found === undefined ? undefined : accountOf(found, context.defaults);
      },
      setQuota: async (user, { bytes, messages }) => {
        await context.tables.users.update({ id: user }, { set: { quota: bytes, quotaMessages: messages } });
        recent.delete(user);
      },
    },
    users: createUserAdministration(context),
    deletion: createUserDeletion(context),
    appPasswords: createAppPasswordAdministration(context, authLog),
    secondFactors: createSecondFactors(context, authLog),
    webAuthn: createWebAuthn(context, authLog),
    addresses: createAddressAdministration(context),
    tokens,
    authLog,
    context,
    signIn: (request) => signIn(context, authLog, request),
  };
}

/** Unknown user and wrong password are told alike; the reason is for the log. */
const CODES: Record<SignInFailure, Extract<AuthenticationResult, { ok: false }>['code']> = {
  unknown: 'AUTHENTICATIONFAILED',
  password: 'AUTHENTICATIONFAILED',
  scope: 'AUTHORIZATIONFAILED',
  'second-factor': 'AUTHORIZATIONFAILED',
  disabled: 'AUTHENTICATIONFAILED',
  network: 'AUTHORIZATIONFAILED',
  'not-yet': 'EXPIRED',
  limit: 'LIMIT',
};

function limiterOptions({ auth: { bans } }: Config): Partial<LimiterOptions> {
  const { windowMs, pairFailures, addressFailures, userFailures, firstMs: banMs, trusted } = bans;
  return { windowMs, pairFailures, addressFailures, userFailures, banMs, trusted };
}
