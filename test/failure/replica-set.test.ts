/**
 * A replica set of three real mongods and two workers. The primary is killed in the middle of deliveries while clients sit in IDLE on both workers: nothing acknowledged is lost, no session ends,
 * and another primary serves within seconds.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MongoClient } from 'mongodb';
import { SyncClient } from '../harness/probe/sync-client.ts';
import { type MongodServer, type ReplicaSet, type TestServer, startRedis, startReplicaSet } from '../harness/servers.ts';
import { type TestUser, type TestWorker, closeStores, createUser, startWorker } from '../harness/worker.ts';
import { assertNothingLost, sceneOf } from './aftermath.ts';
import { Deliveries } from './deliveries.ts';

/** An election takes about two seconds with these members' settings; the rest is for a busy machine. */
const SERVED_WITHIN_MS = 15_000;

describe('a replica set that loses its primary', () => {
  let set: ReplicaSet;
  let redis: TestServer;
  const workers: TestWorker[] = [];
  let users: TestUser[] = [];

  before(async () => {
    [set, redis] = await Promise.all([startReplicaSet(), startRedis()]);
    const mongodbUri = set.uri.replace('/?', '/mail?');
    for (let n = 0; n < 2; n += 1) workers.push(await startWorker({ mongodbUri, redisUri: redis.uri }));
    users = [await createUser(workers[0]!), await createUser(workers[0]!)];
  });
  after(async () => {
    await closeStores();
    await Promise.all(workers.map((worker) => worker.stop()));
    await Promise.all([set.stop(), redis.stop()]);
  });

  it('loses nothing that was acknowledged, keeps its sessions, and is served by another within seconds', async () => {
    const clients = await Promise.all(
      users.flatMap((user) =>
        workers.map((worker, n) => SyncClient.start(worker.port('imap'), user, { name: `${user.username} on worker ${n + 1}` })),
      ),
    );
    const deliveries = new Deliveries({
      acknowledged: 1_000,
      connections: 6,
      recipients: users.map((user) => user.username),
      ports: workers.map((worker) => worker.port('lmtp')),
      timeoutMs: 240_000,
    });
    await deliveries.reached(300);
    const primary = await primaryOf(set);
    await primary.kill('SIGKILL');
    const record = await deliveries.done;
    assert.ok(record.longestGapMs < SERVED_WITHIN_MS, `deliveries stood still for ${Math.round(record.longestGapMs)} ms`);
    assert.equal(record.lost, 0, 'no LMTP connection was closed');
    for (const refusal of record.refused) assert.match(refusal, /^4\d\d 4\.\d\.\d /, 'refusals are temporary');

    // Back as a secondary, so that the set is whole again for what follows.
    await primary.start();
    for (const [n, user] of users.entries()) {
      const stored = (await assertNothingLost(sceneOf(workers[n]!), [user], record)).stored;
      for (const client of clients.filter((one) => one.session.name.startsWith(user.username))) {
        await client.knows(stored);
        await client.stop();
        assert.deepEqual(client.violations, []);
      }
    }
    // A message that lost its bytes with the primary, and so was refused, may have been seen by one of them before it was taken away.
    const [a, b, c, d] = clients.map(({ session, synced }) => {
      const there = new Set(session.messages.map(({ uid }) => uid));
      return synced.filter(({ uid }) => there.has(uid));
    });
    assert.deepEqual(a, b, 'both workers told the same');
    assert.deepEqual(c, d, 'both workers told the same');
  });
});

async function primaryOf(set: ReplicaSet): Promise<MongodServer> {
  const client = new MongoClient(set.uri);
  try {
    const hello = await client.db('admin').command({ hello: 1 });
    const found = set.members.find((member) => String(hello['primary']).endsWith(`:${member.port}`));
    assert.ok(found, `a member at ${String(hello['primary'])}`);
    return found;
  } finally {
    await client.close();
  }
}
