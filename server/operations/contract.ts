/**
 * What protocols, the API and tasks can ask of the mail store. Implementations live beside this file; callers hold only these types.
 *
 * Every function that changes something resolves after the change is durable (journaled, or majority-written on a replica set) and throws a Fault otherwise:
 * `busy UNAVAILABLE` when the database is away (nothing changed), `user …` with a code of RFC 5530 when it is refused.
 */
import type { Traffic } from './traffic.ts';
import type { JournalEntry, MailboxCounts } from '../mail/change.ts';
import type { FlagOperation } from '../mail/flags.ts';
import type { ContentId, MailboxId, MessageId, Modseq, Uid, UserId } from '../mail/ids.ts';
import type { SpecialUse } from '../mail/special-use.ts';
import type { UidSet } from '../mail/uid-set.ts';
import type { AttachmentSummary, MailAddress, SentDate, SortKeys } from '../mime/types.ts';
import type { Account, AccountOperations, Protocol } from './contract-accounts.ts';

// ── Mailboxes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export type MailboxInfo = {
  readonly id: MailboxId;
  readonly user: UserId;
  /** Full path with '/' as separator, NFC, `INBOX` first level in capitals. */
  readonly path: string;
  readonly uidValidity: number;
  readonly uidNext: Uid;
  /** HIGHESTMODSEQ; ≥ 1. */
  readonly modseq: Modseq;
  readonly counts: MailboxCounts;
  /** RFC 6154 attribute as `\Sent`, or undefined. */
  readonly specialUse?: string;
  readonly subscribed: boolean;
  /** A name without a mailbox behind it: `\Noselect`. */
  readonly noSelect: boolean;
  readonly hidden: boolean;
  /** Ms after which messages are removed by the retention task; 0 = never. */
  readonly retentionMs: number;
  readonly createdAtMs: number;
};

export type MailboxUpdate = { subscribed?: boolean; hidden?: boolean; retentionMs?: number; specialUse?: string | null };

/** What missing superiors of a new name become: mailboxes themselves, or names only (\Noselect), which become mailboxes when they are created. */
export type Superiors = 'mailboxes' | 'names';
/** `superiors`: by default mailboxes. */
export type NewMailbox = MailboxUpdate & { readonly superiors?: Superiors };

export type MailboxOperations = {
  /** Every mailbox of the user, parents before children, INBOX first, otherwise by path. */
  readonly list: (user: UserId) => Promise<readonly MailboxInfo[]>;
  readonly get: (user: UserId, mailbox: MailboxId) => Promise<MailboxInfo | undefined>;
  /** Cheap after the first call: where deliveries go. Fault NONEXISTENT for a user without mailboxes. */
  readonly inboxOf: (user: UserId) => Promise<MailboxId>;
  readonly findByPath: (user: UserId, path: string) => Promise<MailboxInfo | undefined>;
  readonly findBySpecialUse: (user: UserId, specialUse: string) => Promise<MailboxInfo | undefined>;
  /** Creates missing parents as well. Faults: ALREADYEXISTS, CANNOT, LIMIT. */
  readonly create: (user: UserId, path: string, options?: NewMailbox) => Promise<MailboxInfo>;
  /** INBOX and the other mailboxes of a new user (`server/mail/special-use.ts`), some under other paths if wanted. Repeating it adds what is missing. */
  readonly createDefaults: (user: UserId, names?: Readonly<Partial<Record<SpecialUse, string>>>) => Promise<void>;
  /** Every mailbox of the user, INBOX included, with all mail: the end of an account. Repeating it is harmless. */
  readonly removeAll: (user: UserId) => Promise<void>;
  /** One atomic step that carries the inferiors. INBOX: its messages move to a new mailbox and INBOX stays, empty (RFC 9051 §6.3.6). */
  readonly rename: (user: UserId, from: string, to: string, options?: { readonly superiors?: Superiors }) => Promise<void>;
  /** Faults: NONEXISTENT, CANNOT (INBOX), HASCHILDREN for a \Noselect name with inferiors; one with inferiors becomes \Noselect. */
  readonly delete: (user: UserId, path: string) => Promise<void>;
  readonly update: (user: UserId, mailbox: MailboxId, changes: MailboxUpdate) => Promise<void>;
  /** Names that were subscribed and no longer exist (RFC 9051 §6.3.7: SUBSCRIBE state outlives the mailbox). */
  readonly subscribedGhosts: (user: UserId) => Promise<readonly string[]>;
  readonly unsubscribeGhost: (user: UserId, path: string) => Promise<void>;
  /**
   * Claims \Recent (RFC 3501 §2.3.2): exactly one caller gets each message. Answers the first UID that is recent for this caller;
   * UIDs from it up to `through` are claimed.
   */
  readonly claimRecent: (user: UserId, mailbox: MailboxId, through: Uid) => Promise<Uid>;
};

