/** `mallard user` and `mallard mailbox` as programs, against an appliance whose worker answers in the HTTP API's shapes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Appliance } from '../../app/appliance/appliance.ts';
import { listenerNames, type SettingName } from '../../app/appliance/settings/registry.ts';
import { tempDir } from '../harness/temp-dir.ts';

const dataDir = path.join(tempDir('users'), 'data');
const launcher = path.resolve(import.meta.dirname, '../../bin/mallard.mjs');
const appliance = new Appliance({
  dataDir,
  overrides: new Map<SettingName, unknown>([...listenerNames, 'gui' as const].map((name) => [`${name}.port`, 0])),
  workerScript: path.resolve(import.meta.dirname, '../harness/fake-mail-worker.ts'),
});
before(() => appliance.start());
after(() => appliance.stop());

type Result = { code: number; out: string; err: string };
function mallard(args: readonly string[], input = ''): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [launcher, ...args, '--data', dataDir], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    });
    child.stdin?.end(input);
  });
}
async function json(args: readonly string[], input?: string): Promise<Record<string, unknown>> {
  const { code, out, err } = await mallard([...args, '--json'], input);
  assert.equal(code, 0, `${args.join(' ')}: ${out}${err}`);
  return JSON.parse(out) as Record<string, unknown>;
}

test('a user is added, shown, changed and removed', async () => {
  const added = await json(['user', 'add', 'anna@example.test', '--password', 'first', '--quota', '2GB', '--name', 'Anna']);
  assert.deepEqual([added['success'], added['address']], [true, 'anna@example.test']);
  const again = await mallard(['user', 'add', 'anna@example.test', '--password', 'x']);
  assert.deepEqual([again.code, again.err], [1, 'This username already exists\n']);

  const shown = await json(['user', 'show', 'anna@example.test']);
  assert.deepEqual(
    [shown['id'], shown['username'], shown['name'], shown['password'], shown['addresses'], shown['limits']],
    [added['id'], 'anna@example.test', 'Anna', 'first', ['anna@example.test'], { quota: { allowed: 2_147_483_648, used: 7 } }],
  );
  await json(['user', 'set', 'anna@example.test', '--quota', 'unlimited', '--disable']);
  await json(['user', 'password', 'anna@example.test', '--password-stdin'], 'second\nmore\n');
  const changed = await json(['user', 'show', String(added['id'])]);
  assert.deepEqual(
    [changed['password'], changed['disabled'], changed['limits']],
    ['second', true, { quota: { allowed: 0, used: 7 } }],
  );
  assert.match((await mallard(['user', 'show', 'anna@example.test'])).out, /Used +7 B of unlimited\nState +disabled\n/);

  assert.match((await mallard(['mailbox', 'list', 'anna@example.test'])).out, /^MAILBOX.*\nINBOX +3 +1 +yes +d{24}\n$/);
  await json(['user', 'remove', 'anna@example.test']);
  const gone = await mallard(['user', 'show', 'anna@example.test', '--json']);
  assert.deepEqual([gone.code, JSON.parse(gone.out).code], [1, 'UserNotFound']);
});

test('a list is read to its last page; another user name and other scripts are no obstacle', async () => {
  const addresses = ['андрис@уайлддак.орг', 'b@example.test', 'c@example.test', 'd@example.test', 'e@example.test'];
  for (const address of addresses) await json(['user', 'add', address, '--password', 'x', '--username', `name of ${address}`]);
  const { total, results } = (await json(['user', 'list'])) as { total: number; results: { address: string }[] };
  assert.deepEqual([total, results.map((each) => each.address)], [5, addresses]);
  // Found by address, though the user name is another.
  assert.equal((await json(['user', 'show', 'андрис@уайлддак.орг']))['username'], 'name of андрис@уайлддак.орг');
  assert.match((await mallard(['user', 'list', '--query', 'c@'])).out, /^ADDRESS.*\nc@example\.test .*active/);
});

test('without a password nothing is added', async () => {
  const { code, err } = await mallard(['user', 'add', 'f@example.test']);
  assert.deepEqual(
    [code, err],
    [2, 'A password is needed.\nAllowed: --password PASSWORD, or --password-stdin to read it from standard input\n'],
  );
  assert.equal((await mallard(['user', 'add', 'f@example.test', '--password-stdin'], '\n')).code, 2);
});
