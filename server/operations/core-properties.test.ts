/** Whatever two workers do to a user's mailboxes at the same time: views, placements, counters and a replay of the journal agree in the end. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { isFault } from '../base/fault.ts';
import { silentLogger } from '../base/log.ts';
import type { MailboxId, Modseq, Uid, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import { type Database, connectDatabase, newId } from '../store/connect.ts';
import { ensureIndexes } from '../store/indexes.ts';
import { readJournal } from '../store/journal.ts';
import { readAppliedNode } from '../store/mailbox-nodes.ts';
import { readRows } from '../store/placements.ts';
import { type Beacons, createRedisBeacons } from '../sync/beacons.ts';
import { ViewColumns } from '../sync/view-columns.ts';
import type { StoredContent } from './contract.ts';
import { type Core, createCore } from './core.ts';

type Row = { uid: number; flags: readonly string[]; size: number };

/** mulberry32: small, seeded, good enough to pick operations. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('the mail store under concurrent change', () => {
  const databases: Database[] = [];
  const beacons: Beacons[] = [];
  const cores: Core[] = [];

  before(async () => {
    const servers = await sharedServers();
    for (let n = 0; n < 2; n += 1) {
      const database = await connectDatabase({ uri: servers.mongodbUri }, silentLogger);
      const signal = createRedisBeacons(servers.redisUri, servers.database, silentLogger);
      await ensureIndexes(database);
      databases.push(database);
      beacons.push(signal);
      cores.push(
        createCore({
          database,
          beacons: signal,
          log: silentLogger,
          quotaLimits: () => Promise.resolve({ bytes: 0, messages: 0 }),
        }),
      );
    }
  });
  after(async () => {
    for (const core of cores) await core.close();
    for (const one of beacons) await one.close();
    for (const database of databases) await database.close();
  });

  for (const seed of [1, 2, 3]) {
    it(`agrees with itself (seed ${seed})`, async () => {
      const user = newId() as UserId;
      const [first] = cores;
      await first!.operations.mailboxes.createDefaults(user);
      const inbox = await first!.operations.mailboxes.inboxOf(user);
      const archive = (await first!.operations.mailboxes.findByPath(user, 'Archive'))!.id;
      const stored: StoredContent[] = [];
      for (let n = 0; n < 5; n += 1)
        stored.push(await first!.operations.contents.store(Buffer.from(`Subject: ${n}\r\n\r\n${'x'.repeat(n * 10)}`)));
      const holds = await Promise.all(
        cores.flatMap((core) => [inbox, archive].map((mailbox) => core.operations.views.open(user, mailbox))),
      );
      const placed = { appended: 0, moved: 0, copied: 0 };
      await Promise.all(
        [0, 1, 2, 3].map((lane) => act(cores[lane % 2]!, random(seed * 100 + lane), user, [inbox, archive], stored, placed)),
      );
      for (const [index, hold] of holds.entries()) await cores[Math.floor(index / 2)]!.operations.views.refresh(hold.view);
      for (const core of cores) await core.materializer.drain();

      for (const [at, mailbox] of [inbox, archive].entries()) {
        const views = [holds[at]!.view, holds[at + 2]!.view].map((view) =>
          Array.from(
            { length: view.count },
            (_, i): Row => ({ uid: view.uidAt(i), flags: view.flagsAt(i), size: view.sizeAt(i) }),
          ),
        );
        assert.deepEqual(views[0], views[1], 'both workers see the same');
        const expected = views[0]!;
        assert.deepEqual(await placements(databases[0]!, user, mailbox), expected, 'placements follow the journal');
        assert.deepEqual(await replay(databases[0]!, user, mailbox), expected, 'so does a replay from nothing');
        const node = (await readAppliedNode(databases[0]!, mailbox))!;
        assert.deepEqual(node.counts, {
          messages: expected.length,
          unseen: expected.filter((row) => !row.flags.includes('\\Seen')).length,
          deleted: expected.filter((row) => row.flags.includes('\\Deleted')).length,
          bytes: expected.reduce((sum, row) => sum + row.size, 0),
        });
      }
      for (const hold of holds) hold.release();
    });
  }
});

async function act(
  core: Core,
  next: () => number,
  user: UserId,
  mailboxes: readonly MailboxId[],
  stored: readonly StoredContent[],
  placed: { appended: number },
): Promise<void> {
  const { messages } = core.operations;
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!;
  const uids = (): UidSet => {
    const from = 1 + Math.floor(next() * 30);
    return UidSet.range(from, from + Math.floor(next() * 6));
  };
  for (let n = 0; n < 40; n += 1) {
    const mailbox = pick(mailboxes);
    const other = mailboxes.find((one) => one !== mailbox)!;
    const kind = next();
    try {
      if (kind < 0.35) {
        await messages.append(user, mailbox, [
          { stored: pick(stored), flags: next() < 0.5 ? ['\\Seen'] : ['tag'], internalDateMs: n },
        ]);
        placed.appended += 1;
      } else if (kind < 0.65) {
        const operation = pick(['add', 'remove', 'replace'] as const);
        await messages.store(user, mailbox, {
          uids: uids(),
          operation,
          flags: [pick(['\\Seen', '\\Deleted', '\\Flagged', 'tag', 'TAG'])],
        });
      } else if (kind < 0.75) await messages.expunge(user, mailbox, { uids: uids(), onlyDeleted: next() < 0.7 });
      else if (kind < 0.87) await messages.copy(user, mailbox, uids(), next() < 0.3 ? mailbox : other);
      else await messages.move(user, mailbox, uids(), next() < 0.3 ? mailbox : other);
    } catch (error) {
      // Under so many lost races an operation may give up; what matters is that it then changed nothing.
      if (!isFault(error, 'INUSE')) throw error;
    }
  }
}

async function placements(database: Database, user: UserId, mailbox: MailboxId): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of readRows(database, user, mailbox)) {
    for (const row of batch) rows.push({ uid: row.uid, flags: row.flags, size: row.sizeBytes });
  }
  const columns = new ViewColumns(1 as Modseq, 1 as Uid);
  for (const row of rows)
    columns.load({ uid: row.uid as Uid, flags: row.flags, modseq: 1 as Modseq, sizeBytes: row.size, internalDateMs: 0 });
  return rowsOf(columns);
}

async function replay(database: Database, user: UserId, mailbox: MailboxId): Promise<Row[]> {
  const columns = new ViewColumns(1 as Modseq, 1 as Uid);
  for (const entry of await readJournal(database, user, mailbox, 1 as Modseq, 10_000)) columns.apply(entry);
  return rowsOf(columns);
}

function rowsOf(columns: ViewColumns): Row[] {
  return Array.from({ length: columns.count }, (_, i) => ({
    uid: columns.uidAt(i),
    flags: columns.flagsAt(i),
    size: columns.sizeAt(i),
  }));
}
