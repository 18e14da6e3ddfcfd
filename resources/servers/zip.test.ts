import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/harness/temp-dir.ts';
import { makeZip } from './zip.test-data.ts';
import { extractMember, ZipError } from './zip.ts';

const folder = tempDir('zip');
const content = Buffer.from('binary \0 content '.repeat(5000));

const zip = makeZip(
  { 'a/first': { data: Buffer.from('x') }, 'a/server': { data: content }, 'a/plain': { data: content, stored: true } },
  'a comment',
);

test('takes one member out, whole, executable, with its hash', async () => {
  const file = path.join(folder, 'good.zip');
  writeFileSync(file, zip);
  for (const name of ['server', 'plain']) {
    const target = path.join(folder, name);
    assert.equal(await extractMember(file, `a/${name}`, target), createHash('sha256').update(content).digest('hex'));
    assert.deepEqual(readFileSync(target), content);
    if (process.platform !== 'win32') assert.equal(statSync(target).mode & 0o777, 0o755);
  }
});

test('a damaged zip is an error, never half a file that passes', async () => {
  const table: [string, Buffer][] = [
    ['empty', Buffer.alloc(0)],
    ['not a zip', Buffer.from('<html>please log in to the network</html>')],
    ['cut in the middle', zip.subarray(0, zip.length >> 1)],
    ['directory elsewhere', patch(zip, zip.length - 9 - 22 + 16, 0x00ff_ffff)],
    ['longer than announced', patch(zip, zip.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 46 + 7 + 24, 10)],
  ];
  for (const [name, bytes] of table) {
    const file = path.join(folder, `${name}.zip`);
    writeFileSync(file, bytes);
    await assert.rejects(extractMember(file, 'a/server', path.join(folder, `out-${name}`)), ZipError, name);
  }
  const file = path.join(folder, 'absent.zip');
  writeFileSync(file, zip);
  await assert.rejects(extractMember(file, 'a/serve', path.join(folder, 'out-absent')), /no a\/serve in it/);
});

function patch(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(value, at);
  return copy;
}
