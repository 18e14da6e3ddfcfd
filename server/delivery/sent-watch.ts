/**
 * One user's Sent mailbox while that user sends: which Message-IDs are in it, which copies are ours, and what others put there.
 *
 * Invariants: a Message-ID is saved by us at most once at a time; UIDs that arrive while an append of ours is under way are looked at only when it is known
 * which of them is ours; a client's copy among them is then found, and ours goes.
 */
import type { Logger } from '../base/log.ts';
import type { MailboxId, Uid, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import type { MailboxView, Operations, StoredContent } from '../operations/contract.ts';

/** Stores the message as that mailbox wants it. */
export type StoreInto = (mailbox: MailboxId) => Promise<StoredContent>;

export type SentWatchOptions = {
  readonly watchMs: number;
  readonly log: Logger;
  readonly onClosed: () => void;
};

/** So many of the newest messages are read when the watch begins: a repeated submission after a crash is among them. */
const FIRST_READ = 50;
const MAX_KNOWN = 2_000;

export class SentWatch {
  readonly #operations: Operations;
  readonly #user: UserId;
  readonly #mailbox: MailboxId;
  readonly #view: MailboxView;
  readonly #options: SentWatchOptions;
  readonly #release: () => void;
  readonly #unsubscribe: () => void;
  /** Message-IDs in Sent; oldest first. The UID is that of our own copy, undefined for others'. */
  readonly #known = new Map<string, Uid | undefined>();
  readonly #ours = new Set<Uid>();
  readonly #saving = new Map<string, Promise<void>>();
  #appending = 0;
  #unseen: Uid[] = [];
  #examining: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(operations: Operations, view: MailboxView, release: () => void, options: SentWatchOptions) {
    this.#operations = operations;
    this.#user = view.user;
    this.#mailbox = view.mailbox;
    this.#view = view;
    this.#options = options;
    this.#release = release;
    this.#unsubscribe = view.subscribe((step) => {
      this.#unseen.push(...step.appended);
      if (this.#appending === 0) this.#examine();
    });
  }

  /** Undefined when the user has no Sent mailbox. */
  static async open(operations: Operations, user: UserId, options: SentWatchOptions): Promise<SentWatch | undefined> {
    const sent = await operations.mailboxes.findBySpecialUse(user, '\\Sent');
    if (sent === undefined) return undefined;
    const { view, release } = await operations.views.open(user, sent.id);
    const watch = new SentWatch(operations, view, release, options);
    try {
      await operations.views.refresh(view);
      for (let index = Math.max(0, view.count - FIRST_READ); index < view.count; index += 1)
        watch.#unseen.push(view.uidAt(index));
      watch.#examine();
      await watch.#examining;
    } catch (error) {
      watch.close();
      throw error;
    }
    watch.#keepOpen();
    return watch;
  }

  async save(messageId: string, store: StoreInto): Promise<void> {
    this.#keepOpen();
    if (messageId === '') {
      await this.#append(store);
      return;
    }
    for (let before = this.#saving.get(messageId); before !== undefined; before = this.#saving.get(messageId)) await before;
    const saving = this.#saveUnlessKnown(messageId, store);
    this.#saving.set(
      messageId,
      saving.catch(() => {}),
    );
    try {
      await saving;
    } finally {
      this.#saving.delete(messageId);
    }
  }

  async #saveUnlessKnown(messageId: string, store: StoreInto): Promise<void> {
    await this.#operations.views.refresh(this.#view);
    await this.#examining;
    if (this.#known.has(messageId)) return;
    this.#remember(messageId, await this.#append(store));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#unsubscribe();
    this.#release();
    this.#options.onClosed();
  }

  #keepOpen(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.close(), this.#options.watchMs);
    this.#timer.unref();
  }

  async #append(store: StoreInto): Promise<Uid | undefined> {
    this.#appending += 1;
    try {
      const message = { stored: await store(this.#mailbox), flags: ['\\Seen'], internalDateMs: Date.now() };
      // What was sent is kept, full mailbox or not.
      const { uids } = await this.#operations.messages.append(this.#user, this.#mailbox, [message], { ignoreQuota: true });
      const [uid] = uids;
      if (uid !== undefined) this.#ours.add(uid);
      return uid;
    } finally {
      this.#appending -= 1;
      if (this.#appending === 0) this.#examine();
    }
  }

  #remember(messageId: string, uid: Uid | undefined): void {
    this.#known.set(messageId, uid);
    for (const [oldest, ours] of this.#known) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
      if (ours !== undefined) this.#ours.delete(ours);
    }
  }

  /** Reads what others put into Sent, one batch after the other. */
  #examine(): void {
    const uids = this.#unseen.filter((uid) => !this.#ours.has(uid));
    this.#unseen = [];
    if (uids.length === 0 || this.#closed) return;
    this.#examining = this.#examining
      .then(() => this.#read(uids))
      .catch((error: unknown) => this.#options.log.warn('Sent could not be compared', { user: this.#user, error }));
  }

  async #read(uids: readonly Uid[]): Promise<void> {
    for await (const batch of this.#operations.reads.summaries(this.#user, this.#mailbox, UidSet.from(uids))) {
      for (const { messageId } of batch) {
        if (messageId === undefined) continue;
        const ours = this.#known.get(messageId);
        this.#remember(messageId, undefined);
        if (ours === undefined) continue;
        // The client has saved its own: it knows better what belongs in it.
        await this.#operations.messages.expunge(this.#user, this.#mailbox, { uids: UidSet.of(ours), onlyDeleted: false });
        this.#ours.delete(ours);
      }
    }
  }
}
