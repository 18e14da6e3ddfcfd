import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { authenticate, dkimSign, type DKIMSignOptions } from 'mailauth';
import { silentLogger } from '../base/log.ts';
import { createForwarding } from './forwarding.ts';

const keyOf = () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    record: `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
  };
};
const ours = keyOf();
const theirs = keyOf();
const ZONE: Readonly<Record<string, string>> = {
  '_dmarc.strict.test': 'v=DMARC1; p=reject',
  '_dmarc.parent.test': 'v=DMARC1; p=none; sp=quarantine',
  '_dmarc.lax.test': 'v=DMARC1; p=none',
  's1._domainkey.mail.test': ours.record,
  's1._domainkey.strict.test': theirs.record,
};
const resolve = async (name: string, type: string): Promise<string[][]> => {
  const found = type === 'TXT' ? ZONE[name] : undefined;
  if (found === undefined) throw Object.assign(new Error('absent'), { code: 'ENOTFOUND' });
  return [[found]];
};
const forwarding = createForwarding({
  keys: { signingKeys: async (domain) => (domain === 'mail.test' ? [{ selector: 's1', privateKey: ours.pem }] : []) },
  resolve,
  localDomains: { has: async (domain) => domain === 'mail.test' },
  hostname: 'mx.mail.test',
  log: silentLogger,
  now: Date.now,
});
const entry = { from: 'bounce@x.test', forwardedBy: 'news@mail.test', transactionId: 't' };
const message = (from: string, results = ''): Buffer => {
  const head = results === '' ? '' : `Authentication-Results: mx.mail.test;\r\n ${results}\r\n`;
  return Buffer.from(`${head}From: ${from}\r\nTo: news@mail.test\r\nSubject: Hi\r\n\r\nHello\r\n`);
};

test('From is rewritten only where the policy of its domain would have the mail refused', async () => {
  const table: readonly [from: string, results: string, rewritten: boolean][] = [
    ['Ann <ann@strict.test>', 'spf=pass', true],
    ['Ann <ann@strict.test>', 'dkim=pass header.i=@strict.test header.s=s1', false],
    ['Ann <ann@strict.test>', 'dkim=fail header.i=@strict.test; dkim=pass header.i=@other.test', true],
    ['ann@sub.parent.test', '', true],
    ['ann@parent.test', '', false],
    ['ann@lax.test', '', false],
    ['ann@unknown.test', '', false],
    ['me@mail.test', '', false],
  ];
  for (const [from, results, expected] of table) {
    const { rewritten } = await forwarding.rewriteFrom(entry, message(from, results));
    assert.equal(rewritten, expected, `${from} ${results}`);
  }
  const forged = 'dkim=pass header.i=@strict.test';
  const { body } = await forwarding.rewriteFrom(
    entry,
    Buffer.concat([Buffer.from(`Authentication-Results: other.test; ${forged}\r\n`), message('Ann <ann@strict.test>')]),
  );
  assert.match(String(body), /^From: "Ann via news@mail\.test" <news@mail\.test>\r\nReply-To: Ann <ann@strict\.test>\r\n/m);
  assert.match(String(body), /^X-Original-From: Ann <ann@strict\.test>\r$/m);
  const notice = await forwarding.rewriteFrom({ ...entry, from: '' }, message('ann@strict.test'));
  assert.equal(notice.rewritten, false);
});

test('a forwarded message is sealed, and the seal holds where it arrives', async () => {
  const plain = message('Ann <ann@strict.test>');
  const { signatures } = await dkimSign(plain, {
    signatureData: [{ signingDomain: 'strict.test', selector: 's1', privateKey: theirs.pem }],
  } as unknown as DKIMSignOptions);
  const arrived = Buffer.concat([Buffer.from(signatures), plain]);
  const first = await authenticate(arrived, {
    ip: '192.0.2.1',
    helo: 'x',
    mta: 'mx.mail.test',
    disableBimi: true,
    resolver: resolve,
  });
  const received = Buffer.concat([Buffer.from(first.headers), arrived]);
  const { body, sealedBy } = await forwarding.seal(entry, received);
  assert.equal(sealedBy, 'mail.test');
  const then = await authenticate(body, { ip: '198.51.100.1', helo: 'y', mta: 'far.test', disableBimi: true, resolver: resolve });
  assert.ok(then.arc !== false);
  assert.equal(then.arc.status.result, 'pass', JSON.stringify(then.arc));
  assert.equal(then.arc.signature !== false && then.arc.signature?.signingDomain, 'mail.test');

  // A second forwarder of ours seals what the first has sealed.
  const again = Buffer.concat([Buffer.from(then.headers.replaceAll('far.test', 'mx.mail.test')), body]);
  const second = await forwarding.seal(entry, again);
  const last = await authenticate(second.body, {
    ip: '1.2.3.4',
    helo: 'z',
    mta: 'end.test',
    disableBimi: true,
    resolver: resolve,
  });
  assert.ok(last.arc !== false);
  assert.deepEqual([last.arc.status.result, last.arc.i], ['pass', 2]);
});

test('what we did not look at ourselves, or have no key for, is not sealed', async () => {
  assert.equal((await forwarding.seal(entry, message('a@lax.test'))).sealedBy, undefined);
  const other = { ...entry, forwardedBy: 'a@nokey.test' };
  assert.equal((await forwarding.seal(other, message('a@lax.test', 'spf=pass'))).sealedBy, undefined);
});
