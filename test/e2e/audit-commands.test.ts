/** `mallard audit` as a program, against a whole appliance: what was done is listed, exported and checked. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { Appliance } from '../../app/appliance/appliance.ts';
import { dataPaths } from '../../app/appliance/paths.ts';
import { listenerNames, type SettingName } from '../../app/appliance/settings/registry.ts';
import { databaseSecrets } from '../../app/appliance/supervisor/database-secrets.ts';
import { tempDir } from '../harness/temp-dir.ts';

const folder = tempDir('audit-commands');
const dataDir = path.join(folder, 'data');
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

test('what was done is listed, exported and checked', { timeout: 120_000 }, async () => {
  for (const name of ['anna', 'otto']) await json('user', 'add', `${name}@mail.test`, '--password', 'correct horse battery');
  await json('user', 'set', 'anna@mail.test', '--name', 'Anna Example');

  const { out } = await mallard('audit', 'list', '--user', 'anna@mail.test', '--action', 'updateUser');
  assert.match(out, /^NO +WHEN +ACTION +USER +BY +FROM +WHAT\n\d+ +\S+ \S+ +updateUser .*name: "" → "Anna Example"/);
  assert.doesNotMatch((await mallard('audit', 'list')).out, /correct horse/);
  const titles = async (...flags: readonly string[]): Promise<string[]> =>
    ((await json('audit', 'list', ...flags))['results'] as { action: string }[]).map(({ action }) => action);
  assert.deepEqual(await titles('--text', 'anna example'), ['updateUser']);
  assert.deepEqual(await titles('--to', '1d'), []);
  assert.deepEqual(await titles('--from', '1d', '--limit', '1'), ['updateUser']);
  assert.equal((await mallard('audit', 'list', '--user', 'nobody@mail.test')).code, 1);

  const whole = await json('audit', 'verify');
  assert.equal(whole['intact'], true);
  const file = path.join(folder, 'changes.jsonl');
  assert.equal((await json('audit', 'export', file))['entries'], whole['entries']);
  const text = readFileSync(file, 'utf8');
  const lines = text.trimEnd().split('\n');
  assert.equal(lines.length, whole['entries']);
  assert.equal(
    (JSON.parse(lines[1] ?? '{}') as Record<string, unknown>)['previous'],
    (JSON.parse(lines[0] ?? '{}') as Record<string, unknown>)['hash'],
  );
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal((await mallard('audit', 'export', '-')).out, text);
  const nowhere = await mallard('audit', 'export', path.join(folder, 'no', 'folder.jsonl'));
  assert.deepEqual([nowhere.code, nowhere.err.includes('could not be written')], [1, true]);
  assert.ok(!existsSync(`${file}.part`));

  const mongod = ((await json('status'))['services'] as { name: string; port: number }[]).find(({ name }) => name === 'mongod');
  const { mongoSupervisor } = databaseSecrets(dataPaths(dataDir).secrets);
  const client = await MongoClient.connect(
    `mongodb://supervisor:${mongoSupervisor}@127.0.0.1:${mongod?.port ?? 0}/mallard?authSource=admin&directConnection=true`,
  );
  try {
    const changed = await client
      .db()
      .collection('adminLog')
      .updateOne({ seq: 2 }, { $set: { action: 'nothing' } });
    assert.equal(changed.modifiedCount, 1);
  } finally {
    await client.close();
  }
  const broken = await mallard('audit', 'verify');
  assert.deepEqual([broken.code, broken.out.split(':')[0]], [1, 'Broken at entry 2']);
});
