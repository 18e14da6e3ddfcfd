/** `mallard fetch` as a program, against a whole appliance that fetches from another server; and ManageSieve listens. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { Appliance } from '../../app/appliance/appliance.ts';
import { listenerNames, type SettingName } from '../../app/appliance/settings/registry.ts';
import { startRemoteMail, type RemoteMail } from '../harness/remote-mail.ts';
import { waitFor } from '../harness/servers.ts';
import { tempDir } from '../harness/temp-dir.ts';
import { closeStores } from '../harness/worker.ts';

const dataDir = path.join(tempDir('fetch-commands'), 'data');
const launcher = path.resolve(import.meta.dirname, '../../bin/mallard.mjs');
let appliance: Appliance;
let remote: RemoteMail;

before(async () => {
  remote = await startRemoteMail();
  appliance = new Appliance({
    dataDir,
    overrides: new Map<SettingName, unknown>([
      ...[...listenerNames, 'gui' as const].map((name): [SettingName, unknown] => [`${name}.port`, 0]),
      ['fetch.allowPrivate', true],
    ]),
  });
  await appliance.start();
});
after(async () => {
  await appliance.stop();
  await remote.worker.stop();
  await closeStores();
});

type Result = { code: number; out: string; err: string };
function mallard(args: readonly string[], input = ''): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [launcher, ...args, '--data', dataDir], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    });
    child.stdin?.end(input);
  });
}
async function json(args: readonly string[], input?: string): Promise<unknown> {
  const { code, out, err } = await mallard([...args, '--json'], input);
  assert.equal(code, 0, `${args.join(' ')}: ${out}${err}`);
  return JSON.parse(out);
}

const listSchema = z.object({ results: z.array(z.looseObject({ id: z.string(), state: z.string(), fetched: z.number() })) });

test('an account is added, fetched from, listed and removed from the command line', { timeout: 120_000 }, async () => {
  const there = await remote.addUser('old@remote.test');
  await remote.put(there, ['Subject: one\r\n\r\nx\r\n']);
  await json(['user', 'add', 'anna@mail.test', '--password', 'correct horse battery']);
  const server = ['localhost', there.username, '--tls', 'none', '--port', String(remote.worker.port('imap'))];
  const wrong = await mallard(['fetch', 'add', 'anna@mail.test', ...server, '--into', 'Nowhere', '--password', 'x']);
  assert.deepEqual([wrong.code, /no mailbox "Nowhere"/.test(wrong.err)], [2, true], wrong.err);
  const { id } = z
    .object({ id: z.string() })
    .parse(
      await json(
        ['fetch', 'add', 'anna@mail.test', ...server, '--into', 'Archive', '--keep', '3d', '--every', '60', '--password-stdin'],
        `${there.password}\n`,
      ),
    );
  const listed = async (): Promise<z.output<typeof listSchema>['results']> =>
    listSchema.parse(await json(['fetch', 'list', 'anna@mail.test'])).results;
  const first = await waitFor(async () => (await listed()).find(({ fetched }) => fetched === 1), { timeoutMs: 30_000 });
  assert.equal(first.id, id);
  await remote.put(there, ['Subject: two\r\n\r\nx\r\n']);
  assert.deepEqual(await json(['fetch', 'now', 'anna@mail.test']), { asked: [id] });
  await waitFor(async () => (await listed()).some(({ fetched, state }) => fetched === 2 && state === 'waiting'), {
    timeoutMs: 30_000,
  });
  assert.match((await mallard(['fetch', 'list', 'anna@mail.test'])).out, /imap:\/\/old@remote\.test@localhost:\d+ +3 days +2 +/);
  assert.match((await mallard(['mailbox', 'list', 'anna@mail.test'])).out, /^Archive +\S+ +2 /m);

  await json(['fetch', 'remove', 'anna@mail.test', id]);
  assert.deepEqual(await listed(), []);
});

test('ManageSieve greets', async () => {
  const { endpoints } = z
    .object({ endpoints: z.record(z.string(), z.looseObject({ port: z.number() })) })
    .parse(await json(['status']));
  const socket = connect({ host: '127.0.0.1', port: endpoints['managesieve']?.port ?? 0 });
  const [greeting] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  assert.match(greeting.toString(), /^"IMPLEMENTATION" "Mallard"\r\n/);
});
