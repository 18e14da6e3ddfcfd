import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { tempDir } from '../../test/harness/temp-dir.ts';
import { IdTable } from './id-table.ts';
import { changePassphrase, createKeys, readRecoveryKey, unlock, writeRecoveryKey } from './keys.ts';
import { readSealed, SealedWriter } from './sealed-file.ts';

const key = randomBytes(32);

async function collect(file: string, dataKey = key): Promise<string[]> {
  const frames: string[] = [];
  for await (const { name, bytes } of readSealed(file, dataKey)) frames.push(`${name}:${bytes.length}:${bytes[0] ?? '-'}`);
  return frames;
}

async function write(file: string, sizes: readonly number[]): Promise<void> {
  const writer = await SealedWriter.create(file, key);
  for (const [number, size] of sizes.entries()) await writer.add('f', Buffer.alloc(size, number));
  const record = await writer.finish();
  assert.equal(record.bytes, (await stat(file)).size);
}

describe('a sealed file', () => {
  const file = path.join(tempDir('sealed'), 'a');

  it('gives back its frames, of any size, over chunks', async () => {
    const sizes = [0, 1, 3_000_000, 1_048_576, 5];
    await write(file, sizes);
    assert.deepEqual(
      await collect(file),
      sizes.map((size, number) => `f:${size}:${size === 0 ? '-' : number}`),
    );
    await write(file, []);
    assert.deepEqual(await collect(file), []);
  });

  it('notices every altered octet, a cut, an addition, and another key', async () => {
    await write(file, [10, 2_000_000, 10]);
    const good = await readFile(file);
    for (let at = 0; at < good.length; at += Math.max(1, Math.floor(good.length / 97))) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      await writeFile(file, bad);
      await assert.rejects(collect(file), { code: 'damaged' }, `octet ${at}`);
    }
    for (const length of [0, 7, 23, 24, good.length - 1, good.length - 40]) {
      await writeFile(file, good);
      await truncate(file, length);
      await assert.rejects(collect(file), { code: 'damaged' }, `cut to ${length}`);
    }
    await writeFile(file, Buffer.concat([good, Buffer.from('x')]));
    await assert.rejects(collect(file), { code: 'damaged' });
    await writeFile(file, good);
    await assert.rejects(collect(file, randomBytes(32)), { code: 'damaged' });
  });

  it('does not exist under its name before it is complete', async () => {
    const other = path.join(tempDir('sealed'), 'b');
    const writer = await SealedWriter.create(other, key);
    await writer.add('f', Buffer.alloc(4_000_000));
    await assert.rejects(stat(other), { code: 'ENOENT' });
    await writer.discard();
    await assert.rejects(stat(`${other}.part`), { code: 'ENOENT' });
  });
});

describe('the keys of a folder', () => {
  it('are opened by passphrase and by recovery key, as people type it, and by nothing else', async () => {
    const { file, dataKey, recoveryKey } = await createKeys('correct horse battery');
    assert.deepEqual(await unlock(file, { secret: 'correct horse battery' }), dataKey);
    assert.deepEqual(await unlock(file, { secret: recoveryKey }), dataKey);
    assert.deepEqual(
      await unlock(file, { secret: ` ${recoveryKey.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o')}` }),
      dataKey,
    );
    await assert.rejects(unlock(file, { secret: 'correct horse' }), { code: 'wrong-key' });
    await assert.rejects(unlock(file, { secret: writeRecoveryKey(randomBytes(20)) }), { code: 'wrong-key' });
    const changed = await changePassphrase(file, dataKey, 'another passphrase');
    assert.deepEqual(await unlock(changed, { secret: 'another passphrase' }), dataKey);
    await assert.rejects(unlock(changed, { secret: 'correct horse battery' }), { code: 'wrong-key' });
    await assert.rejects(createKeys('short'), { code: 'refused' });
  });

  it('writes recovery keys that read back', () => {
    for (let round = 0; round < 50; round += 1) {
      const bytes = randomBytes(20);
      assert.deepEqual(readRecoveryKey(writeRecoveryKey(bytes)), bytes);
    }
    assert.equal(readRecoveryKey('U'.repeat(32)), undefined);
    assert.equal(readRecoveryKey('correct horse battery'), undefined);
  });
});

it('a table of ids finds what it was given, and nothing else', () => {
  const table = new IdTable(12);
  const known = Array.from({ length: 5_000 }, (_, number) => {
    const id = Buffer.alloc(12);
    id.writeUInt32BE(number * 3, 8);
    return id;
  });
  for (const [number, id] of known.entries()) assert.equal(table.set(id, number), true);
  assert.equal(table.set(known[7] ?? Buffer.alloc(12), 0), false);
  for (const [number, id] of known.entries()) assert.equal(table.get(id), number === 7 ? 0 : number);
  const other = Buffer.alloc(12);
  other.writeUInt32BE(1, 8);
  assert.equal(table.has(other), false);
  assert.equal([...table.entries()].length, table.size);
});
