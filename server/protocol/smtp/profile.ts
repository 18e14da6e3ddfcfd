/**
 * What makes one service of the shared SMTP skeleton differ from another: LMTP, SMTP for the world, submission for users. A profile decides senders,
 * recipients and messages; the skeleton knows the protocol.
 */
import type { EnvelopeRecipient, Notify } from '../../delivery/envelope.ts';
import type { SmtpSession } from './session.ts';
import type { Transaction } from './transaction.ts';
import type { SmtpReply } from './wire/reply.ts';

/** A recipient as named by the client. */
export type RecipientRequest = {
  readonly address: string;
  readonly notify?: Notify;
  readonly originalRecipient?: string;
};

export type RecipientDecision = { readonly accepted: EnvelopeRecipient } | { readonly refused: SmtpReply };

export type SmtpProfile = {
  readonly service: 'lmtp' | 'smtp' | 'submission';
  /** For the greeting and Received: `LMTP` or `ESMTP`. */
  readonly protocol: 'LMTP' | 'ESMTP';
  /** Accepted hello verbs. */
  readonly hello: readonly string[];
  /** RFC 2033 §4.2: one reply for each accepted recipient after the data. */
  readonly perRecipientReplies: boolean;
  readonly requiresAuth: boolean;
  /** RFC 6531 §3.5 wants SMTPUTF8 declared before an address beyond ASCII is used; LMTP clients on this machine often don't. */
  readonly requiresSmtpUtf8Declared: boolean;
  /** SASL mechanisms offered now; empty = AUTH is not offered. */
  readonly mechanisms: (session: SmtpSession) => readonly string[];
  /** Mail is carried on by a queue that can promise encryption (RFC 8689). */
  readonly offersRequireTls: boolean;
  /** EHLO keywords beyond those of the commands. */
  readonly extensions: readonly string[];
  /** Called once per connection before the greeting; a reply refuses the connection. */
  readonly onConnect?: (session: SmtpSession) => Promise<SmtpReply | undefined>;
  /** Undefined = the sender is accepted. */
  readonly onSender: (session: SmtpSession, transaction: Transaction) => Promise<SmtpReply | undefined>;
  readonly onRecipient: (session: SmtpSession, transaction: Transaction, request: RecipientRequest) => Promise<RecipientDecision>;
  /**
   * The message is complete. Answers one reply per recipient, in their order (`perRecipientReplies`), or one alone. A positive reply means durable.
   * `raw` is the caller's to keep.
   */
  readonly onMessage: (
    session: SmtpSession,
    transaction: Transaction,
    join: (head: Buffer) => Buffer,
  ) => Promise<readonly SmtpReply[]>;
};
