/** What the learning filter has learnt: how often each word stood in spam and in other mail, for each user and for all together. */
import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import type { Database } from './connect.ts';
import { guarded } from './connect.ts';
import type { IndexEntry } from './indexes.ts';

export type Kind = 'spam' | 'ham';
export type WordCount = { readonly spam: number; readonly ham: number };

export type SpamWords = {
  /** Counts a message's words, in every scope given. `amount` -1 takes back what was learnt. */
  readonly learn: (scopes: readonly string[], words: readonly string[], kind: Kind, amount: 1 | -1) => Promise<void>;
  readonly totals: (scope: string) => Promise<WordCount>;
  /** Words that were never seen are left out. */
  readonly counts: (scope: string, words: readonly string[]) => Promise<ReadonlyMap<string, WordCount>>;
  /** What a user's message was learnt as before; then remembers the new kind. */
  readonly exchangeKind: (user: string, content: string, kind: Kind) => Promise<Kind | undefined>;
};

type WordDoc = { _id: string; spam: number; ham: number };
type LearntDoc = { _id: string; kind: Kind; at: Date };

export const SPAM_WORD_INDEXES: readonly IndexEntry[] = [
  {
    collection: 'spamLearnt',
    name: 'age',
    key: { at: 1 },
    options: { expireAfterSeconds: 180 * 24 * 3600 },
    reason: 'What was learnt half a year ago is not taken back.',
  },
];

/** Stands for the message itself: no word can be empty. */
const TOTAL = '';

export function createSpamWords(database: Database): SpamWords {
  const words: Collection<WordDoc> = database.main.collection('spamWords');
  const learnt: Collection<LearntDoc> = database.main.collection('spamLearnt');
  const idOf = (scope: string, word: string): string => `${scope}:${word}`;
  return {
    learn: (scopes, list, kind, amount) =>
      guarded(async () => {
        const increment = kind === 'spam' ? { spam: amount } : { ham: amount };
        const other = kind === 'spam' ? { ham: 0 } : { spam: 0 };
        const writes = scopes.flatMap((scope) =>
          [TOTAL, ...list].map(
            (word): AnyBulkWriteOperation<WordDoc> => ({
              updateOne: { filter: { _id: idOf(scope, word) }, update: { $inc: increment, $setOnInsert: other }, upsert: true },
            }),
          ),
        );
        await words.bulkWrite(writes, { ordered: false });
      }),
    totals: (scope) =>
      guarded(async () => {
        const doc = await words.findOne({ _id: idOf(scope, TOTAL) });
        return { spam: Math.max(0, doc?.spam ?? 0), ham: Math.max(0, doc?.ham ?? 0) };
      }),
    counts: (scope, list) =>
      guarded(async () => {
        const found = new Map<string, WordCount>();
        const ids = list.map((word) => idOf(scope, word));
        for await (const doc of words.find({ _id: { $in: ids } })) {
          found.set(doc._id.slice(scope.length + 1), { spam: Math.max(0, doc.spam), ham: Math.max(0, doc.ham) });
        }
        return found;
      }),
    exchangeKind: (user, content, kind) =>
      guarded(async () => {
        const before = await learnt.findOneAndUpdate(
          { _id: idOf(user, content) },
          { $set: { kind, at: new Date() } },
          { upsert: true, returnDocument: 'before' },
        );
        return before?.kind;
      }),
  };
}
