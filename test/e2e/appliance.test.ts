/** The appliance as a person runs it: `mallard start` in a process of its own, the other commands beside it, real databases and the real worker. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { listenerNames } from '../../app/appliance/settings/registry.ts';
import { readProcessIdentity } from '../../server/base/process-identity.ts';
import { tempDir } from '../harness/temp-dir.ts';
import { waitFor } from '../harness/wait-for.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/mallard.mjs');
const folder = tempDir('e2e');
const dataDir = path.join(folder, 'data');
const env = { ...process.env, MALLARD_DATA: dataDir, NODE_TEST_CONTEXT: undefined };
const anyPort = [...listenerNames, 'gui'].flatMap((name) => ['--set', `${name}.port=0`]);
const running = new Set<ChildProcess>();
after(() => {
  for (const child of running) child.kill('SIGTERM');
});

const statusSchema = z.object({
  state: z.string(),
  version: z.string(),
  dataDir: z.string(),
  gui: z.string().nullable(),
  api: z.string().nullable(),
  services: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      pid: z.int().nullable(),
      port: z.int().nullable(),
      version: z.string().nullable(),
      rssBytes: z.int().nullable(),
      since: z.string(),
      restarts: z.int(),
    }),
  ),
  endpoints: z.record(
    z.string(),
    z.strictObject({ host: z.string(), port: z.int(), tls: z.enum(['none', 'starttls', 'implicit']) }),
  ),
});
type Status = z.output<typeof statusSchema>;

type Result = { code: number | null; out: string; err: string };
function mallard(...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [launcher, ...args], { env }, (_error, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    );
    child.stdin?.end();
  });
}

async function json(...args: string[]): Promise<unknown> {
  const { code, out, err } = await mallard(...args, '--json');
  assert.equal(code, 0, `${args.join(' ')}: ${out}${err}`);
  return JSON.parse(out);
}

type Started = { child: ChildProcess; status: Status; ended: Promise<number | null>; said: () => string };
async function start(...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [launcher, 'start', '--no-open', '--json', ...anyPort, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let out = '';
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const line = await waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said}`);
      return out.includes('\n') && out.slice(0, out.indexOf('\n'));
    },
    { timeoutMs: 60_000, what: 'the appliance to be ready' },
  );
  return { child, status: statusSchema.parse(JSON.parse(line)), ended, said: () => said };
}

function pidsOf(status: Status): number[] {
  return status.services.flatMap(({ pid }) => (pid === null ? [] : [pid]));
}

async function assertGone(pids: readonly number[]): Promise<void> {
  await waitFor(() => pids.every((pid) => readProcessIdentity(pid) === undefined), {
    what: `processes ${pids.join(', ')} to be gone`,
    timeoutMs: 30_000,
  });
}

test('start, look, change, restart, stop', async () => {
  const { status, ended } = await start();
  assert.equal(status.state, 'running');
  assert.deepEqual(
    status.services.map(({ name, state }) => [name, state]),
    [
      ['mongod', 'ready'],
      ['valkey', 'ready'],
      ['worker-1', 'ready'],
    ],
  );
  const asked = statusSchema.parse(await json('status'));
  assert.deepEqual([asked.endpoints, pidsOf(asked)], [status.endpoints, pidsOf(status)]);

  // The certificate is one that a client with the authority trusts.
  const { imaps } = status.endpoints;
  assert.ok(imaps !== undefined && imaps.tls === 'implicit');
  const socket = connectTls({
    host: imaps.host,
    port: imaps.port,
    ca: readFileSync(path.join(dataDir, 'certificates/authority.crt')),
    servername: 'localhost',
  });
  const [greeting] = (await once(socket, 'data')) as [Buffer];
  assert.match(greeting.toString(), /^\* OK /);
  // Another name gets into it without a restart: connections that are open go on.
  await json('config', 'set', 'server.names', 'imap.new-name.test');
  const ca = readFileSync(path.join(dataDir, 'certificates/authority.crt'));
  await waitFor(
    async () => {
      const named = connectTls({ host: imaps.host, port: imaps.port, ca, servername: 'imap.new-name.test' });
      try {
        await once(named, 'secureConnect');
        return true;
      } finally {
        named.destroy();
      }
    },
    { timeoutMs: 30_000, what: 'a certificate for the new name' },
  );
  socket.write('a NOOP\r\n');
  assert.match(String((await once(socket, 'data'))[0]), /^a OK/);
  assert.deepEqual(pidsOf(statusSchema.parse(await json('status'))), pidsOf(status));
  socket.destroy();

  assert.deepEqual(await json('restart', 'worker-1'), { service: 'worker-1', state: 'ready' });
  const restarted = statusSchema.parse(await json('status'));
  assert.notDeepEqual(pidsOf(restarted), pidsOf(status));
  assert.deepEqual(restarted.endpoints, status.endpoints);

  const logs = await mallard('logs', '--service', 'imap', '--grep', 'listening', '--json');
  assert.ok(
    logs.out
      .trim()
      .split('\n')
      .every((line) => JSON.parse(line).message === 'listening'),
    logs.out,
  );
  assert.equal((await mallard('doctor')).code, 0);
  const twice = await mallard('start', '--no-open');
  assert.equal(twice.code, 1);
  assert.match(twice.err, /already served by another Mallard \(process \d+\)/);
  const unknown = await mallard('restart', 'postfix');
  assert.deepEqual([unknown.code, unknown.out], [2, '']);
  assert.match(unknown.err, /Allowed: mongod, valkey, worker-1, worker/);

  assert.deepEqual(await json('stop'), { state: 'stopped' });
  assert.equal(await ended, 0);
  await assertGone([...pidsOf(status), ...pidsOf(restarted)]);
  assert.equal((await mallard('status')).code, 1);
});

test('a newcomer adds a user, real mail comes in, and a mail client reads it', async () => {
  const { child, status, ended } = await start();
  const address = 'user@example.test';
  const added = (await json('user', 'add', address, '--password', 'a long secret', '--quota', '2GB')) as { id: string };
  assert.match(added.id, /^[0-9a-f]{24}$/);
  const twice = await mallard('user', 'add', address, '--password', 'another secret');
  assert.deepEqual([twice.code, twice.err], [1, 'This username already exists\n']);
  await json('user', 'add', 'андрис@уайлддак.орг', '--password', 'a long secret');
  const { results } = (await json('user', 'list')) as { results: { address: string; quota: object }[] };
  assert.deepEqual(
    results.map((each) => [each.address, each.quota]),
    [
      [address, { allowed: 2 * 1024 ** 3, used: 0 }],
      ['андрис@уайлддак.орг', { allowed: 0, used: 0 }],
    ],
  );
  await json('user', 'set', address, '--name', 'User One', '--quota', '3GB');
  await json('user', 'password', address, '--password', 'a longer secret');

  const { lmtp, imap } = status.endpoints;
  assert.ok(lmtp !== undefined && imap !== undefined);
  const transport = createTransport({ host: lmtp.host, port: lmtp.port, lmtp: true, tls: { rejectUnauthorized: false } });
  await transport.sendMail({ from: 'anna@example.org', to: address, subject: 'Grüße', text: 'Real mail.' });
  transport.close();

  const auth = { user: address, pass: 'a longer secret' };
  const client = new ImapFlow({ host: imap.host, port: imap.port, auth, logger: false, tls: { rejectUnauthorized: false } });
  await client.connect();
  const lock = await client.getMailboxLock('INBOX');
  const message = await client.fetchOne('1', { envelope: true, source: true });
  assert.ok(message !== false);
  assert.equal(message.envelope?.subject, 'Grüße');
  assert.match(message.source?.toString() ?? '', /\r\nReal mail\./);
  lock.release();
  await client.logout();

  const mailboxes = (await json('mailbox', 'list', address)) as { results: { path: string; total: number; unseen: number }[] };
  assert.deepEqual(
    mailboxes.results.filter(({ total }) => total > 0).map(({ path: name, total, unseen }) => [name, total, unseen]),
    [['INBOX', 1, 1]],
  );
  const shown = (await json('user', 'show', added.id)) as { name: string; limits: { quota: { allowed: number; used: number } } };
  assert.equal(shown.name, 'User One');
  assert.equal(shown.limits.quota.allowed, 3 * 1024 ** 3);
  assert.ok(shown.limits.quota.used > 100);

  await json('user', 'remove', address);
  assert.equal((await mallard('user', 'show', address)).code, 1);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
});

test('Ctrl-C stops everything, once however often it comes', async () => {
  const { child, status, ended } = await start();
  child.kill('SIGINT');
  // npm and the terminal both send it.
  child.kill('SIGINT');
  assert.equal(await ended, 0);
  await assertGone(pidsOf(status));
});

test('a closed terminal does not stop the mail', { skip: process.platform === 'win32' ? 'no SIGHUP there' : false }, async () => {
  const { child, status, ended } = await start();
  child.kill('SIGHUP');
  child.stdout?.destroy();
  child.stderr?.destroy();
  assert.deepEqual(pidsOf(statusSchema.parse(await json('status'))), pidsOf(status));
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  await assertGone(pidsOf(status));
});

test('after kill -9 of the appliance nothing of it stays, and the next start works', async () => {
  const { child, status, ended } = await start();
  child.kill('SIGKILL');
  await ended;
  const next = await start();
  await assertGone(pidsOf(status));
  assert.equal(next.status.state, 'running');
  next.child.kill('SIGTERM');
  assert.equal(await next.ended, 0);
  await assertGone(pidsOf(next.status));
});

test('a port that cannot be had is refused with its holder, and nothing is left', async () => {
  const holder = await start();
  const port = holder.status.endpoints['imap']?.port ?? 0;
  const other = path.join(folder, 'other');
  const refused = await mallard(
    'start',
    '--no-open',
    '--data',
    other,
    ...anyPort.map((each) => (each === 'imap.port=0' ? `imap.port=${port}` : each)),
  );
  assert.equal(refused.code, 1);
  assert.match(refused.err, new RegExp(`imap cannot listen on port ${port}: port ${port} is used by .*process \\d+`));
  assert.match(refused.err, /mallard config set imap\.port /);
  assert.equal(existsSync(path.join(other, 'run/control.json')), false);
  holder.child.kill('SIGTERM');
  assert.equal(await holder.ended, 0);
});
