import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { missing, openssl } from '../../test/harness/judges.ts';
import { tempDir } from '../../test/harness/temp-dir.ts';
import { signCms } from './cms-signature.ts';

const content = Buffer.from('<?xml version="1.0"?>\n<plist>ü&amp;</plist>\n'.repeat(200));

/** A root, and a leaf below it. */
function chainOf(kind: 'rsa' | 'ec' | 'ed25519'): { cert: string; key: string; root: string; at: (name: string) => string } {
  const folder = tempDir('cms');
  const at = (name: string): string => path.join(folder, name);
  const algorithm =
    kind === 'rsa'
      ? ['-newkey', 'rsa:2048']
      : kind === 'ec'
        ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
        : ['-newkey', 'ed25519'];
  openssl([
    'req',
    '-x509',
    ...algorithm,
    '-nodes',
    '-keyout',
    at('root.key'),
    '-out',
    at('root.crt'),
    '-days',
    '2',
    '-subj',
    '/CN=Root',
  ]);
  openssl(['req', ...algorithm, '-nodes', '-keyout', at('leaf.key'), '-out', at('leaf.csr'), '-subj', '/CN=mail.ducks.test']);
  writeFileSync(at('ext'), 'extendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n');
  execFileSync(
    'openssl',
    [
      'x509',
      '-req',
      '-in',
      at('leaf.csr'),
      '-CA',
      at('root.crt'),
      '-CAkey',
      at('root.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      at('ext'),
      '-out',
      at('leaf.crt'),
    ],
    { stdio: 'pipe' },
  );
  return {
    cert: readFileSync(at('leaf.crt'), 'utf8'),
    key: readFileSync(at('leaf.key'), 'utf8'),
    root: readFileSync(at('root.crt'), 'utf8'),
    at,
  };
}

describe('CMS signatures', { skip: missing('openssl') }, () => {
  for (const kind of ['rsa', 'ec'] as const) {
    it(`openssl verifies it, and gives the content back (${kind})`, async () => {
      const { cert, key, root, at } = chainOf(kind);
      const signed = await signCms(content, { cert, key, ca: root });
      writeFileSync(at('signed.der'), signed);
      const verify = (): Buffer =>
        openssl([
          'cms',
          '-verify',
          '-binary',
          '-inform',
          'DER',
          '-in',
          at('signed.der'),
          '-CAfile',
          at('root.crt'),
          '-purpose',
          'any',
        ]);
      assert.deepEqual(verify(), content);
      assert.ok(signed.includes(content), 'in one piece, readable as it is');
      const certificates = openssl(['pkcs7', '-inform', 'DER', '-in', at('signed.der'), '-print_certs', '-noout']).toString();
      assert.match(certificates, /mail\.ducks\.test/);
      assert.match(certificates, /subject=CN = Root/);
      const at0 = signed.indexOf(content) + 100;
      signed[at0]! ^= 1;
      writeFileSync(at('signed.der'), signed);
      assert.throws(verify, /digest|verification failure/i);
    });
  }

  it('a key that can’t sign, or that has a passphrase', async () => {
    const { cert, key } = chainOf('ed25519');
    await assert.rejects(signCms(content, { cert, key }), /ed25519/);
    const { cert: rsa, at } = chainOf('rsa');
    openssl(['pkcs8', '-topk8', '-in', at('leaf.key'), '-out', at('locked.key'), '-passout', 'pass:geheim']);
    const locked = readFileSync(at('locked.key'), 'utf8');
    await assert.rejects(signCms(content, { cert: rsa, key: locked }));
    assert.ok((await signCms(content, { cert: rsa, key: locked, passphrase: 'geheim' })).length > content.length);
  });
});
