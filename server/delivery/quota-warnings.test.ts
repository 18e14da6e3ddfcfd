import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import { resolveConfig } from '../config/load.ts';
import { isFault } from '../base/fault.ts';
import { UidSet } from '../mail/uid-set.ts';
import { createOperations, type OpenedStore } from '../operations/create.ts';
import type { HookEvent } from '../operations/webhooks.ts';
import { type QuotaWarnings, warnOfQuota } from './quota-warnings.ts';

let store: OpenedStore;
let warnings: QuotaWarnings;
const events: HookEvent[] = [];

before(async () => {
  const { mongodbUri, redisUri } = await sharedServers();
  store = await createOperations(resolveConfig({ mongo: { uri: mongodbUri }, redis: { uri: redisUri } }), silentLogger);
  warnings = warnOfQuota({
    operations: store.operations,
    users: store.accounts.context.tables.users,
    emit: (event) => void events.push(event),
    hostname: 'mail.test',
    log: silentLogger,
    lookAfterMs: 60_000,
  });
});
after(async () => {
  warnings.close();
  await store.close();
});

test('80 and 95 % are told once each, a full mailbox by an event, and again after it was emptied', async () => {
  const { operations } = warnings;
  const user = await store.accounts.users.create({
    username: 'full@example.test',
    address: 'full@example.test',
    password: 'correct horse',
    quota: 100_000,
    language: 'de',
  });
  const archive = await operations.mailboxes.create(user, 'Old mail');
  const add = async (bytes: number): Promise<void> => {
    const stored = await operations.contents.store(Buffer.alloc(bytes, `Subject: x\r\n\r\n${Math.random()}\r\n`));
    await operations.messages.append(user, archive.id, [{ stored, flags: [], internalDateMs: 0 }]);
    await warnings.settled();
  };
  const told = (): unknown[] => events.splice(0).map(({ type, level }) => `${type} ${String(level)}`);
  const warned = async (): Promise<number> => (await operations.mailboxes.findByPath(user, 'INBOX'))?.counts.messages ?? 0;

  await add(70_000);
  assert.deepEqual([told(), await warned()], [[], 0]);
  await add(11_000);
  assert.deepEqual([told(), await warned()], [['quota.warning 80'], 1]);
  await add(1_000);
  assert.deepEqual([told(), await warned()], [[], 1]);
  await add(13_000);
  assert.deepEqual([told(), await warned()], [['quota.warning 95'], 2]);
  await assert.rejects(add(20_000), (error) => isFault(error, 'OVERQUOTA'));
  await warnings.settled();
  assert.deepEqual([told(), await warned()], [['quota.exceeded 100'], 2]);

  await operations.messages.expunge(user, archive.id, { uids: UidSet.range(1, 2), onlyDeleted: false });
  await add(100);
  assert.deepEqual(told(), []);
  await add(75_000);
  assert.deepEqual([told(), await warned()], [['quota.warning 80'], 3]);
});
