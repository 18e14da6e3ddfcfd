/**
 * New DKIM keys in place of old ones without a gap: a new key waits until DNS has its record, then it signs; the old one's record must stay for mail on its
 * way and for DNS answers that are remembered elsewhere, a week, and then goes. All workers may do it at once.
 */
import type { Logger } from '../base/log.ts';
import type { DkimKeys, DkimKeyView } from '../operations/dkim-keys.ts';
import type { CheckResolver } from './checks.ts';
import type { Emit } from './mail-events.ts';

export type DkimRotationParts = {
  readonly keys: Pick<DkimKeys, 'unsettled' | 'rotate' | 'activate' | 'remove'>;
  readonly resolve: CheckResolver;
  /** How old a key gets before a new one is made by itself; 0 = for ever. */
  readonly rotateMs: number;
  readonly emit: Emit;
  readonly log: Logger;
  readonly now: () => number;
};

/** Longer than any time to live of a record that is still reasonable (a day), and than mail waits in queues. */
const KEEP_RETIRED_MS = 7 * 86_400_000;

/** One round; answers how many keys changed. */
export function createDkimRotation({ keys, resolve, rotateMs, emit, log, now }: DkimRotationParts): () => Promise<number> {
  const tell = (type: string, { id, domain, selector, dnsTxt }: DkimKeyView): void => {
    log.info(type, { domain, selector, record: dnsTxt.name });
    emit({ type, dkim: id, domain, selector, dnsTxt });
  };

  return async () => {
    let done = 0;
    const activeBefore = rotateMs > 0 ? new Date(now() - rotateMs) : new Date(0);
    const all = await keys.unsettled(activeBefore);
    for (const key of all) {
      if (key.state === 'pending' && (await isPublished(key, resolve))) {
        if (!(await keys.activate(key.id, new Date(now()), new Date(now() + KEEP_RETIRED_MS)))) continue;
        tell('dkim.activated', key);
        done += 1;
      } else if (key.state === 'retired' && (key.until?.getTime() ?? 0) <= now()) {
        if (!(await keys.remove(key.id))) continue;
        tell('dkim.expired', key);
        done += 1;
      }
    }
    const pending = new Set(all.filter(({ state }) => state === 'pending').map(({ domain }) => domain));
    for (const domain of new Set(all.filter(({ state }) => state === 'active').map((key) => key.domain))) {
      if (pending.has(domain)) continue;
      for (const key of await keys.rotate(domain)) {
        tell('dkim.pending', key);
        done += 1;
      }
    }
    return done;
  };
}

async function isPublished({ dnsTxt, publicKey }: DkimKeyView, resolve: CheckResolver): Promise<boolean> {
  try {
    const texts = (await resolve(dnsTxt.name, 'TXT')).map((text) => (Array.isArray(text) ? text.join('') : text));
    return texts.some((text) => /(?:^|;)\s*p\s*=\s*([^;]*)/.exec(text)?.[1]?.replace(/\s/g, '') === publicKey);
  } catch {
    // Not there, or not to be asked just now: the next round looks again.
    return false;
  }
}
