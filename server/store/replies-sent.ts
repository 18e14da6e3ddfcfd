/** Who got an automatic reply of whom lately. */
import type { Database } from './connect.ts';
import { duplicateKey, guarded } from './connect.ts';

export type RepliesSent = {
  /** True for exactly one caller in the period. */
  readonly claim: (user: string, sender: string, now: Date, periodMs: number) => Promise<boolean>;
  /** The autoreply changed: everybody may hear the new one. */
  readonly forget: (user: string) => Promise<void>;
};

type ReplyDoc = { _id: string; expires: Date };

export function createRepliesSent(database: Database): RepliesSent {
  const replies = database.main.collection<ReplyDoc>('repliesSent');
  return {
    claim: (user, sender, now, periodMs) =>
      guarded(async () => {
        const id = `${user}:${sender.toLowerCase().slice(0, 400)}`;
        const expires = new Date(now.getTime() + periodMs);
        try {
          const result = await replies.updateOne(
            { _id: id, expires: { $lte: now } },
            { $set: { expires } },
            { upsert: true, ...database.concerns.ordered },
          );
          return result.upsertedCount + result.modifiedCount > 0;
        } catch (error) {
          if (duplicateKey(error) !== undefined) return false;
          throw error;
        }
      }),
    forget: (user) =>
      guarded(async () => void (await replies.deleteMany({ _id: { $regex: `^${user.replace(/[^0-9a-f]/g, '')}:` } }))),
  };
}
