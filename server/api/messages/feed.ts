/**
 * What happens to one user's mail, read from the journals and told to any number of listeners. One feed per user in this worker: a beacon makes it read the journal
 * once, whoever listens. Everything runs in one queue, so that a listener who resumes gets each event once and in order.
 */
import type { Logger } from '../../base/log.ts';
import type { JournalEntry } from '../../mail/change.ts';
import type { MailboxId, Modseq, UserId } from '../../mail/ids.ts';
import type { MailboxInfo, Operations } from '../../operations/contract.ts';
import type { FeedEntry, MailRecords } from '../../operations/mail-records.ts';
import type { UpdateEvent } from '../contract/updates.ts';

/** Told to a listener: the events of one journal entry and the id to resume from. */
export type Told = { readonly id: string | undefined; readonly events: readonly UpdateEvent[] };
export type FeedListener = {
  readonly told: (told: Told) => void;
  /** The user's access changed: may this listener go on? */
  readonly recheck: () => void;
};

export type FeedSources = { readonly operations: Operations; readonly records: MailRecords; readonly log: Logger };

const PAGE = 200;
/** Recent events that a listener who was away for a moment gets without a look at the database. */
const RECENT = 64;

export class UserFeed {
  readonly #sources: FeedSources;
  readonly #user: UserId;
  readonly #listeners = new Set<FeedListener>();
  readonly #positions = new Map<MailboxId, Modseq>();
  readonly #paths = new Map<MailboxId, string>();
  readonly #dirty = new Set<MailboxId>();
  readonly #recent: Told[] = [];
  readonly #unsubscribe: () => void;
  #treeDirty = false;
  #scheduled = false;
  #queue: Promise<void>;

