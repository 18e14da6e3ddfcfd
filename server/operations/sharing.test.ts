import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import type { UserId } from '../mail/ids.ts';
import { ANNOTATION_INDEXES } from '../store/annotations.ts';
import { type Database, connectDatabase, newId } from '../store/connect.ts';
import { INDEXES, ensureIndexes } from '../store/indexes.ts';
import { createLocalBeacons } from '../sync/beacons.ts';
import { type Core, createCore } from './core.ts';

describe('shared mailboxes and annotations', () => {
  let database: Database;
  let core: Core;
  const [ann, bob] = [newId() as UserId, newId() as UserId];

  before(async () => {
    database = await connectDatabase({ uri: (await sharedServers()).mongodbUri }, silentLogger);
    await ensureIndexes(database, [...INDEXES, ...ANNOTATION_INDEXES]);
    core = createCore({
      database,
      beacons: createLocalBeacons(),
      log: silentLogger,
      quotaLimits: () => Promise.resolve({ bytes: 0, messages: 0 }),
    });
    for (const user of [ann, bob]) await core.operations.mailboxes.createDefaults(user);
  });
  after(async () => {
    await core.close();
    await database.close();
  });

  it('gives others the rights that the owner gave them, and anyone', async () => {
    const { acls, mailboxes } = core.operations;
    const shared = await mailboxes.create(ann, 'Team/Sales');
    assert.deepEqual(await acls.sharedWith(bob), []);
    await acls.set(ann, shared.id, bob, 'replace', 'lrs');
    await acls.set(ann, shared.id, bob, 'add', 'w');
    await acls.set(ann, shared.id, 'anyone', 'replace', 'lp');
    assert.equal(await acls.rightsOf(bob, ann, shared.id), 'lrswp');
    assert.equal(await acls.rightsOf(ann, ann, shared.id), 'lrswipkxtea');
    assert.deepEqual(
      (await acls.sharedWith(bob)).map(({ mailbox, rights }) => [mailbox.path, mailbox.user, rights]),
      [['Team/Sales', ann, 'lrswp']],
    );
    await acls.set(ann, shared.id, bob, 'replace', '');
    assert.deepEqual(await acls.list(ann, shared.id), [{ identifier: 'anyone', rights: 'lp' }]);
    await assert.rejects(acls.set(ann, shared.id, ann, 'replace', 'l'), { code: 'CANNOT' });
    await assert.rejects(acls.set(bob, shared.id, ann, 'replace', 'l'), { code: 'NONEXISTENT' });
  });

  it('loses no change when two set rights at once', async () => {
    const { acls, mailboxes } = core.operations;
    const box = await mailboxes.create(ann, 'Both');
    const people = Array.from({ length: 12 }, () => newId() as UserId);
    await Promise.all(people.map((user) => acls.set(ann, box.id, user, 'replace', 'lr')));
    assert.equal((await acls.list(ann, box.id)).length, 12);
  });

  it('copies into a mailbox of another user', async () => {
    const { mailboxes, contents, messages, reads, quota } = core.operations;
    const from = await mailboxes.inboxOf(bob);
    const to = (await mailboxes.findByPath(ann, 'Archive'))!.id;
    const stored = await contents.store(Buffer.from('Subject: shared\r\n\r\nx\r\n'));
    const { uids } = await messages.append(bob, from, [{ stored, flags: ['\\Seen'], internalDateMs: 5 }]);
    const { UidSet } = await import('../mail/uid-set.ts');
    const copied = await messages.copy(bob, from, UidSet.of(...uids), to, ann);
    assert.equal((await reads.metadataOf(ann, to, copied.to[0]!))?.content, stored.content);
    assert.equal((await quota(ann)).usedBytes, stored.sizeBytes);
  });

  it('keeps private annotations apart and bounds them', async () => {
    const { metadata, mailboxes } = core.operations;
    const box = (await mailboxes.findByPath(ann, 'INBOX'))!.id;
    const value = (text: string): Buffer => Buffer.from(text);
    await metadata.set(ann, ann, box, [
      { entry: '/Private/Comment', value: value('mine') },
      { entry: '/shared/comment', value: value('ours') },
    ]);
    const read = async (reader: UserId) =>
      (await metadata.get(reader, ann, box)).map(({ entry, value: bytes }) => [entry, bytes.toString()]);
    assert.deepEqual(await read(ann), [
      ['/private/comment', 'mine'],
      ['/shared/comment', 'ours'],
    ]);
    assert.deepEqual(await read(bob), [['/shared/comment', 'ours']]);
    await metadata.set(ann, ann, box, [{ entry: '/private/comment', value: undefined }]);
    assert.deepEqual(await read(ann), [['/shared/comment', 'ours']]);
    await assert.rejects(metadata.set(ann, ann, box, [{ entry: 'comment', value: value('x') }]), { code: 'CANNOT' });
    await assert.rejects(metadata.set(ann, ann, box, [{ entry: '/shared/x', value: Buffer.alloc(70_000) }]), { code: 'TOOBIG' });
    assert.deepEqual(await metadata.get(ann, ann, undefined), [], 'the account has its own');
  });
});
