/**
 * The mailboxes that this worker is concerned with: one log and one writer each, shared by all sessions and deliveries. Views stay for a while after their last session
 * has left, within a memory limit, so that a client that re-selects pays nothing.
 */
import type { Logger } from '../base/log.ts';
import type { JournalEntry } from '../mail/change.ts';
import type { MailboxId, UserId } from '../mail/ids.ts';
import type { Database } from '../store/connect.ts';
import type { Beacons } from '../sync/beacons.ts';
import { MailboxLog } from '../sync/mailbox-log.ts';
import { MailboxWriter } from './mailbox-writer.ts';
import type { Materializer } from './materializer.ts';

type Entry = { readonly log: MailboxLog; readonly writer: MailboxWriter; users: number; unsubscribe: (() => void) | undefined };

export type RegistryLimits = {
  /** Mailboxes whose head is remembered although nobody has them open. */
  readonly idleMailboxes: number;
  /** Messages in views that nobody holds, all together. */
  readonly idleRows: number;
  /** How often open views look at the journal when beacons can't be relied on, and when they can (ms). */
  readonly pollMs: number;
  readonly safetyPollMs: number;
};

export const DEFAULT_REGISTRY_LIMITS: RegistryLimits = {
  idleMailboxes: 5_000,
  idleRows: 400_000,
  pollMs: 2_000,
  safetyPollMs: 60_000,
};

export class MailboxRegistry {
  readonly #database: Database;
  readonly #beacons: Beacons;
  readonly #materializer: Materializer;
  readonly #limits: RegistryLimits;
  readonly #onCommit: (entry: JournalEntry) => void;
  readonly #log: Logger;
  readonly #entries = new Map<MailboxId, Entry>();
  readonly #opening = new Map<MailboxId, Promise<Entry>>();
  readonly #poll: NodeJS.Timeout;
  #lastSafetyPoll = Date.now();

  constructor(
    database: Database,
    beacons: Beacons,
    materializer: Materializer,
    log: Logger,
    limits: RegistryLimits,
    onCommit: (entry: JournalEntry) => void = () => {},
  ) {
    this.#onCommit = onCommit;
    this.#database = database;
    this.#beacons = beacons;
    this.#materializer = materializer;
    this.#log = log;
    this.#limits = limits;
    this.#poll = setInterval(() => {
      this.#pollOpenViews();
      this.#trim();
    }, limits.pollMs).unref();
    beacons.onReconnect(() => this.#refreshAll());
  }

  close(): void {
    clearInterval(this.#poll);
    for (const entry of this.#entries.values()) entry.unsubscribe?.();
    this.#entries.clear();
  }

  /** Runs `work` with the mailbox's log and writer; it is not forgotten meanwhile. Fault NONEXISTENT. */
  async use<T>(user: UserId, mailbox: MailboxId, work: (log: MailboxLog, writer: MailboxWriter) => Promise<T>): Promise<T> {
    const entry = await this.#entry(user, mailbox);
    entry.users += 1;
    try {
      return await work(entry.log, entry.writer);
    } finally {
      entry.users -= 1;
    }
  }

  /** Keeps the mailbox's view in memory and following the journal until `release`. */
  async hold(user: UserId, mailbox: MailboxId): Promise<{ log: MailboxLog; release: () => void }> {
    const entry = await this.#entry(user, mailbox);
    entry.users += 1;
    try {
      await entry.log.view();
      entry.unsubscribe ??= this.#beacons.subscribe(
        user,
        (beacon) => {
          if (beacon.kind !== 'mailbox' || beacon.mailbox !== mailbox || beacon.modseq <= entry.log.modseq) return;
          this.#catchUp(entry);
        },
        () => {
          if (entry.log.holds > 0 && !this.#beacons.alone()) this.#catchUp(entry);
        },
      );
      // Between loading and subscribing something may have happened that nobody told us.
      await entry.log.catchUp();
    } catch (error) {
      entry.users -= 1;
      throw error;
    }
    entry.log.holds += 1;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      entry.log.holds -= 1;
      entry.users -= 1;
      if (entry.log.holds === 0) {
        entry.unsubscribe?.();
        entry.unsubscribe = undefined;
      }
    };
    return { log: entry.log, release };
  }

  async #entry(user: UserId, mailbox: MailboxId): Promise<Entry> {
    const known = this.#entries.get(mailbox);
    if (known !== undefined && known.log.user === user && !known.log.deleted && !known.log.broken) {
      // Re-inserting makes it the most recently used.
      this.#entries.delete(mailbox);
      this.#entries.set(mailbox, known);
      return known;
    }
    const opening = this.#opening.get(mailbox);
    if (opening !== undefined) return opening;
    const promise = this.#open(user, mailbox).finally(() => this.#opening.delete(mailbox));
    this.#opening.set(mailbox, promise);
    return promise;
  }

  async #open(user: UserId, mailbox: MailboxId): Promise<Entry> {
    const log = await MailboxLog.open(this.#database, user, mailbox);
    const writer = new MailboxWriter(this.#database, log, this.#materializer, (committed) => this.#announce(committed));
    const entry: Entry = { log, writer, users: 0, unsubscribe: undefined };
    this.#entries.set(mailbox, entry);
    if (this.#entries.size > this.#limits.idleMailboxes * 2) this.#trim();
    return entry;
  }

  #announce(entry: JournalEntry): void {
    this.#onCommit(entry);
    this.#beacons.publish({ kind: 'mailbox', user: entry.user, mailbox: entry.mailbox, modseq: entry.modseq });
  }

  #catchUp(entry: Entry): void {
    entry.log.catchUp().catch((error: unknown) => {
      this.#log.debug('a view is behind', { mailbox: entry.log.mailbox, error });
    });
  }

  /** Beacons may be lost: without Redis every tick, with it once in a while. */
  #pollOpenViews(): void {
    const now = Date.now();
    if (this.#beacons.connected() && now - this.#lastSafetyPoll < this.#limits.safetyPollMs) return;
    this.#lastSafetyPoll = now;
    this.#refreshAll();
  }

  #refreshAll(): void {
    for (const entry of this.#entries.values()) if (entry.log.holds > 0) this.#catchUp(entry);
  }

  #trim(): void {
    let idleRows = 0;
    for (const entry of this.#entries.values()) if (entry.users === 0) idleRows += entry.log.columns?.count ?? 0;
    for (const [id, entry] of this.#entries) {
      if (idleRows <= this.#limits.idleRows && this.#entries.size <= this.#limits.idleMailboxes) return;
      if (entry.users > 0 || !entry.writer.idle) continue;
      idleRows -= entry.log.columns?.count ?? 0;
      this.#entries.delete(id);
    }
  }
}
