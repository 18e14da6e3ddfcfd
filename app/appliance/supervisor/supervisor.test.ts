import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { readProcessIdentity } from '../../../server/base/process-identity.ts';
import { startRedis } from '../../../test/harness/servers.ts';
import { tempDir } from '../../../test/harness/temp-dir.ts';
import { waitFor } from '../../../test/harness/wait-for.ts';
import type { ServiceName, Supervisor, SupervisorEvent, SupervisorOptions, SupervisorPlan } from './contract.ts';
import { DataDirectoryInUseError, takeDataDirectory } from './data-lock.ts';
import { runRedisCommand } from './redis-client.ts';
import { createSupervisor, SupervisorError } from './supervisor.ts';

const fakeWorker = path.resolve(import.meta.dirname, '../../../test/harness/fake-worker.ts');

function makePaths(root = tempDir('data')): SupervisorOptions['paths'] {
  const paths = {
    run: path.join(root, 'run'),
    secrets: path.join(root, 'secrets'),
    mongo: path.join(root, 'mongo'),
    redis: path.join(root, 'redis'),
  };
  for (const folder of Object.values(paths)) mkdirSync(folder, { recursive: true });
  return paths;
}

type Scene = {
  supervisor: Supervisor;
  events: SupervisorEvent[];
  lines: string[];
  secrets: string[];
  paths: SupervisorOptions['paths'];
};

const started: Supervisor[] = [];
after(() => Promise.all(started.map((supervisor) => supervisor.stop())));

function scene(
  more: {
    plan?: Partial<SupervisorPlan>;
    paths?: SupervisorOptions['paths'];
    worker?: object;
    limits?: SupervisorOptions['limits'];
  } = {},
): Scene {
  const events: SupervisorEvent[] = [];
  const lines: string[] = [];
  const secrets: string[] = [];
  const paths = more.paths ?? makePaths();
  const supervisor = createSupervisor({
    paths,
    plan: () => ({ mongod: { mode: 'bundled' }, valkey: { mode: 'bundled' }, workers: 1, ...more.plan }),
    workerConfig: ({ mongodbUri, endpoints }) => ({
      mongodbUri,
      port: endpoints['imap']?.port ?? 0,
      reusePort: true,
      ...more.worker,
    }),
    workerScript: fakeWorker,
    onLine: (text) => void lines.push(text),
    onSecret: (secret) => void secrets.push(secret),
    limits: { backoffFirstMs: 50, ...more.limits },
  });
  supervisor.subscribe((event) => void events.push(event));
  started.push(supervisor);
  return { supervisor, events, lines, secrets, paths };
}

const statusOf = (supervisor: Supervisor, name: ServiceName) => {
  const found = supervisor.status().find((service) => service.name === name);
  assert.ok(found !== undefined, name);
  return found;
};
const pidOf = (supervisor: Supervisor, name: ServiceName): number => {
  const { pid } = statusOf(supervisor, name);
  assert.ok(pid !== undefined, `${name} has a pid`);
  return pid;
};
const isGone = (pid: number): boolean => readProcessIdentity(pid) === undefined;

test('up in order, guarded by passwords, down in reverse, and up again on the same data', { timeout: 90_000 }, async () => {
  const { supervisor, events, lines, secrets, paths } = scene({ plan: { workers: 2 } });
  await supervisor.start();
  assert.equal(supervisor.state, 'running');
  const story = (): string[] =>
    events.flatMap((event) =>
      event.type === 'state' && ['ready', 'stopped'].includes(event.service.state)
        ? [`${event.service.name} ${event.service.state}`]
        : [],
    );
  assert.deepEqual(story(), ['mongod ready', 'valkey ready', 'worker-1 ready', 'worker-2 ready']);
  const ports = [1, 2].map((index) => statusOf(supervisor, `worker-${index}`).endpoints?.['imap']?.port);
  assert.equal(ports[0], ports[1], 'workers share the port that the first one found');

  const uris = supervisor.databases();
  assert.ok(uris !== undefined);
  const client = new MongoClient(uris.mongodbUri);
  await client.db().collection('mail').insertOne({ kept: true });
  await assert.rejects(client.db('admin').command({ createUser: 'more', pwd: 'x', roles: [] }), /not authorized/);
  await client.close();
  const { port: mongoPort = 0 } = statusOf(supervisor, 'mongod');
  const anonymous = new MongoClient(`mongodb://127.0.0.1:${mongoPort}/?directConnection=true`);
  await assert.rejects(anonymous.db('mallard').collection('mail').findOne({}), /requires authentication/);
  await anonymous.close();
  await assert.rejects(runRedisCommand(statusOf(supervisor, 'valkey').port ?? 0, undefined, ['GET', 'x'], 2000), /NOAUTH/);
  assert.equal(secrets.length, 3);
  for (const name of ['mongod', 'valkey', 'worker-1'] as const) {
    const argv = process.platform === 'linux' ? readFileSync(`/proc/${pidOf(supervisor, name)}/cmdline`, 'utf8') : '';
    assert.ok(!secrets.some((secret) => argv.includes(secret)), `${name} shows no secret in its arguments`);
  }
  assert.equal(statSync(path.join(paths.secrets, 'databases.json')).mode & 0o077, 0);

  supervisor.sendToWorkers({ type: 'certificate' });
  await waitFor(() => lines.filter((line) => line.includes('command {\\"type\\":\\"certificate\\"}')).length === 2);
  const pids = supervisor.status().map(({ name }) => pidOf(supervisor, name));
  await supervisor.stop();
  assert.equal(supervisor.state, 'stopped');
  assert.deepEqual(story().slice(-2), ['valkey stopped', 'mongod stopped']);
  assert.ok(pids.every(isGone));
  assert.deepEqual(
    readdirSync(paths.run).filter((name) => name.endsWith('.pid')),
    [],
  );

  await supervisor.start();
  assert.equal(statusOf(supervisor, 'mongod').port, mongoPort);
  assert.equal(supervisor.endpoints()['imap']?.port, ports[0]);
  const again = new MongoClient(uris.mongodbUri);
  assert.equal(await again.db().collection('mail').countDocuments(), 1);
  await again.close();
  await supervisor.setWorkers(1);
  assert.deepEqual(
    supervisor.status().map(({ name }) => name),
    ['mongod', 'valkey', 'worker-1'],
  );
  await supervisor.stop();
});

