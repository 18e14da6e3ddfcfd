import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { authorityFile, ensureCertificate } from './certificates.ts';
import { certificateNames, lanAddresses } from './names.ts';

const root = mkdtempSync(path.join(tmpdir(), 'mallard-certificates-'));
after(() => rmSync(root, { recursive: true, force: true }));
const folder = (): string => mkdtempSync(path.join(root, 'x'));

const day = 86_400_000;
const names = { dns: ['mail.example.test', 'localhost'], ip: ['127.0.0.1', '192.168.7.9', '::1', 'fd00::5'] };

test('a TLS client that trusts the authority accepts the server under every name and address, and no other', async () => {
  const at = folder();
  const { chain, key, authority } = await ensureCertificate(at, names);
  assert.equal(readFileSync(authorityFile(at), 'utf8'), authority);
  const server = tls.createServer({ cert: chain, key }, (socket) => socket.end('hello'));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const attempt = async (host: string): Promise<string> => {
    const socket = tls.connect({
      port,
      host: '127.0.0.1',
      ca: authority,
      // The name is checked as for a connection to it; IP addresses are never sent as SNI.
      ...(/^[\d.:a-f]+$/.test(host)
        ? { checkServerIdentity: (_, cert) => tls.checkServerIdentity(host, cert) }
        : { servername: host }),
    });
    try {
      await once(socket, 'secureConnect');
      return 'accepted';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error);
    } finally {
      socket.destroy();
    }
  };
  for (const name of [...names.dns, ...names.ip]) assert.equal(await attempt(name), 'accepted', name);
  assert.equal(await attempt('other.example.test'), 'ERR_TLS_CERT_ALTNAME_INVALID');
  assert.equal(await attempt('192.168.7.10'), 'ERR_TLS_CERT_ALTNAME_INVALID');
  server.close();
});

const openssl = spawnSync('openssl', ['version']).status === 0;

test('openssl verifies the chain for a TLS server', { skip: openssl ? false : 'no openssl on this machine' }, async () => {
  const at = folder();
  await ensureCertificate(at, names);
  const said = execFileSync(
    'openssl',
    [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-verify_ip',
      '192.168.7.9',
      '-CAfile',
      authorityFile(at),
      path.join(at, 'server.crt'),
    ],
    { encoding: 'utf8' },
  );
  assert.match(said, /: OK/);
  if (process.platform !== 'win32')
    for (const key of ['server.key', 'authority.key']) assert.equal(statSync(path.join(at, key)).mode & 0o777, 0o600);
});

test('it lives 397 days at most, is kept while good, and is renewed in time under the same authority', async () => {
  const at = folder();
  const now = Date.now();
  const first = await ensureCertificate(at, names, now);
  const leaf = new X509Certificate(first.chain);
  assert.ok(leaf.validToDate.getTime() - leaf.validFromDate.getTime() <= 397 * day);
  assert.equal(first.reused, false);

  const again = await ensureCertificate(at, { dns: ['localhost'], ip: ['127.0.0.1'] }, now + 300 * day);
  assert.deepEqual([again.reused, again.chain], [true, first.chain]);

  const renewed = await ensureCertificate(at, names, now + 370 * day);
  assert.deepEqual([renewed.reused, renewed.authority], [false, first.authority]);

  const moved = await ensureCertificate(at, { ...names, ip: [...names.ip, '10.0.0.9'] }, now + 371 * day);
  assert.equal(moved.reused, false);
  assert.notEqual(new X509Certificate(moved.chain).checkIP('10.0.0.9'), undefined);
});

test('a damaged key or one that does not fit makes a new certificate', async () => {
  const at = folder();
  const first = await ensureCertificate(at, names);
  writeFileSync(path.join(at, 'server.key'), 'nonsense');
  const second = await ensureCertificate(at, names);
  assert.notEqual(second.chain, first.chain);
  writeFileSync(path.join(at, 'server.key'), first.key);
  assert.equal((await ensureCertificate(at, names)).reused, false);
});

test('names of this computer', () => {
  const found = certificateNames(['Mail.Example.org', '', 'почта.example', '192.0.2.1'], 'Desk.lan', {
    lo: [{ address: '127.0.0.1', family: 'IPv4', internal: true, netmask: '', mac: '', cidr: null }],
    eth0: [
      { address: '192.168.7.9', family: 'IPv4', internal: false, netmask: '', mac: '', cidr: null },
      { address: '169.254.1.1', family: 'IPv4', internal: false, netmask: '', mac: '', cidr: null },
      { address: 'fe80::1', family: 'IPv6', internal: false, netmask: '', mac: '', cidr: null, scopeid: 2 },
      { address: 'fd00::5', family: 'IPv6', internal: false, netmask: '', mac: '', cidr: null, scopeid: 0 },
      { address: '2001:db8::1', family: 'IPv6', internal: false, netmask: '', mac: '', cidr: null, scopeid: 0 },
    ],
  });
  assert.deepEqual(found, {
    dns: [
      'mail.example.org',
      'xn--80a1acny.example',
      'desk.lan',
      'desk.local',
      'mallard-desk-imaps.local',
      'mallard-desk-submissions.local',
      'mallard-desk-pop3s.local',
      'mallard-desk.local',
      'localhost',
    ],
    ip: ['127.0.0.1', '::1', '192.168.7.9', 'fd00::5'],
  });
  assert.deepEqual(lanAddresses({}), []);
});