/** Limits of 0 = unlimited. */
export type QuotaState = {
  readonly limitBytes: number;
  readonly usedBytes: number;
  readonly limitMessages: number;
  readonly usedMessages: number;
};

// ── Content ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A message's bytes and analysis, stored and durable-before-its-placement; may be placed in any number of mailboxes. */
export type StoredContent = {
  readonly content: ContentId;
  readonly sizeBytes: number;
  readonly thread: string;
  /** The life of the database in which it was written; `ContentOperations.confirm` compares. */
  readonly epoch: number;
};

export type NewMessage = {
  readonly stored: StoredContent;
  readonly flags: readonly string[];
  readonly internalDateMs: number;
};

/** Per-message metadata in wire form, as FETCH needs it. Buffers are shared: never write to them. */
export type MessageMeta = {
  readonly uid: Uid;
  readonly id: MessageId;
  readonly content: ContentId;
  readonly thread: string;
  readonly internalDateMs: number;
  readonly savedAtMs: number;
  readonly sizeBytes: number;
  /** IMAP ENVELOPE and BODYSTRUCTURE in final wire form, parentheses included. BODY is in the content (`OpenContent.body`). */
  readonly envelope: Buffer;
  readonly bodyStructure: Buffer;
};

/** An open message: its part table in memory, its bytes read on demand. Independent of later expunges for as long as the sweeper's grace (an hour). */
export type OpenContent = {
  readonly content: ContentId;
  readonly sizeBytes: number;
  /** `server/mime/part-table.ts` encoded form; decode there, resolve sections with `server/mime/sections.ts`. */
  readonly parts: Uint8Array;
  readonly body: Buffer;
  readonly preview: string;
  /** The header of the whole message, blank line included. */
  readonly header: () => Promise<Buffer>;
  /** Bytes [start, end) of the raw message, in pieces of bounded size (≤ 1 MiB), in order. */
  readonly read: (start: number, end: number) => AsyncIterable<Buffer>;
  /** The same in one Buffer. */
  readonly readAll: (start: number, end: number) => Promise<Buffer>;
};

/**
 * Searchable text of one message, folded by i;unicode-casemap (`server/mime/casefold.ts`); fold the needle the same way. `header` has a line `NAME: decoded value` per
 * field. What was not asked for is empty.
 */
export type SearchText = { readonly uid: Uid; readonly header: string; readonly body: string };

/** Decoded header fields of one message, as the MIME layer found them at delivery: for SORT, THREAD and lists. */
export type MessageSummary = {
  readonly uid: Uid;
  readonly subject: string;
  readonly baseSubject: string;
  readonly subjectIsReply: boolean;
  readonly sort: SortKeys;
  readonly from: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly bcc: readonly MailAddress[];
  readonly messageId: string | undefined;
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
  readonly sentDate: SentDate | undefined;
  readonly preview: string;
  readonly attachments: readonly AttachmentSummary[];
  readonly importance: 'high' | 'normal' | 'low';
  readonly listId: string;
};

