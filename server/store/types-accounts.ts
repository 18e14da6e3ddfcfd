/** The administrative records as values. Ids are 24 hex digits; times are Dates; limits of 0 mean the default. */
import type { ScramKeys } from '../auth/scram.ts';

/** What a person may use; 0 = the server's default, octets unless said otherwise. */
export type UserLimits = {
  /** Octets of all messages. */
  readonly quota: number;
  /** Messages; absent or 0 = no limit. */
  readonly quotaMessages?: number;
  /** Recipients a day. */
  readonly recipients: number;
  /** Forwarded messages a day. */
  readonly forwards: number;
  /** Number of filters. */
  readonly filters: number;
  readonly imapMaxUpload: number;
  readonly imapMaxDownload: number;
  readonly pop3MaxDownload: number;
  /** Number of messages. */
  readonly pop3MaxMessages: number;
  readonly imapMaxConnections: number;
  /** Messages an hour. */
  readonly receivedMax: number;
};

export type SecondFactor = 'totp' | 'webauthn' | 'custom';
export type AccessScope = 'imap' | 'pop3' | 'smtp';

/** Where a copy of mail goes: an address, or an URL of smtp or http(s). */
export type ForwardTarget = { readonly type: 'mail' | 'relay' | 'http'; readonly value: string };

export type TemporaryPassword = { readonly hash: string; readonly validAfter: Date | null };

export type UserFields = UserLimits & {
  /** As it was given, e.g. `андрис@уайлддак.орг`. */
  readonly username: string;
  /** What sign-in compares; see `operations/account-names.ts`. */
  readonly usernameKey: string;
  readonly name: string;
  /** Main address in Unicode form; empty when there is none. */
  readonly address: string;
  /** Hash in any known form; empty = no password opens this account. */
  readonly password: string;
  readonly scram?: { readonly sha1: ScramKeys; readonly sha256: ScramKeys };
  readonly temporaryPassword?: TemporaryPassword;
  readonly requirePasswordChange: boolean;
  /** Grows with everything that ends sessions and tokens: password change, disabling, logout. */
  readonly accessVersion: number;
  readonly language: string | null;
  /** Ms; 0 = for ever. */
  readonly retention: number;
  readonly targets: readonly ForwardTarget[];
  readonly spamLevel: number;
  readonly tags: readonly string[];
  /** Lower-case tags, for searches. */
  readonly tagKeys: readonly string[];
  readonly fromWhitelist: readonly string[];
  readonly uploadSentMessages: boolean;
  readonly disabledScopes: readonly AccessScope[];
  readonly metaData: Readonly<Record<string, unknown>>;
  readonly internalData: Readonly<Record<string, unknown>>;
  readonly pubKey: string;
  readonly encryptMessages: boolean;
  readonly encryptForwarded: boolean;
  /** Mailboxes whose new messages are encrypted. */
  readonly encryptMailboxes: readonly string[];
  readonly featureFlags: Readonly<Record<string, boolean>>;
  readonly enabled2fa: readonly SecondFactor[];
  readonly autoreply: boolean;
  readonly disabled: boolean;
  readonly suspended: boolean;
  /** Milliseconds since 1970, some minutes exact: when somebody last came in with a right password. */
  readonly lastSignInMs?: number;
  /** The level of fullness (percent) of which the user was told last. */
  readonly quotaWarned?: number;
};

export type AddressFields = {
  /** As people write it, in Unicode form; wildcards as `*@domain`, `user@*`, `*suffix@domain`. */
  readonly address: string;
  /** What lookups compare. */
  readonly key: string;
  readonly name: string;
  /** Owner; absent on a forwarding address. */
  readonly user?: string;
  readonly targets?: readonly ForwardTarget[];
  /** Messages a day that are forwarded; 0 = default. */
  readonly forwards?: number;
  readonly forwardedDisabled?: boolean;
  readonly autoreply?: AutoreplyFields;
  readonly list?: ListFields;
  readonly tags: readonly string[];
  readonly tagKeys: readonly string[];
  readonly metaData?: Readonly<Record<string, unknown>>;
  readonly internalData?: Readonly<Record<string, unknown>>;
};

