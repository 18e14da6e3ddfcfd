/** The steps of housekeeping over the store; `server/tasks/` decides when. */
import type { BlobStore } from '../store/blobs.ts';
import type { Database } from '../store/connect.ts';
import { contentsLeft, forgetLeft, sweepContents, unusedBlobs } from '../store/contents.ts';
import { sweepTombstones } from '../store/placements.ts';
import { isSweepingHeld } from '../store/sweep-hold.ts';
import {
  blobsTouched,
  contentsStored,
  findUnapplied,
  mailboxesWritten,
  readMark,
  takeLease,
  trimJournal,
  writeMark,
} from '../store/upkeep.ts';
import type { Materializer } from './materializer.ts';

export type Swept = { readonly messages: number; readonly contents: number; readonly blobs: number; readonly bytes: number };

export type Housekeeping = {
  readonly takeLease: (owner: string, ttlMs: number) => Promise<boolean>;
  /** Applies journal entries that their writer did not get to; answers how many mailboxes had some. */
  readonly applyUnapplied: (now: Date) => Promise<number>;
  /**
   * Removes tombstones, contents and blobs that nobody refers to and nobody touched since `before`. Messages that were deleted since `deletedBefore` (default: the
   * same) stay, to be restored; released ones (restored already, or not to be kept) do not. While a backup reads the store nothing goes.
   */
  readonly sweep: (before: Date, deletedBefore?: Date) => Promise<Swept>;
  /** Removes applied journal entries older than `before`; answers how many. */
  readonly trimJournals: (before: Date) => Promise<number>;
};

/** A commit that is this young may be on its way still (ms). */
const SETTLE_MS = 5_000;
/** How far back placements are compared with the journal after a server was lost: far longer than it takes to notice (ms). */
const REAPPLY_MS = 10 * 60_000;
/** How far the first round after a long pause looks at a time (ms). */
const WINDOW_MS = 6 * 3_600_000;
const BATCH = 1_000;
const MAX_BATCHES = 50;

export function createHousekeeping(database: Database, blobs: BlobStore, materializer: Materializer): Housekeeping {
  let verifiedIn = -1;
  /** Walks [mark, end) in windows, remembering how far it came. */
  const walk = async (name: string, end: Date, step: (from: Date, to: Date) => Promise<void>): Promise<void> => {
    // Ids carry whole seconds: the window's ends are whole seconds too, and the last one is looked at again.
    let from = (await readMark(database, name)) ?? new Date(0);
    const first = from.getTime() === 0;
    while (from < end) {
      const to = first ? end : new Date(Math.min(from.getTime() + WINDOW_MS, end.getTime()));
      await step(from, to);
      await writeMark(database, name, new Date(Math.floor(to.getTime() / 1000) * 1000 - 1000));
      if (to >= end) return;
      from = to;
    }
  };

  const deleteBlobs = async (hashes: readonly Buffer[], before: Date): Promise<{ blobs: number; bytes: number }> => {
    const unused = await unusedBlobs(database, hashes);
    return { blobs: unused.length, bytes: await blobs.delete(unused, before) };
  };

  return {
    takeLease: (owner, ttlMs) => takeLease(database, 'housekeeping', owner, ttlMs),

    applyUnapplied: async (now) => {
      let count = 0;
      const epoch = database.epoch();
      if (verifiedIn !== epoch) {
        // A server was lost, or this worker is new and knows nothing of what was lost before: see `Materializer.reapply`.
        for (const written of await mailboxesWritten(database, new Date(now.getTime() - REAPPLY_MS), now))
          await materializer.reapply(written.user, written.mailbox, written.modseq);
        verifiedIn = epoch;
      }
      await walk('applied', new Date(now.getTime() - SETTLE_MS), async (from, to) => {
        for (const behind of await findUnapplied(database, from, to)) {
          await materializer.ensure(behind.user, behind.mailbox, behind.modseq);
          count += 1;
        }
      });
      return count;
    },

    sweep: async (before, deletedBefore = before) => {
      const total = { messages: 0, contents: 0, blobs: 0, bytes: 0 };
      if (await isSweepingHeld(database)) return total;
      const collect = async (candidates: Parameters<typeof sweepContents>[1]): Promise<void> => {
        const swept = await sweepContents(database, candidates);
        total.contents += swept.contents;
        const gone = await deleteBlobs(swept.blobs, before);
        total.blobs += gone.blobs;
        total.bytes += gone.bytes;
      };
      for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
        const contents = await sweepTombstones(database, deletedBefore, before, BATCH);
        total.messages += contents.length;
        await collect(contents);
        if (contents.length < BATCH) break;
      }
      // Contents whose last use was not a placement: sent mail.
      for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
        const contents = await contentsLeft(database, before, BATCH);
        await collect(contents);
        await forgetLeft(database, contents, before);
        if (contents.length < BATCH) break;
      }
      // Contents that were stored and never placed: a delivery that was cut short.
      await walk('orphans', before, async (from, to) => {
        await collect(await contentsStored(database, from, to, BATCH * MAX_BATCHES));
        const touched = await blobsTouched(database, from, to, BATCH * MAX_BATCHES);
        const gone = await deleteBlobs(touched, before);
        total.blobs += gone.blobs;
        total.bytes += gone.bytes;
      });
      return total;
    },

    trimJournals: async (before) => {
      let count = 0;
      if (await isSweepingHeld(database)) return count;
      await walk('journal', before, async (from, to) => {
        count += await trimJournal(database, from, to);
      });
      return count;
    },
  };
}
