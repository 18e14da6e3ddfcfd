/** What greylisting remembers: which senders from which networks have tried, and which have come back. */
import { createHash } from 'node:crypto';
import { Binary, type Collection } from 'mongodb';
import type { Database } from './connect.ts';
import { duplicateKey, guarded } from './connect.ts';
import type { IndexEntry } from './indexes.ts';

export type GreylistStore = {
  /** Whether mail of this triple may pass now; the first try is written down. */
  readonly pass: (
    network: string,
    from: string,
    to: string,
    options: { readonly now: Date; readonly delayMs: number },
  ) => Promise<boolean>;
};

type TripleDoc = { _id: Binary; first: Date; passed: boolean; expires: Date };

export const GREYLIST_INDEXES: readonly IndexEntry[] = [
  {
    collection: 'greylist',
    name: 'expiry',
    key: { expires: 1 },
    options: { expireAfterSeconds: 0 },
    reason: 'Old tries vanish by themselves.',
  },
];

const DAY_MS = 24 * 3_600_000;
/** Who never came back is forgotten sooner than who did. */
const TRIED_MS = 2 * DAY_MS;
const PASSED_MS = 36 * DAY_MS;

export function createGreylistStore(database: Database): GreylistStore {
  const triples: Collection<TripleDoc> = database.main.collection('greylist');
  return {
    pass: (network, from, to, { now, delayMs }) =>
      guarded(async () => {
        const id = new Binary(createHash('sha256').update(`${network}\0${from}\0${to}`).digest().subarray(0, 16));
        const known = await triples.findOne({ _id: id });
        if (known === null) {
          try {
            await triples.insertOne({ _id: id, first: now, passed: false, expires: new Date(now.getTime() + TRIED_MS) });
          } catch (error) {
            // Another connection tried the same this moment.
            if (duplicateKey(error) === undefined) throw error;
          }
          return false;
        }
        if (!known.passed && now.getTime() - known.first.getTime() < delayMs) return false;
        await triples.updateOne({ _id: id }, { $set: { passed: true, expires: new Date(now.getTime() + PASSED_MS) } });
        return true;
      }),
  };
}
