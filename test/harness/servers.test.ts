import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { readProcessIdentity } from '../../server/base/process-identity.ts';
import { sharedServers, startMongod, startRedis, startReplicaSet, waitFor } from './servers.ts';

test('mongod keeps acknowledged writes over kill -9, on the same port', async () => {
  const mongod = await startMongod();
  const client = new MongoClient(mongod.uri);
  await client
    .db('x')
    .collection('c')
    .insertOne({ n: 1 }, { writeConcern: { j: true } });
  const { pid, port } = mongod;
  await mongod.kill();
  assert.equal(mongod.isRunning, false);
  await mongod.start();
  assert.notEqual(mongod.pid, pid);
  assert.equal(mongod.port, port);
  assert.equal(await client.db('x').collection('c').countDocuments(), 1);
  await client.close();
  await mongod.stop();
  assert.throws(() => mongod.pid);
});

test('a member of a one-member replica set has transactions', async () => {
  const mongod = await startMongod({ replicaSet: 'rs0' });
  const client = new MongoClient(mongod.uri);
  await client.withSession((session) =>
    session.withTransaction(async () => {
      await client.db('x').collection('c').insertOne({ n: 1 }, { session });
    }),
  );
  await client.close();
  await mongod.stop();
});

test('a replica set elects another primary', async () => {
  const set = await startReplicaSet();
  const client = new MongoClient(set.uri);
  const collection = client.db('x').collection('c', { writeConcern: { w: 'majority' } });
  await collection.insertOne({ n: 1 });
  await set.members[0]?.kill();
  await waitFor(() => collection.insertOne({ n: 2 }), { timeoutMs: 20_000 });
  await client.close();
  await set.stop();
});

test('redis with a password', async () => {
  const server = await startRedis({ password: 'secret word' });
  const redis = new Redis(server.uri);
  assert.equal(await redis.ping(), 'PONG');
  redis.disconnect();
  await server.stop();
});

test('shared servers: one process each, another database every time', async () => {
  const [first, second] = await Promise.all([sharedServers(), sharedServers()]);
  assert.equal(first.mongod.pid, second.mongod.pid);
  assert.notEqual(first.database, second.database);
  const client = new MongoClient(first.mongodbUri);
  assert.equal(client.db().databaseName, first.database);
  await client.db().command({ ping: 1 });
  await client.close();
});

for (const [name, ending] of [
  ['returns without stopping them', ''],
  ['is killed', 'process.kill(process.pid, "SIGKILL");'],
  ['throws', 'queueMicrotask(() => { throw new Error("planned"); });'],
] as const) {
  test(`the servers die with a test process that ${name}`, { timeout: 60_000 }, async () => {
    const servers = path.join(import.meta.dirname, 'servers.ts');
    const code = `const { sharedServers } = await import(${JSON.stringify(servers)});
      const { mongod, redis } = await sharedServers();
      require('node:fs').writeSync(1, mongod.pid + ' ' + redis.pid + '\\n');
      ${ending}`;
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', `import { createRequire } from 'node:module'; const require = createRequire('/');${code}`],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await waitFor(() => child.exitCode !== null || child.signalCode !== null, {
      timeoutMs: 50_000,
      what: 'the process to end by itself',
    });
    const pids = output.trim().split(' ').map(Number);
    assert.equal(pids.length, 2, output);
    await waitFor(() => pids.every((pid) => readProcessIdentity(pid) === undefined), { what: 'both servers to be gone' });
  });
}
