/** Where rules, checks and the trace take part in delivery. Each is optional: without it mail goes to INBOX, unjudged and untold. */
import type { MailboxId } from '../mail/ids.ts';
import type { Account } from '../operations/contract-accounts.ts';
import type { Origin, SmtpEnvelope } from './envelope.ts';
import type { SpamOpinion } from './spam/learning.ts';

/** A message that is about to be placed for one user. `raw` has its trace fields. */
export type RuleInput = {
  readonly account: Account;
  /** The recipient's address as written, and its label. */
  readonly address: string;
  readonly label: string | undefined;
  readonly raw: Buffer;
  readonly envelope: SmtpEnvelope;
  readonly origin: Origin;
  /** What the learning filter thinks, where it knows enough. `origin.quarantine` says so too when it is sure. */
  readonly spam?: SpamOpinion;
};

/** One copy of a message. */
export type Placement = {
  /** Undefined: INBOX or the label's mailbox. */
  readonly mailbox: MailboxId | undefined;
  readonly flags: readonly string[];
  /** Instead of the message as it came. */
  readonly raw?: Buffer;
};

export type RuleDecision = {
  /** Instead of INBOX or the label's mailbox. */
  readonly mailbox?: MailboxId;
  readonly flags?: readonly string[];
  /** At least one; instead of `mailbox` and `flags`. */
  readonly placements?: readonly Placement[];
  /** Accepted, and kept nowhere. */
  readonly discard?: boolean;
  /** With `discard`: it went elsewhere. */
  readonly redirected?: boolean;
  /** Refused, with this reason. */
  readonly reject?: string;
  /** What follows from an accepted message (forwards, autoreply), run once it is durable. Must be safe to lose in a crash, or durable by itself before. */
  readonly after?: () => Promise<void>;
};

export type DeliveryRules = { readonly decide: (input: RuleInput) => Promise<RuleDecision> };

export type CheckFacts = { readonly ip: string; readonly hello: string; readonly from: string };

export type CheckResult = {
  /** Fields for the message's head, each with its CRLF (Authentication-Results…). */
  readonly header: string;
  /** `defer`: refused for now, the sender tries again. */
  readonly verdict: 'accept' | 'quarantine' | 'defer' | 'reject';
  /** Told to the client with a refusal. */
  readonly text?: string;
  /** The author's domain disowns the message. */
  readonly forged?: boolean;
};

/** SPF, DKIM, DMARC and whatever else judges mail from the world. */
export type IncomingChecks = { readonly check: (raw: Buffer, facts: CheckFacts) => Promise<CheckResult> };

export type TraceEvent = {
  readonly kind: 'accepted' | 'refused' | 'delivered' | 'rule' | 'queued' | 'signed' | 'attempt' | 'notice';
  readonly transaction: string;
  readonly atMs: number;
  readonly [field: string]: unknown;
};

/** Never throws and never waits: the trace must not hold mail up. */
export type TraceSink = { readonly record: (event: TraceEvent) => void };
