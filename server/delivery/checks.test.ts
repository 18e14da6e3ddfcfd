import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { after, before, test } from 'node:test';
import { generateKeyPairSync } from 'node:crypto';
import { startDns, type DnsServer } from '../../test/harness/dns.ts';
import { silentLogger } from '../base/log.ts';
import { resolveConfig } from '../config/load.ts';
import type { PartialConfig } from '../config/schema.ts';
import { createChecks, strip, type Checked } from './checks.ts';
import { createSigner } from './dkim.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const pem = (key: typeof rsa.privateKey): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const spki = (key: typeof rsa.publicKey): string => key.export({ type: 'spki', format: 'der' }).toString('base64');
const raw32 = ed25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(12).toString('base64');

let dns: DnsServer;
const resolver = new Resolver({ timeout: 300, tries: 1 });

before(async () => {
  dns = await startDns({
    'good.test': { TXT: ['v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all'] },
    '_dmarc.good.test': { TXT: ['v=DMARC1; p=reject'] },
    's1._domainkey.good.test': { TXT: [`v=DKIM1; k=rsa; p=${spki(rsa.publicKey)}`] },
    's2._domainkey.good.test': { TXT: [`v=DKIM1; k=ed25519; p=${raw32}`] },
    'soft.test': { TXT: ['v=spf1 -all'] },
    '_dmarc.soft.test': { TXT: ['v=DMARC1; p=quarantine'] },
    'none.test': { TXT: ['v=spf1 -all'] },
    '_dmarc.none.test': { TXT: ['v=DMARC1; p=none'] },
    'silent.test': {},
    '1.2.0.192.in-addr.arpa': { PTR: ['mx.good.test'] },
    'mx.good.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
    '2.2.0.192.in-addr.arpa': { PTR: ['mx.good.test'] },
    '4.2.0.192.in-addr.arpa': 'servfail',
    [`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`]: { PTR: ['mx.good.test'] },
    'temp.test': 'servfail',
    '_dmarc.temp.test': 'servfail',
  });
  resolver.setServers([dns.address]);
});
after(() => dns.stop());

function checksWith(
  settings: PartialConfig = {},
): (raw: Buffer, facts: { ip: string; hello: string; from: string }) => Promise<Checked> {
  return createChecks({
    config: resolveConfig({ hostname: 'mail.test', ...settings }),
    resolve: (name, type) => resolver.resolve(name, type) as Promise<string[] | string[][]>,
    log: silentLogger,
  }).check;
}

const message = (from: string): Buffer =>
  Buffer.from(`From: ${from}\r\nTo: you@mail.test\r\nSubject: x\r\nDate: Tue, 24 Nov 2026 09:00:00 +0000\r\n\r\nbody\r\n`);
const keys = {
  signingKeys: async (domain: string) =>
    domain === 'good.test'
      ? [
          { selector: 's1', privateKey: pem(rsa.privateKey) },
          { selector: 's2', privateKey: pem(ed25519.privateKey) },
        ]
      : [],
};
const signed = async (from: string): Promise<Buffer> =>
  (await createSigner(keys, silentLogger).sign({ from, transactionId: 't' }, message(from))).body;

