/** Opening mailboxes for sessions: a thin face on the shared columns. */
import type { JournalEntry } from '../mail/change.ts';
import type { MailboxId, Modseq, Uid, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import type { Database } from '../store/connect.ts';
import { readJournal } from '../store/journal.ts';
import type { Beacons } from '../sync/beacons.ts';
import type { MailboxLog } from '../sync/mailbox-log.ts';
import type { AppliedStep, ViewColumns } from '../sync/view-columns.ts';
import type { MailboxView, ViewListener, ViewOperations } from './contract.ts';
import type { MailboxRegistry } from './mailbox-registry.ts';

/** Entries read for QRESYNC at a time, and at most: beyond that the client is better served by the list of what exists. */
const EXPUNGE_PAGE = 500;
const EXPUNGE_MAX_ENTRIES = 20_000;

export function createViews(database: Database, registry: MailboxRegistry, beacons: Beacons): ViewOperations {
  return {
    open: async (user, mailbox) => {
      const { log, release } = await registry.hold(user, mailbox);
      return { view: new SharedView(log, await log.view()), release };
    },
    refresh: (view) => (view instanceof SharedView && !beacons.alone() ? view.log.catchUp() : Promise.resolve()),
    expungedSince: async (user, mailbox, since) => {
      let gone = UidSet.empty;
      let at = since;
      const present = await registry.use(user, mailbox, (log) => Promise.resolve(log.modseq));
      for (let entries = 0; entries < EXPUNGE_MAX_ENTRIES; ) {
        const page = await readJournal(database, user, mailbox, at, EXPUNGE_PAGE);
        // Trimmed: the entry after `since` is not there any more.
        if (at === since && (page[0]?.modseq ?? present + 1) !== since + 1 && since < present) return undefined;
        for (const entry of page) gone = gone.union(expungedBy(entry));
        const last = page.at(-1);
        if (last === undefined || page.length < EXPUNGE_PAGE) return gone;
        at = last.modseq;
        entries += page.length;
      }
      return undefined;
    },
  };
}

function expungedBy(entry: JournalEntry): UidSet {
  let gone = UidSet.empty;
  for (const change of entry.changes) if (change.kind === 'expunge') gone = gone.union(change.uids);
  return gone;
}

/** The view's columns with the log they follow. One per session, but all it holds is two references. */
class SharedView implements MailboxView {
  readonly log: MailboxLog;
  readonly #columns: ViewColumns;

  constructor(log: MailboxLog, columns: ViewColumns) {
    this.log = log;
    this.#columns = columns;
  }

  get user(): UserId {
    return this.log.user;
  }
  get mailbox(): MailboxId {
    return this.log.mailbox;
  }
  get uidValidity(): number {
    return this.log.uidValidity;
  }
  get modseq(): Modseq {
    return this.#columns.modseq;
  }
  get uidNext(): Uid {
    return this.#columns.uidNext;
  }
  get count(): number {
    return this.#columns.count;
  }
  get unseen(): number {
    return this.#columns.unseen;
  }
  get deleted(): boolean {
    return this.#columns.deleted;
  }
  get keywords(): readonly string[] {
    return this.#columns.keywords;
  }
  indexOf(uid: Uid): number {
    return this.#columns.indexOf(uid);
  }
  lowerBound(uid: Uid): number {
    return this.#columns.lowerBound(uid);
  }
  uidAt(index: number): Uid {
    return this.#columns.uidAt(index);
  }
  flagsAt(index: number): readonly string[] {
    return this.#columns.flagsAt(index);
  }
  modseqAt(index: number): Modseq {
    return this.#columns.modseqAt(index);
  }
  sizeAt(index: number): number {
    return this.#columns.sizeAt(index);
  }
  internalDateAt(index: number): number {
    return this.#columns.internalDateAt(index);
  }
  subscribe(listener: ViewListener): () => void {
    const own = (entry: JournalEntry, step: AppliedStep): void => listener({ entry, ...step });
    this.log.listeners.add(own);
    return () => {
      this.log.listeners.delete(own);
    };
  }
}
