/** The appliance without a cache server, as it runs on Windows: one worker, which hears of its own changes. The worker and mongod are the real ones. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { ControlClient } from '../../app/appliance/cli/control-client.ts';
import { routes } from '../../app/appliance/control/contract.ts';
import { dataPaths } from '../../app/appliance/paths.ts';
import { listenerNames } from '../../app/appliance/settings/registry.ts';
import { Settings } from '../../app/appliance/settings/store.ts';
import { redisPlan, workerCount } from '../../app/appliance/worker-config.ts';
import { RawImapClient } from '../harness/imap-client.ts';
import { LmtpProbe } from '../harness/probe/lmtp-probe.ts';
import { tempDir } from '../harness/temp-dir.ts';
import { waitFor } from '../harness/wait-for.ts';

test('which server is planned: a set one, else the bundled one, else none', () => {
  const settings = (values: Record<string, string>) =>
    new Settings({ file: path.join(tempDir('settings'), 's.sqlite'), overrides: new Map(Object.entries(values)) as never });
  const cases: [Record<string, string>, string, string][] = [
    [{}, 'linux', 'bundled'],
    [{}, 'darwin', 'bundled'],
    [{}, 'win32', 'none'],
    [{ 'redis.binary': '/opt/valkey-server' }, 'win32', 'bundled'],
    [{ 'redis.uri': 'redis://cache/0' }, 'win32', 'external'],
    [{ 'redis.uri': 'none' }, 'linux', 'none'],
  ];
  for (const [values, platform, mode] of cases) {
    const made = settings(values);
    assert.equal(redisPlan(made, platform).mode, mode, JSON.stringify(values));
    made.close();
  }
  const alone = settings({ 'redis.uri': 'none', workers: '3' });
  assert.equal(workerCount(alone), 1, 'workers that cannot hear of each other');
  alone.close();
});

test('mail comes in, and an open session hears of it', { timeout: 120_000 }, async () => {
  const paths = dataPaths(path.join(tempDir('without-redis'), 'data'));
  const launcher = path.resolve(import.meta.dirname, '../../bin/mallard.mjs');
  const sets = [...[...listenerNames, 'gui'].map((name) => `${name}.port=0`), 'redis.uri=none'].flatMap((each) => [
    '--set',
    each,
  ]);
  const child = spawn(process.execPath, [launcher, 'start', '--no-open', '--life-line', '--data', paths.root, ...sets], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const ended = once(child, 'close');
  try {
    const client = await waitFor(() => ControlClient.tryOpen(paths), { timeoutMs: 90_000 });
    const status = await waitFor(
      async () => {
        const now = await client.call(routes.status);
        return now.state === 'running' && now;
      },
      { timeoutMs: 60_000 },
    );
    assert.deepEqual(
      status.services.map(({ name }) => name),
      ['mongod', 'worker-1'],
    );
    const added = await client.raw('POST', '/api/users', {
      username: 'anna',
      address: 'anna@example.test',
      password: 'quack-quack-7',
    });
    assert.equal(added.status, 200, added.body);
    const port = (name: string): number => status.endpoints[name]?.port ?? assert.fail(`no ${name}`);
    const imap = await RawImapClient.login(port('imap'), 'anna@example.test', 'quack-quack-7');
    await imap.ok('SELECT INBOX');
    const lmtp = await LmtpProbe.connect(port('lmtp'));
    const [reply] = await lmtp.deliver(Buffer.from('From: bob@example.test\r\nSubject: quack\r\n\r\nQuack.\r\n'), [
      'anna@example.test',
    ]);
    assert.equal(reply?.code, 250);
    lmtp.close();
    const heard = await imap.ok('NOOP');
    assert.match(heard.join('\n'), /^\* 1 EXISTS$/m);
    await imap.close();
    const health = await client.raw('GET', '/api/health');
    assert.equal(health.status, 200, health.body);
  } finally {
    child.stdin.end();
    assert.deepEqual(await ended, [0, null]);
  }
});
