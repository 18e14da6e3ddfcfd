/**
 * The journal's vocabulary: what can happen to a mailbox. A mailbox's journal is its truth: entry m+1 exists only if m does, it is written once under the
 * unique key (mailbox, modseq), and everything else (placements, counters, views) is derived from it by applying entries in order.
 */
import type { FlagOperation } from './flags.ts';
import type { ContentId, MailboxId, MessageId, Modseq, Uid, UserId } from './ids.ts';
import type { UidSet } from './uid-set.ts';

/** A message that enters a mailbox: one placement. Times are ms since the epoch, sizes octets. */
export type AppendedMessage = {
  readonly uid: Uid;
  readonly id: MessageId;
  readonly content: ContentId;
  readonly flags: readonly string[];
  readonly internalDateMs: number;
  /** When it was saved into this mailbox (SAVEDATE, RFC 8514). */
  readonly savedAtMs: number;
  readonly sizeBytes: number;
  /** The thread that the message belongs to (OBJECTID THREADID); copies share it. */
  readonly thread: string;
};

export type Change =
  | { readonly kind: 'append'; readonly messages: readonly AppendedMessage[] }
  | { readonly kind: 'flags'; readonly operation: FlagOperation; readonly flags: readonly string[]; readonly uids: UidSet }
  | { readonly kind: 'expunge'; readonly uids: UidSet; readonly move?: MoveIntent }
  /** The mailbox itself is gone; no entry follows. */
  | { readonly kind: 'delete' };

/** A MOVE's second half, told in the source's journal so that any worker can finish it after a crash. */
export type MoveIntent = {
  readonly to: MailboxId;
  /** Unique over all journals: the target's append carries it and so happens once. */
  readonly key: string;
  /** The placements to make, in order; their UIDs are given by the target. */
  readonly messages: readonly Omit<AppendedMessage, 'uid'>[];
};

/** Counters of a mailbox; `bytes` is the sum of the messages' RFC822 sizes, which is also what quota counts. */
export type MailboxCounts = {
  readonly messages: number;
  readonly unseen: number;
  readonly deleted: number;
  readonly bytes: number;
};

/** One committed step of a mailbox. All its changes happened together and share its modseq. */
export type JournalEntry = {
  readonly user: UserId;
  readonly mailbox: MailboxId;
  readonly modseq: Modseq;
  readonly atMs: number;
  /** The mailbox's UIDNEXT after this entry. */
  readonly uidNext: Uid;
  readonly changes: readonly Change[];
  /** The counters' change, exact because entries are written in order against a known state. */
  readonly delta: MailboxCounts;
};
