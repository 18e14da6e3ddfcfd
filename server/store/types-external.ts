/** Mailboxes elsewhere whose mail is fetched for a user, as values. */

export type ExternalKind = 'imap' | 'pop3';
/** TLS from the first byte, STARTTLS (STLS) or nothing, or never. */
export type ExternalTls = 'implicit' | 'starttls' | 'none';
/** What becomes of a message there once it is here: it stays, goes, or goes `keepDays` later. */
export type ExternalKeep = 'leave' | 'delete' | 'days';

/** Why fetching did not work; people read it in their own language. */
export type FetchFailureCode =
  | 'busy'
  | 'certificate'
  | 'connection'
  | 'dns'
  | 'failed'
  | 'full'
  | 'mailbox'
  | 'private'
  | 'refused'
  | 'self'
  | 'signIn'
  | 'timeout'
  | 'tls'
  | 'unsupported';

export type FetchFailure = { readonly at: Date; readonly code: FetchFailureCode; readonly text: string };

export type ExternalAccountFields = {
  readonly user: string;
  readonly kind: ExternalKind;
  readonly host: string;
  readonly port: number;
  readonly tls: ExternalTls;
  readonly verifyCertificate: boolean;
  readonly username: string;
  /** Sealed in the database; empty when the sealing key was lost. */
  readonly password: string;
  /** The mailbox there (IMAP). */
  readonly folder: string;
  /** The mailbox here; absent = INBOX. */
  readonly mailbox?: string;
  readonly keep: ExternalKeep;
  readonly keepDays: number;
  readonly intervalMs: number;
  readonly enabled: boolean;
  /** When it is looked at again; while somebody does, when his lease ends. */
  readonly next: Date;
  /** Of the worker that fetches now. */
  readonly lease?: string;
  readonly lastTry?: Date;
  readonly lastSuccess?: Date;
  /** Why the last try failed; absent when it worked. */
  readonly lastError?: FetchFailure;
  /** Tries in a row that failed. */
  readonly failures: number;
  /** Messages brought here so far, and messages that stayed there because they could not be taken. */
  readonly fetched: number;
  readonly refused: number;
  readonly lastRefusal?: FetchFailure;
};

/** A message there that was dealt with: it is never looked at again. */
export type ExternalMessageFields = {
  readonly user: string;
  readonly account: string;
  /** Within it UIDs mean the same message for ever: server, name and mailbox there, and UIDVALIDITY (IMAP). */
  readonly generation: string;
  /** UID in ten digits (IMAP), or UIDL. */
  readonly uid: string;
  /** SHA-256 of its bytes; absent when they were not read. */
  readonly digest?: Buffer;
  readonly at: Date;
  /** `refused`: it stays there. `deleted`: it is gone there. */
  readonly state: 'fetched' | 'refused' | 'deleted';
};