test('each of them killed: backoff, then ready again, the others untouched', { timeout: 90_000 }, async () => {
  const { supervisor, events } = scene();
  await supervisor.start();
  for (const name of ['worker-1', 'valkey', 'mongod'] as const) {
    const before = new Map(supervisor.status().map((service) => [service.name, service.pid]));
    events.length = 0;
    process.kill(pidOf(supervisor, name), 'SIGKILL');
    await waitFor(() => statusOf(supervisor, name).restarts === 1 && statusOf(supervisor, name).state === 'ready', {
      timeoutMs: 30_000,
    });
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'state' ? [`${event.service.name} ${event.service.state}`] : [])),
      [`${name} crashed`, `${name} backoff`, `${name} starting`, `${name} ready`],
    );
    for (const service of supervisor.status())
      assert.equal(service.pid === before.get(service.name), service.name !== name, service.name);
  }
  await supervisor.restartService('valkey');
  assert.equal(statusOf(supervisor, 'valkey').restarts, 1, 'a restart by a person is not a crash');
  const pids = supervisor.status().map(({ name }) => pidOf(supervisor, name));
  await supervisor.stop();
  assert.ok(pids.every(isGone));
});

test('stopped while starting: nothing is left, and the start says so', { timeout: 60_000 }, async () => {
  const { supervisor } = scene();
  const starting = assert.rejects(supervisor.start(), (error) => error instanceof SupervisorError && error.failure === undefined);
  const pid = await waitFor(() => statusOf(supervisor, 'mongod').pid);
  await supervisor.stop();
  await starting;
  assert.ok(isGone(pid));
  assert.equal(supervisor.state, 'stopped');
});

test('a start right after a stop waits for it', { timeout: 60_000 }, async () => {
  const { supervisor } = scene({ plan: { workers: 0 } });
  await supervisor.start();
  const before = pidOf(supervisor, 'mongod');
  void supervisor.stop();
  await supervisor.start();
  assert.equal(supervisor.state, 'running');
  assert.ok(isGone(before));
  void supervisor.stopService('valkey');
  await supervisor.startService('valkey');
  assert.equal(supervisor.state, 'running');
  await supervisor.stop();
});

test('a worker that cannot listen names who is in the way; one with wrong settings fails at once', {
  timeout: 60_000,
}, async () => {
  const holder = net.createServer();
  await new Promise<void>((resolve) => holder.listen({ port: 0, host: '127.0.0.1' }, resolve));
  const { port } = holder.address() as net.AddressInfo;
  const redis = await startRedis();
  // Nothing here needs mongod: an external server that answers will do for it.
  const plan = {
    mongod: { mode: 'external', uri: 'mongodb+srv://elsewhere.example/x' },
    valkey: { mode: 'external', uri: redis.uri },
  } as const;
  const { supervisor } = scene({ plan, worker: { port, reusePort: false }, limits: { crashesToFail: 2 } });
  await assert.rejects(supervisor.start(), (error) => {
    assert.ok(error instanceof SupervisorError);
    assert.equal(error.failure?.kind, 'port-in-use');
    assert.match(error.message, new RegExp(`port ${port} is used by \\S+ \\(process ${process.pid}`));
    return true;
  });
  assert.equal(statusOf(supervisor, 'mongod').external, true);
  assert.equal(supervisor.state, 'degraded');
  await supervisor.stop();
  holder.close();
  const wrong = scene({ plan, worker: { behaviour: 'bad-config' } });
  await assert.rejects(wrong.supervisor.start(), /imap\.port: not a port/);
  const status = statusOf(wrong.supervisor, 'worker-1');
  assert.deepEqual([status.state, status.restarts, status.failure?.kind], ['failed', 0, 'config']);
  await wrong.supervisor.stop();
  await redis.stop();
});

