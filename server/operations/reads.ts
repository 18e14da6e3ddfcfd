/** Reads of placed messages. They see at least everything this worker's view of the mailbox has seen. */
import type { ContentId, MailboxId, Uid, UserId } from '../mail/ids.ts';
import { UidSet, UidSetBuilder } from '../mail/uid-set.ts';
import type { Database } from '../store/connect.ts';
import { readTexts } from '../store/contents.ts';
import { type PlacementRef, readMeta, readRefs } from '../store/placements.ts';
import type { MessageReads, MessageSummary, SearchText } from './contract.ts';
import type { MailboxRegistry } from './mailbox-registry.ts';
import type { Materializer } from './materializer.ts';
import type { SearchTexts } from './search-texts.ts';

/** Contents whose texts are read at a time; texts are up to a MiB each, mostly a few KiB. */
const TEXT_BATCH = 250;

/** Tries to read what a server that has just taken over did not have yet. */
const MAX_REREADS = 5;
/** Messages answered from memory at a time. */
const CACHED_BATCH = 2_000;

export function createReads(
  database: Database,
  registry: MailboxRegistry,
  materializer: Materializer,
  texts: SearchTexts,
): MessageReads {
  /** Placements must have reached what the caller may have been told of. */
  const settle = (user: UserId, mailbox: MailboxId): Promise<void> =>
    registry.use(user, mailbox, (log) => materializer.ensure(user, mailbox, log.owedAt));

  async function* refBatches(user: UserId, mailbox: MailboxId, uids: UidSet): AsyncGenerator<readonly PlacementRef[]> {
    await settle(user, mailbox);
    let rest = uids;
    while (!rest.isEmpty) {
      const part = rest.slice(4_000);
      rest = rest.subtract(part);
      const refs = await readRefs(database, user, mailbox, part);
      for (let at = 0; at < refs.length; at += TEXT_BATCH) yield refs.slice(at, at + TEXT_BATCH);
    }
  }

  return {
    metadata: async function* (user, mailbox, uids) {
      let wanted = uids;
      for (let attempt = 0; attempt < MAX_REREADS; attempt += 1) {
        const epoch = database.epoch();
        await settle(user, mailbox);
        const found = new UidSetBuilder();
        for await (const batch of readMeta(database, user, mailbox, wanted)) {
          for (const meta of batch) found.add(meta.uid);
          yield batch;
        }
        // Another server may have answered than the one that had settled: what it lacked is applied there by now, or soon.
        if (database.epoch() === epoch) return;
        wanted = wanted.subtract(found.build());
        if (wanted.isEmpty) return;
      }
    },

    metadataOf: async (user, mailbox, uid) => {
      await settle(user, mailbox);
      for await (const [meta] of readMeta(database, user, mailbox, UidSet.of(uid))) return meta;
      return undefined;
    },

    searchText: async function* (user, mailbox, uids, which) {
      const parts = which === 'both' ? (['header', 'body'] as const) : ([which] as const);
      const missing = new UidSetBuilder();
      let batch: SearchText[] = [];
      for (const uid of uids) {
        const known = texts.get(mailbox, uid as Uid, parts);
        if (known === undefined) {
          missing.add(uid);
          continue;
        }
        batch.push(known);
        if (batch.length < CACHED_BATCH) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
      for await (const refs of refBatches(user, mailbox, missing.build())) {
        const found = await readTexts(database, contentsOf(refs), { header: which !== 'body', body: which !== 'header' });
        const rows: SearchText[] = [];
        for (const ref of refs) {
          const text = found.get(ref.content);
          if (text !== undefined) rows.push({ uid: ref.uid, header: text.header ?? '', body: text.body ?? '' });
        }
        texts.add(mailbox, rows, parts);
        yield rows;
      }
    },

    summaries: async function* (user, mailbox, uids) {
      for await (const refs of refBatches(user, mailbox, uids)) {
        const texts = await readTexts(database, contentsOf(refs), { summary: true });
        const batch: MessageSummary[] = [];
        for (const ref of refs) {
          const summary = texts.get(ref.content)?.summary;
          if (summary === undefined) continue;
          batch.push({ ...summary, uid: ref.uid, messageId: summary.messageId, sentDate: summary.sentDate });
        }
        yield batch;
      }
    },
  };
}

function contentsOf(refs: readonly PlacementRef[]): ContentId[] {
  return [...new Set(refs.map((ref) => ref.content))];
}
