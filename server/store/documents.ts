/**
 * What lies in the collections. Only `server/store/` knows these shapes; everybody else speaks the types of `server/mail/` and `server/operations/contract.ts`.
 *
 * - `journal`: the truth, one document per commit of a mailbox, unique by (user, mailbox, modseq)
 * - `messages`: placements, derived from the journal
 * - `mailboxes`: nodes of the users' trees, with counters derived from the journal
 * - `contents`: immutable messages as ordered segments, with their wire-form answers; shared by all placements
 * - `texts`: what SEARCH, SORT and lists read, apart from the bytes so that a scan doesn't drag them along
 * - `blobs`, `chunks`: attachment bodies by hash, in their own database
 */
import type { ObjectId } from 'mongodb';
import type { FlagOperation } from '../mail/flags.ts';
import type { AttachmentSummary, Base64Recipe, MailAddress, SentDate, SortKeys } from '../mime/types.ts';

export type CountsDoc = { messages: number; unseen: number; deleted: number; bytes: number };

/** `i`: a user's id in hex, or `anyone`; `r`: rights. */
export type AclDoc = { i: string; r: string };

export type MailboxDoc = {
  _id: ObjectId;
  user: ObjectId;
  /** null at the top level. A removed mailbox hangs below itself, out of the tree. */
  parent: ObjectId | null;
  name: string;
  uidValidity: number;
  /** The journal position that placements and counters have reached. */
  modseq: number;
  uidNext: number;
  counts: CountsDoc;
  /** UIDs up to here were \Recent for somebody already. */
  recent: number;
  specialUse?: string;
  subscribed: boolean;
  noSelect?: boolean;
  hidden?: boolean;
  retentionMs?: number;
  acl?: AclDoc[];
  createdAt: Date;
  deletedAt?: Date;
};

/** One placement. `expunged` is the modseq that removed it; it stays for the sweeper's grace as a tombstone. */
export type MessageDoc = {
  _id: ObjectId;
  user: ObjectId;
  mailbox: ObjectId;
  uid: number;
  modseq: number;
  flags: string[];
  /** Ms since the epoch. */
  internalDate: number;
  savedAt: number;
  size: number;
  content: ObjectId;
  thread: string;
  envelope: Buffer;
  bodyStructure: Buffer;
  expunged?: number;
  expungedAt?: Date;
  /** Not to be restored (it was, or must not be kept): no longer shown as deleted, and swept after the usual grace. */
  released?: boolean;
};

/** AppendedMessage in short names: thousands of them may stand in one journal document. */
export type AppendedDoc = { u: number; i: ObjectId; c: ObjectId; f: string[]; d: number; s: number; z: number; t: string };

/** UIDs as [from, to, from, to, …]. */
export type RangesDoc = number[];

export type ChangeDoc =
  | { kind: 'append'; messages: AppendedDoc[] }
  | { kind: 'flags'; operation: FlagOperation; flags: string[]; uids: RangesDoc }
  | { kind: 'expunge'; uids: RangesDoc; move?: { to: ObjectId; key: string; messages: Omit<AppendedDoc, 'u'>[] } }
  | { kind: 'delete' };

export type JournalDoc = {
  /** Chosen by the writer: after a lost reply it tells whose entry stands at a modseq. */
  _id: ObjectId;
  user: ObjectId;
  mailbox: ObjectId;
  modseq: number;
  at: Date;
  uidNext: number;
  changes: ChangeDoc[];
  delta: CountsDoc;
  /** Keys of the moves whose second half this entry is; unique over all journals. */
  moves?: string[];
};

/** A piece of a message: bytes in place, or a range of the message that a blob gives back. */
export type SegmentDoc = { d: Buffer } | { b: Buffer; n: number; z: number; r?: Base64Recipe };

export type ContentDoc = {
  _id: ObjectId;
  size: number;
  headerSize: number;
  /** In order; `d` bytes in place; `b` blob hash with `n` message bytes made of `z` stored bytes by recipe `r`. */
  segments: SegmentDoc[];
  /** Hashes of all blobs, for the sweeper. */
  blobs?: Buffer[];
  parts: Buffer;
  envelope: Buffer;
  body: Buffer;
  bodyStructure: Buffer;
  preview: string;
};

export type TextDoc = {
  _id: ObjectId;
  header: string;
  body: string;
  summary: SummaryDoc;
};

export type SummaryDoc = {
  subject: string;
  baseSubject: string;
  subjectIsReply: boolean;
  sort: SortKeys;
  from: MailAddress[];
  replyTo: MailAddress[];
  to: MailAddress[];
  cc: MailAddress[];
  bcc: MailAddress[];
  messageId?: string;
  inReplyTo: string[];
  references: string[];
  sentDate?: SentDate;
  preview: string;
  attachments: AttachmentSummary[];
  importance: 'high' | 'normal' | 'low';
  listId: string;
};

export type BlobDoc = {
  /** SHA-256 of the stored bytes. */
  _id: Buffer;
  size: number;
  /** The bytes, when they fit one document; else they are in `chunks` under `upload`. */
  data?: Buffer;
  upload?: ObjectId;
  /** Refreshed by every writer that relies on it; the sweeper only takes what is untouched for its grace. */
  touchedAt: Date;
};

export type ChunkDoc = { _id: { u: ObjectId; n: number }; data: Buffer };
