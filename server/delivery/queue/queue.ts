/**
 * The outgoing queue as delivery sees it: messages go in as bytes or as a content that is stored already, and come out as bytes. What is acknowledged is
 * durable, its content included.
 */
import { isFault, unavailable } from '../../base/fault.ts';
import type { ContentOperations, StoredContent } from '../../operations/contract.ts';
import type { EnqueueOptions, NewEntry, QueueEntry, QueueEnvelope, QueueStore } from '../../store/types-queue.ts';

/** The message's bytes; or a stored content, with fields of this copy alone before it. */
export type QueueSource = Buffer | { readonly stored: StoredContent; readonly head?: Buffer };

/** `sizeBytes` is counted here. */
export type NewEnvelope = Omit<QueueEnvelope, 'sizeBytes'> & { readonly sizeBytes?: number };

export type Queue = Omit<QueueStore, 'enqueue' | 'withdraw' | 'epoch'> & {
  /** Durable when it resolves. Answers the ids of message and entries. Throws a busy Fault when nothing was queued. */
  readonly enqueue: (
    envelope: NewEnvelope,
    entries: readonly NewEntry[],
    source: QueueSource,
    options: EnqueueOptions,
  ) => Promise<{ readonly message: string; readonly entries: readonly string[]; readonly repeated: boolean }>;
  /** The whole message of an entry. Fault NONEXISTENT when its content is gone. */
  readonly readBody: (entry: QueueEntry) => Promise<Buffer>;
};

export function createQueue(store: QueueStore, contents: ContentOperations): Queue {
  const exists = async (stored: StoredContent): Promise<boolean> => {
    try {
      await contents.open(stored.content);
      return true;
    } catch (error) {
      if (isFault(error, 'NONEXISTENT')) return false;
      throw error;
    }
  };

  return {
    ...store,
    enqueue: async (envelope, entries, source, options) => {
      const epoch = store.epoch();
      const { stored, head } = Buffer.isBuffer(source)
        ? { stored: await contents.store(source), head: undefined }
        : { stored: source.stored, head: source.head };
      const sizeBytes = stored.sizeBytes + (head?.length ?? 0);
      const queued = await store.enqueue({ ...envelope, sizeBytes }, entries, { content: stored.content, head }, options);
      // The content was written before, without waiting for the journal: if the server was lost in between, the content may be lost as well.
      if (store.epoch() !== epoch && !(await exists(stored))) {
        await store.withdraw(queued.message);
        throw unavailable('The mail store lost the message while writing it.');
      }
      return queued;
    },
    readBody: async (entry) => {
      const content = await contents.open(entry.content);
      const body = await content.readAll(0, content.sizeBytes);
      return entry.head.length === 0 ? body : Buffer.concat([entry.head, body]);
    },
  };
}
