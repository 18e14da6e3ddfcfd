/** Counters of what somebody used in a span of time (recipients a day, messages an hour), shared by all workers. Spans are aligned to the clock. */
import type { Collection } from 'mongodb';
import type { Database } from './connect.ts';
import { duplicateKey, guarded } from './connect.ts';
import type { IndexEntry } from './indexes.ts';
import type { Usage } from './types-usage.ts';

type UsageDoc = { _id: string; used: number; expires: Date };

export const USAGE_INDEXES: readonly IndexEntry[] = [
  {
    collection: 'usage',
    name: 'expiry',
    key: { expires: 1 },
    options: { expireAfterSeconds: 0 },
    reason: 'Counters of past spans vanish by themselves.',
  },
];

export function createUsage(database: Database, now: () => number = Date.now): Usage {
  const counters: Collection<UsageDoc> = database.main.collection('usage');
  const spanOf = (who: string, what: string, spanMs: number): { id: string; end: Date } => {
    const span = Math.floor(now() / spanMs);
    return { id: `${what}:${who}:${span}`, end: new Date((span + 2) * spanMs) };
  };
  return {
    take: (who, what, amount, limit, spanMs) =>
      guarded(async () => {
        if (amount > limit) return false;
        const { id, end } = spanOf(who, what, spanMs);
        for (let attempt = 0; attempt < 2; attempt += 1) {
          try {
            await counters.updateOne(
              { _id: id, used: { $lte: limit - amount } },
              { $inc: { used: amount }, $setOnInsert: { expires: end } },
              { upsert: true },
            );
            return true;
          } catch (error) {
            // It is there and has no room; or another worker has made it this moment, then it has room the second time.
            if (duplicateKey(error) === undefined) throw error;
          }
        }
        return false;
      }),
    add: (who, what, amount, spanMs) =>
      guarded(async () => {
        const { id, end } = spanOf(who, what, spanMs);
        await counters.updateOne({ _id: id }, { $inc: { used: amount }, $setOnInsert: { expires: end } }, { upsert: true });
      }),
    used: (who, what, spanMs) => guarded(async () => (await counters.findOne({ _id: spanOf(who, what, spanMs).id }))?.used ?? 0),
  };
}
