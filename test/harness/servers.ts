/**
 * Real mongod and Valkey for tests.
 *
 *   const mongod = await startMongod();                        // its own server: may be killed, restarted, frozen
 *   const { mongodbUri, redisUri, database } = await sharedServers();   // one of each per test file, a fresh database name on every call
 *
 * Everything listens on loopback, on free ports, with data in temporary folders, and dies with the test process. `stop()` is good manners, not a
 * must. Journaling is on, as in the product: a test that kills mongod must find what was acknowledged.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { MongoClient } from 'mongodb';
import { resolveServer, type ResolvedServer } from '../../resources/servers/resolve.ts';
import type { ServerName } from '../../resources/servers/manifest.ts';
import { ChildServer } from './child-server.ts';
import { tempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

export { freePort } from './free-port.ts';
export { tempDir, removeTempDir } from './temp-dir.ts';
export { waitFor } from './wait-for.ts';

export type TestServer = {
  /** Without a database name. Stays the same over restarts. */
  readonly uri: string;
  readonly port: number;
  /** Of the running process; changes with a restart. */
  readonly pid: number;
  readonly isRunning: boolean;
  /** The last log lines. */
  readonly log: readonly string[];
  /** SIGKILL by default. SIGSTOP and SIGCONT freeze and thaw. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again after kill or stop, on the same port and data. */
  start(): Promise<void>;
  restart(signal?: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
};

export type MongodOptions = {
  /** Name of a replica set to be a member of. With `initiate: false` it is not initiated. */
  readonly replicaSet?: string;
  readonly initiate?: boolean;
  /** Default a fresh temporary folder. */
  readonly dbPath?: string;
  readonly port?: number;
  readonly cacheGigabytes?: number;
  readonly extraArgs?: readonly string[];
};

export type MongodServer = TestServer & { readonly dbPath: string };

