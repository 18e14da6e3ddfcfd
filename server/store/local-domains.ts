/** Which domains are ours: those with an address or an alias here. Mail to them never leaves, and unknown addresses in them are refused at once. */
import { LruCache } from '../base/lru.ts';
import type { Database } from './connect.ts';
import { guarded } from './connect.ts';

/** A new domain works at once for mail from outside (its addresses resolve); this is only how long it may still be looked for elsewhere. */
const FRESH_MS = { ours: 60_000, others: 5_000 } as const;

export type LocalDomains = {
  /** `domain` in ASCII form, lower case. */
  readonly has: (domain: string) => Promise<boolean>;
};

export function createLocalDomains(database: Database): LocalDomains {
  const known = new LruCache<string, { ours: boolean; atMs: number }>(10_000);
  const addresses = database.main.collection('addresses');
  const aliases = database.main.collection('domainAliases');
  return {
    has: async (domain) => {
      const found = known.get(domain);
      if (found !== undefined && Date.now() - found.atMs < (found.ours ? FRESH_MS.ours : FRESH_MS.others)) return found.ours;
      const suffix = new RegExp(`@${domain.replace(/[^a-z0-9-]/g, '\\$&')}$`);
      const ours = await guarded(
        async () =>
          // Covered by the index on `key`: no document is read.
          (await addresses.findOne({ key: suffix }, { projection: { _id: 0, key: 1 } })) !== null ||
          (await aliases.findOne({ alias: domain }, { projection: { _id: 1 } })) !== null,
      );
      known.set(domain, { ours, atMs: Date.now() });
      return ours;
    },
  };
}
