import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { tryOwnerLock } from './owner-lock.ts';
import { isStillRunning, ownIdentity, readProcessIdentity } from './process-identity.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'mallard-lock-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a process is known by more than its pid', async () => {
  const me = readProcessIdentity(process.pid);
  assert.deepEqual(me, ownIdentity());
  assert.equal(path.basename(me?.executable ?? ''), path.basename(process.execPath));
  assert.ok(isStillRunning(ownIdentity()));
  assert.ok(!isStillRunning({ ...ownIdentity(), startedAt: 'another time' }));
  assert.ok(!isStillRunning({ ...ownIdentity(), executable: '/bin/other' }));
  // Not readable when it was recorded, or now: the start time decides.
  assert.ok(isStillRunning({ ...ownIdentity(), executable: '' }));
  const child = spawn('sleep', ['60']);
  const identity = readProcessIdentity(child.pid ?? 0);
  assert.ok(identity !== undefined && isStillRunning(identity));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.equal(isStillRunning(identity), false);
  assert.equal(readProcessIdentity(-1), undefined);
});

test('held once, free after release, and nothing is left', () => {
  const file = path.join(folder, 'a', 'lock');
  const first = tryOwnerLock(file);
  assert.ok('lock' in first);
  const second = tryOwnerLock(file);
  assert.ok('owner' in second);
  assert.equal(second.owner.pid, process.pid);
  first.lock.release();
  const third = tryOwnerLock(file);
  assert.ok('lock' in third);
  first.lock.release();
  assert.ok('owner' in tryOwnerLock(file), 'releasing twice must not free the next owner');
  third.lock.release();
  assert.deepEqual(readdirSync(path.dirname(file)), []);
});

for (const [name, content] of [
  ['a pid that is somebody else now', JSON.stringify({ ...ownIdentity(), startedAt: 'before' })],
  ['a half-written lock', '{"pid":1'],
  ['an empty lock', ''],
] as const) {
  test(`taken over: ${name}`, () => {
    const file = path.join(folder, `stale-${name.length}`);
    writeFileSync(file, content);
    const attempt = tryOwnerLock(file);
    assert.ok('lock' in attempt);
    attempt.lock.release();
  });
}

test('many processes that find the same stale lock: never two owners at a time', { timeout: 60_000 }, async () => {
  const file = path.join(folder, 'contended');
  const inside = path.join(folder, 'inside');
  const log = path.join(folder, 'log');
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: 'long ago', executable: 'x' }));
  writeFileSync(log, '');
  // Each holds the lock a few times; half of the holders die without releasing. `inside` exists only while somebody is in.
  const script = `
    const { tryOwnerLock } = await import(${JSON.stringify(path.join(import.meta.dirname, 'owner-lock.ts'))});
    const fs = await import('node:fs');
    for (let round = 0; round < 20; ) {
      const attempt = tryOwnerLock(${JSON.stringify(file)});
      if (!('lock' in attempt)) { await new Promise((r) => setTimeout(r, 1)); continue; }
      round += 1;
      fs.writeFileSync(${JSON.stringify(inside)}, String(process.pid), { flag: 'wx' });
      fs.appendFileSync(${JSON.stringify(log)}, 'x');
      fs.unlinkSync(${JSON.stringify(inside)});
      if (process.argv[1] === 'die' && round === 10) process.kill(process.pid, 'SIGKILL');
      attempt.lock.release();
    }`;
  const children = ['live', 'die', 'live', 'die'].map((how) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, how], { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    return { child, how, errors: () => errors };
  });
  await Promise.all(children.map(({ child }) => ended(child)));
  for (const { child, how, errors } of children) {
    assert.equal(errors(), '');
    assert.deepEqual([child.exitCode, child.signalCode], how === 'die' ? [null, 'SIGKILL'] : [0, null]);
  }
  assert.equal(readFileSync(log, 'utf8').length, 20 + 10 + 20 + 10);
});

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('close', resolve));
}