export async function startMongod(options: MongodOptions = {}): Promise<MongodServer> {
  const binary = await binaryOf('mongod');
  const dbPath = options.dbPath ?? tempDir('mongod');
  mkdirSync(dbPath, { recursive: true });
  const server = new ChildServer({
    binary: binary.path,
    title: 'mongod',
    args: (port) => [
      '--dbpath',
      dbPath,
      '--port',
      String(port),
      '--bind_ip',
      '127.0.0.1',
      '--wiredTigerCacheSizeGB',
      String(options.cacheGigabytes ?? 0.25),
      '--wiredTigerCollectionBlockCompressor',
      'zstd',
      '--setParameter',
      'diagnosticDataCollectionEnabled=false',
      ...(process.platform === 'win32' ? [] : ['--nounixsocket']),
      ...(options.replicaSet === undefined ? [] : replicaSetArgs(options.replicaSet)),
      ...(options.extraArgs ?? []),
    ],
    readyLine: /"id":23016\b/,
    portTakenLine: /Address already in use|"id":23024\b/,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  await server.start();
  const single = options.replicaSet !== undefined && options.initiate !== false;
  if (single) await initiate(server.port, options.replicaSet ?? '', [server.port]);
  return describe(server, () => `mongodb://127.0.0.1:${server.port}/?${uriOptions(options.replicaSet)}`, { dbPath });
}

export type ReplicaSet = {
  readonly uri: string;
  readonly name: string;
  readonly members: readonly MongodServer[];
  stop(): Promise<void>;
};

/** A replica set of real mongods (default three), initiated, with a primary. */
export async function startReplicaSet(options: { readonly members?: number; readonly name?: string } = {}): Promise<ReplicaSet> {
  const name = options.name ?? 'rs0';
  const count = options.members ?? 3;
  const members = await Promise.all(Array.from({ length: count }, () => startMongod({ replicaSet: name, initiate: false })));
  const [first] = members;
  if (first === undefined) throw new Error('a replica set has at least one member');
  await initiate(
    first.port,
    name,
    members.map((member) => member.port),
  );
  return {
    uri: `mongodb://${members.map((member) => `127.0.0.1:${member.port}`).join(',')}/?${uriOptions(name)}`,
    name,
    members,
    stop: async () => {
      await Promise.all(members.map((member) => member.stop()));
    },
  };
}

export type RedisOptions = { readonly port?: number; readonly password?: string; readonly config?: readonly string[] };

/** A Valkey (or Redis) without persistence. */
export async function startRedis(options: RedisOptions = {}): Promise<TestServer> {
  const binary = await binaryOf('valkey');
  const directory = tempDir('valkey');
  const server = new ChildServer({
    binary: binary.path,
    title: 'valkey-server',
    args: () => ['-'],
    stdin: (port) =>
      [
        `port ${port}`,
        'bind 127.0.0.1',
        'save ""',
        'appendonly no',
        `dir ${JSON.stringify(directory)}`,
        ...(options.password === undefined ? ['protected-mode no'] : [`requirepass ${JSON.stringify(options.password)}`]),
        ...(options.config ?? []),
        '',
      ].join('\n'),
    readyLine: /Ready to accept connections/,
    portTakenLine: /Address already in use/,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  await server.start();
  const login = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  return describe(server, () => `redis://${login}127.0.0.1:${server.port}`, {});
}

export type SharedServers = {
  /** With the fresh database name in it. */
  readonly mongodbUri: string;
  /** The server alone. */
  readonly mongodbServerUri: string;
  readonly redisUri: string;
  /** A database name that no other call has got. */
  readonly database: string;
  readonly mongod: MongodServer;
  readonly redis: TestServer;
};

let shared: Promise<{ mongod: MongodServer; redis: TestServer }> | undefined;

/** One mongod and one Valkey per test file (a file is a process), started at the first call; a fresh database name on every call. Do not kill these. */
export async function sharedServers(): Promise<SharedServers> {
  shared ??= startBoth();
  const { mongod, redis } = await shared;
  const database = `t${randomBytes(6).toString('hex')}`;
  return {
    mongodbUri: mongod.uri.replace('/?', `/${database}?`),
    mongodbServerUri: mongod.uri,
    redisUri: redis.uri,
    database,
    mongod,
    redis,
  };
}

/** Without the last one a member of a set that is told to end waits 15 s for its peers. */
const replicaSetArgs = (name: string): string[] => [
  '--replSet',
  name,
  '--oplogSize',
  '128',
  '--setParameter',
  'shutdownTimeoutMillisForSignaledShutdown=100',
];

async function startBoth(): Promise<{ mongod: MongodServer; redis: TestServer }> {
  const [mongod, redis] = await Promise.all([startMongod(), startRedis()]);
  return { mongod, redis };
}

const binaries = new Map<ServerName, Promise<ResolvedServer>>();

function binaryOf(server: ServerName): Promise<ResolvedServer> {
  let found = binaries.get(server);
  if (found === undefined) {
    found = resolveServer(server, { onProgress: ({ text }) => process.stderr.write(`${server}: ${text}\n`) });
    binaries.set(server, found);
  }
  return found;
}

const uriOptions = (replicaSet: string | undefined): string =>
  replicaSet === undefined ? 'directConnection=true' : `replicaSet=${replicaSet}`;

function describe<Extra extends object>(server: ChildServer, uri: () => string, extra: Extra): TestServer & Extra {
  return {
    ...extra,
    get uri() {
      return uri();
    },
    get port() {
      return server.port;
    },
    get pid() {
      return server.pid;
    },
    get isRunning() {
      return server.isRunning;
    },
    get log() {
      return server.log;
    },
    kill: (signal) => server.kill(signal),
    start: async () => {
      await server.start();
    },
    restart: (signal) => server.restart(signal),
    stop: () => server.stop(),
  };
}

async function initiate(port: number, name: string, ports: readonly number[]): Promise<void> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`);
  try {
    const admin = client.db('admin');
    const members = ports.map((one, at) => ({ _id: at, host: `127.0.0.1:${one}`, priority: at === 0 ? 2 : 1 }));
    await admin.command({
      replSetInitiate: { _id: name, members, settings: { electionTimeoutMillis: 2000, heartbeatIntervalMillis: 500 } },
    });
    await waitFor(async () => (await admin.command({ hello: 1 }))['isWritablePrimary'] === true, {
      timeoutMs: 60_000,
      what: 'a primary',
    });
  } finally {
    await client.close();
  }
}
