import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SealFault, createSealer, isSealed, newSealingKey, openSealer, parseKeyring } from './sealing.ts';

const sealerOf = (...lines: string[]): ReturnType<typeof createSealer> => createSealer(parseKeyring(lines.join('\n')));

describe('sealing', () => {
  const [older, newer] = [newSealingKey(), newSealingKey()];

  it('opens what it sealed, for the same purpose only', () => {
    const sealer = sealerOf(newer);
    for (const plain of ['', 'x', 'päßword 🦆', 'y'.repeat(100_000)]) {
      const sealed = sealer.seal(plain, 'a.b');
      assert.ok(isSealed(sealed) && sealer.isCurrent(sealed));
      assert.equal(sealer.open(sealed, 'a.b'), plain);
      assert.throws(() => sealer.open(sealed, 'a.c'), SealFault);
    }
    assert.notEqual(sealer.seal('x', 'a.b'), sealer.seal('x', 'a.b'), 'no two nonces are alike');
  });

  it('notices every changed octet', () => {
    const sealer = sealerOf(newer);
    const sealed = sealer.seal('secret', 'p');
    const head = sealed.slice(0, 'sealed:1:00000000:'.length);
    const bytes = Buffer.from(sealed.slice(head.length), 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      assert.throws(() => sealer.open(head + changed.toString('base64url'), 'p'), SealFault);
    }
    for (const cut of ['', 'AAAA', bytes.subarray(0, 20).toString('base64url')])
      assert.throws(() => sealer.open(head + cut, 'p'), SealFault);
  });

  it('reads plain values, and values of older keys, and says which are to be sealed anew', () => {
    const rotated = sealerOf('# a comment', newer, '', older.replaceAll('+', '-').replaceAll('/', '_').replace('=', ''));
    const sealed = sealerOf(older).seal('s', 'p');
    assert.equal(rotated.open(sealed, 'p'), 's');
    assert.equal(rotated.open('plain', 'p'), 'plain');
    assert.deepEqual([rotated.isCurrent(sealed), rotated.isCurrent('plain')], [false, false]);
  });

  it('says which key is missing, and whether it is lost for good', () => {
    const sealed = sealerOf(older).seal('s', 'p');
    const id = sealerOf(older).keyId!;
    assert.throws(() => sealerOf(newer).open(sealed, 'p'), { name: 'SealFault', lost: false, message: new RegExp(id) });
    assert.throws(() => sealerOf(newer, `lost ${id}`).open(sealed, 'p'), { name: 'SealFault', lost: true });
  });

  it('seals nothing without a key', () => {
    assert.equal(openSealer.seal('s', 'p'), 's');
    assert.equal(openSealer.keyId, undefined);
    assert.throws(() => openSealer.open(sealerOf(newer).seal('s', 'p'), 'p'), SealFault);
  });

  it('refuses a keyring that it does not understand', () => {
    for (const line of ['short', 'A'.repeat(42), 'lost me', `${newSealingKey()}A`])
      assert.throws(() => parseKeyring(`# one\n${line}`), { name: 'SealFault', message: /^Line 2 / });
  });
});
