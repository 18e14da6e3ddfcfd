import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import type { MailboxId, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import { type Database, connectDatabase, newId } from '../store/connect.ts';
import { ensureIndexes } from '../store/indexes.ts';
import { type Beacons, createRedisBeacons } from '../sync/beacons.ts';
import { type Core, createCore } from './core.ts';
import { wholeMailbox } from './messages.ts';

type Worker = Core & { database: Database; beacons: Beacons };

const workers: Worker[] = [];
let uri = '';
let redisUri = '';

async function startWorker(quotaBytes = 0): Promise<Worker> {
  const database = await connectDatabase({ uri }, silentLogger);
  await ensureIndexes(database);
  const beacons = createRedisBeacons(redisUri, database.main.databaseName, silentLogger);
  const core = createCore({
    database,
    beacons,
    log: silentLogger,
    quotaLimits: () => Promise.resolve({ bytes: quotaBytes, messages: 0 }),
  });
  const worker = { ...core, database, beacons };
  workers.push(worker);
  return worker;
}

async function newUser(worker: Worker): Promise<{ user: UserId; inbox: MailboxId }> {
  const user = newId() as UserId;
  await worker.operations.mailboxes.createDefaults(user);
  return { user, inbox: await worker.operations.mailboxes.inboxOf(user) };
}

function mail(subject: string, body = 'Hello.\r\n'): Buffer {
  return Buffer.from(
    `From: Ann <ann@example.test>\r\nTo: bob@example.test\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.test>\r\n\r\n${body}`,
  );
}

async function deliver(worker: Worker, user: UserId, mailbox: MailboxId, subject: string, flags: string[] = []) {
  const stored = await worker.operations.contents.store(mail(subject));
  return worker.operations.messages.append(user, mailbox, [{ stored, flags, internalDateMs: 1_700_000_000_000 }]);
}

async function rawOf(worker: Worker, user: UserId, mailbox: MailboxId, uid: number): Promise<string> {
  const meta = await worker.operations.reads.metadataOf(user, mailbox, uid as never);
  assert.ok(meta, `uid ${uid} is there`);
  const content = await worker.operations.contents.open(meta.content);
  return (await content.readAll(0, content.sizeBytes)).toString('latin1');
}

/** What the collections say, against what the counters say. */
async function assertCountersExact(worker: Worker, user: UserId): Promise<void> {
  await worker.materializer.drain();
  for (const mailbox of await worker.operations.mailboxes.list(user)) {
    const hold = await worker.operations.views.open(user, mailbox.id);
    let bytes = 0;
    let unseen = 0;
    let deleted = 0;
    for (let index = 0; index < hold.view.count; index += 1) {
      bytes += hold.view.sizeAt(index);
      if (!hold.view.flagsAt(index).includes('\\Seen')) unseen += 1;
      if (hold.view.flagsAt(index).includes('\\Deleted')) deleted += 1;
    }
    assert.deepEqual(mailbox.counts, { messages: hold.view.count, unseen, deleted, bytes }, mailbox.path);
    hold.release();
  }
}

describe('the mail store', () => {
  before(async () => {
    const servers = await sharedServers();
    uri = servers.mongodbUri;
    redisUri = servers.redisUri;
  });
  after(async () => {
    for (const worker of workers) {
      await worker.close();
      await worker.beacons.close();
      await worker.database.close();
    }
  });

  it('gives back the bytes of an appended message, with its flags and date', async () => {
    const worker = await startWorker();
    const { user, inbox } = await newUser(worker);
    const result = await deliver(worker, user, inbox, 'one', ['\\Seen', 'Work']);
    assert.deepEqual(result.uids, [1]);
    assert.equal(await rawOf(worker, user, inbox, 1), mail('one').toString('latin1'));
    const { view, release } = await worker.operations.views.open(user, inbox);
    assert.deepEqual([...view.flagsAt(0)], ['\\Seen', 'Work']);
    assert.equal(view.internalDateAt(0), 1_700_000_000_000);
    release();
    await assertCountersExact(worker, user);
  });

  it('commits concurrent appends of two workers in one order, without gap or loss', async () => {
    const [one, two] = [await startWorker(), await startWorker()];
    const { user, inbox } = await newUser(one);
    const held = await Promise.all([one, two].map((worker) => worker.operations.views.open(user, inbox)));
    const seen: number[][] = [[], []];
    held.forEach(({ view }, index) => view.subscribe((step) => seen[index]?.push(...step.appended)));
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, n) => deliver(n % 2 === 0 ? one : two, user, inbox, `m${n}`)),
    );
    const uids = results.flatMap((result) => result.uids).sort((a, b) => a - b);
    assert.deepEqual(
      uids,
      Array.from({ length: 60 }, (_, n) => n + 1),
    );
    for (const [index, { view }] of held.entries()) {
      await [one, two][index]?.operations.views.refresh(view);
      assert.equal(view.count, 60);
      assert.deepEqual(seen[index], uids, 'each view learns UIDs in ascending order, once');
    }
    for (const { release } of held) release();
    await assertCountersExact(two, user);
  });

  it('changes flags: exact counts, UNCHANGEDSINCE, missing messages', async () => {
    const worker = await startWorker();
    const { user, inbox } = await newUser(worker);
    const { messages } = worker.operations;
    for (const name of ['a', 'b', 'c']) await deliver(worker, user, inbox, name);
    const first = await messages.store(user, inbox, { uids: UidSet.of(1, 2), operation: 'add', flags: ['\\Seen'] });
    assert.equal(first.changed.toString(), '1:2');
    const none = await messages.store(user, inbox, { uids: UidSet.of(1), operation: 'add', flags: ['\\Seen'] });
    assert.ok(none.changed.isEmpty);
    assert.equal(none.modseq, first.modseq, 'nothing changed, so the mailbox did not move');
    const conditional = await messages.store(user, inbox, {
      uids: UidSet.of(1, 3, 9),
      operation: 'replace',
      flags: ['\\Flagged'],
      unchangedSince: (first.modseq - 1) as never,
    });
    assert.equal(conditional.changed.toString(), '3');
    assert.equal(conditional.modified.toString(), '1');
    assert.equal(conditional.missing.toString(), '9');
    await assertCountersExact(worker, user);
  });

  it('expunges, keeps what was expunged readable for sessions, and tells QRESYNC', async () => {
    const worker = await startWorker();
    const { user, inbox } = await newUser(worker);
    const { messages, views } = worker.operations;
    for (const name of ['a', 'b', 'c', 'd']) await deliver(worker, user, inbox, name);
    const { view, release } = await views.open(user, inbox);
    const since = view.modseq;
    await messages.store(user, inbox, { uids: UidSet.of(2, 3), operation: 'add', flags: ['\\Deleted'] });
    const { expunged } = await messages.expunge(user, inbox, { uids: UidSet.of(1, 2), onlyDeleted: true });
    assert.equal(expunged.toString(), '2');
    assert.equal(view.count, 3);
    assert.equal(await rawOf(worker, user, inbox, 2), mail('b').toString('latin1'));
    assert.equal((await views.expungedSince(user, inbox, since))?.toString(), '2');
    await deliver(worker, user, inbox, 'e');
    assert.equal(view.uidAt(view.count - 1), 5, 'UIDs are not used again');
    release();
    await assertCountersExact(worker, user);
  });

  it('copies and moves: content shared, flags kept, each message exactly once', async () => {
    const worker = await startWorker();
    const { user, inbox } = await newUser(worker);
    const { messages, mailboxes } = worker.operations;
    const target = (await mailboxes.findByPath(user, 'Archive'))!.id;
    for (const name of ['a', 'b', 'c', 'd']) await deliver(worker, user, inbox, name, ['\\Flagged']);
    const copied = await messages.copy(user, inbox, UidSet.of(1, 2, 77), target);
    assert.deepEqual(
      [copied.from, copied.to],
      [
        [1, 2],
        [1, 2],
      ],
    );
    // Two sessions move overlapping sets at once.
    const moved = await Promise.all([
      messages.move(user, inbox, UidSet.of(2, 3), target),
      messages.move(user, inbox, UidSet.of(3, 4), target),
    ]);
    assert.deepEqual(
      moved.flatMap((result) => result.from).sort((a, b) => a - b),
      [2, 3, 4],
    );
    assert.deepEqual(
      moved.flatMap((result) => result.to).sort((a, b) => a - b),
      [3, 4, 5],
    );
    const within = await messages.move(user, target, UidSet.of(1), target);
    assert.deepEqual([within.from, within.to], [[1], [6]]);
    const hold = await worker.operations.views.open(user, target);
    assert.equal(hold.view.count, 5);
    for (let index = 0; index < 5; index += 1) assert.deepEqual([...hold.view.flagsAt(index)], ['\\Flagged']);
    hold.release();
    const texts = await Promise.all([2, 3, 4, 5, 6].map((uid) => rawOf(worker, user, target, uid)));
    assert.deepEqual(texts.toSorted(), ['a', 'b', 'b', 'c', 'd'].map((name) => mail(name).toString('latin1')).toSorted());
    await assertCountersExact(worker, user);
  });

  it('finishes a move that another worker had only begun', async () => {
    const [dying, other] = [await startWorker(), await startWorker()];
    const { user, inbox } = await newUser(dying);
    const target = (await dying.operations.mailboxes.findByPath(user, 'Archive'))!.id;
    await deliver(dying, user, inbox, 'a');
    await dying.materializer.drain();
    // The source's entry is all that the first worker left behind.
    const { MailboxLog } = await import('../sync/mailbox-log.ts');
    const { EntryDraft } = await import('./entry-draft.ts');
    const { commitEntry } = await import('../store/journal.ts');
    const { readRefs } = await import('../store/placements.ts');
    const log = await MailboxLog.open(dying.database, user, inbox);
    const columns = await log.view();
    const [ref] = await readRefs(dying.database, user, inbox, UidSet.of(1));
    const draft = new EntryDraft({ user, mailbox: inbox, modseq: log.modseq, uidNext: log.uidNext, columns }, Date.now());
    draft.moveOut(UidSet.of(1), { to: target, key: newId(), messages: [{ ...ref!, id: newId() as never, flags: [] }] });
    assert.equal(await commitEntry(dying.database, draft.entry(), []), 'committed');
    // Whoever opens the source next finds it out.
    await other.operations.reads.metadataOf(user, inbox, 1 as never);
    const hold = await other.operations.views.open(user, target);
    assert.equal(hold.view.count, 1);
    hold.release();
    await assertCountersExact(other, user);
  });

  it('tells a view on another worker by beacon', async () => {
    const [writer, reader] = [await startWorker(), await startWorker()];
    const { user, inbox } = await newUser(writer);
    const { view, release } = await reader.operations.views.open(user, inbox);
    await new Promise((resolve) => setTimeout(resolve, 50)); // the subscription reaches Redis
    const heard = new Promise<number[]>((resolve) => view.subscribe((step) => resolve([...step.appended])));
    await deliver(writer, user, inbox, 'news');
    assert.deepEqual(await heard, [1]);
    release();
  });

  it('renames with inferiors in one step, deletes, and keeps \\Recent for one session', async () => {
    const worker = await startWorker();
    const { user, inbox } = await newUser(worker);
    const { mailboxes } = worker.operations;
    await mailboxes.create(user, 'a/b/c');
    await mailboxes.rename(user, 'a/b', 'x/y');
    const paths = (await mailboxes.list(user)).map((mailbox) => mailbox.path);
    assert.deepEqual(
      paths.filter((path) => /^[ax]/.test(path)),
      ['a', 'x', 'x/y', 'x/y/c'],
    );
    await assert.rejects(mailboxes.create(user, 'x/y'), { code: 'ALREADYEXISTS' });
    await assert.rejects(mailboxes.rename(user, 'x', 'x/y/z'), { code: 'CANNOT' });
    await mailboxes.delete(user, 'x/y');
    assert.equal((await mailboxes.findByPath(user, 'x/y'))?.noSelect, true);
    await mailboxes.delete(user, 'x/y/c');
    assert.equal(await mailboxes.findByPath(user, 'x/y/c'), undefined);
    await assert.rejects(mailboxes.delete(user, 'INBOX'), { code: 'CANNOT' });

    await deliver(worker, user, inbox, 'new');
    assert.equal(await mailboxes.claimRecent(user, inbox, 1 as never), 1);
    assert.equal(await mailboxes.claimRecent(user, inbox, 1 as never), 2, 'nothing left to be recent');

    await mailboxes.rename(user, 'INBOX', 'Old');
    assert.equal((await mailboxes.findByPath(user, 'Old'))?.counts.messages, 1);
    assert.equal((await mailboxes.findByPath(user, 'INBOX'))?.counts.messages, 0);
  });

  it('refuses appends beyond the quota, and into a deleted mailbox', async () => {
    const worker = await startWorker(200);
    const { user, inbox } = await newUser(worker);
    await deliver(worker, user, inbox, 'fits');
    await assert.rejects(deliver(worker, user, inbox, 'does-not-fit'), { code: 'OVERQUOTA' });
    const gone = await worker.operations.mailboxes.create(user, 'gone');
    await worker.operations.mailboxes.delete(user, 'gone');
    await assert.rejects(worker.operations.messages.copy(user, inbox, wholeMailbox(), gone.id), { code: 'NONEXISTENT' });
    assert.equal((await worker.operations.quota(user)).usedMessages, 1);
  });

  it('reads ranges over inline bytes and re-encoded attachments', async () => {
    const worker = await startWorker();
    const { user, inbox } = await newUser(worker);
    const attachment = Buffer.alloc(300_000, 'duck!').toString('base64').replace(/.{76}/g, '$&\r\n');
    const raw = Buffer.from(
      `Subject: big\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${attachment}\r\n--b--\r\n`,
    );
    const stored = await worker.operations.contents.store(raw);
    await worker.operations.messages.append(user, inbox, [{ stored, flags: [], internalDateMs: 0 }]);
    const content = await worker.operations.contents.open(stored.content);
    assert.ok(raw.equals(await content.readAll(0, raw.length)));
    for (const [start, end] of [
      [0, 10],
      [50, 400],
      [100_001, 100_090],
      [raw.length - 30, raw.length + 99],
    ] as const)
      assert.ok(raw.subarray(start, end).equals(await content.readAll(start, end)), `${start}-${end}`);
    const blob = await worker.database.blobDocs.findOne({ size: 300_000 });
    assert.ok(blob, 'the attachment is stored decoded');
  });
});