  constructor(sources: FeedSources, user: UserId) {
    this.#sources = sources;
    this.#user = user;
    // Heard first and read then: nothing falls between.
    this.#unsubscribe = sources.operations.events.subscribe(user, (event) => {
      if (event.kind === 'access') for (const listener of this.#listeners) listener.recheck();
      else if (event.kind === 'mailboxes') this.#treeDirty = true;
      else if (event.kind === 'mailbox') this.#dirty.add(event.mailbox);
      else return;
      this.#schedule();
    });
    this.#queue = this.#start();
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Resolves when the listener has been told everything after `lastEvent`, or hears from now on. */
  attach(listener: FeedListener, lastEvent: string | undefined): Promise<void> {
    return this.#enqueue(async () => {
      if (lastEvent !== undefined) await this.#resume(listener, lastEvent);
      this.#listeners.add(listener);
    });
  }

  detach(listener: FeedListener): void {
    this.#listeners.delete(listener);
  }

  /** Looks at every mailbox: when beacons may have been missed. */
  lookAgain(): void {
    this.#treeDirty = true;
    for (const mailbox of this.#positions.keys()) this.#dirty.add(mailbox);
    this.#schedule();
  }

  close(): void {
    this.#unsubscribe();
    this.#listeners.clear();
  }

  async #start(): Promise<void> {
    for (const info of await this.#sources.operations.mailboxes.list(this.#user)) this.#know(info);
  }

  #know(info: MailboxInfo): void {
    this.#positions.set(info.id, info.modseq);
    this.#paths.set(info.id, info.path);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    void this.#enqueue(() => this.#pump());
  }

  /** A failed step is logged and does not stop the next; its listeners resume from what they were told last. */
  #enqueue(step: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(step);
    this.#queue = done.catch((error: unknown) => this.#sources.log.warn('event stream', { error, user: this.#user }));
    return done;
  }

  async #pump(): Promise<void> {
    this.#scheduled = false;
    if (this.#treeDirty) {
      this.#treeDirty = false;
      await this.#readTree();
    }
    const mailboxes = [...this.#dirty];
    this.#dirty.clear();
    try {
      for (const mailbox of mailboxes) await this.#readMailbox(mailbox);
    } catch (error) {
      for (const mailbox of mailboxes) this.#dirty.add(mailbox);
      throw error;
    }
  }

  async #readTree(): Promise<void> {
    const tree = await this.#sources.operations.mailboxes.list(this.#user);
    const events: UpdateEvent[] = [];
    const seen = new Set<MailboxId>();
    for (const info of tree) {
      if (info.noSelect) continue;
      seen.add(info.id);
      const before = this.#paths.get(info.id);
      if (before === undefined) {
        events.push({ command: 'CREATE', mailbox: info.id, path: info.path });
        this.#positions.set(info.id, 1 as Modseq);
        if (info.modseq > 1) this.#dirty.add(info.id);
      } else if (before !== info.path) events.push({ command: 'RENAME', mailbox: info.id, path: info.path });
      this.#paths.set(info.id, info.path);
    }
    for (const [mailbox, path] of this.#paths) {
      if (seen.has(mailbox)) continue;
      events.push({ command: 'DELETE', mailbox, path });
      this.#paths.delete(mailbox);
      this.#positions.delete(mailbox);
      this.#dirty.delete(mailbox);
    }
    if (events.length > 0) this.#tell({ id: undefined, events });
  }

  async #readMailbox(mailbox: MailboxId): Promise<void> {
    let from = this.#positions.get(mailbox);
    if (from === undefined) {
      // A mailbox that the tree did not have when it was read last.
      await this.#readTree();
      from = this.#positions.get(mailbox);
      if (from === undefined) return;
    }
    let some = false;
    for (;;) {
      const page = await this.#sources.records.feed(this.#user, mailbox, from, PAGE);
      const flags = await this.#flagsOf(mailbox, page);
      for (const { id, entry } of page) {
        this.#tell({ id, events: eventsOf(entry, flags) });
        from = entry.modseq;
        this.#positions.set(mailbox, from);
        some = true;
      }
      if (page.length < PAGE) break;
    }
    if (some) await this.#tellCounters(mailbox, (told) => this.#tell(told));
  }

  async #tellCounters(mailbox: MailboxId, tell: (told: Told) => void): Promise<void> {
    const info = await this.#sources.operations.mailboxes.get(this.#user, mailbox);
    if (info === undefined) return;
    const { messages, unseen } = info.counts;
    tell({ id: undefined, events: [{ command: 'COUNTERS', mailbox, total: messages, unseen }] });
  }

  /** The flags of this moment of what entries changed; empty when no flags did. */
  async #flagsOf(mailbox: MailboxId, page: readonly FeedEntry[]): Promise<(uid: number) => readonly string[] | undefined> {
    const { views } = this.#sources.operations;
    if (!page.some(({ entry }) => entry.changes.some((change) => change.kind === 'flags'))) return () => undefined;
    const { view, release } = await views.open(this.#user, mailbox);
    try {
      await views.refresh(view);
      const known = new Map<number, readonly string[]>();
      for (const { entry } of page) {
        for (const change of entry.changes) {
          if (change.kind !== 'flags') continue;
          for (const uid of change.uids) {
            const index = view.indexOf(uid as never);
            if (index !== -1) known.set(uid, view.flagsAt(index));
          }
        }
      }
      return (uid) => known.get(uid);
    } finally {
      release();
    }
  }

  async #resume(listener: FeedListener, lastEvent: string): Promise<void> {
    const at = this.#recent.findIndex((told) => told.id === lastEvent);
    if (at !== -1) {
      for (const told of this.#recent.slice(at + 1)) listener.told(told);
      return;
    }
    const positions = await this.#sources.records.positionsAt(this.#user, lastEvent);
    // Older than the journal: the counters tell a client what to load anew.
    const mailboxes = positions === undefined ? [...this.#positions.keys()] : [...positions.keys()];
    for (const mailbox of mailboxes) {
      const to = this.#positions.get(mailbox);
      if (to === undefined) continue;
      for (let from = positions?.get(mailbox) ?? to; from < to; ) {
        const page = await this.#sources.records.feed(this.#user, mailbox, from, PAGE);
        const flags = await this.#flagsOf(mailbox, page);
        const told = page.filter(({ entry }) => entry.modseq <= to);
        for (const { id, entry } of told) listener.told({ id, events: eventsOf(entry, flags) });
        const last = told.at(-1)?.entry.modseq;
        if (last === undefined) break;
        from = last;
      }
      await this.#tellCounters(mailbox, (told) => listener.told(told));
    }
  }

  #tell(told: Told): void {
    this.#recent.push(told);
    if (this.#recent.length > RECENT) this.#recent.shift();
    for (const listener of this.#listeners) listener.told(told);
  }
}

function eventsOf(entry: JournalEntry, flagsOf: (uid: number) => readonly string[] | undefined): UpdateEvent[] {
  const { mailbox } = entry;
  const events: UpdateEvent[] = [];
  for (const change of entry.changes) {
    switch (change.kind) {
      case 'append':
        for (const { uid, id: message, flags, thread, internalDateMs, sizeBytes: size } of change.messages) {
          const unseen = !flags.includes('\\Seen');
          events.push({
            command: 'EXISTS',
            mailbox,
            message,
            uid,
            unseen,
            thread,
            idate: new Date(internalDateMs).toISOString(),
            size,
          });
        }
        break;
      case 'flags':
        for (const uid of change.uids) {
          const flags = flagsOf(uid);
          // Gone since: its EXPUNGE follows.
          if (flags !== undefined)
            events.push({ command: 'FETCH', mailbox, uid, flags: [...flags], unseen: !flags.includes('\\Seen') });
        }
        break;
      case 'expunge':
        for (const uid of change.uids) events.push({ command: 'EXPUNGE', mailbox, uid });
        break;
      case 'delete':
        break;
    }
  }
  return events;
}
