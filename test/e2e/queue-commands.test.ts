/** `mallard queue` and `mallard trace` as programs, against a whole appliance: mail that can't be sent yet is seen, held, tried again and returned. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createTransport } from 'nodemailer';
import { Appliance } from '../../app/appliance/appliance.ts';
import { listenerNames, type SettingName } from '../../app/appliance/settings/registry.ts';
import { freePort, waitFor } from '../harness/servers.ts';
import { startSmtpSink } from '../harness/smtp-sink.ts';
import { tempDir } from '../harness/temp-dir.ts';

const dataDir = path.join(tempDir('queue-commands'), 'data');
const launcher = path.resolve(import.meta.dirname, '../../bin/mallard.mjs');
let appliance: Appliance;

before(async () => {
  appliance = new Appliance({
    dataDir,
    overrides: new Map<SettingName, unknown>([...listenerNames, 'gui' as const].map((name) => [`${name}.port`, 0])),
  });
  await appliance.start();
});
after(() => appliance.stop());

type Result = { code: number; out: string; err: string };
function mallard(...args: readonly string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(process.execPath, [launcher, ...args, '--data', dataDir], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    });
  });
}
async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await mallard(...args, '--json');
  assert.equal(code, 0, `${args.join(' ')}: ${out}${err}`);
  return JSON.parse(out) as Record<string, unknown>;
}

test('mail that waits is seen and dealt with from the command line', { timeout: 120_000 }, async () => {
  await json('user', 'add', 'anna@mail.test', '--password', 'correct horse battery');
  await json('queue', 'pause', '--reason', 'not yet');
  const { endpoints } = await json('status');
  const { port } = (endpoints as Record<string, { port: number }>)['submission'] ?? { port: 0 };
  const transport = createTransport({
    host: '127.0.0.1',
    port,
    ignoreTLS: true,
    auth: { user: 'anna@mail.test', pass: 'correct horse battery' },
  });
  await transport.sendMail({ from: 'anna@mail.test', to: 'you@there.invalid', subject: 'Waiting for Godot', text: 'x' });
  transport.close();

  const status = await mallard('queue', 'status');
  assert.match(status.out, /^Waiting +1 \(1 due, 0 being sent\), 0 held\n[^]*^Paused +since .*: not yet\n/m);
  const list = await json('queue', 'list', '--search', 'godot');
  const [entry] = list['results'] as { id: string; transaction: string }[];
  assert.ok(entry !== undefined);
  const { id } = entry;
  assert.match(
    (await mallard('queue', 'list')).out,
    new RegExp(`^ID .*\\n${id} +queued .*anna@mail\\.test +you@there\\.invalid\\n$`),
  );
  assert.match((await mallard('queue', 'show', id)).out, /Subject +Waiting for Godot\n/);

  await json('queue', 'hold', id);
  await json('queue', 'resume');
  assert.equal((await json('queue', 'list', '--held'))['total'], 1);
  const sinkPort = await freePort();
  const sink = await startSmtpSink({ port: sinkPort });
  try {
    await json('queue', 'route', id, `127.0.0.1:${sinkPort}`);
    await json('queue', 'release', id);
    await waitFor(() => sink.messages.length === 1);
    assert.match(sink.messages[0]?.raw ?? '', /^Subject: Waiting for Godot\r$/m);
  } finally {
    await sink.close();
  }
  const told = async (): Promise<string> => (await mallard('trace', 'you@there.invalid')).out;
  await waitFor(async () => (await told()).includes('250 2.0.0 kept'));
  const trace = await told();
  assert.match(trace, /Waiting for Godot\n {2}from anna@mail\.test \[127\.0\.0\.1\]\n {2}to +you@there\.invalid\n/);
  assert.match(
    trace,
    /attempt: sent you@there\.invalid by 127\.0\.0\.1|attempt: sent you@there\.invalid by \[127\.0\.0\.1\] "250 2\.0\.0 kept"/,
  );
  assert.equal((await json('trace', entry.transaction))['transaction'], entry.transaction);
  assert.equal((await mallard('trace', '--subject', 'Nobody wrote this')).out, 'Nothing is known of such a message.\n');
  assert.equal((await mallard('trace')).code, 2);
  assert.equal((await mallard('queue', 'delete', id)).code, 2);
  const gone = await mallard('queue', 'delete', id, '--yes', '--json');
  assert.deepEqual([gone.code, JSON.parse(gone.out).code], [1, 'NoSuchQueueEntry']);
});
