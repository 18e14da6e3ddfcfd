/** What may be asked about accounts: who signs in, who gets mail for an address. Part of the contract in `contract.ts`; the same promises hold. */
import type { ScramHash, ScramKeys } from '../auth/scram.ts';
import type { UserId } from '../mail/ids.ts';
import type { AutoreplyFields, ListFields } from '../store/types-accounts.ts';

/** Who a session acts as, after authentication. */
export type Account = {
  readonly user: UserId;
  /** As the person writes it, e.g. `андрис@уайлддак.орг`. */
  readonly username: string;
  /** Main address, in Unicode form; may be empty for a user without address. */
  readonly address: string;
  /** Octets; 0 = unlimited. */
  readonly quotaBytes: number;
  /** Messages; 0 or absent = unlimited. */
  readonly quotaMessages?: number;
  /** The record of the access token that the sign-in stands on: when that is revoked, the session ends. */
  readonly token?: string;
  /** What a session was opened with, when it was an application password: its id. */
  readonly appPassword?: string;
};

/** 0 = unlimited. */
export type QuotaLimits = { readonly bytes: number; readonly messages: number };

export type Protocol = 'imap' | 'pop3' | 'smtp' | 'api';

export type AuthenticationResult =
  | { readonly ok: true; readonly account: Account /** undefined = the master password */; readonly appPassword?: string }
  /** One answer for unknown user and wrong password alike; `reason` is for the log. */
  | {
      readonly ok: false;
      readonly reason: string;
      readonly code: 'AUTHENTICATIONFAILED' | 'AUTHORIZATIONFAILED' | 'EXPIRED' | 'UNAVAILABLE' | 'LIMIT';
    };

/** A SCRAM exchange in progress (`server/auth/scram-exchange.ts` does the talking): the keys to check against, made up for unknown names, and the verdict. */
export type ScramSignIn = {
  readonly keys: ScramKeys;
  /** To be called once, with what the proof came to; answers whether the user may come in, and counts failures. */
  readonly finish: (proofHolds: boolean) => Promise<AuthenticationResult>;
};

/** A forwarding address as its record has it. */
export type Forwarder = {
  readonly id: string;
  readonly address: string;
  readonly name: string;
  /** Messages a day; 0 = the default. */
  readonly perDay: number;
  readonly autoreply?: AutoreplyFields;
};

export type DistributionList = ListFields & {
  readonly id: string;
  readonly address: string;
  /** For people; may be empty. */
  readonly name: string;
  readonly members: readonly string[];
};

export type RecipientLookup =
  | { readonly kind: 'user'; readonly account: Account; readonly label: string | undefined; readonly disabled: boolean }
  /** An address that forwards to targets (addresses or users). */
  | { readonly kind: 'forward'; readonly targets: readonly string[]; readonly forwarder?: Forwarder }
  /** A distribution list: a post for its members, or a moderator's word on one. */
  | { readonly kind: 'list'; readonly list: DistributionList; readonly role: 'post' | 'moderate' }
  | { readonly kind: 'unknown' };

export type AccountOperations = {
  readonly authenticate: (
    username: string,
    password: string,
    protocol: Protocol,
    from: { readonly ip: string; readonly connection: string },
  ) => Promise<AuthenticationResult>;
  /** By an access token (RFC 7628). `username` undefined: whoever the token stands for. */
  readonly authenticateToken: (
    token: string,
    username: string | undefined,
    protocol: Exclude<Protocol, 'api'>,
    from: { readonly ip: string; readonly connection: string },
  ) => Promise<AuthenticationResult>;
  readonly startScram: (
    username: string,
    hash: ScramHash,
    protocol: Protocol,
    from: { readonly ip: string; readonly connection: string },
  ) => Promise<ScramSignIn>;
  /** Finds who gets mail for an address: exact, without +label, domain alias, wildcard. */
  readonly resolveRecipient: (address: string) => Promise<RecipientLookup>;
  readonly account: (user: UserId) => Promise<Account | undefined>;
  /** Who signs in by this name. */
  readonly accountByName: (name: string) => Promise<Account | undefined>;
  /** Limits of 0 = the installation's default. Whoever calls has made sure that it may be done. */
  readonly setQuota: (user: UserId, limits: QuotaLimits) => Promise<void>;
};