export type ContentOperations = {
  /**
   * Analyses and stores the message. Nothing refers to it yet: place it within an hour (the sweeper's grace) or it goes. Fault TOOBIG beyond the limit.
   * One stored content may be placed for any number of users. Its thread is derived from the first Message-ID in References (else In-Reply-To, else its own).
   */
  readonly store: (raw: Buffer) => Promise<StoredContent>;
  /**
   * The same for one mailbox: encrypted where its user wants that (`message-encryption.ts`), else by `plain` (default: `store`), which those who store one message for
   * several mailboxes share. The mailbox is the one that the message will be in: another's key is of no use.
   */
  readonly storeFor: (
    user: UserId,
    mailbox: MailboxId,
    raw: Buffer,
    plain?: () => Promise<StoredContent>,
  ) => Promise<StoredContent>;
  /** Whether what is stored into this mailbox is encrypted; without a mailbox: whether anything of this user's may be. */
  readonly encrypts: (user: UserId, mailbox?: MailboxId) => Promise<boolean>;
  /**
   * To be called after the durable write that refers to contents, and before anybody is told: contents become durable with that write, unless the server was lost in between.
   * Costs nothing while the database is well. Busy Fault when one of them is gone; then nothing may refer to it.
   */
  readonly confirm: (stored: readonly StoredContent[]) => Promise<void>;
  readonly open: (content: ContentId) => Promise<OpenContent>;
  /**
   * A hint that these contents are opened and read soon: a FETCH of many bodies calls it for the next few messages (some MiB) while it writes the present ones. Loads them in
   * two round trips; unknown ones are ignored. `bodies`: attachments as well.
   */
  readonly prefetch: (contents: readonly ContentId[], options: { readonly bodies: boolean }) => Promise<void>;
};

/** Reads of placed messages. Unknown or expunged-and-swept UIDs are simply absent from the answers. Ascending UIDs, except for `searchText`, which gives what is in memory first. */
export type MessageReads = {
  /** In batches, for streaming a FETCH. Messages expunged a moment ago are still found (`includeExpunged`, default true). */
  readonly metadata: (user: UserId, mailbox: MailboxId, uids: UidSet) => AsyncIterable<readonly MessageMeta[]>;
  readonly metadataOf: (user: UserId, mailbox: MailboxId, uid: Uid) => Promise<MessageMeta | undefined>;
  readonly searchText: (
    user: UserId,
    mailbox: MailboxId,
    uids: UidSet,
    which: 'header' | 'body' | 'both',
  ) => AsyncIterable<readonly SearchText[]>;
  readonly summaries: (user: UserId, mailbox: MailboxId, uids: UidSet) => AsyncIterable<readonly MessageSummary[]>;
};

// ── Changes to messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export type AppendResult = {
  readonly mailbox: MailboxId;
  readonly uidValidity: number;
  readonly uids: readonly Uid[];
  readonly ids: readonly MessageId[];
  readonly modseq: Modseq;
};

export type StoreRequest = {
  readonly uids: UidSet;
  readonly operation: FlagOperation;
  readonly flags: readonly string[];
  /** RFC 7162 §3.1.3: messages changed after this modseq are left alone and reported in `modified`. */
  readonly unchangedSince?: Modseq;
};

export type StoreResult = {
  /** The mailbox's modseq after the change (unchanged when nothing did). */
  readonly modseq: Modseq;
  /** Messages whose flags are now different. */
  readonly changed: UidSet;
  /** Failed the unchangedSince test. */
  readonly modified: UidSet;
  /** Named but no longer there. */
  readonly missing: UidSet;
};

/** `from[i]` became `to[i]`; both ascending as COPYUID wants them (RFC 4315 §3). */
export type CopyResult = {
  readonly mailbox: MailboxId;
  readonly uidValidity: number;
  readonly from: readonly Uid[];
  readonly to: readonly Uid[];
  readonly modseq: Modseq;
};

