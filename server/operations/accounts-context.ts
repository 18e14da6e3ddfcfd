/** What the account operations share: tables, password hashing, limits and the hooks into mail. */
import type { Logger } from '../base/log.ts';
import type { Passwords } from '../auth/password.ts';
import type { UserId } from '../mail/ids.ts';
import type { AccountTables } from '../store/account-tables.ts';
import type { Stored } from '../store/records.ts';
import type { UserFields } from '../store/types-accounts.ts';
import type { AccessLimits } from './contract.ts';
import type { Account } from './contract-accounts.ts';
import type { SignInLimiter } from './sign-in-limiter.ts';

export type User = Stored<UserFields>;

/** Names of special-use mailboxes that a new user gets under other names than usual. */
export type MailboxNames = { readonly sent?: string; readonly trash?: string; readonly junk?: string; readonly drafts?: string };

/** What accounts need of the mail. */
export type AccountMail = {
  /** INBOX and the special-use mailboxes; what exists already stays. */
  readonly createMailboxes: (user: UserId, names: MailboxNames) => Promise<void>;
  /** All of a user's mail, mailboxes included. Repeating it is harmless. */
  readonly removeMail: (user: UserId) => Promise<void>;
  readonly usage: (user: UserId) => Promise<{ readonly usedBytes: number; readonly usedMessages: number }>;
  /** Ends the user's sessions, or only those named, on all workers. */
  readonly accessChanged: (user: UserId, reason: string, only?: AccessLimits) => void;
};

export type AccountDefaults = {
  /** Domain of a new user's address when the username has none. */
  readonly emailDomain: string;
  /** Octets; what quota 0 means. 0 = unlimited. */
  readonly quotaBytes: number;
  readonly recipients: number;
  readonly forwards: number;
  readonly filters: number;
  readonly appPasswords: number;
  readonly mailboxes: number;
  readonly imapMaxUpload: number;
  readonly imapMaxDownload: number;
  readonly pop3MaxDownload: number;
  readonly pop3MaxMessages: number;
  readonly imapMaxConnections: number;
  readonly receivedMax: number;
  /** How long the authentication log is kept (ms). */
  readonly authLogMs: number;
  /** How long an unused token of a signed-in user lives (ms). */
  readonly tokenTtlMs: number;
};

const GiB = 1024 ** 3;
const DAY = 24 * 60 * 60_000;

export const ACCOUNT_DEFAULTS: AccountDefaults = {
  emailDomain: 'localhost',
  quotaBytes: 0,
  recipients: 2_000,
  forwards: 2_000,
  filters: 400,
  appPasswords: 50,
  mailboxes: 5_000,
  imapMaxUpload: 10 * GiB,
  imapMaxDownload: 10 * GiB,
  pop3MaxDownload: 10 * GiB,
  pop3MaxMessages: 0,
  imapMaxConnections: 50,
  receivedMax: 1_000,
  authLogMs: 30 * DAY,
  tokenTtlMs: 14 * DAY,
};

export type AccountContext = {
  readonly tables: AccountTables;
  readonly passwords: Passwords;
  readonly limiter: SignInLimiter;
  readonly mail: AccountMail;
  readonly defaults: AccountDefaults;
  readonly log: Logger;
  /** Drops what the second factors of a user keep. */
  readonly forgetSecondFactors?: (user: string) => Promise<void>;
  readonly now: () => number;
};

export function accountOf(user: User, defaults: AccountDefaults): Account {
  return {
    user: user.id as UserId,
    username: user.username,
    address: user.address,
    quotaBytes: user.quota > 0 ? user.quota : defaults.quotaBytes,
    quotaMessages: user.quotaMessages ?? 0,
  };
}

/** The user may neither sign in nor send. */
export function isClosed(user: User): boolean {
  return user.disabled || user.suspended;
}
