/** The HTTP API while the databases are away: a clear "later", nothing internal, and the same worker serves again afterwards. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestServer, startMongod, startRedis } from '../harness/servers.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type TestWorker, startWorker } from '../harness/worker.ts';

const TOKEN = 'root-token-of-the-tests';
let mongod: TestServer;
let redis: TestServer;
let worker: TestWorker;
before(async () => {
  [mongod, redis] = await Promise.all([startMongod(), startRedis()]);
  worker = await startWorker({
    mongodbUri: mongod.uri.replace('/?', '/api?'),
    redisUri: redis.uri,
    services: ['api'],
    config: { api: { rootToken: TOKEN } },
  });
});
after(async () => {
  await worker.stop();
  await Promise.all([mongod.stop(), redis.stop()]);
});

type Answer = { status: number; body: Record<string, unknown>; retryAfter: string | null };
async function get(path: string): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${worker.port('api')}${path}`, { headers: { 'x-access-token': TOKEN } });
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown>,
    retryAfter: answer.headers.get('retry-after'),
  };
}

test('MongoDB', async () => {
  assert.equal((await get('/users')).status, 200);
  await mongod.kill();
  const away = await get('/users');
  assert.deepEqual([away.status, away.body['code']], [503, 'InternalDatabaseError']);
  assert.ok(Number(away.retryAfter) > 0);
  assert.doesNotMatch(JSON.stringify(away.body), /mongo|ECONNREFUSED|127\.0\.0\.1|node_modules/i);
  const health = await get('/health');
  assert.deepEqual([health.status, health.body['success']], [500, false]);
  await mongod.start();
  await waitFor(async () => (await get('/health')).status === 200, { what: 'the API to serve again', timeoutMs: 30_000 });
  assert.equal((await get('/users')).status, 200);
});

test('Redis', async () => {
  await redis.kill();
  await waitFor(async () => (await get('/health')).status === 500, { what: 'the health to tell', timeoutMs: 15_000 });
  assert.equal((await get('/users')).status, 200, 'nothing else needs it');
  await redis.start();
  await waitFor(async () => (await get('/health')).status === 200, { what: 'the health to be good', timeoutMs: 15_000 });
});
