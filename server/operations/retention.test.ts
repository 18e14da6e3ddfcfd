import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import { resolveConfig } from '../config/load.ts';
import type { UserId } from '../mail/ids.ts';
import { createOperations, type OpenedStore } from './create.ts';

const DAY = 86_400_000;
let store: OpenedStore;

before(async () => {
  const { mongodbUri, redisUri } = await sharedServers();
  store = await createOperations(resolveConfig({ mongo: { uri: mongodbUri }, redis: { uri: redisUri } }), silentLogger);
});
after(() => store.close());

async function fill(user: UserId, path: string): Promise<void> {
  const { mailboxes, messages, contents } = store.operations;
  const mailbox = (await mailboxes.findByPath(user, path)) ?? (await mailboxes.create(user, path));
  const stored = await contents.store(Buffer.from('Subject: x\r\n\r\nx\r\n'));
  await messages.append(user, mailbox.id, [
    { stored, flags: [], internalDateMs: 0 },
    { stored, flags: [], internalDateMs: 0 },
  ]);
}

async function counts(user: UserId): Promise<Record<string, number>> {
  const all = await store.operations.mailboxes.list(user);
  return Object.fromEntries(all.flatMap(({ path, counts: { messages } }) => (messages > 0 ? [[path, messages]] : [])));
}

const run = (days: number): Promise<number> => store.retention.run(Date.now() + days * DAY, new AbortController().signal);

test('Trash and Junk keep a month, others for ever, and whoever says otherwise is heard', async () => {
  const create = (username: string, more = {}): Promise<UserId> =>
    store.accounts.users.create({ username, password: 'correct horse battery', ...more });
  const plain = await create('plain');
  const own = await create('own');
  const short = await create('short', { retention: 5 * DAY });
  for (const user of [plain, own, short]) for (const path of ['INBOX', 'Trash', 'Junk', 'News']) await fill(user, path);
  const set = async (path: string, retentionMs: number): Promise<void> => {
    const mailbox = await store.operations.mailboxes.findByPath(own, path);
    assert.ok(mailbox);
    await store.operations.mailboxes.update(own, mailbox.id, { retentionMs });
  };
  await set('News', 10 * DAY);
  await set('Trash', 0);

  assert.equal(await run(1), 0);
  assert.equal(await run(6), 8);
  assert.deepEqual(await counts(short), {});
  assert.equal(await run(11), 2);
  assert.equal(await run(31), 6);
  assert.deepEqual(await counts(plain), { INBOX: 2, News: 2 });
  assert.deepEqual(await counts(own), { INBOX: 2, Trash: 2 });
  await fill(plain, 'Trash');
  assert.equal(await run(0), 0);
});
