/**
 * A stand-alone mongod shows an entry for a moment before it is safe, and dies. A worker that has read it must not go on from there: another entry may stand under that number now.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { ObjectId } from 'mongodb';
import { type MongodServer, startMongod } from '../../test/harness/servers.ts';
import { waitFor } from '../../test/harness/wait-for.ts';
import { silentLogger } from '../base/log.ts';
import type { MailboxId, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import { type Database, connectDatabase, newId, oid } from '../store/connect.ts';
import { ensureIndexes } from '../store/indexes.ts';
import { readJournal } from '../store/journal.ts';
import { createLocalBeacons } from '../sync/beacons.ts';
import { type Core, createCore } from './core.ts';

type Worker = Core & { readonly database: Database };

let mongod: MongodServer;
const workers: Worker[] = [];
before(async () => {
  mongod = await startMongod();
});
after(async () => {
  for (const worker of workers) {
    await worker.close();
    await worker.database.close();
  }
  await mongod.stop();
});

async function startWorker(): Promise<Worker> {
  const database = await connectDatabase({ uri: mongod.uri.replace('/?', '/lost?') }, silentLogger);
  await ensureIndexes(database);
  const core = createCore({
    database,
    beacons: createLocalBeacons(),
    log: silentLogger,
    quotaLimits: () => Promise.resolve({ bytes: 0, messages: 0 }),
  });
  const worker = { ...core, database };
  workers.push(worker);
  return worker;
}

async function deliver(worker: Worker, user: UserId, mailbox: MailboxId, subject: string): Promise<void> {
  const stored = await worker.operations.contents.store(Buffer.from(`Subject: ${subject}\r\n\r\nHello.\r\n`));
  await worker.operations.messages.append(user, mailbox, [{ stored, flags: [], internalDateMs: 0 }]);
}

it('a worker that has read an entry which never became durable lets go of its picture, and leaves no gap', async () => {
  const [one, reader, writer] = [await startWorker(), await startWorker(), await startWorker()];
  const user = newId() as UserId;
  await one.operations.mailboxes.createDefaults(user);
  const inbox = await one.operations.mailboxes.inboxOf(user);
  await deliver(one, user, inbox, 'one');
  const { view, release } = await reader.operations.views.open(user, inbox);
  const held = await writer.operations.views.open(user, inbox);
  const { modseq } = view;

  const ghost = {
    _id: new ObjectId(),
    user: oid(user),
    mailbox: oid(inbox),
    modseq: modseq + 1,
    at: new Date(0),
    uidNext: view.uidNext,
    changes: [{ kind: 'flags' as const, operation: 'add' as const, flags: ['ghost'], uids: [1, 1] }],
    delta: { messages: 0, unseen: 0, deleted: 0, bytes: 0 },
  };
  await one.database.journal.insertOne(ghost as never);
  for (const [worker, seen] of [
    [reader, view],
    [writer, held.view],
  ] as const) {
    await worker.operations.views.refresh(seen);
    assert.deepEqual([...seen.flagsAt(0)], ['ghost']);
  }
  await one.database.journal.deleteOne({ _id: ghost._id }, { writeConcern: { w: 1, j: true } });
  await mongod.restart('SIGKILL');
  // Every worker notices at its next word with the server, as they all do in time.
  for (const worker of workers) {
    const before = worker.database.epoch();
    await waitFor(async () => {
      await worker.database.ping();
      return worker.database.epoch() > before || worker.database.epoch() > 2;
    });
  }

  // The writer must not put its entry behind the one that is gone.
  const flag = { uids: UidSet.of(1), operation: 'add' as const, flags: ['real'] };
  await assert.rejects(writer.operations.messages.store(user, inbox, flag), { code: 'CLOSED' });
  held.release();
  await deliver(one, user, inbox, 'two');
  await assert.rejects(reader.operations.views.refresh(view), { code: 'CLOSED' });
  release();

  // Whoever comes again sees what is.
  const again = await reader.operations.views.open(user, inbox);
  assert.equal(again.view.count, 2);
  assert.deepEqual([...again.view.flagsAt(0)], []);
  again.release();
  await writer.operations.messages.store(user, inbox, flag);
  const entries = await readJournal(one.database, user, inbox, 0 as never);
  assert.deepEqual(
    entries.map((entry) => entry.modseq),
    Array.from({ length: entries.length }, (_, n) => (entries[0]?.modseq ?? 0) + n),
    'no gap',
  );
});
