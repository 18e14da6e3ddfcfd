/**
 * The writer of one mailbox in this worker: operations queue up while a commit is under way and the next commit takes them together (group commit). Other workers write
 * to the same mailbox just as well; whoever comes second at a modseq reads what the first wrote and drafts again.
 */
import { Fault, nonexistent, unavailable } from '../base/fault.ts';
import type { JournalEntry } from '../mail/change.ts';
import type { Database } from '../store/connect.ts';
import { commitEntry } from '../store/journal.ts';
import type { MailboxLog } from '../sync/mailbox-log.ts';
import { EntryDraft } from './entry-draft.ts';
import type { Materializer } from './materializer.ts';

/** Operations in one commit; more wait for the next. */
const MAX_OPERATIONS = 256;
/** Messages that the appends of one commit may carry: keeps a journal document far from MongoDB's 16 MB. */
const MAX_WEIGHT = 5_000;
/** Operations that may wait; beyond it callers are told to come back. */
const MAX_QUEUED = 10_000;
/** Lost races in a row before giving up; each means that somebody else succeeded. */
const MAX_RACES = 200;
/** Commits that may be ahead of their applying; then writers wait for it. */
const MAX_UNAPPLIED = 64;

export type Operation<T> = {
  /** Reads existing messages (STORE, EXPUNGE, MOVE), so the view must be there. */
  readonly needsView: boolean;
  /** Rough size: messages appended. */
  readonly weight: number;
  /** The second half of a move is never held back, or two mailboxes could wait for each other. */
  readonly urgent?: boolean;
  /** Adds its changes to the draft, or throws a Fault that refuses this operation alone. May run several times. */
  readonly evaluate: (draft: EntryDraft) => T;
};

/** `entry` is undefined when nothing had to change. `moved`: a move's second half that had been done already. */
export type Committed<T> = { readonly value: T; readonly entry: JournalEntry | undefined; readonly moved: boolean };

type Waiting = {
  readonly operation: Operation<unknown>;
  readonly resolve: (result: Committed<unknown>) => void;
  readonly reject: (error: unknown) => void;
};

export class MailboxWriter {
  readonly log: MailboxLog;
  readonly #database: Database;
  readonly #materializer: Materializer;
  readonly #onCommit: (entry: JournalEntry) => void;
  readonly #queue: Waiting[] = [];
  #running = false;

  constructor(database: Database, log: MailboxLog, materializer: Materializer, onCommit: (entry: JournalEntry) => void) {
    this.#database = database;
    this.log = log;
    this.#materializer = materializer;
    this.#onCommit = onCommit;
  }

  get idle(): boolean {
    return !this.#running && this.#queue.length === 0;
  }

  /** Resolves when the operation is durable. */
  submit<T>(operation: Operation<T>): Promise<Committed<T>> {
    if (this.#queue.length >= MAX_QUEUED) return Promise.reject(unavailable('Too many changes to this mailbox at once.'));
    return new Promise<Committed<T>>((resolve, reject) => {
      this.#queue.push({ operation, resolve: resolve as (result: Committed<unknown>) => void, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch();
      try {
        await this.#commit(batch);
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
    this.#running = false;
  }

  #takeBatch(): Waiting[] {
    let weight = 0;
    let count = 0;
    // A move's second half goes alone: "done already" must mean it and nothing else.
    for (const { operation } of this.#queue) {
      if (count > 0 && (count >= MAX_OPERATIONS || weight + operation.weight > MAX_WEIGHT || operation.urgent === true)) break;
      count += 1;
      weight += operation.weight;
      if (operation.urgent === true) break;
    }
    return this.#queue.splice(0, count);
  }

  async #commit(batch: Waiting[]): Promise<void> {
    const urgent = batch.some((waiting) => waiting.operation.urgent === true);
    if (!urgent) await this.#materializer.roomFor(this.log, MAX_UNAPPLIED);
    await this.log.freshen();
    const needsView = batch.some((waiting) => waiting.operation.needsView);
    for (let races = 0; races < MAX_RACES; races += 1) {
      const columns = needsView ? await this.log.view() : this.log.columns;
      if (this.log.deleted) throw nonexistent('The mailbox has been deleted.');
      const { user, mailbox, modseq, uidNext } = this.log;
      const draft = new EntryDraft({ user, mailbox, modseq, uidNext, columns }, Date.now());
      const results = batch.map((waiting) => evaluate(waiting.operation, draft));
      const entry = draft.isEmpty ? undefined : draft.entry();
      const outcome =
        entry === undefined ? 'committed' : await commitEntry(this.#database, entry, draft.moves, () => this.log.verify());
      if (outcome === 'behind') {
        await this.log.catchUp();
        continue;
      }
      if (outcome === 'committed' && entry !== undefined) {
        this.log.advance(entry);
        this.#materializer.push(this.log, entry);
        this.#onCommit(entry);
      }
      for (const [index, waiting] of batch.entries()) {
        const result = results[index];
        if (result === undefined) continue;
        if ('error' in result) waiting.reject(result.error);
        else waiting.resolve({ value: result.value, entry: outcome === 'moved' ? undefined : entry, moved: outcome === 'moved' });
      }
      return;
    }
    throw new Fault('busy', 'INUSE', 'Others are changing this mailbox faster than this change could be made.');
  }
}

function evaluate(operation: Operation<unknown>, draft: EntryDraft): { value: unknown } | { error: unknown } {
  try {
    return { value: operation.evaluate(draft) };
  } catch (error) {
    return { error };
  }
}