test('an external server that goes away is waited for without end', { timeout: 60_000 }, async () => {
  const redis = await startRedis();
  const plan = {
    mongod: { mode: 'external', uri: 'mongodb+srv://elsewhere.example/x' },
    valkey: { mode: 'external', uri: redis.uri },
    workers: 0,
  } as const;
  const { supervisor } = scene({ plan, limits: { probeEveryMs: 20, probeFailuresToRestart: 2, crashesToFail: 1 } });
  await supervisor.start();
  await redis.kill();
  await waitFor(() => supervisor.state === 'degraded');
  await redis.start();
  await waitFor(() => supervisor.state === 'running', { timeoutMs: 20_000 });
  await supervisor.stop();
});

test('one appliance per data directory: a living one is named, a dead one is followed', () => {
  const lockPath = path.join(tempDir('lock'), 'run', 'appliance.lock');
  const lock = takeDataDirectory(lockPath);
  assert.throws(
    () => takeDataDirectory(lockPath),
    (error) =>
      error instanceof DataDirectoryInUseError && error.pid === process.pid && error.message.includes(`process ${process.pid}`),
  );
  lock.release();
  takeDataDirectory(lockPath).release();
});

/** A process of its own with a supervisor in it, as the appliance is. */
async function startAppliance(paths: SupervisorOptions['paths'], guarded: boolean) {
  const script = `
    const { createSupervisor } = await import(${JSON.stringify(path.join(import.meta.dirname, 'supervisor.ts'))});
    const fs = await import('node:fs');
    const supervisor = createSupervisor({
      paths: ${JSON.stringify(paths)},
      plan: () => ({ mongod: { mode: 'bundled' }, valkey: { mode: 'bundled' }, workers: 1 }),
      workerConfig: ({ mongodbUri }) => ({ mongodbUri }), workerScript: ${JSON.stringify(fakeWorker)}, onLine: () => {},
    });
    await supervisor.start();
    fs.writeSync(1, JSON.stringify({ pids: supervisor.status().map((s) => s.pid), uri: supervisor.databases().mongodbUri }) + '\\n');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await waitFor(() => output.includes('\n') || child.exitCode !== null, { timeoutMs: 60_000 });
  const { pids, uri } = JSON.parse(output) as { pids: number[]; uri: string };
  const guard = guardOf(child.pid ?? 0);
  if (!guarded) process.kill(guard, 'SIGKILL');
  return { child, pids, uri, guard };
}

/** The guard is the shell among its children. */
function guardOf(parent: number): number {
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = existsSync(`/proc/${entry}/stat`) ? readFileSync(`/proc/${entry}/stat`, 'utf8') : '';
    if (stat.split(') ')[1]?.split(' ')[1] !== String(parent)) continue;
    if (readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes('mallard-guard')) return Number(entry);
  }
  throw new Error('no guard');
}

const noProc = process.platform === 'linux' ? false : 'reads /proc to find the guard';

test('the appliance is killed: its children end by themselves, cleanly, and the next start works', {
  timeout: 120_000,
  skip: noProc,
}, async () => {
  const paths = makePaths();
  const { child, pids, uri, guard } = await startAppliance(paths, true);
  const client = new MongoClient(uri);
  await client
    .db()
    .collection('mail')
    .insertOne({ n: 1 }, { writeConcern: { j: true } });
  await client.close();
  child.kill('SIGKILL');
  await waitFor(() => [...pids, guard].every(isGone), { timeoutMs: 60_000, what: 'children and guard to end' });
  // mongod empties its lock file only in a clean shutdown.
  assert.equal(readFileSync(path.join(paths.mongo, 'mongod.lock'), 'utf8'), '');
  const { supervisor } = scene({ paths });
  await supervisor.start();
  const again = new MongoClient(supervisor.databases()?.mongodbUri ?? '');
  assert.equal(await again.db().collection('mail').countDocuments(), 1);
  await again.close();
  await supervisor.stop();
});

test('appliance and guard are killed: the next start ends what is provably ours', {
  timeout: 120_000,
  skip: noProc,
}, async () => {
  const paths = makePaths();
  const { child, pids } = await startAppliance(paths, false);
  child.kill('SIGKILL');
  const [mongod = 0, valkey = 0] = pids;
  await waitFor(() => isGone(child.pid ?? 0));
  assert.ok(!isGone(mongod) && !isGone(valkey), 'they were orphaned');
  const { supervisor, events } = scene({ paths });
  await supervisor.start();
  assert.ok(pids.every(isGone));
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  assert.ok(
    notices.some((message) => /^mongod was left running.*it was ended$/.test(message)),
    notices.join('\n'),
  );
  assert.equal(supervisor.state, 'running');
  await supervisor.stop();
});
