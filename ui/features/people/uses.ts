/** From the log of sign-ins to devices: what signed in with the same password from the same address is one. Pure. */
import type { AuthEvent } from './api.ts';

export interface Use {
  readonly key: string;
  /** The name of the app password; undefined: the person's own password. */
  readonly device: string | undefined;
  /** The app password's id, by which it can be ended. */
  readonly asp: string | undefined;
  readonly protocols: readonly string[];
  readonly ip: string | undefined;
  readonly last: string;
}

const maxUses = 20;

/** The latest first. Failed sign-ins are no use of the mailbox. */
export function usesOf(events: readonly AuthEvent[]): Use[] {
  const uses = new Map<string, Use>();
  for (const event of events) {
    if (event.action !== 'authentication' || event.result !== 'success') continue;
    const asp = typeof event['asp'] === 'string' ? event['asp'] : undefined;
    const device = typeof event['aname'] === 'string' && event['aname'] !== '' ? event['aname'] : undefined;
    const ip = event.ip ?? undefined;
    // A device with a password of its own is the same one from wherever it comes.
    const key = asp ?? `password ${ip ?? ''}`;
    const last = event.last ?? event.created;
    const former = uses.get(key);
    const newer = former === undefined || last > former.last;
    uses.set(key, {
      key,
      device,
      asp,
      protocols: [...new Set([...(former?.protocols ?? []), event.protocol ?? ''])].filter((name) => name !== '').sort(),
      ip: newer ? ip : former.ip,
      last: newer ? last : former.last,
    });
  }
  return [...uses.values()].sort((a, b) => (a.last < b.last ? 1 : -1)).slice(0, maxUses);
}
