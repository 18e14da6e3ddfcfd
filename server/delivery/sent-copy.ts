/**
 * The copy of a submitted message in the sender's Sent mailbox: exactly one, whether the client saves one itself (before or after it submits) or not, and
 * whether it submits again after a lost reply. Messages are compared by Message-ID.
 *
 * While a user sends, the worker watches that user's Sent mailbox: it knows the Message-IDs in it, so a copy costs one append and no reading. A client's own
 * copy that comes later stays, ours goes.
 */
import type { Logger } from '../base/log.ts';
import type { UserId } from '../mail/ids.ts';
import type { Operations } from '../operations/contract.ts';
import { SentWatch, type StoreInto } from './sent-watch.ts';

export type SentCopies = {
  /** Never throws: a copy that could not be saved does not stop the mail. */
  readonly save: (user: UserId, messageId: string, store: StoreInto) => Promise<void>;
  readonly close: () => void;
};

export type SentCopyOptions = {
  readonly operations: Operations;
  readonly log: Logger;
  /** How long a client's own copy is waited for after the last message. */
  readonly watchMs?: number;
  readonly maxWatches?: number;
};

const DEFAULT_WATCH_MS = 60_000;
const DEFAULT_MAX_WATCHES = 1_000;

export function createSentCopies(options: SentCopyOptions): SentCopies {
  const { operations, log, watchMs = DEFAULT_WATCH_MS, maxWatches = DEFAULT_MAX_WATCHES } = options;
  /** In the order of their last use. */
  const watches = new Map<UserId, Promise<SentWatch | undefined>>();

  function watchOf(user: UserId): Promise<SentWatch | undefined> {
    const known = watches.get(user);
    watches.delete(user);
    const watch = known ?? SentWatch.open(operations, user, { watchMs, log, onClosed: () => watches.delete(user) });
    watches.set(user, watch);
    for (const [oldest, opened] of watches) {
      if (watches.size <= maxWatches) break;
      watches.delete(oldest);
      void opened.then((one) => one?.close());
    }
    return watch;
  }

  return {
    save: async (user, messageId, store) => {
      try {
        const watch = await watchOf(user);
        // A user without Sent wants none.
        if (watch === undefined) watches.delete(user);
        else await watch.save(messageId, store);
      } catch (error) {
        watches.delete(user);
        log.error('the copy for Sent could not be saved', { user, error });
      }
    },
    close: () => {
      for (const opened of watches.values()) {
        opened.then(
          (watch) => watch?.close(),
          () => {},
        );
      }
      watches.clear();
    },
  };
}
