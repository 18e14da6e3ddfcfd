import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { generateKey, readPrivateKey, revokeKey } from 'openpgp';
import { gpgWith, missing, opensslIdentity } from '../../../test/harness/judges.ts';
import { analyzeMessage } from '../analyze.ts';
import { encryptMessage, problemOfKey } from './encrypt.ts';
import { contentOf, isEncrypted } from './envelope-fields.ts';

const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'));
const letter = crlf(`Return-Path: <bob@example.net>
From: Bob <bob@example.net>
Content-Type: multipart/mixed;
 boundary="b"
To: anna@example.org
MIME-Version: 1.0
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Message-ID: <1@example.net>

preamble
--b
Content-Type: text/plain; charset=utf-8

süß, a tree
--b
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

AAECAwQF
--b--
`);
const table: [name: string, raw: Buffer][] = [
  ['a letter with an attachment', letter],
  ['no MIME at all', crlf('From: a@b\nSubject: x\n\nplain\n')],
  ['bare LF and octets of any kind', Buffer.concat([Buffer.from('From: a@b\nContent-Type: text/plain\n\n'), randomBytes(5_000)])],
  ['no body', crlf('From: a@b\nSubject: nothing\n')],
  ['a header without an end', Buffer.from('Subject: cut')],
  ['nothing but a body', crlf('\nbody\n')],
  ['a megabyte', Buffer.concat([crlf('From: a@b\n\n'), randomBytes(1 << 20)])],
];

const newKey = (options: object = {}): Promise<{ privateKey: string; publicKey: string }> =>
  generateKey({ userIDs: [{ name: 'Anna', email: 'anna@example.org' }], format: 'armored', ...options });

function header(raw: Buffer): string {
  return raw.toString('latin1', 0, raw.indexOf('\r\n\r\n') + 2);
}

describe('PGP/MIME', () => {
  for (const type of ['ecc', 'rsa'] as const) {
    it(`gpg gives back every octet (${type})`, { skip: missing('gpg') }, async () => {
      const { privateKey, publicKey } = await newKey({ type, ...(type === 'rsa' ? { rsaBits: 2048 } : {}) });
      assert.equal(await problemOfKey(publicKey), undefined);
      const gpg = gpgWith(privateKey);
      try {
        for (const [name, raw] of table) {
          const encrypted = await encryptMessage(raw, publicKey);
          const armor = encrypted.subarray(encrypted.indexOf('-----BEGIN PGP MESSAGE-----'));
          assert.ok(gpg.decrypt(armor).equals(contentOf(raw)), name);
          assert.ok(isEncrypted(encrypted), name);
          assert.equal(await encryptMessage(encrypted, publicKey), encrypted, 'once is enough');
        }
      } finally {
        gpg.close();
      }
    });
  }

  it('the header stays readable, what describes the content goes inside', async () => {
    const { publicKey } = await newKey();
    const encrypted = await encryptMessage(letter, publicKey);
    const kept = header(letter)
      .replace(/Content-Type: .*\r\n .*\r\n/, '')
      .replace('MIME-Version: 1.0\r\n', '');
    assert.ok(header(encrypted).startsWith(kept));
    assert.doesNotMatch(encrypted.toString('latin1'), /a tree|AAECAwQF|multipart\/mixed/);
    const analyzed = analyzeMessage(encrypted);
    assert.equal(analyzed.subject, 'Grüße');
    assert.match(
      analyzed.bodyStructure.toString('latin1'),
      /"APPLICATION" "PGP-ENCRYPTED".*"OCTET-STREAM".*"ENCRYPTED" \("PROTOCOL" /i,
    );
    assert.equal(contentOf(letter).subarray(-letter.indexOf('preamble')).includes('--b--'), true);
  });

  it('a key that has ended since still encrypts; a revoked, a private and a broken one are refused', async () => {
    const past = new Date(Date.now() - 10 * 86_400_000);
    const ended = await newKey({ date: past, keyExpirationTime: 86_400 });
    assert.equal(await problemOfKey(ended.publicKey), undefined);
    assert.ok(isEncrypted(await encryptMessage(letter, ended.publicKey)));

    const { privateKey, publicKey } = await newKey();
    const revoked = await revokeKey({ key: await readPrivateKey({ armoredKey: privateKey }), format: 'armored' });
    assert.match((await problemOfKey(revoked.publicKey)) ?? '', /revoked/);
    assert.match((await problemOfKey(publicKey.replace(/[A-Za-z]{20}/, 'A'.repeat(20)))) ?? '', /can’t be used/);
    assert.match((await problemOfKey(privateKey)) ?? '', /private/);
  });
});

describe('S/MIME', () => {
  for (const kind of ['rsa', 'ec'] as const) {
    it(`openssl gives back every octet (${kind})`, { skip: missing('openssl') }, async () => {
      const { certificate, decrypt } = opensslIdentity(kind);
      assert.equal(await problemOfKey(certificate), undefined);
      for (const [name, raw] of table) {
        const encrypted = await encryptMessage(raw, certificate);
        assert.ok(decrypt(encrypted).equals(contentOf(raw)), name);
        assert.ok(isEncrypted(encrypted), name);
        assert.equal(await encryptMessage(encrypted, certificate), encrypted);
      }
    });
  }

  it('a certificate that can’t encrypt is refused', { skip: missing('openssl') }, async () => {
    const { certificate } = opensslIdentity('rsa');
    assert.match((await problemOfKey(certificate.replace(/[A-Za-z]{30}/, 'A'.repeat(30)))) ?? '', /certificate/);
    assert.match((await problemOfKey('-----BEGIN CERTIFICATE-----')) ?? '', /no certificate/);
  });
});

it('what counts as encrypted', () => {
  const cases: [boolean, string][] = [
    [true, 'Content-Type: multipart/encrypted; boundary=x\n\n'],
    [true, 'Content-Type: Application/X-PKCS7-MIME; smime-type=Enveloped-Data\n\nMII'],
    [true, 'Content-Type: application/pkcs7-mime; smime-type=authEnveloped-data\n\nMII'],
    [true, 'Content-Type: application/pkcs7-mime\n\nMII'],
    [false, 'Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nMII'],
    [true, 'Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n'],
    [false, 'Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\nand more\n'],
    [false, 'Content-Type: multipart/signed; boundary=x\n\n'],
    [false, 'Content-Type: text/plain\n\nmultipart/encrypted\n'],
    [false, ''],
  ];
  for (const [expected, text] of cases) assert.equal(isEncrypted(crlf(text)), expected, text);
});
