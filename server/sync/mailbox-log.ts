/**
 * One worker's reading position in one mailbox's journal: the head (what a writer must know), and, while somebody has the mailbox open, the view that follows it.
 * Every entry this worker learns of, written here or elsewhere, passes through `advance` once and in order.
 */
import { Fault, nonexistent } from '../base/fault.ts';
import type { Change, JournalEntry } from '../mail/change.ts';
import type { MailboxId, Modseq, Uid, UserId } from '../mail/ids.ts';
import type { Database } from '../store/connect.ts';
import { readEntryTime, readJournal } from '../store/journal.ts';
import { readAppliedNode } from '../store/mailbox-nodes.ts';
import { readRows } from '../store/placements.ts';
import { type AppliedStep, ViewColumns } from './view-columns.ts';

/** Entries read at a time while catching up. */
const PAGE = 200;
/** A position that was not compared with the journal for so long is checked before it is built on; far below the time that journals are kept. */
const STALE_MS = 10 * 60_000;

export type LogListener = (entry: JournalEntry, step: AppliedStep) => void;

export class MailboxLog {
  readonly user: UserId;
  readonly mailbox: MailboxId;
  readonly uidValidity: number;
  modseq: Modseq;
  uidNext: Uid;
  deleted: boolean;
  /** The last entry, as far as this log has seen, that brought or moved messages: it must be applied before placements are read. Flags come from the view. */
  owedAt = 0 as Modseq;
  /** The journal was trimmed past this position. */
  broken = false;
  columns: ViewColumns | undefined;
  /** Number of users of the view; the registry drops views that nobody holds. */
  holds = 0;
  readonly listeners = new Set<LogListener>();
  readonly #database: Database;
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #loading: Promise<ViewColumns> | undefined;
  #checkedAt = Date.now();
  /** When the last entry was made that this log has read itself; with its number it names the entry. */
  #lastAtMs: number | undefined;
  /** The life of the database in which the position is known to stand. */
  #epoch: number;

  private constructor(
    database: Database,
    user: UserId,
    mailbox: MailboxId,
    state: { uidValidity: number; modseq: Modseq; uidNext: Uid; deleted: boolean },
  ) {
    this.#database = database;
    this.#epoch = database.epoch();
    this.user = user;
    this.mailbox = mailbox;
    this.uidValidity = state.uidValidity;
    this.modseq = state.modseq;
    this.uidNext = state.uidNext;
    this.deleted = state.deleted;
  }

  /** At the journal's present end. Fault NONEXISTENT. */
  static async open(database: Database, user: UserId, mailbox: MailboxId): Promise<MailboxLog> {
    const node = await readAppliedNode(database, mailbox);
    if (node === undefined || node.user !== user || node.deleted) throw nonexistent('No such mailbox.');
    const log = new MailboxLog(database, user, mailbox, node);
    await log.catchUp();
    if (log.deleted) throw nonexistent('No such mailbox.');
    return log;
  }

  /** Takes the next entry; one that is known already is passed over. */
  advance(entry: JournalEntry): void {
    if (entry.modseq <= this.modseq) return;
    if (entry.modseq !== this.modseq + 1) {
      // The journal was trimmed past our position (a machine asleep for weeks): nobody can say what happened in between.
      throw this.#lost();
    }
    this.modseq = entry.modseq;
    this.#checkedAt = Date.now();
    this.#lastAtMs = entry.atMs;
    this.uidNext = entry.uidNext;
    for (const change of entry.changes) {
      if (change.kind === 'delete') this.deleted = true;
      else if (isOwed(change)) this.owedAt = entry.modseq;
    }
    const step = this.columns?.apply(entry);
    if (step === undefined) return;
    for (const listener of this.listeners) listener(entry, step);
  }