export type MessageOperations = {
  /**
   * Places messages at the mailbox's end, together and in order. Quota is checked for the sum (Fault OVERQUOTA) unless `ignoreQuota`.
   * Concurrent appends into one mailbox are committed in groups.
   *
   * `once`: a key, unique over all mailboxes. A second append with it does nothing and answers what the first one placed, whichever mailbox it names; so a caller that crashed
   * may repeat. It is remembered as long as the journal (two weeks).
   */
  readonly append: (
    user: UserId,
    mailbox: MailboxId,
    messages: readonly NewMessage[],
    options?: { ignoreQuota?: boolean; once?: string },
  ) => Promise<AppendResult>;
  /**
   * A new message takes the place of `uid`, there or in another mailbox of the same user, in one commit (RFC 8508). The result's MODSEQ is that of `mailbox`. Quota is checked for the
   * difference. Fault NONEXISTENT when the old message is gone; then nothing is placed.
   */
  readonly replace: (user: UserId, mailbox: MailboxId, uid: Uid, message: NewMessage, to: MailboxId) => Promise<AppendResult>;
  readonly store: (user: UserId, mailbox: MailboxId, request: StoreRequest) => Promise<StoreResult>;
  /** Removes messages that carry \Deleted (`onlyDeleted`) or all of `uids`. `uids` undefined = the whole mailbox. Answers what went. */
  readonly expunge: (
    user: UserId,
    mailbox: MailboxId,
    options: { uids?: UidSet; onlyDeleted: boolean },
  ) => Promise<{ modseq: Modseq; expunged: UidSet }>;
  /** Messages that are gone are skipped. Flags, INTERNALDATE and content are kept. Quota is checked. */
  readonly copy: (user: UserId, from: MailboxId, uids: UidSet, to: MailboxId, toUser?: UserId) => Promise<CopyResult>;
  /** Each message leaves and arrives exactly once, whatever crashes in between (RFC 6851). Also within one mailbox. */
  readonly move: (
    user: UserId,
    from: MailboxId,
    uids: UidSet,
    to: MailboxId,
  ) => Promise<CopyResult & { readonly expunged: UidSet }>;
};

// ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The flags of a message; interned per view, so identity comparison is equality within one view. Sorted: system flags first. */
export type Flags = readonly string[];

/**
 * A worker's shared picture of one open mailbox at journal position `modseq`. Rows are in UID order; index 0 is the lowest UID.
 * It moves forward only between a listener's calls, never backwards, and one entry at a time.
 */
export type MailboxView = {
  readonly user: UserId;
  readonly mailbox: MailboxId;
  readonly uidValidity: number;
  readonly modseq: Modseq;
  readonly uidNext: Uid;
  readonly count: number;
  readonly unseen: number;
  /** The mailbox was deleted: no further change will come. */
  readonly deleted: boolean;
  /** Keywords in use or ever seen in this view, in first-seen spelling. */
  readonly keywords: readonly string[];
  /** The row of a UID, or -1. */
  readonly indexOf: (uid: Uid) => number;
  /** The row of the first UID ≥ uid (may be `count`). */
  readonly lowerBound: (uid: Uid) => number;
  readonly uidAt: (index: number) => Uid;
  readonly flagsAt: (index: number) => Flags;
  readonly modseqAt: (index: number) => Modseq;
  readonly sizeAt: (index: number) => number;
  readonly internalDateAt: (index: number) => number;
  /** Called after each applied entry, synchronously, in order. */
  readonly subscribe: (listener: ViewListener) => () => void;
};

/** What an applied entry did to the view, in UIDs. `expunged` rows carry what a session needs to go on showing them until it tells their expunge. */
export type ViewListener = (step: ViewStep) => void;
export type ViewStep = {
  readonly entry: JournalEntry;
  readonly appended: readonly Uid[];
  readonly flagged: UidSet;
  readonly expunged: readonly ExpungedRow[];
};
export type ExpungedRow = {
  readonly uid: Uid;
  readonly flags: Flags;
  readonly modseq: Modseq;
  readonly sizeBytes: number;
  readonly internalDateMs: number;
};

/** A hold on a view; the view is dropped when the last hold is released (after a while, so that re-SELECT is cheap). */
export type ViewHold = { readonly view: MailboxView; readonly release: () => void };

export type ViewOperations = {
  /** Loads or shares the view and brings it to the journal's end. */
  readonly open: (user: UserId, mailbox: MailboxId) => Promise<ViewHold>;
  /** Brings an open view to the journal's end as of now: what NOOP, CHECK and every command boundary call. Free while there is no other worker. */
  readonly refresh: (view: MailboxView) => Promise<void>;
  /** UIDs expunged after `since` for QRESYNC; `undefined` when the journal no longer reaches back that far. */
  readonly expungedSince: (user: UserId, mailbox: MailboxId, since: Modseq) => Promise<UidSet | undefined>;
};

