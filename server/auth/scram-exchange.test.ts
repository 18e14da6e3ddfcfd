import assert from 'node:assert/strict';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  type ScramMechanism,
  bindingFits,
  checkClientFinal,
  readClientFirst,
  scramMechanism,
  serverFirst,
} from './scram-exchange.ts';
import type { ScramKeys } from './scram.ts';

function keysOf(hash: 'sha1' | 'sha256', password: string, salt: Buffer, iterations: number): ScramKeys {
  const size = hash === 'sha1' ? 20 : 32;
  const salted = pbkdf2Sync(password, salt, iterations, size, hash);
  const hmac = (text: string): Buffer => createHmac(hash, salted).update(text).digest();
  return { salt, iterations, storedKey: createHash(hash).update(hmac('Client Key')).digest(), serverKey: hmac('Server Key') };
}

const NONE = new Map<string, Buffer>();

describe('SCRAM exchanges', () => {
  it('plays the examples of RFC 5802 §5 and RFC 7677 §3', () => {
    const table = [
      {
        name: 'SCRAM-SHA-1',
        first: 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
        random: '3rfcNHYJY1ZVvWVs7j',
        salt: 'QSXCR+Q6sek8bf92',
        server: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
        final: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
        verifier: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
      },
      {
        name: 'SCRAM-SHA-256',
        first: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
        random: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
        salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
        server: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
        final: 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
        verifier: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
      },
    ];
    for (const row of table) {
      const mechanism = scramMechanism(row.name)!;
      const first = readClientFirst(row.first)!;
      assert.equal(first.username, 'user');
      const keys = keysOf(mechanism.hash, 'pencil', Buffer.from(row.salt, 'base64'), 4096);
      const server = serverFirst(first, keys, row.random);
      assert.equal(server.message, row.server);
      const exchange = { first, server, keys, bindings: NONE };
      assert.deepEqual(checkClientFinal(mechanism, exchange, row.final), { ok: true, message: row.verifier });
      const wrong = keysOf(mechanism.hash, 'pencils', keys.salt, 4096);
      assert.deepEqual(checkClientFinal(mechanism, { ...exchange, keys: wrong }, row.final), { ok: false, fault: 'proof' });
      assert.deepEqual(checkClientFinal(mechanism, exchange, row.final.replace('r=', 'r=x')), { ok: false, fault: 'nonce' });
      assert.deepEqual(checkClientFinal(mechanism, exchange, row.final.replace('biws', 'eSws')), {
        ok: false,
        fault: 'channel-binding',
      });
    }
  });

  it('knows mechanisms and refuses what it can not read', () => {
    assert.deepEqual(scramMechanism('scram-sha-256-plus'), { hash: 'sha256', plus: true });
    assert.equal(scramMechanism('SCRAM-SHA-512'), undefined);
    for (const bad of ['', 'n,,r=x', 'n,,n=u', 'x,,n=u,r=x', 'n,,m=1,n=u,r=x', 'n,,n=a=2,r=x', 'n,,n=,r=x', 'n,n=u,r=x'])
      assert.equal(readClientFirst(bad), undefined, bad);
    assert.equal(readClientFirst('n,a=me,n=a=2Cb=3D,r=x')?.username, 'a,b=');
  });

  it('holds the channel to what was said about it', () => {
    const bindings = new Map([['tls-exporter', Buffer.from('bound')]]);
    const plus: ScramMechanism = { hash: 'sha256', plus: true };
    const plain: ScramMechanism = { hash: 'sha256', plus: false };
    const fits = (gs2: string, mechanism: ScramMechanism, offered = bindings): boolean =>
      bindingFits(readClientFirst(`${gs2},,n=u,r=x`)!, mechanism, offered);
    assert.equal(fits('p=tls-exporter', plus), true);
    assert.equal(fits('p=tls-unique', plus), false);
    assert.equal(fits('n', plus), false);
    assert.equal(fits('n', plain), true);
    assert.equal(fits('y', plain), false, 'somebody hid our -PLUS from the client');
    assert.equal(fits('y', plain, new Map()), true);
    const first = readClientFirst('p=tls-exporter,,n=user,r=abc')!;
    const keys = keysOf('sha256', 'pencil', Buffer.from('salt'), 4096);
    const server = serverFirst(first, keys, 'def');
    const channel = Buffer.concat([Buffer.from('p=tls-exporter,,'), Buffer.from('bound')]).toString('base64');
    const check = (c: string) =>
      checkClientFinal(plus, { first, server, keys, bindings }, `c=${c},r=abcdef,p=${Buffer.alloc(32).toString('base64')}`);
    assert.deepEqual(check(channel), { ok: false, fault: 'proof' });
    assert.deepEqual(check(Buffer.from('p=tls-exporter,,other').toString('base64')), { ok: false, fault: 'channel-binding' });
  });
});
