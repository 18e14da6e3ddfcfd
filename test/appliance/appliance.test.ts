/** The appliance with real databases and a stand-in for the worker: what it sends, what it tells, and that nothing is left of it. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { Appliance } from '../../app/appliance/appliance.ts';
import { ControlClient } from '../../app/appliance/cli/control-client.ts';
import { CliFault } from '../../app/appliance/cli/fault.ts';
import { routes } from '../../app/appliance/control/contract.ts';
import { listenerNames, type SettingName } from '../../app/appliance/settings/registry.ts';
import { DataDirectoryInUseError } from '../../app/appliance/supervisor/data-lock.ts';
import { readProcessIdentity } from '../../server/base/process-identity.ts';
import { configSchema } from '../../server/config/schema.ts';
import { tempDir } from '../harness/temp-dir.ts';
import { waitFor } from '../harness/wait-for.ts';

const dataDir = path.join(tempDir('appliance'), 'data');
const workerScript = path.resolve(import.meta.dirname, '../harness/fake-mail-worker.ts');
const anyPort = new Map<SettingName, unknown>([...listenerNames, 'gui' as const].map((name) => [`${name}.port`, 0]));
// The port that one test sets must not be hidden by an override.
anyPort.delete('pop3.port');

let appliance: Appliance;
let client: ControlClient;
const pids = new Set<number>();

const workerSchema = z.object({ config: configSchema, commands: z.array(z.string()), pid: z.number(), url: z.string() });
async function worker(): Promise<z.output<typeof workerSchema>> {
  const { status, body } = await client.raw('GET', '/api/health?a=1');
  assert.equal(status, 200, body);
  return workerSchema.parse(JSON.parse(body));
}

before(async () => {
  appliance = new Appliance({ dataDir, overrides: anyPort, workerScript });
  appliance.subscribe((event) => {
    if (event.type === 'status') for (const { pid } of event.status.services) if (pid !== null) pids.add(pid);
  });
  await appliance.start();
  client = ControlClient.open(appliance.paths);
});

after(async () => {
  await appliance.stop();
});

test('the status has the promised shape', async () => {
  const status = await client.call(routes.status);
  const endpoint = z.strictObject({
    host: z.literal('127.0.0.1'),
    port: z.int().min(1),
    tls: z.enum(['none', 'starttls', 'implicit']),
  });
  const promised = z.object({
    state: z.literal('running'),
    version: z.string(),
    dataDir: z.literal(dataDir),
    gui: z.string().startsWith('http://127.0.0.1:'),
    api: z.string().startsWith('http://127.0.0.1:'),
    services: z.array(
      z.object({
        name: z.enum(['mongod', 'valkey', 'worker-1']),
        state: z.literal('ready'),
        pid: z.int(),
        port: z.int().nullable(),
        version: z.string().nullable(),
        rssBytes: z.int().nullable(),
        since: z.iso.datetime(),
        restarts: z.literal(0),
      }),
    ),
    endpoints: z.strictObject(Object.fromEntries(listenerNames.map((name) => [name, endpoint]))),
  });
  const { services, endpoints } = promised.parse(status);
  assert.equal(services.length, 3);
  assert.deepEqual([endpoints['imap']?.tls, endpoints['imaps']?.tls, endpoints['api']?.tls], ['starttls', 'implicit', 'none']);
});

test('the worker gets settings, certificate and token, and the way to it is open', async () => {
  const { config, url } = await worker();
  assert.equal(url, '/health?a=1');
  assert.equal(config.auth.allowPlaintext, 'loopback');
  assert.match(config.mongo.uri, /^mongodb:\/\//);
  assert.equal(config.services.lmtp.host, 'localhost');
  const leaf = new X509Certificate(config.tls.cert ?? '');
  assert.notEqual(leaf.checkIP('127.0.0.1'), undefined);
  assert.equal(leaf.verify(new X509Certificate(readFileSync(path.join(dataDir, 'certificates/authority.crt'))).publicKey), true);
});

test('secrets are in private files and not in the log', async () => {
  const { config } = await worker();
  const { lines } = await client.call(routes.logs, { query: { text: 'listening', service: 'imap' } });
  assert.deepEqual(
    lines.map((line) => [line.service, line.connection, line.fields?.['password'], line.fields?.['token']]),
    [['imap', 'c1', '***', '***']],
  );
  const password = new URL(config.mongo.uri).password;
  assert.ok(password.length > 16);
  for (const secret of [password, config.api.rootToken ?? '-']) {
    const found = await client.call(routes.logs, { query: { text: secret } });
    assert.deepEqual(found.lines, []);
  }
  if (process.platform === 'win32') return;
  const files = readdirSync(path.join(dataDir, 'secrets')).map((name) => path.join(dataDir, 'secrets', name));
  for (const file of [...files, appliance.paths.control, path.join(dataDir, 'certificates/server.key')])
    assert.equal(statSync(file).mode & 0o077, 0, file);
});

test('a changed setting reaches new workers, which keep the ports of the old ones', async () => {
  const first = await worker();
  const before = (await client.call(routes.status)).endpoints;
  const changed = await client.call(routes.changeSettings, {
    body: { values: { 'store.maxMessageBytes': 2_097_152, 'pop3.enabled': false } },
  });
  assert.deepEqual(changed, { changed: ['store.maxMessageBytes', 'pop3.enabled'], restart: 'worker', overridden: [] });
  const second = await waitFor(async () => {
    const now = await worker();
    return now.pid !== first.pid && now;
  });
  assert.equal(second.config.store.maxMessageBytes, 2_097_152);
  const { pop3, ...others } = before;
  assert.ok(pop3 !== undefined);
  assert.deepEqual((await client.call(routes.status)).endpoints, others);
});

test('several workers share the ports', {
  skip: process.platform === 'linux' ? false : 'this platform does not share ports',
}, async () => {
  await client.call(routes.changeSettings, { body: { values: { workers: 2 } } });
  const status = await waitFor(async () => {
    const now = await client.call(routes.status);
    return now.state === 'running' && now.services.filter((each) => each.kind === 'worker').length === 2 && now;
  });
  const workers = status.services.filter((each) => each.kind === 'worker');
  const greeted = new Set<number>();
  await waitFor(async () => {
    greeted.add(await greetingPid(status.endpoints['imap']?.port ?? 0));
    return greeted.size === 2;
  });
  assert.deepEqual(greeted, new Set(workers.map((each) => each.pid)));
  await client.call(routes.restartService, { name: 'worker' });
  await client.call(routes.changeSettings, { body: { values: { workers: null } } });
  await waitFor(async () => {
    const now = await client.call(routes.status);
    return now.state === 'running' && now.services.length === 3;
  });
});

test('a service is stopped and started; an unknown one is refused with the names', async () => {
  await client.call(routes.stopService, { name: 'worker-1' });
  const stopped = await client.call(routes.status);
  assert.deepEqual([stopped.state, stopped.api], ['degraded', null]);
  assert.equal((await client.raw('GET', '/api/users')).status, 503);
  await client.call(routes.startService, { name: 'worker-1' });
  assert.equal((await client.call(routes.status)).state, 'running');
  await assert.rejects(
    client.call(routes.restartService, { name: 'postfix' }),
    (error) => error instanceof CliFault && error.exitCode === 2 && error.message.includes('mongod, valkey, worker-1, worker'),
  );
});

test('a data directory has one appliance', () => {
  assert.throws(() => new Appliance({ dataDir, overrides: anyPort, workerScript }), DataDirectoryInUseError);
});

test('a stop leaves nothing running and nothing locked, and the next start knows what was set', async () => {
  assert.ok(pids.size >= 3);
  await client.call(routes.shutdown);
  await appliance.stopped;
  for (const pid of pids) assert.equal(readProcessIdentity(pid), undefined, `process ${pid} still runs`);
  assert.equal(existsSync(appliance.paths.control), false);
  assert.equal(ControlClient.tryOpen(appliance.paths), undefined);

  appliance = new Appliance({ dataDir, overrides: anyPort, workerScript });
  assert.equal(appliance.settings.get('store.maxMessageBytes'), 2_097_152);
  const starting = appliance.start();
  // A stop in the middle of a start ends both.
  await waitFor(() => appliance.status().services.some((each) => each.state === 'starting'));
  await appliance.stop();
  await assert.rejects(starting);
});

function greetingPid(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    connect(port, '127.0.0.1')
      .setEncoding('utf8')
      .on('data', (text: string) => resolve(Number(/\d+/.exec(text)?.[0])))
      .on('error', reject);
  });
}