/** What makes a forwarding address a distribution list; its targets are the members. */
export type ListFields = {
  readonly posting: 'anyone' | 'members';
  /** Every post waits for a moderator. */
  readonly moderated: boolean;
  /** Addresses of those who own the list: they judge posts, and get its bounces. */
  readonly moderators: readonly string[];
};

export type AutoreplyFields = {
  readonly status: boolean;
  readonly name?: string;
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
  readonly start?: Date | null;
  readonly end?: Date | null;
};

/** A user's autoreply. */
export type UserAutoreplyFields = AutoreplyFields & { readonly user: string; readonly updated: Date };

/** Alias domain, both in ASCII form. */
export type DomainAliasFields = {
  readonly alias: string;
  readonly aliasName: string;
  readonly domain: string;
  readonly domainName: string;
};

/** An application password. 75 random bits need no slow hash. */
export type AppPasswordFields = {
  readonly user: string;
  readonly description: string;
  readonly hash: Buffer;
  /** Empty set never occurs; `*` = all. */
  readonly scopes: readonly string[];
  readonly expires?: Date;
  readonly lastUse?: { readonly time: Date; readonly event: string | null };
  /** CIDR ranges from which it may be used; none = from anywhere. */
  readonly networks?: readonly string[];
};

export type TokenRole = 'root' | 'manager' | 'user' | 'audit' | 'export' | 'readonly' | 'custom';

/** An access token of the API; only its SHA-256 is kept. */
export type TokenFields = {
  readonly hash: Buffer;
  readonly role: TokenRole;
  readonly user?: string;
  readonly description: string;
  /** Of the user when the token was made; another one there means that the token is void. */
  readonly accessVersion?: number;
  /** Ms after the last use; absent = for ever. */
  readonly ttlMs?: number;
  readonly expires?: Date;
  readonly lastUse?: Date;
  /** For the role `manager`: the domains it may administer, in ASCII form. */
  readonly domains?: readonly string[];
  /** For the role `custom`: `resource:action:any` or `resource:action:own`. */
  readonly grants?: readonly string[];
};

/** One line of a user's authentication log; equal events within an hour are counted in one. */
export type AuthEventFields = {
  readonly user: string;
  readonly action: string;
  readonly result: string;
  readonly key: string;
  readonly protocol: string | null;
  readonly requiredScope: string | null;
  readonly source: string | null;
  readonly ip: string | null;
  readonly sess: string | null;
  readonly asp?: string | null;
  readonly aname?: string | null;
  readonly temporary?: boolean;
  readonly last: Date;
  readonly events: number;
  readonly expires: Date;
};

/** A user who was deleted and whose mail is still there; the record has the user's id. */
export type DeletedUserFields = {
  readonly user: UserFields;
  /** When the user was made. */
  readonly userCreated: Date;
  readonly addresses: readonly (AddressFields & { readonly id: string; readonly created: Date })[];
  readonly deleted: Date;
  /** The mail goes after this. */
  readonly deleteAfter: Date;
};

/** What a user's second factors need besides keys: the seed of one-time codes and what makes up for a lost device. */
export type SecondFactorFields = {
  readonly user: string;
  /** Base32; in use when `totp` is among the user's factors. */
  readonly seed?: string;
  /** Shown to the user and not confirmed yet. */
  readonly pendingSeed?: string;
  /** The 30-second step of the last code that was taken: no code counts twice. */
  readonly lastStep?: number;
  /** SHA-256 of recovery codes that are still good. */
  readonly recovery?: readonly Buffer[];
};

export type WebAuthnCredentialFields = {
  readonly user: string;
  readonly description: string;
  readonly authenticatorAttachment: string;
  /** Hex. */
  readonly rawId: string;
  /** COSE key. */
  readonly publicKey: Buffer;
  readonly counter: number;
};

/** A question that waits for its answer; used once. */
export type WebAuthnChallengeFields = {
  readonly user: string;
  readonly purpose: 'registration' | 'authentication';
  /** Hex. */
  readonly challenge: string;
  readonly origin: string;
  readonly rpId: string;
  readonly description: string;
  readonly authenticatorAttachment: string;
  readonly expires: Date;
};
