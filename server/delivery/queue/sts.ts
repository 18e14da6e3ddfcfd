/**
 * MTA-STS (RFC 8461): a domain may say by HTTPS which servers are its own and that mail must reach them encrypted, with a valid certificate. Policies are kept
 * as long as they say, in the database, so that a restart or an attacker who hides the DNS record does not take the protection away.
 */
import { getPolicy, validateMx } from 'mailauth/lib/mta-sts.js';
import type { MTASTSPolicy } from 'mailauth';
import type { Logger } from '../../base/log.ts';
import { LruCache } from '../../base/lru.ts';
import type { StsPolicyStore } from '../../store/sts-policies.ts';
import type { CheckResolver } from '../checks.ts';

export type StsPolicy = {
  readonly mode: 'enforce' | 'testing';
  /** Whether this host may get the domain's mail. */
  readonly allows: (host: string) => boolean;
};

export type StsPolicies = {
  /** Undefined when the domain has none, or none can be had. Never throws. */
  readonly of: (domain: string) => Promise<StsPolicy | undefined>;
};

/** How long an answer is not asked for again, whatever it was. */
const FRESH_MS = 10 * 60_000;
const FETCH_MS = 15_000;

export function createStsPolicies(parts: {
  readonly store: StsPolicyStore;
  readonly resolve: CheckResolver;
  readonly log: Logger;
  readonly now?: () => number;
}): StsPolicies {
  const { store, resolve, log, now = Date.now } = parts;
  const recent = new LruCache<string, { policy: StsPolicy | undefined; atMs: number }>(5_000);

  const load = async (domain: string): Promise<StsPolicy | undefined> => {
    const known = await store.get(domain);
    try {
      const { policy, status } = await getPolicy(domain, (known as MTASTSPolicy | undefined) ?? null, {
        resolver: (name, type) => resolve(name, type),
        timeout: FETCH_MS,
      });
      // A failure to fetch is remembered here only, so that it stands for itself and for no policy.
      if (status === 'found') await store.put(domain, { ...policy, error: undefined }, new Date(policy.expires ?? now()));
      return asPolicy(policy);
    } catch (error) {
      // RFC 8461 §3.3: a failure to look is no reason to forget what is known.
      log.debug('MTA-STS policy not had', { domain, error });
      return known === undefined ? undefined : asPolicy(known as MTASTSPolicy);
    }
  };

  return {
    of: async (domain) => {
      const found = recent.get(domain);
      if (found !== undefined && now() - found.atMs < FRESH_MS) return found.policy;
      const policy = await load(domain).catch((error: unknown) => {
        log.warn('MTA-STS policies can’t be read', { domain, error });
        return undefined;
      });
      recent.set(domain, { policy, atMs: now() });
      return policy;
    },
  };
}

function asPolicy(policy: MTASTSPolicy): StsPolicy | undefined {
  const { mode } = policy;
  if (mode !== 'enforce' && mode !== 'testing') return undefined;
  return { mode, allows: (host) => validateMx(host, policy).valid };
}
