/** Mallard as the appliance runs it: its own mongod and Valkey, one worker. */
import { MongoClient } from 'mongodb';
import { startMongod, startRedis } from '../harness/servers.ts';
import { startWorker } from '../harness/worker.ts';
import { diskBytes, rssBytes } from './processes.ts';
import type { Target } from './target.ts';

export type MallardOptions = { readonly nodeArgs?: readonly string[]; readonly cacheGigabytes?: number };

export async function startMallard(options: MallardOptions = {}): Promise<Target> {
  const startedAt = performance.now();
  const [mongod, redis] = await Promise.all([startMongod({ cacheGigabytes: options.cacheGigabytes ?? 1 }), startRedis()]);
  const databasesMs = performance.now() - startedAt;
  const worker = await startWorker({
    mongodbUri: mongod.uri.replace('/?', '/mail?'),
    redisUri: redis.uri,
    services: ['imap', 'lmtp', 'pop3', 'api'],
    nodeArgs: options.nodeArgs ?? [],
    config: { pop3: { onDelete: 'expunge' } },
  });
  const version = process.version;
  let users = 0;
  return {
    name: 'Mallard',
    version: `on Node ${version}; databases started in ${Math.round(databasesMs)} ms`,
    imapPort: worker.port('imap'),
    lmtpPort: worker.port('lmtp'),
    pop3Port: worker.port('pop3'),
    startMs: worker.startMs,
    // By the worker's own API: the store opened here would be a second worker, and the first not alone any more.
    createUser: async () => {
      users += 1;
      const user = { username: `user${users}@example.test`, password: 'correct horse battery' };
      const response = await fetch(`http://127.0.0.1:${worker.port('api')}/users`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...user, address: user.username }),
      });
      if (!response.ok) throw new Error(`POST /users → ${response.status} ${await response.text()}`);
      return user;
    },
    serverPids: () => [worker.pid],
    databasePids: () => [mongod.pid, redis.pid],
    memory: () =>
      new Map([
        ['worker', rssBytes(worker.pid) ?? 0],
        ['mongod', rssBytes(mongod.pid) ?? 0],
        ['valkey', rssBytes(redis.pid) ?? 0],
      ]),
    diskBytes: async () => {
      const client = new MongoClient(mongod.uri);
      try {
        // A checkpoint, so that the files are what they will be; the write-ahead log has a fixed size and is not the mail's.
        await client.db('admin').command({ fsync: 1 });
      } finally {
        await client.close();
      }
      return diskBytes(mongod.dbPath, (name) => name === 'journal' || name === 'diagnostic.data');
    },
    restart: async () => {
      await worker.stop();
      await worker.start();
    },
    close: async () => {
      await worker.stop();
      await Promise.all([mongod.stop(), redis.stop()]);
    },
  };
}