test('mail is judged by what its domain says in DNS', async () => {
  const unsigned = async (from: string): Promise<Buffer> => message(from);
  const altered = async (from: string): Promise<Buffer> => Buffer.from((await signed(from)).toString().replace('body', 'other'));
  const table: readonly [string, string, (from: string) => Promise<Buffer>, string, string][] = [
    // from, ip, message, spf/dkim/dmarc, verdict
    ['me@good.test', '192.0.2.1', unsigned, 'pass none pass', 'accept'],
    ['me@good.test', '2001:db8::1', unsigned, 'pass none pass', 'accept'],
    ['me@good.test', '192.0.2.9', signed, 'fail pass pass', 'accept'],
    ['me@good.test', '192.0.2.9', unsigned, 'fail none fail', 'reject'],
    ['me@good.test', '192.0.2.9', altered, 'fail neutral fail', 'reject'],
    ['me@soft.test', '192.0.2.9', unsigned, 'fail none fail', 'quarantine'],
    ['me@none.test', '192.0.2.9', unsigned, 'fail none fail', 'accept'],
    ['me@silent.test', '192.0.2.9', unsigned, 'none none none', 'accept'],
    ['me@temp.test', '192.0.2.9', unsigned, 'temperror none temperror', 'accept'],
    ['me@good.test', '127.0.0.1', unsigned, 'none none none', 'accept'],
  ];
  const check = checksWith();
  for (const [from, ip, make, results, verdict] of table) {
    const checked = await check(await make(from), { ip, hello: 'client.test', from });
    const told = `${checked.results.spf} ${checked.results.dkim} ${checked.results.dmarc}`;
    assert.deepEqual([told, checked.verdict], [results, verdict], `${from} from ${ip}`);
  }
});

test('both signatures of a message hold', async () => {
  const { header } = await checksWith()(await signed('me@good.test'), { ip: '192.0.2.9', hello: 'x', from: 'me@good.test' });
  assert.match(header, /^(?:Received-SPF: [^]*)?Authentication-Results: mail\.test;/m);
  assert.equal(header.match(/dkim=pass/g)?.length, 2);
  assert.ok(header.endsWith('\r\n') && !header.endsWith('\r\n\r\n'));
});

test('the administrator may be milder than the domain', async () => {
  const facts = { ip: '192.0.2.9', hello: 'x', from: 'me@good.test' };
  const verdict = async (checks: object): Promise<string> =>
    (await checksWith({ smtp: { checks } })(message('me@good.test'), facts)).verdict;
  assert.equal(await verdict({ dmarc: 'quarantine' }), 'quarantine');
  assert.equal(await verdict({ dmarc: 'ignore' }), 'accept');
  assert.equal(await verdict({ dmarcByDomain: { 'good.test': 'ignore' } }), 'accept');
  assert.equal(await verdict({ enabled: false }), 'accept');
});

test('results in our name that came with the message are taken out', () => {
  const raw = [
    'Authentication-Results: mail.test; dkim=pass',
    'Authentication-Results: other.test; dkim=pass',
    'authentication-results : MAIL.test;',
    '\tspf=pass',
    'Subject: x',
    '',
    'Authentication-Results: mail.test; in the body',
    '',
  ].join('\r\n');
  assert.equal(
    strip(Buffer.from(raw), 'mail.test').toString(),
    'Authentication-Results: other.test; dkim=pass\r\nSubject: x\r\n\r\nAuthentication-Results: mail.test; in the body\r\n',
  );
  const clean = Buffer.from('Subject: x\r\n\r\nbody');
  assert.equal(strip(clean, 'mail.test'), clean);
});

test('the address that a client has in DNS is looked up both ways', async () => {
  const table: readonly [ip: string, result: string, said: RegExp][] = [
    ['192.0.2.1', 'pass', /^ iprev=pass \(mx\.good\.test\) policy\.iprev=192\.0\.2\.1;\r$/m],
    ['2001:db8::1', 'pass', /^ iprev=pass \(mx\.good\.test\) policy\.iprev=2001:db8::1;\r$/m],
    ['192.0.2.2', 'fail', /^ iprev=fail \(mx\.good\.test\)/m],
    ['192.0.2.3', 'permerror', /^ iprev=permerror policy/m],
    ['192.0.2.4', 'temperror', /^ iprev=temperror policy/m],
  ];
  for (const [ip, result, said] of table) {
    const { results, header } = await checksWith()(message('a@silent.test'), { ip, hello: 'x.test', from: 'a@silent.test' });
    assert.equal(results.iprev, result, ip);
    assert.match(header, said);
  }
});
