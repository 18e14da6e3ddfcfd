/**
 * Inserts that happen at the same time become one request: a delivery costs a request for each collection that it writes to, several deliveries at once hardly more. Nothing
 * waits for company: the first insert is sent at once, and what comes while requests are under way goes together with the next one.
 */
import {
  type Collection,
  type Document,
  MongoBulkWriteError,
  type OptionalUnlessRequiredId,
  type WriteConcernSettings,
} from 'mongodb';

export type InsertBatcher<T extends Document> = {
  /**
   * Resolves when this document is acknowledged; rejects with its own error, as `insertOne` would.
   * @param weight about how large it is (octets)
   */
  readonly insert: (doc: OptionalUnlessRequiredId<T>, weight: number) => Promise<void>;
};

type Waiting<T extends Document> = {
  readonly doc: OptionalUnlessRequiredId<T>;
  readonly weight: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** Requests under way at a time, so that a large one does not hold up the small ones. */
const AT_ONCE = 1;
const MAX_DOCS = 200;
/** Well under MongoDB's limit for one request (48 MB). A larger document goes alone. */
const MAX_OCTETS = 8 << 20;

export function createInsertBatcher<T extends Document>(
  collection: Collection<T>,
  concern: { readonly writeConcern: WriteConcernSettings },
): InsertBatcher<T> {
  let waiting: Waiting<T>[] = [];
  let running = 0;

  const startNext = (): void => {
    if (running >= AT_ONCE || waiting.length === 0) return;
    let weight = 0;
    let count = 0;
    for (const one of waiting) {
      if (count > 0 && (count >= MAX_DOCS || weight + one.weight > MAX_OCTETS)) break;
      count += 1;
      weight += one.weight;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    running += 1;
    void send(batch);
  };

  /** Settles every one of the batch, then sends the next one; never rejects. */
  const send = async (batch: readonly Waiting<T>[]): Promise<void> => {
    await settle(batch);
    running -= 1;
    startNext();
  };

  const settle = async (batch: readonly Waiting<T>[]): Promise<void> => {
    const [first] = batch;
    if (batch.length === 1 && first !== undefined) return alone(first);
    try {
      await collection.insertMany(
        batch.map(({ doc }) => doc),
        { ordered: false, ...concern },
      );
      for (const one of batch) one.resolve();
    } catch (error) {
      const refused = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
      if (refused.length === 0) {
        for (const one of batch) one.reject(error);
        return;
      }
      // Each refused one is asked for again alone, for the error that belongs to it.
      const indices = new Set(refused.map(({ index }) => index));
      await Promise.all(
        batch.map((one, index) => {
          if (indices.has(index)) return alone(one);
          one.resolve();
          return Promise.resolve();
        }),
      );
    }
  };

  const alone = async (one: Waiting<T>): Promise<void> => {
    try {
      await collection.insertOne(one.doc, concern);
      one.resolve();
    } catch (error) {
      one.reject(error);
    }
  };

  return {
    insert: (doc, weight) =>
      new Promise((resolve, reject) => {
        waiting.push({ doc, weight, resolve, reject });
        startNext();
      }),
  };
}
