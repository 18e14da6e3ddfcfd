/**
 * Quota: the sum of the user's mailboxes' counters, octets and messages, against the account's limits. The sum is exact in the database; here it is remembered for a moment and kept
 * current with this worker's own commits, so that a stream of deliveries does not add it up for each message.
 */
import { LruCache } from '../base/lru.ts';
import type { JournalEntry } from '../mail/change.ts';
import type { UserId } from '../mail/ids.ts';
import type { Database } from '../store/connect.ts';
import { sumCounts } from '../store/mailbox-nodes.ts';
import type { QuotaState } from './contract.ts';
import type { QuotaLimits } from './contract-accounts.ts';

/** How long another worker's commits may go unnoticed here (ms). */
const FRESH_MS = 1_000;

type Known = { bytes: number; messages: number; readonly atMs: number };

export class QuotaKeeper {
  readonly #database: Database;
  readonly #limitsOf: (user: UserId) => Promise<QuotaLimits>;
  readonly #known = new LruCache<UserId, Known>(10_000);

  constructor(database: Database, limitsOf: (user: UserId) => Promise<QuotaLimits>) {
    this.#database = database;
    this.#limitsOf = limitsOf;
  }

  async state(user: UserId, options: { exact: boolean } = { exact: false }): Promise<QuotaState> {
    let known = this.#known.get(user);
    if (options.exact || known === undefined || Date.now() - known.atMs > FRESH_MS) {
      const sum = await sumCounts(this.#database, user);
      known = { bytes: sum.bytes, messages: sum.messages, atMs: Date.now() };
      this.#known.set(user, known);
    }
    const limits = await this.#limitsOf(user);
    return {
      limitBytes: limits.bytes,
      usedBytes: known.bytes,
      limitMessages: limits.messages,
      usedMessages: known.messages,
    };
  }

  /** A commit of this worker. */
  committed(entry: JournalEntry): void {
    const known = this.#known.get(entry.user);
    if (known === undefined) return;
    known.bytes += entry.delta.bytes;
    known.messages += entry.delta.messages;
  }
}

/** Whether so many more messages are too many, or too big. */
export function exceedsQuota(state: QuotaState, added: readonly { readonly sizeBytes: number }[]): boolean {
  const { limitBytes, usedBytes, limitMessages, usedMessages } = state;
  if (limitMessages > 0 && usedMessages + added.length > limitMessages) return true;
  return limitBytes > 0 && added.reduce((sum, message) => sum + message.sizeBytes, usedBytes) > limitBytes;
}
