/**
 * Quota: the sum of the user's mailboxes' byte counters against the account's limit. The sum is exact in the database; here it is remembered for a moment and kept
 * current with this worker's own commits, so that a stream of deliveries does not add it up for each message.
 */
import { LruCache } from '../base/lru.ts';
import type { JournalEntry } from '../mail/change.ts';
import type { UserId } from '../mail/ids.ts';
import type { Database } from '../store/connect.ts';
import { sumCounts } from '../store/mailbox-nodes.ts';
import type { QuotaState } from './contract.ts';

/** How long another worker's commits may go unnoticed here (ms). */
const FRESH_MS = 1_000;

type Known = { bytes: number; messages: number; readonly atMs: number };

export class QuotaKeeper {
  readonly #database: Database;
  readonly #limitOf: (user: UserId) => Promise<number>;
  readonly #known = new LruCache<UserId, Known>(10_000);

  /** `limitOf` answers octets, 0 = unlimited. */
  constructor(database: Database, limitOf: (user: UserId) => Promise<number>) {
    this.#database = database;
    this.#limitOf = limitOf;
  }

  async state(user: UserId, options: { exact: boolean } = { exact: false }): Promise<QuotaState> {
    let known = this.#known.get(user);
    if (options.exact || known === undefined || Date.now() - known.atMs > FRESH_MS) {
      const sum = await sumCounts(this.#database, user);
      known = { bytes: sum.bytes, messages: sum.messages, atMs: Date.now() };
      this.#known.set(user, known);
    }
    return { limitBytes: await this.#limitOf(user), usedBytes: known.bytes, usedMessages: known.messages };
  }

  /** A commit of this worker. */
  committed(entry: JournalEntry): void {
    const known = this.#known.get(entry.user);
    if (known === undefined) return;
    known.bytes += entry.delta.bytes;
    known.messages += entry.delta.messages;
  }
}
