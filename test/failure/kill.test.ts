/**
 * kill -9 of the worker, of mongod and of Valkey, each in the middle of a thousand deliveries over several connections. Every message that got its 250 is there exactly once afterwards; the rest
 * of the system comes back by itself; counters and quota equal a recount.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type TestServer, startMongod, startRedis } from '../harness/servers.ts';
import { type TestUser, type TestWorker, closeStores, createUser, startWorker } from '../harness/worker.ts';
import { assertNothingLost, sceneOf } from './aftermath.ts';
import { Deliveries } from './deliveries.ts';

const DELIVERIES = 1_000;
/** Deep enough that groups of deliveries are being committed, early enough that much follows. */
const KILL_AT = [250, 600];

type Bed = {
  readonly mongod: TestServer;
  readonly redis: TestServer;
  readonly worker: TestWorker;
  readonly users: readonly TestUser[];
};

async function bed(): Promise<Bed> {
  const [mongod, redis] = await Promise.all([startMongod(), startRedis()]);
  const mongodbUri = mongod.uri.replace('/?', '/mail?');
  const worker = await startWorker({ mongodbUri, redisUri: redis.uri });
  const users = [await createUser(worker), await createUser(worker, undefined, { quotaBytes: 1e9 })];
  return { mongod, redis, worker, users };
}

async function close({ mongod, redis, worker }: Bed): Promise<void> {
  await closeStores();
  await worker.stop();
  await Promise.all([mongod.stop(), redis.stop()]);
}

function deliverTo({ worker, users }: Bed, connections: number): Deliveries {
  return new Deliveries({
    acknowledged: DELIVERIES,
    connections,
    recipients: users.map((user) => user.username),
    ports: [worker.port('lmtp')],
    timeoutMs: 240_000,
  });
}

describe('kill -9 during a thousand deliveries', () => {
  const open: Bed[] = [];
  after(async () => {
    for (const one of open) await close(one);
  });
  const fresh = async (): Promise<Bed> => {
    for (const one of open.splice(0)) await close(one);
    const one = await bed();
    open.push(one);
    return one;
  };

  it('of the worker: started again, it serves all that was acknowledged', async () => {
    const one = await fresh();
    const deliveries = deliverTo(one, 6);
    for (const count of KILL_AT) {
      await deliveries.reached(count);
      await one.worker.kill('SIGKILL');
      await one.worker.start();
    }
    const record = await deliveries.done;
    assert.ok(record.lost > 0, 'the kills hit deliveries under way');
    await assertNothingLost(sceneOf(one.worker), one.users, record);
  });

  it('of mongod: the same worker goes on when it is back', async () => {
    const one = await fresh();
    const { pid } = one.worker;
    const deliveries = deliverTo(one, 8);
    for (const count of KILL_AT) {
      await deliveries.reached(count);
      await one.mongod.kill('SIGKILL');
      await one.mongod.start();
    }
    const record = await deliveries.done;
    assert.equal(one.worker.pid, pid, 'the worker was not restarted');
    for (const refusal of record.refused) assert.match(refusal, /^4\d\d 4\.\d\.\d /, 'refusals are temporary');
    await assertNothingLost(sceneOf(one.worker), one.users, record);
  });

  it('of Valkey: deliveries do not notice', async () => {
    const one = await fresh();
    const deliveries = deliverTo(one, 4);
    for (const count of KILL_AT) {
      await deliveries.reached(count);
      await one.redis.kill('SIGKILL');
      await one.redis.start();
    }
    const record = await deliveries.done;
    assert.deepEqual({ refused: record.refused, lost: record.lost }, { refused: [], lost: 0 });
    await assertNothingLost(sceneOf(one.worker), one.users, record);
  });
});
