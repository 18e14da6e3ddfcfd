import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import type { MailboxId, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import { type Database, connectDatabase, newId } from '../store/connect.ts';
import { ensureIndexes } from '../store/indexes.ts';
import { createLocalBeacons } from '../sync/beacons.ts';
import { MailboxLog } from '../sync/mailbox-log.ts';
import { type Core, createCore } from './core.ts';

const HOUR = 3_600_000;

describe('housekeeping', () => {
  let database: Database;
  let core: Core;

  before(async () => {
    const servers = await sharedServers();
    database = await connectDatabase({ uri: servers.mongodbUri }, silentLogger);
    await ensureIndexes(database);
    core = newCore();
  });
  after(async () => {
    await core.close();
    await database.close();
  });

  const newCore = (): Core =>
    createCore({
      database,
      beacons: createLocalBeacons(),
      log: silentLogger,
      quotaLimits: () => Promise.resolve({ bytes: 0, messages: 0 }),
    });

  const message = (name: string): Buffer =>
    Buffer.from(
      `Subject: ${name}\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.alloc(40_000, 'shared').toString('base64')}\r\n`,
    );

  const newUser = async (): Promise<{ user: UserId; inbox: MailboxId }> => {
    const user = newId() as UserId;
    await core.operations.mailboxes.createDefaults(user);
    return { user, inbox: await core.operations.mailboxes.inboxOf(user) };
  };

  const deliver = async (user: UserId, inbox: MailboxId, name: string): Promise<void> => {
    const stored = await core.operations.contents.store(message(name));
    await core.operations.messages.append(user, inbox, [{ stored, flags: [], internalDateMs: 0 }]);
  };

  const counts = async () => ({
    messages: await database.messages.countDocuments(),
    contents: await database.contents.countDocuments(),
    texts: await database.texts.countDocuments(),
    blobs: await database.blobDocs.countDocuments(),
  });

  it('sweeps what nothing refers to, and only after its grace', async () => {
    const { user, inbox } = await newUser();
    await deliver(user, inbox, 'stays');
    await deliver(user, inbox, 'goes');
    await core.operations.contents.store(message('never placed'));
    const archive = (await core.operations.mailboxes.findByPath(user, 'Archive'))!.id;
    await core.operations.messages.copy(user, inbox, UidSet.of(1), archive);
    await core.operations.messages.expunge(user, inbox, { onlyDeleted: false });
    await core.materializer.drain();
    assert.deepEqual(await counts(), { messages: 3, contents: 3, texts: 3, blobs: 1 }, 'the attachment is stored once');

    await core.housekeeping.sweep(new Date(Date.now() - HOUR));
    assert.deepEqual(await counts(), { messages: 3, contents: 3, texts: 3, blobs: 1 }, 'nothing is old enough');

    await core.housekeeping.sweep(new Date(Date.now() + HOUR));
    assert.deepEqual(await counts(), { messages: 1, contents: 1, texts: 1, blobs: 1 }, 'the copy still needs its content');
    await core.operations.messages.expunge(user, archive, { onlyDeleted: false });
    await core.materializer.drain();
    await core.housekeeping.sweep(new Date(Date.now() + HOUR));
    assert.deepEqual(await counts(), { messages: 0, contents: 0, texts: 0, blobs: 0 });
  });

  it('applies what a dead worker had only committed', async () => {
    const { user, inbox } = await newUser();
    await deliver(user, inbox, 'one');
    await core.materializer.drain();
    // As a worker leaves it that dies right after its commit.
    await database.messages.deleteMany({
      mailbox: (await database.mailboxes.findOne({ name: 'INBOX' }, { sort: { _id: -1 } }))!._id,
    });
    await database.mailboxes.updateOne(
      { name: 'INBOX', modseq: 2 },
      { $set: { modseq: 1, uidNext: 1, counts: { messages: 0, unseen: 0, deleted: 0, bytes: 0 } } },
      {},
    );
    const other = newCore();
    assert.equal((await other.operations.mailboxes.get(user, inbox))?.counts.messages, 1, 'counters include the unapplied tail');
    assert.ok((await other.housekeeping.applyUnapplied(new Date(Date.now() + HOUR))) >= 1);
    const meta = await other.operations.reads.metadataOf(user, inbox, 1 as never);
    assert.equal(meta?.sizeBytes, message('one').length);
    await other.close();
  });

  it('writes placements again that went with a server although the position did not', async () => {
    const { user, inbox } = await newUser();
    await deliver(user, inbox, 'one');
    await deliver(user, inbox, 'two');
    await core.operations.messages.store(user, inbox, { uids: UidSet.of(1), operation: 'add', flags: ['\\Seen'] });
    await core.materializer.drain();
    const mailbox = (await database.mailboxes.findOne({ name: 'INBOX' }, { sort: { _id: -1 } }))!._id;
    await database.messages.deleteMany({ mailbox });
    const other = newCore();
    await other.housekeeping.applyUnapplied(new Date(Date.now() + 2_000));
    const flags = (await database.messages.find({ mailbox }, { sort: { uid: 1 } }).toArray()).map((doc) => doc.flags);
    assert.deepEqual(flags, [['\\Seen'], []]);
    assert.equal((await other.operations.mailboxes.get(user, inbox))?.counts.messages, 2, 'counted once');
    await other.close();
  });

  it('removes a message whose content was lost before it was acknowledged', async () => {
    const { user, inbox } = await newUser();
    const stored = await core.operations.contents.store(message('lost'));
    await database.contents.deleteMany({ _id: (await database.contents.findOne({}, { sort: { _id: -1 } }))!._id });
    const other = newCore();
    await assert.rejects(
      other.operations.messages.append(user, inbox, [
        { stored: { ...stored, epoch: stored.epoch - 1 }, flags: [], internalDateMs: 0 },
      ]),
      { code: 'UNAVAILABLE' },
    );
    await other.materializer.drain();
    const hold = await other.operations.views.open(user, inbox);
    assert.equal(hold.view.count, 0);
    hold.release();
    assert.deepEqual((await other.operations.mailboxes.get(user, inbox))?.counts, {
      messages: 0,
      unseen: 0,
      deleted: 0,
      bytes: 0,
    });
    await other.close();
  });

  it('trims journals; positions that slept through it are not built on', async () => {
    const { user, inbox } = await newUser();
    const sleeper = await MailboxLog.open(database, user, inbox);
    const since = sleeper.modseq;
    await deliver(user, inbox, 'one');
    await deliver(user, inbox, 'two');
    await core.operations.messages.expunge(user, inbox, { uids: UidSet.of(1), onlyDeleted: false });
    await core.materializer.drain();
    assert.equal((await core.operations.views.expungedSince(user, inbox, since))?.toString(), '1');
    assert.ok((await core.housekeeping.trimJournals(new Date(Date.now() + HOUR))) >= 3);
    assert.equal(await core.operations.views.expungedSince(user, inbox, since), undefined, 'the past is gone');
    sleeper.pretendUncheckedSince(0);
    await assert.rejects(sleeper.freshen(), { code: 'CLOSED' });
    const fresh = await MailboxLog.open(database, user, inbox);
    assert.equal((await fresh.view()).count, 1);
    await deliver(user, inbox, 'three');
    await fresh.catchUp();
    assert.equal((await fresh.view()).count, 2);
  });

  it('lets one worker at a time do it', async () => {
    assert.equal(await core.housekeeping.takeLease('one', 60_000), true);
    assert.equal(await core.housekeeping.takeLease('two', 60_000), false);
    assert.equal(await core.housekeeping.takeLease('one', 1), true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(await core.housekeeping.takeLease('two', 60_000), true);
  });
});
