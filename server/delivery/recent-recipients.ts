/**
 * Remembers for a moment who gets mail for an address. Mail comes in bursts to the same users, and looking each one up costs two reads of the database.
 * Only users that were found are remembered: a new address works at once, and a user that is closed stops getting mail within `freshMs`.
 */
import { LruCache } from '../base/lru.ts';
import type { AccountOperations, RecipientLookup } from '../operations/contract-accounts.ts';

const DEFAULT_FRESH_MS = 1_000;
const MAX_REMEMBERED = 5_000;

export function rememberRecipients(
  resolve: AccountOperations['resolveRecipient'],
  options: { readonly freshMs?: number; readonly now?: () => number } = {},
): AccountOperations['resolveRecipient'] {
  const { freshMs = DEFAULT_FRESH_MS, now = Date.now } = options;
  const known = new LruCache<string, { found: RecipientLookup; atMs: number }>(MAX_REMEMBERED);
  return async (address) => {
    const recent = known.get(address);
    if (recent !== undefined && now() - recent.atMs < freshMs) return recent.found;
    const atMs = now();
    const found = await resolve(address);
    if (found.kind === 'user' && !found.disabled) known.set(address, { found, atMs });
    else known.delete(address);
    return found;
  };
}
