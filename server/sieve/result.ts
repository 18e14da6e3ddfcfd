/** What a script wants done with a message, for delivery to do. */
import type { Field } from './message.ts';

type Edited = {
  /** The header as it was then; `SieveMessage.bytesWith` makes the message of it. */
  readonly fields: readonly Field[];
};

export type Action =
  | ({ readonly kind: 'keep'; readonly flags: readonly string[] } & Edited)
  | ({
      readonly kind: 'fileinto';
      readonly mailbox: string;
      readonly flags: readonly string[];
      readonly create: boolean;
    } & Edited)
  | ({ readonly kind: 'redirect'; readonly address: string } & Edited)
  | { readonly kind: 'reject'; readonly text: string }
  | Vacation;

export type Vacation = {
  readonly kind: 'vacation';
  readonly text: string;
  readonly subject: string | undefined;
  readonly from: string | undefined;
  /** More addresses of the user. */
  readonly addresses: readonly string[];
  /** `text` is a MIME entity with its header. */
  readonly mime: boolean;
  /** Replies of one handle are one reply. */
  readonly handle: string;
  readonly periodMs: number;
};

export type SieveProblem = { readonly line: number; readonly text: string };

/** With a problem, the message is kept as if there were no script: no action is left. */
export type SieveResult = {
  readonly actions: readonly Action[];
  /** To be remembered once the message is safe, and not before: a message that comes again because its delivery failed is no duplicate (RFC 7352 §3). */
  readonly marks: readonly Mark[];
  readonly problem: SieveProblem | undefined;
};

export type Mark = { readonly mark: string; readonly ms: number };

export type SieveEnvironment = {
  /** Without angle brackets; empty for the null reverse-path. */
  readonly envelopeFrom: string;
  readonly envelopeTo: string;
  readonly now: Date;
  /** Whether the user has a mailbox of that name. */
  readonly mailboxExists: (name: string) => Promise<boolean>;
  /** Whether a message with that mark was there before (`SieveResult.marks`). */
  readonly isMarked: (mark: string) => Promise<boolean>;
  /** 0 to 1; undefined where nobody judged. */
  readonly spamScore: number | undefined;
  /** RFC 5183: name → value. */
  readonly items: ReadonlyMap<string, string>;
  readonly limits: SieveLimits;
};

export type SieveLimits = {
  /** Tests, commands and characters that are compared. */
  readonly maxSteps: number;
  readonly maxRedirects: number;
  readonly maxActions: number;
};

export const DEFAULT_SIEVE_LIMITS: SieveLimits = { maxSteps: 5_000_000, maxRedirects: 5, maxActions: 32 };
