/** Removes messages whose time in their mailbox is over: what Trash and Junk hold for thirty days, and what anybody has set otherwise. */
import { isFault } from '../base/fault.ts';
import { UidSet } from '../mail/uid-set.ts';
import type { Database } from '../store/connect.ts';
import { mailboxesKept, messagesBefore, type RetentionDefaults } from '../store/retention.ts';
import { takeLease } from '../store/upkeep.ts';
import type { MessageOperations } from './contract.ts';

export type Retention = {
  readonly takeLease: (owner: string, ttlMs: number) => Promise<boolean>;
  /** Answers how many messages went. Ends early when told to. */
  readonly run: (nowMs: number, signal: AbortSignal) => Promise<number>;
};

const BATCH = 1_000;
/** Of one mailbox in one round; the rest has time. */
const MAX_BATCHES = 20;

export function createRetention(
  database: Database,
  messages: Pick<MessageOperations, 'expunge'>,
  defaults: RetentionDefaults,
): Retention {
  return {
    takeLease: (owner, ttlMs) => takeLease(database, 'retention', owner, ttlMs),
    run: async (nowMs, signal) => {
      let gone = 0;
      for await (const { user, mailbox, keepMs } of mailboxesKept(database, defaults)) {
        for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
          if (signal.aborted) return gone;
          const uids = await messagesBefore(database, user, mailbox, nowMs - keepMs, BATCH);
          if (uids.length === 0) break;
          try {
            const { expunged } = await messages.expunge(user, mailbox, { uids: UidSet.from(uids), onlyDeleted: false });
            gone += expunged.count;
          } catch (error) {
            // Deleted meanwhile: then its messages are gone anyway.
            if (!isFault(error, 'NONEXISTENT')) throw error;
            break;
          }
          if (uids.length < BATCH) break;
        }
      }
      return gone;
    },
  };
}
