/** What the API keeps beside messages: notes, stored files, threads, what was deleted, and the feed of events. */
import type { ContentId, MailboxId, Modseq, Uid, UserId } from '../mail/ids.ts';
import type { Database } from '../store/connect.ts';
import { type FileStore, createFileStore } from '../store/files.ts';
import {
  type FeedEntry,
  countThreads,
  findArchived,
  findThread,
  releaseAll,
  releaseArchived,
  releaseDeletedSince,
  pageArchived,
  positionsAt,
  readFeed,
  readSummaries,
} from '../store/mail-queries.ts';
import { type Changes, type Stored, createRecords } from '../store/records.ts';
import type { ArchivedMessage, MessageNoteFields } from '../store/types-mail-records.ts';
import type { Page, PageRequest } from '../store/types-page.ts';
import type { MessageSummary } from './contract.ts';

export type MessageNote = Stored<MessageNoteFields>;

export type MailRecords = {
  readonly notesOf: (user: UserId, contents: readonly ContentId[]) => Promise<ReadonlyMap<string, MessageNote>>;
  readonly note: (user: UserId, content: ContentId, changes: Changes<MessageNoteFields>['set']) => Promise<void>;
  readonly threadCounts: (user: UserId, threads: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly thread: (user: UserId, thread: string) => Promise<readonly { readonly mailbox: MailboxId; readonly uid: number }[]>;
  readonly archived: (user: UserId, request: PageRequest) => Promise<Page<ArchivedMessage>>;
  readonly findArchived: (
    user: UserId,
    which: { readonly id?: string; readonly uid?: number; readonly from?: Date; readonly to?: Date },
  ) => Promise<ArchivedMessage[]>;
  /** Archived messages are shown no more once they are back. */
  readonly release: (user: UserId, ids: readonly string[]) => Promise<void>;
  /** Nothing of this user's mail is kept to be restored. */
  readonly releaseAll: (user: UserId) => Promise<void>;
  /** What was deleted of a mailbox by changes from this modseq on is not kept. */
  readonly releaseDeletedSince: (user: UserId, mailbox: MailboxId, modseq: Modseq) => Promise<void>;
  /** Header fields by content; their `uid` means nothing. */
  readonly summariesOf: (contents: readonly ContentId[]) => Promise<ReadonlyMap<string, MessageSummary>>;
  readonly feed: (user: UserId, mailbox: MailboxId, after: Modseq, limit: number) => Promise<readonly FeedEntry[]>;
  readonly positionsAt: (user: UserId, event: string) => Promise<ReadonlyMap<MailboxId, Modseq> | undefined>;
  readonly files: FileStore;
};

/** What the records need of the mail: placements that have reached the journal's end. */
export type MailState = {
  readonly mailboxes: (user: UserId) => Promise<readonly { readonly id: MailboxId; readonly modseq: Modseq }[]>;
  /** Resolves when the entries up to this modseq have been applied. */
  readonly applied: (user: UserId, mailbox: MailboxId, modseq: Modseq) => Promise<void>;
};

export function createMailRecords(database: Database, mail: MailState): MailRecords {
  const settle = async (user: UserId): Promise<void> => {
    for (const { id, modseq } of await mail.mailboxes(user)) await mail.applied(user, id, modseq);
  };
  const notes = createRecords<MessageNoteFields>(database, 'messageNotes', { ids: ['user', 'content'] });
  return {
    notesOf: async (user, contents) => {
      const found = await notes.find({ user, content: { in: contents } });
      return new Map(found.map((note) => [note.content, note]));
    },
    note: async (user, content, set = {}) => {
      await notes.upsert({ user, content }, { set });
    },
    threadCounts: (user, threads) => countThreads(database, user, threads),
    thread: (user, thread) => findThread(database, user, thread),
    archived: async (user, request) => {
      await settle(user);
      return pageArchived(database, user, request);
    },
    findArchived: async (user, which) => {
      await settle(user);
      return findArchived(database, user, which);
    },
    release: (user, ids) => releaseArchived(database, user, ids),
    releaseAll: (user) => releaseAll(database, user),
    releaseDeletedSince: async (user, mailbox, modseq) => {
      await mail.applied(user, mailbox, modseq);
      await releaseDeletedSince(database, user, mailbox, modseq);
    },
    summariesOf: async (contents) => {
      const found = await readSummaries(database, contents);
      return new Map(
        [...found].map(([content, { messageId, sentDate, ...rest }]) => [
          content,
          { ...rest, messageId, sentDate, uid: 0 as Uid },
        ]),
      );
    },
    feed: (user, mailbox, after, limit) => readFeed(database, user, mailbox, after, limit),
    positionsAt: (user, event) => positionsAt(database, user, event),
    files: createFileStore(database),
  };
}

export type { FeedEntry };
