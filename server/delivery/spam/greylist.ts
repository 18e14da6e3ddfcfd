/**
 * Greylisting (RFC 6647): the first mail from an unknown network, sender and recipient is put off; a real server tries again, many a spammer does not. A
 * network whose mail passed a few times is not asked again by this worker.
 */
import { isIPv4 } from 'node:net';
import { LruCache } from '../../base/lru.ts';
import type { Logger } from '../../base/log.ts';
import type { GreylistStore } from '../../store/greylist.ts';
import { isPrivate } from './dnsbl.ts';

export type Greylist = {
  /** Whether the recipient may be served now. When it can't be known, it may. */
  readonly mayPass: (address: string, from: string, to: string) => Promise<boolean>;
};

const TRUSTED_AFTER = 5;
const REMEMBERED = 10_000;

export function createGreylist(
  store: GreylistStore,
  options: { readonly delayMs: number; readonly log: Logger; readonly now?: () => number },
): Greylist {
  const { delayMs, log, now = Date.now } = options;
  const passes = new LruCache<string, number>(REMEMBERED);
  return {
    mayPass: async (address, from, to) => {
      if (isPrivate(address)) return true;
      const network = networkOf(address);
      const count = passes.get(network) ?? 0;
      if (count >= TRUSTED_AFTER) return true;
      try {
        const passed = await store.pass(network, from.toLowerCase(), to.toLowerCase(), { now: new Date(now()), delayMs });
        if (passed) passes.set(network, count + 1);
        return passed;
      } catch (error) {
        log.warn('greylisting is not possible', { error });
        return true;
      }
    },
  };
}

/** Big senders try again from another machine of the same network: /24, /64. */
export function networkOf(address: string): string {
  if (isIPv4(address)) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  const [head = ''] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  while (groups.length < 4) groups.push('0');
  return `${groups.slice(0, 4).join(':')}::/64`.toLowerCase();
}
