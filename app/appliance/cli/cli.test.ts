/** The command line as a program: what it prints where, and how it ends. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { projectRoot } from '../paths.ts';
import { SettingsFault } from '../settings/judge.ts';
import { CliFault } from './fault.ts';
import { sinceMs } from './commands/logs.ts';
import { duration } from './output.ts';
import { runProgram } from './program.ts';

const root = mkdtempSync(path.join(tmpdir(), 'mallard-cli-'));
after(() => rmSync(root, { recursive: true, force: true }));
const unused = path.join(root, 'unused');

type Result = { code: number; out: string; err: string };
function mallard(...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [path.join(projectRoot, 'bin/mallard.mjs'), ...args],
      {
        env: { ...process.env, MALLARD_DATA: unused, MALLARD_CACHE_DIR: path.join(root, 'cache'), NODE_TEST_CONTEXT: undefined },
      },
      (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err }),
    );
    child.stdin?.end();
  });
}

test('asked wrongly: exit 2 and what is allowed', async () => {
  const table: [string[], RegExp][] = [
    [['strat'], /Did you mean start\?\nAllowed: start, stop, status/],
    [['status', '--foo'], /Unknown option '--foo'.*Allowed: --data <dir>, --json/s],
    [['start', '--set', 'imap.prot=1'], /Did you mean imap\.port\?\nAllowed: server\.hostname, /],
    [['start', '--set', 'imap.port=high'], /imap\.port cannot be "high"\.\nAllowed: a port number from 1 to 65535/],
    [['start', '--set', 'imap.port=993'], /imaps? and imaps? cannot both have port 993/],
    [['start', '--workers', 'many'], /workers cannot be "many"\.\nAllowed: a whole number from 1 to 64/],
    [['config', 'set', 'log.level', 'loud'], /Allowed: debug, info, warn, error/],
    [['user', 'add', 'anna@example.test', '--quota', 'lots'], /Allowed: unlimited, or a number of bytes/],
  ];
  const results = await Promise.all(table.map(([args]) => mallard(...args)));
  for (const [index, [args, expected]] of table.entries()) {
    const { code, out, err } = results[index] ?? { code: -1, out: '', err: '' };
    assert.deepEqual([code, out], [2, ''], args.join(' '));
    assert.match(err, expected);
  }
});

/** The same judgement without a process for each. */
test('every command refuses what it does not know', async () => {
  const table: string[][] = [
    ['user'],
    ['user', 'befriend'],
    ['user', 'add'],
    ['user', 'add', 'no-address', '--password', 'x'],
    ['user', 'set', 'anna'],
    ['user', 'set', 'anna', '--disable', '--enable'],
    ['config', 'get', 'nothing'],
    ['config', 'set', 'imap.port'],
    ['config', 'set', 'imap.port', '1143', '--default'],
    ['logs', '--level', 'loud'],
    ['logs', '--lines', '-1'],
    ['logs', '--since', 'yesterday-ish'],
    ['audit'],
    ['audit', 'export'],
    ['audit', 'list', '--limit', 'all'],
    ['audit', 'list', '--from', 'yesterday-ish'],
    ['restart'],
    ['stop', 'now'],
    ['doctor', '--verbose'],
  ];
  for (const args of table) {
    await assert.rejects(
      runProgram([...args, ...(args.length > 1 ? ['--data', unused] : [])]),
      (error) => (error instanceof CliFault && error.exitCode === 2) || error instanceof SettingsFault,
      args.join(' '),
    );
  }
});

test('nothing runs: exit 1 and how to start', async () => {
  const table = [['status'], ['stop'], ['restart', 'worker'], ['logs'], ['user', 'list'], ['mailbox', 'list', 'anna'], ['gui']];
  for (const args of table) {
    await assert.rejects(
      runProgram([...args, '--data', unused]),
      (error) =>
        error instanceof CliFault &&
        error.exitCode === 1 &&
        error.message.endsWith(`Start it with: mallard start --data ${unused}`),
      args.join(' '),
    );
  }
  const [plain, json] = await Promise.all([mallard('status', '--json'), mallard('stop', '--json')]);
  assert.equal(plain.code, 1);
  assert.deepEqual(
    [JSON.parse(plain.out).state, JSON.parse(plain.out).dataDir, JSON.parse(plain.out).services],
    ['stopped', unused, []],
  );
  assert.deepEqual([json.code, JSON.parse(json.out).code], [1, 'NotRunning']);
});

test('settings are kept without a running appliance, and asking makes no data directory', async () => {
  const data = ['--data', path.join(root, 'kept')];
  assert.deepEqual(await mallard('config', 'get', 'imap.port', ...data), { code: 0, out: '143\n', err: '' });
  assert.equal(existsSync(path.join(root, 'kept')), false);
  assert.equal((await mallard('config', 'set', 'store.maxMessageBytes=32MB', ...data)).code, 0);
  assert.equal((await mallard(...data, 'config', 'get', 'store.maxMessageBytes')).out, '32 MB\n');
  const list = JSON.parse((await mallard('config', 'list', '--changed', '--json', ...data)).out);
  assert.deepEqual(
    list.settings.map((each: { name: string; value: unknown }) => [each.name, each.value]),
    [['store.maxMessageBytes', 33_554_432]],
  );
  await mallard('config', 'set', 'store.maxMessageBytes', '--default', ...data);
  assert.deepEqual(JSON.parse((await mallard('config', 'list', '--changed', '--json', ...data)).out), { settings: [] });
});

test('help and version are no errors', async () => {
  const [help, version, sub] = await Promise.all([mallard(), mallard('--version'), mallard('user', 'add', '--help')]);
  assert.deepEqual([help.code, version.code, sub.code], [0, 0, 0]);
  assert.match(help.out, /Usage: mallard/);
  assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
  assert.match(sub.out, /--quota <amount>/);
});

test('times', () => {
  const now = Date.UTC(2026, 10, 24);
  assert.equal(sinceMs('2h', now), now - 7_200_000);
  assert.equal(sinceMs('2026-11-24T00:00:00Z', now), now);
  assert.deepEqual([5000, 65_000, 7_500_000, 200_000_000].map(duration), ['5 s', '1 min', '2 h 5 min', '2 days']);
});

test('secrets rotate: a new key first, the older ones stay; the file is private', async () => {
  const data = path.join(root, 'rotated');
  assert.equal((await mallard('--data', data, 'secrets', 'rotate')).code, 1, 'there is nothing there');
  await mallard('--data', data, 'config', 'set', 'outbound.relay.password', 'hidden');
  const file = path.join(data, 'secrets', 'sealing.keys');
  const ids = async (): Promise<string[]> =>
    (JSON.parse((await mallard('--data', data, '--json', 'secrets', 'list')).out) as { keys: string[] }).keys;
  const before = await ids();
  assert.equal(before.length, 1);
  const rotated = await mallard('--data', data, 'secrets', 'rotate');
  assert.equal(rotated.code, 0, rotated.err);
  const after = await ids();
  assert.deepEqual([after.length, after[1]], [2, before[0]]);
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
  const got = JSON.parse((await mallard('--data', data, '--json', 'config', 'get', 'outbound.relay.password')).out) as {
    origin: string;
  };
  assert.equal(got.origin, 'stored');
});
