/**
 * The copy of a submitted message in the sender's Sent mailbox: exactly one, whether the client saves one itself (before or after it submits) or not, and
 * whether it submits again after a lost reply. Messages are compared by Message-ID.
 *
 * A client that appends after it submits is noticed for a while by watching the mailbox: its copy stays, ours goes.
 */
import { isFault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { MailboxId, Uid, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import type { MailboxView, Operations, StoredContent } from '../operations/contract.ts';

export type SentCopies = {
  /** Never throws: a copy that could not be saved does not stop the mail. */
  readonly save: (user: UserId, messageId: string, raw: Buffer) => Promise<void>;
  readonly close: () => void;
};

export type SentCopyOptions = {
  readonly operations: Operations;
  readonly log: Logger;
  /** How long a client's own copy is waited for. */
  readonly watchMs?: number;
};

/** So many of the newest messages in Sent are compared. */
const COMPARED = 50;
const MAX_WATCHES = 1_000;
const DEFAULT_WATCH_MS = 60_000;

export function createSentCopies({ operations, log, watchMs = DEFAULT_WATCH_MS }: SentCopyOptions): SentCopies {
  const watches = new Set<() => void>();

  async function save(user: UserId, messageId: string, raw: Buffer): Promise<void> {
    try {
      const sent = await operations.mailboxes.findBySpecialUse(user, '\\Sent');
      if (sent === undefined) return;
      const { view, release } = await operations.views.open(user, sent.id);
      try {
        await operations.views.refresh(view);
        if (messageId !== '' && (await newestWith(user, sent.id, view, messageId)) !== undefined) {
          release();
          return;
        }
        const stored: StoredContent = await operations.contents.store(raw);
        const message = { stored, flags: ['\\Seen'], internalDateMs: Date.now() };
        // What was sent is kept, full mailbox or not.
        const { uids } = await operations.messages.append(user, sent.id, [message], { ignoreQuota: true });
        const [uid] = uids;
        if (uid === undefined || messageId === '') release();
        else watch(user, sent.id, view, uid, messageId, release);
      } catch (error) {
        release();
        throw error;
      }
    } catch (error) {
      log.error('the copy for Sent could not be saved', { user, error });
    }
  }

  /** The UID of one of the newest messages that has this Message-ID. */
  async function newestWith(user: UserId, mailbox: MailboxId, view: MailboxView, messageId: string): Promise<Uid | undefined> {
    const uids: Uid[] = [];
    for (let index = Math.max(0, view.count - COMPARED); index < view.count; index += 1) uids.push(view.uidAt(index));
    return findAmong(user, mailbox, uids, messageId);
  }

  async function findAmong(user: UserId, mailbox: MailboxId, uids: readonly Uid[], messageId: string): Promise<Uid | undefined> {
    if (uids.length === 0) return undefined;
    for await (const batch of operations.reads.summaries(user, mailbox, UidSet.from(uids))) {
      const found = batch.find((summary) => summary.messageId === messageId);
      if (found !== undefined) return found.uid;
    }
    return undefined;
  }

  function watch(user: UserId, mailbox: MailboxId, view: MailboxView, ours: Uid, messageId: string, release: () => void): void {
    if (watches.size >= MAX_WATCHES) {
      release();
      return;
    }
    const unsubscribe = view.subscribe((step) => {
      const others = step.appended.filter((uid) => uid !== ours);
      if (others.length === 0) return;
      findAmong(user, mailbox, others, messageId)
        .then(
          async (theirs) => {
            if (theirs === undefined) return;
            stop();
            await operations.messages.expunge(user, mailbox, { uids: UidSet.of(ours), onlyDeleted: false });
          },
          (error: unknown) => {
            if (!isFault(error)) log.error('comparing Sent failed', { user, error });
          },
        )
        .catch((error: unknown) => log.warn('our copy in Sent could not be removed', { user, error }));
    });
    const timer = setTimeout(stop, watchMs);
    timer.unref();
    watches.add(stop);
    function stop(): void {
      clearTimeout(timer);
      if (!watches.delete(stop)) return;
      unsubscribe();
      release();
    }
  }

  return {
    save,
    close: () => {
      for (const stop of watches) stop();
    },
  };
}
