import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startDns, type DnsServer } from '../../../test/harness/dns.ts';
import { selfSigned } from '../../../test/harness/self-signed.ts';
import { createDane, matchesDane } from './dane.ts';
import { createSecureDns, type TlsaRecord } from './secure-dns.ts';

let dns: DnsServer;
before(async () => {
  const many = Array.from({ length: 60 }, (_, index) => [3, 1, 1, index.toString(16).padStart(64, '0')] as const);
  dns = await startDns({
    'safe.test': { MX: [[10, 'mx.safe.test']] },
    '_25._tcp.mx.safe.test': { TLSA: [[3, 1, 1, 'ab'.repeat(32)]] },
    '_25._tcp.old.safe.test': { TLSA: [[1, 0, 1, 'ab'.repeat(32)]] },
    '_25._tcp.many.safe.test': { TLSA: many },
    '_25._tcp.broken.safe.test': 'servfail',
    'plain.test': { MX: [[10, 'mx.plain.test']] },
    '_25._tcp.mx.plain.test': { TLSA: [[3, 1, 1, 'ab'.repeat(32)]] },
    'silent.test': 'silence',
  });
  dns.secure.add('safe.test');
});
after(() => dns.stop());

test('records count only where DNSSEC vouches for them', async () => {
  const dane = createDane(createSecureDns([dns.address], 2_000));
  assert.deepEqual([await dane.isSecure('safe.test'), await dane.isSecure('plain.test')], [true, false]);
  const found = await dane.of('mx.safe.test', 25);
  assert.deepEqual(found, { kind: 'required', records: [{ usage: 3, selector: 1, matching: 1, data: Buffer.alloc(32, 0xab) }] });
  assert.deepEqual(await dane.of('old.safe.test', 25), { kind: 'required', records: [] });
  assert.deepEqual(await dane.of('none.safe.test', 25), { kind: 'none' });
  assert.deepEqual(await dane.of('mx.plain.test', 25), { kind: 'none' });
  assert.equal((await dane.of('broken.safe.test', 25)).kind, 'unknown');
  const many = await dane.of('many.safe.test', 25);
  assert.equal(many.kind === 'required' && many.records.length, 60, 'a long answer comes over TCP');
});

test('a server that says nothing is no answer', async () => {
  await assert.rejects(createSecureDns([dns.address], 50).query('silent.test', 'MX'), /does not answer/);
  await assert.rejects(createSecureDns([]).query('safe.test', 'MX'), /no DNS server/);
});

test('certificates match by themselves or by who signed them', async () => {
  const { raw, publicKey } = new X509Certificate((await selfSigned('mx.safe.test')).cert);
  const other = new X509Certificate((await selfSigned('mx.safe.test')).cert);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const hash = (name: string, bytes: Buffer): Buffer => createHash(name).update(bytes).digest();
  const record = (usage: number, selector: number, matching: number, data: Buffer): TlsaRecord => ({
    usage,
    selector,
    matching,
    data,
  });
  const now = new Date();
  const table: readonly (readonly [string, TlsaRecord, string, Date, boolean])[] = [
    ['whole', record(3, 0, 0, raw), 'mx.safe.test', now, true],
    ['whole by SHA-256', record(3, 0, 1, hash('sha256', raw)), 'mx.safe.test', now, true],
    ['key by SHA-512', record(3, 1, 2, hash('sha512', spki)), 'mx.safe.test', now, true],
    ['another name and a past date', record(3, 1, 1, hash('sha256', spki)), 'else.test', new Date(0), true],
    ['another certificate', record(3, 0, 1, hash('sha256', other.raw)), 'mx.safe.test', now, false],
    ['the wrong selector', record(3, 0, 1, hash('sha256', spki)), 'mx.safe.test', now, false],
    ['its own anchor', record(2, 0, 1, hash('sha256', raw)), 'mx.safe.test', now, true],
    ['an anchor for another name', record(2, 0, 1, hash('sha256', raw)), 'else.test', now, false],
    ['an anchor past its date', record(2, 0, 1, hash('sha256', raw)), 'mx.safe.test', new Date(0), false],
  ];
  for (const [what, tlsa, host, at, expected] of table) assert.equal(matchesDane([tlsa], [raw], host, at), expected, what);
  const forged = matchesDane([record(2, 0, 1, hash('sha256', other.raw))], [raw, other.raw], 'mx.safe.test', now);
  assert.equal(forged, false, 'an anchor in the chain that signed nothing');
  assert.equal(matchesDane([record(3, 0, 0, raw)], [], 'mx.safe.test', now), false);
});