/** Something else happened to a user's mailboxes: tree changes and counters, for NOTIFY and the event stream. */
export type UserEvent =
  | { readonly kind: 'mailboxes'; readonly user: UserId }
  | { readonly kind: 'mailbox'; readonly user: UserId; readonly mailbox: MailboxId; readonly modseq: Modseq }
  | MetadataEvent
  /** Access changed: sessions of this user that it concerns end. */
  | AccessEvent;

/** Annotations changed: of a mailbox, or with `mailbox` undefined of the account or (user `EVERYBODY`) the server. `reader`: whose private ones; undefined for shared ones. */
export type MetadataEvent = {
  readonly kind: 'metadata';
  readonly user: UserId;
  readonly mailbox?: MailboxId | undefined;
  readonly reader?: UserId | undefined;
  readonly entries: readonly string[];
};

export type AccessEvent = {
  readonly kind: 'access';
  readonly user: UserId;
  readonly reason: string;
  readonly only?: AccessLimits;
};

/** Which sessions a change of access concerns: those with this application password, of these protocols, with this token. Nothing named: all. */
export type AccessLimits = { readonly appPassword?: string; readonly scopes?: readonly string[]; readonly token?: string };

/** Whether a mail session must end for it. */
export function endsSession({ appPassword, scopes, token }: AccessLimits = {}, protocol: Protocol, account: Account): boolean {
  if (token !== undefined) return account.token === token;
  if (appPassword !== undefined) return account.appPassword === appPassword;
  return scopes === undefined || scopes.includes(protocol);
}

export type UserEvents = { readonly subscribe: (user: UserId, listener: (event: UserEvent) => void) => () => void };

// ── Sharing and annotations ─────────────────────────────────────────────────────────────────────────────────────────────

export type AclIdentifier = 'anyone' | UserId;

/** RFC 4314. Rights are strings of letters as in `server/mail/rights.ts`. The owner has all of them and is not in the list. */
export type AclOperations = {
  readonly list: (
    owner: UserId,
    mailbox: MailboxId,
  ) => Promise<readonly { readonly identifier: AclIdentifier; readonly rights: string }[]>;
  /** Faults: NONEXISTENT, CANNOT for the owner, LIMIT. */
  readonly set: (
    owner: UserId,
    mailbox: MailboxId,
    identifier: AclIdentifier,
    operation: 'add' | 'remove' | 'replace',
    rights: string,
  ) => Promise<void>;
  readonly rightsOf: (user: UserId, owner: UserId, mailbox: MailboxId) => Promise<string>;
  /** All mailboxes that are shared with somebody, at most so many. */
  readonly all: (limit: number) => Promise<
    readonly {
      readonly mailbox: MailboxInfo;
      readonly entries: readonly { readonly identifier: AclIdentifier; readonly rights: string }[];
    }[]
  >;
  /** Mailboxes of other users that this one has rights on, with their paths in the owner's tree. */
  readonly sharedWith: (user: UserId) => Promise<readonly { readonly mailbox: MailboxInfo; readonly rights: string }[]>;
};

/** RFC 5464. Entries start with /private/ (each reader's own) or /shared/; names come back in lower case. `mailbox` undefined: the account itself, or of owner `EVERYBODY` the server. */
export type MetadataOperations = {
  readonly get: (
    reader: UserId,
    owner: UserId,
    mailbox: MailboxId | undefined,
  ) => Promise<readonly { readonly entry: string; readonly value: Buffer }[]>;
  /** All or, when one is refused, none. `value` undefined removes. Faults: CANNOT, TOOBIG, LIMIT. */
  readonly set: (
    writer: UserId,
    owner: UserId,
    mailbox: MailboxId | undefined,
    entries: readonly { readonly entry: string; readonly value: Buffer | undefined }[],
  ) => Promise<void>;
};

// ── The whole ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export type Operations = {
  readonly mailboxes: MailboxOperations;
  readonly contents: ContentOperations;
  readonly reads: MessageReads;
  readonly messages: MessageOperations;
  readonly views: ViewOperations;
  readonly events: UserEvents;
  readonly quota: (user: UserId) => Promise<QuotaState>;
  /** What users fetch and store by IMAP in a day; absent where nobody counts. */
  readonly traffic?: Pick<Traffic, 'allows' | 'count' | 'used'>;
  readonly accounts: AccountOperations;
  readonly acls: AclOperations;
  readonly metadata: MetadataOperations;
};
