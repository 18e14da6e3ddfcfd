/** MTA-STS policies of other domains, as long as they hold. What is in one is the business of who reads it. */
import type { Database } from './connect.ts';
import { guarded } from './connect.ts';
import type { IndexEntry } from './indexes.ts';

export type StsPolicyStore = {
  readonly get: (domain: string) => Promise<object | undefined>;
  readonly put: (domain: string, policy: object, expires: Date) => Promise<void>;
};

type PolicyDoc = { _id: string; policy: object; expires: Date };

export const STS_INDEXES: readonly IndexEntry[] = [
  {
    collection: 'stsPolicies',
    name: 'expiry',
    key: { expires: 1 },
    options: { expireAfterSeconds: 0 },
    reason: 'Policies vanish when they no longer hold.',
  },
];

export function createStsPolicyStore(database: Database): StsPolicyStore {
  const policies = database.main.collection<PolicyDoc>('stsPolicies');
  return {
    get: (domain) => guarded(async () => (await policies.findOne({ _id: domain, expires: { $gt: new Date() } }))?.policy),
    put: (domain, policy, expires) =>
      guarded(async () => {
        await policies.updateOne({ _id: domain }, { $set: { policy, expires } }, { upsert: true, ...database.concerns.ordered });
      }),
  };
}
