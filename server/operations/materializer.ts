/**
 * Applies journal entries to placements and counters, in order, right behind the commits. It is the only writer of `messages`; because applying is idempotent, any worker
 * may do it for any entry, and whoever needs placements up to a modseq makes sure that they are there (`ensure`): after a crash that is the next reader.
 */
import type { Logger } from '../base/log.ts';
import type { JournalEntry } from '../mail/change.ts';
import type { MailboxId, Modseq, UserId } from '../mail/ids.ts';
import type { Database } from '../store/connect.ts';
import { readJournal } from '../store/journal.ts';
import { readAppliedNode, retireNode } from '../store/mailbox-nodes.ts';
import { type ApplyParts, applyChanges, applyEntries, isDelivery } from '../store/placements.ts';

type Progress = {
  readonly user: UserId;
  readonly mailbox: MailboxId;
  /** Known to be applied, as of `epoch`. */
  applied: Modseq;
  epoch: number;
  readonly queue: JournalEntry[];
  running: Promise<void> | undefined;
  /** Set while the applier lingers for more; ends that. */
  hurry: (() => void) | undefined;
};

export type MaterializerParts = {
  readonly database: Database;
  readonly log: Logger;
  readonly apply: ApplyParts;
  /** Finishes the second half of the moves in an entry; idempotent. */
  readonly finishMoves: (entry: JournalEntry) => Promise<void>;
  /** Whether no other worker may be waiting for what this one applies. */
  readonly alone: () => boolean;
};

/** Mailboxes whose progress is remembered; forgetting one costs a read. */
const MAX_REMEMBERED = 20_000;
/** How long another worker gets to apply what it has just committed before it is done for it (ms, tries). */
const POLITE_WAIT_MS = 3;
const POLITE_TRIES = 6;
const ROOM_TIMEOUT_MS = 2_000;
/** How long deliveries wait for more of them, to be applied together, while nobody asks for them (ms). */
const LINGER_MS = 25;
/** Entries applied together. */
const MAX_TOGETHER = 64;

export class Materializer {
  readonly #parts: MaterializerParts;
  readonly #progress = new Map<MailboxId, Progress>();

  constructor(parts: MaterializerParts) {
    this.#parts = parts;
  }

  /** Takes an entry that this worker committed. */
  push(position: { readonly user: UserId; readonly mailbox: MailboxId }, entry: JournalEntry): void {
    const progress = this.#of(position.user, position.mailbox);
    progress.queue.push(entry);
    if (!isDelivery(entry) || progress.queue.length >= MAX_TOGETHER) progress.hurry?.();
    this.#start(progress);
  }

  /**
   * Waits, for a bounded time, while `limit` or more committed entries of the mailbox are unapplied. Bounded because applying a move waits for a commit elsewhere: two
   * mailboxes that move into each other must not wait for ever.
   */
  async roomFor(position: { readonly mailbox: MailboxId }, limit: number): Promise<void> {
    const progress = this.#progress.get(position.mailbox);
    if (progress === undefined || progress.queue.length < limit || progress.running === undefined) return;
    progress.hurry?.();
    const timeout = new Promise<void>((resolve) => {
      setTimeout(resolve, ROOM_TIMEOUT_MS).unref();
    });
    await Promise.race([progress.running.catch(() => {}), timeout]); // a failure to apply is reported where it happens
  }

  /** Resolves when placements and counters are at least at `modseq`. Busy Fault when the database is away. */
  async ensure(user: UserId, mailbox: MailboxId, modseq: Modseq): Promise<void> {
    const progress = this.#of(user, mailbox);
    if (this.#current(progress) && progress.applied >= modseq) return;
    if (progress.running !== undefined) {
      progress.hurry?.();
      await progress.running;
      if (this.#current(progress) && progress.applied >= modseq) return;
    }
    for (let attempt = 0; attempt < POLITE_TRIES; attempt += 1) {
      await this.#readApplied(progress);
      if (progress.applied >= modseq) return;
      if (progress.queue.length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, POLITE_WAIT_MS));
    }
    await this.#exclusively(progress, () => this.#recover(progress));
  }

  /**
   * Writes the placements of applied entries after `after` again. For the entries around a lost server: whoever applied them may have died before it could notice that some
   * placements went with the server although the position did not.
   */
  async reapply(user: UserId, mailbox: MailboxId, after: Modseq): Promise<void> {
    const progress = this.#of(user, mailbox);
    await this.#exclusively(progress, async () => {
      await this.#readApplied(progress);
      for (let at = after; at < progress.applied; ) {
        const entries = await readJournal(this.#parts.database, user, mailbox, at, 100);
        if (entries.length === 0) return;
        for (const entry of entries) {
          if (entry.modseq > progress.applied) return;
          await applyChanges(this.#parts.database, entry, this.#parts.apply);
          at = entry.modseq;
        }
      }
    });
  }

  /** Resolves when everything that was pushed has been applied or has failed; for shutdown. */
  async drain(): Promise<void> {
    for (const progress of this.#progress.values()) progress.hurry?.();
    await Promise.allSettled([...this.#progress.values()].map((progress) => progress.running ?? Promise.resolve()));
  }

  #of(user: UserId, mailbox: MailboxId): Progress {
    const known = this.#progress.get(mailbox);
    if (known !== undefined) return known;
    if (this.#progress.size >= MAX_REMEMBERED) {
      for (const [id, one] of this.#progress) {
        if (one.running === undefined && one.queue.length === 0) this.#progress.delete(id);
        if (this.#progress.size < MAX_REMEMBERED * 0.9) break;
      }
    }
    const fresh: Progress = { user, mailbox, applied: 0 as Modseq, epoch: -1, queue: [], running: undefined, hurry: undefined };
    this.#progress.set(mailbox, fresh);
    return fresh;
  }

  /** After a server was lost, what it had acknowledged without a flush may be gone: read the position anew. */
  #current(progress: Progress): boolean {
    return progress.epoch === this.#parts.database.epoch();
  }

  async #readApplied(progress: Progress): Promise<void> {
    const epoch = this.#parts.database.epoch();
    const node = await readAppliedNode(this.#parts.database, progress.mailbox);
    progress.applied = node?.modseq ?? (Number.MAX_SAFE_INTEGER as Modseq);
    progress.epoch = epoch;
  }

  #start(progress: Progress): void {
    if (progress.running !== undefined) return;
    void this.#exclusively(progress, () => this.#drainQueue(progress)).catch((error: unknown) => {
      // Nothing is lost: the entries are in the journal, and the next reader or writer of the mailbox applies them.
      this.#parts.log.warn('applying changes is delayed', { mailbox: progress.mailbox, error });
      progress.queue.length = 0;
      progress.epoch = -1;
    });
  }