  /**
   * Reads to the end of the journal as of this call. Calls that come while a read is under way share the one after it, because the present read may have started
   * before what the caller wants to see.
   */
  catchUp(): Promise<void> {
    if (this.#reading === undefined) {
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined;
      });
      return this.#reading;
    }
    this.#next ??= this.#reading
      .catch(() => {}) // its own callers hear of it
      .then(() => {
        this.#next = undefined;
        return this.catchUp();
      });
    return this.#next;
  }

  async #read(): Promise<void> {
    await this.verify();
    for (;;) {
      const entries = await readJournal(this.#database, this.user, this.mailbox, this.modseq, PAGE);
      for (const entry of entries) this.advance(entry);
      if (entries.length < PAGE) return;
    }
  }

  /**
   * To be called before an entry is written on top of this position. After a long silence (a mailbox that only others used, a machine that slept) the journal may have been
   * trimmed past it, and then its next number would look free. Fault CLOSED: this log is of no use any more, open another.
   */
  async freshen(): Promise<void> {
    await this.verify();
    if (Date.now() - this.#checkedAt < STALE_MS) return;
    await this.catchUp();
    const node = await readAppliedNode(this.#database, this.mailbox);
    if (node !== undefined && node.modseq > this.modseq) throw this.#lost();
    this.#checkedAt = Date.now();
  }

  /**
   * What a stand-alone server showed us for a moment may be gone when it dies before it has flushed it, and another entry may stand there now. So after a server was lost the position is compared with the
   * journal, before it is read on or built on. Fault CLOSED: this log has seen what never came to be.
   */
  async verify(): Promise<void> {
    if (this.broken) throw this.#lost();
    const epoch = this.#database.epoch();
    // In a replica set only what a majority has is ever read, and that stays.
    if (epoch === this.#epoch || this.#database.topology !== 'standalone') return;
    const { modseq } = this;
    const atMs = await readEntryTime(this.#database, this.user, this.mailbox, modseq);
    if (modseq !== this.modseq) return; // it moved meanwhile: the next call looks again
    if (atMs === undefined) {
      // Trimmed, or the very beginning, or gone: the applied state has passed it in the first two cases.
      const node = await readAppliedNode(this.#database, this.mailbox);
      if (node === undefined || node.modseq < modseq) throw this.#lost();
    } else if (this.#lastAtMs !== undefined && atMs !== this.#lastAtMs) throw this.#lost();
    this.#epoch = epoch;
  }

  /** For tests: as if the journal had last been looked at then (ms since the epoch). */
  pretendUncheckedSince(timeMs: number): void {
    this.#checkedAt = timeMs;
  }

  #lost(): Fault {
    this.columns = undefined;
    this.broken = true;
    return new Fault('connection', 'CLOSED', 'The mailbox has changed too much since it was opened; open it again.');
  }

  /** The view, loaded when it isn't there. Loading runs while others write: rows first, then the journal from where the rows are known to start. */
  async view(): Promise<ViewColumns> {
    if (this.columns !== undefined) return this.columns;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(): Promise<ViewColumns> {
    await this.verify();
    const node = await readAppliedNode(this.#database, this.mailbox);
    if (node === undefined) throw nonexistent('No such mailbox.');
    const columns = new ViewColumns(node.modseq, node.uidNext);
    for await (const rows of readRows(this.#database, this.user, this.mailbox)) for (const row of rows) columns.load(row);
    for (;;) {
      const entries = await readJournal(this.#database, this.user, this.mailbox, columns.modseq, PAGE);
      for (const entry of entries) {
        columns.apply(entry);
        this.#lastAtMs = entry.atMs;
        if (entry.modseq > this.modseq && entry.changes.some(isOwed)) this.owedAt = entry.modseq;
      }
      // From here to the assignment nothing is awaited, so head and view can't part.
      if (entries.length < PAGE && columns.modseq >= this.modseq) break;
    }
    this.modseq = columns.modseq;
    this.uidNext = columns.uidNext;
    this.deleted = columns.deleted;
    this.columns = columns;
    return columns;
  }
}

function isOwed(change: Change): boolean {
  return change.kind === 'append' || (change.kind === 'expunge' && change.move !== undefined);
}
