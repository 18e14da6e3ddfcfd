/** The outgoing queue as values: what its store, its runner and administration speak of. */
import type { ContentId } from '../mail/ids.ts';
import type { Page, PageRequest } from './types-page.ts';

export type QueueRecipient = {
  readonly address: string;
  /** DSN parameters (RFC 3461). */
  readonly notify?: 'NEVER' | readonly ('SUCCESS' | 'FAILURE' | 'DELAY')[];
  readonly originalRecipient?: string;
};

/** What the entries of one message share. */
export type QueueEnvelope = {
  /** Empty for the null reverse-path. */
  readonly from: string;
  readonly transactionId: string;
  /** The authenticated sender, when there was one. */
  readonly user?: string;
  readonly body: '7BIT' | '8BITMIME' | 'BINARYMIME';
  readonly smtpUtf8: boolean;
  readonly returnContent?: 'FULL' | 'HDRS';
  readonly envelopeId?: string;
  readonly requireTls: boolean;
  /** Octets of the whole message, its head included. */
  readonly sizeBytes: number;
  /** For lists and searches only. */
  readonly messageId: string;
  readonly subject: string;
};

export type QueueAttempt = {
  readonly at: Date;
  /** Who answered, e.g. `mx.example.test [192.0.2.1]`, or empty. */
  readonly server: string;
  /** The remote's words, or our own. */
  readonly text: string;
};

export type QueueState = 'queued' | 'held';

/** A way that an administrator chose for one entry: `host` is asked instead of the MX records. */
export type QueueRoute = {
  readonly host: string;
  readonly port: number;
  /** Of a forward to a server; absent = as well as it goes. */
  readonly tls?: 'required' | 'implicit';
  readonly username?: string;
  readonly password?: string;
};

export type QueueEntry = QueueEnvelope & {
  readonly id: string;
  /** Shared by the entries of one message. */
  readonly message: string;
  /** The message is `head` and then this content. */
  readonly content: ContentId;
  readonly head: Buffer;
  /** Destination domain in ASCII form, or `local`. */
  readonly destination: string;
  /** Those still to be served. */
  readonly recipients: readonly QueueRecipient[];
  readonly state: QueueState;
  /** A worker has it in hand. */
  readonly working: boolean;
  readonly created: Date;
  readonly next: Date;
  readonly attempts: number;
  readonly delayTold: boolean;
  readonly last: QueueAttempt | undefined;
  readonly route: QueueRoute | undefined;
  /** Return it to the sender with these words instead of trying. */
  readonly giveUp: string | undefined;
  /** The distribution list that it is a post to, by id. */
  readonly list?: string;
  /** Who let the post through; absent = nobody yet. */
  readonly approved?: string;
  /** The post waits for a moderator. */
  readonly moderated?: boolean;
  /** The address here that passed it on to another place: its sender is rewritten. */
  readonly forwardedBy?: string;
};

/** An entry with the right to work on it until the lease ends. */
export type LeasedEntry = QueueEntry & { readonly lease: string };

export type NewEntry = {
  readonly destination: string;
  readonly recipients: readonly QueueRecipient[];
  readonly route?: QueueRoute;
  readonly list?: string;
  readonly forwardedBy?: string;
};

export type QueueFilter = {
  readonly user?: string;
  readonly message?: string;
  readonly transaction?: string;
  readonly destination?: string;
  readonly state?: QueueState;
  /** Posts to this list that wait for a moderator. */
  readonly heldFor?: string;
  /** Part of an address, subject, Message-ID or domain. */
  readonly search?: string;
  readonly limit?: number;
};

export type QueueTally = { readonly queued: number; readonly held: number; readonly due: number; readonly oldest?: Date };
export type QueuePause = { readonly since: Date; readonly reason: string };

export type EnqueueOptions = {
  readonly now: Date;
  readonly notBefore?: Date;
  /**
   * Makes it happen once: a second call with the same key within a week does nothing (for notices that are written before what caused them is removed).
   */
  readonly key?: string;
  readonly state?: QueueState;
};

export type QueueStore = {
  /** Grows when what was written without `durable` may be gone. */
  readonly epoch: () => number;
  /** Durable when it resolves, all entries or none. */
  readonly enqueue: (
    envelope: QueueEnvelope,
    entries: readonly NewEntry[],
    source: { readonly content: ContentId; readonly head?: Buffer | undefined },
    options: EnqueueOptions,
  ) => Promise<{ readonly message: string; readonly entries: readonly string[]; readonly repeated: boolean }>;
  /** Takes a message back that was not acknowledged. */
  readonly withdraw: (message: string) => Promise<void>;
  /** Takes the entry that is due longest, leaving out some destinations. */
  readonly lease: (options: {
    readonly now: Date;
    readonly leaseMs: number;
    readonly exclude?: readonly string[];
  }) => Promise<LeasedEntry | undefined>;
  /** False when the lease was lost: then somebody else works on it. */
  readonly renew: (entry: LeasedEntry, until: Date) => Promise<boolean>;
  /** Every recipient is served or bounced: the entry goes. */
  readonly finish: (entry: LeasedEntry) => Promise<void>;
  /** Some recipients are left: try again at `next`. False when the lease was lost; nothing is changed then. */
  readonly defer: (
    entry: LeasedEntry,
    change: {
      readonly recipients: readonly QueueRecipient[];
      readonly next: Date;
      readonly last: QueueAttempt;
      readonly delayTold: boolean;
      /** False when it was not the destination's fault. */
      readonly countAttempt: boolean;
    },
  ) => Promise<boolean>;
  /** How many entries of a destination all workers have in hand. */
  readonly inHand: (destination: string, now: Date) => Promise<number>;
  /** Not begun: another time. */
  readonly putBack: (entry: LeasedEntry, next: Date) => Promise<void>;
  /** It waits for a moderator. False when the lease was lost. */
  readonly holdForModerator: (entry: LeasedEntry, last: QueueAttempt) => Promise<boolean>;
  /** False when no post with this id waits for a moderator. */
  readonly approve: (id: string, by: string, now: Date) => Promise<boolean>;
  /** Posts that no moderator has looked at since then go back to their senders. Answers how many. */
  readonly expireModerated: (before: Date, reason: string, now: Date) => Promise<number>;
  /** When the next entry is due, undefined when there is none. */
  readonly nextDue: () => Promise<Date | undefined>;
  readonly find: (filter: QueueFilter) => Promise<readonly QueueEntry[]>;
  readonly page: (filter: QueueFilter, request: PageRequest) => Promise<Page<QueueEntry>>;
  readonly get: (id: string) => Promise<QueueEntry | undefined>;
  /** These answer whether there was such an entry. What a worker has in hand can be held, removed and re-routed, but not be retried or given up. */
  readonly setState: (id: string, state: QueueState) => Promise<boolean>;
  readonly retryNow: (id: string, now: Date) => Promise<boolean>;
  readonly giveUp: (id: string, reason: string, now: Date) => Promise<boolean>;
  readonly setRoute: (id: string, route: QueueRoute | undefined) => Promise<boolean>;
  readonly remove: (id: string) => Promise<boolean>;
  readonly tally: (now: Date) => Promise<QueueTally>;
  /** Whether all outgoing mail waits, for every worker. */
  readonly paused: () => Promise<QueuePause | undefined>;
  readonly setPaused: (pause: QueuePause | undefined) => Promise<void>;
  /** Finishes or drops what a crash left staged before that time. */
  readonly recover: (before: Date) => Promise<void>;
};