  /** One applier at a time and mailbox in this worker. */
  #exclusively(progress: Progress, work: () => Promise<void>): Promise<void> {
    progress.hurry?.();
    const before = progress.running ?? Promise.resolve();
    const mine = before
      .catch(() => {}) // the one before reported its own failure
      .then(work)
      .finally(() => {
        if (progress.running === mine) progress.running = undefined;
        if (progress.running === undefined && progress.queue.length > 0) this.#start(progress);
      });
    progress.running = mine;
    return mine;
  }

  async #drainQueue(progress: Progress): Promise<void> {
    if (this.#parts.alone() && progress.queue.length < MAX_TOGETHER && progress.queue.every(isDelivery)) await linger(progress);
    for (let entry = progress.queue[0]; entry !== undefined; entry = progress.queue[0]) {
      if (!this.#current(progress)) await this.#readApplied(progress);
      if (entry.modseq > progress.applied + 1) await this.#recover(progress, (entry.modseq - 1) as Modseq);
      const run = runAt(progress.queue, progress.applied);
      if (run.length > 0 && !(await this.#apply(progress, run))) {
        progress.epoch = -1;
        continue;
      }
      progress.queue.splice(0, Math.max(run.length, 1));
    }
  }

  /** Applies from the journal what is unapplied, up to `through` or its end. */
  async #recover(progress: Progress, through: Modseq = Number.MAX_SAFE_INTEGER as Modseq): Promise<void> {
    await this.#readApplied(progress);
    while (progress.applied < through) {
      const entries = await readJournal(this.#parts.database, progress.user, progress.mailbox, progress.applied, 100);
      if (entries.length === 0) return;
      for (const entry of entries) {
        if (entry.modseq > through) return;
        await this.#apply(progress, [entry]);
      }
    }
  }

  /** @returns false when another worker has moved the mailbox's position meanwhile, and perhaps not as far */
  async #apply(progress: Progress, run: readonly JournalEntry[]): Promise<boolean> {
    for (const entry of run) {
      await this.#parts.finishMoves(entry);
      // Before the position moves past the entry: at every moment either the journal's tail or the node says that the mailbox is gone.
      if (entry.changes.some((change) => change.kind === 'delete')) await retireNode(this.#parts.database, entry.mailbox);
    }
    const moved = await applyEntries(this.#parts.database, run, this.#parts.apply);
    // A single entry was applied by whoever moved the position.
    if (!moved && run.length > 1) return false;
    progress.applied = run.at(-1)?.modseq ?? progress.applied;
    return true;
  }
}

/** Entries at the head of the queue that follow the position and can be applied together: deliveries, or else one alone. Empty when the first is applied already. */
function runAt(queue: readonly JournalEntry[], applied: Modseq): readonly JournalEntry[] {
  const [first] = queue;
  if (first === undefined || first.modseq <= applied) return [];
  if (!isDelivery(first)) return [first];
  let length = 1;
  for (let next = queue[length]; next !== undefined && length < MAX_TOGETHER; next = queue[length]) {
    if (!isDelivery(next) || next.modseq !== first.modseq + length) break;
    length += 1;
  }
  return queue.slice(0, length);
}

/** Resolves after a moment, or as soon as somebody calls `hurry`. */
async function linger(progress: Progress): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LINGER_MS);
    progress.hurry = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  progress.hurry = undefined;
}
