/** Ways for a device to take an account over: the signed profile, the QR code, and the domain's DNS records. OpenSSL and a plist parser judge the profile. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { ImapFlow } from 'imapflow';
import { parse } from 'plist';
import { ensureCertificate } from '../../app/appliance/certificates/certificates.ts';
import { appPasswords } from '../../server/api/contract/app-passwords.ts';
import { dnsRecords } from '../../server/api/contract/domains.ts';
import { missing, openssl, opensslIdentity } from '../harness/judges.ts';
import { tempDir } from '../harness/temp-dir.ts';
import { type Api, startApi } from './api.ts';

const HOST = 'mail.profile.test';
let api: Api;
let folder: string;
let authority: string;

before(async () => {
  folder = tempDir('profile');
  const made = await ensureCertificate(folder, { dns: [HOST], ip: ['127.0.0.1'] });
  authority = path.join(folder, 'authority.crt');
  assert.equal(readFileSync(authority, 'utf8'), made.authority);
  api = await startApi({
    services: ['imaps', 'submissions', 'submission'],
    config: { hostname: HOST, tls: { cert: made.chain, key: made.key } },
  });
});

/** The profile inside; throws OpenSSL's words when the signature does not hold. */
function verified(signed: Buffer, root: string): Buffer {
  const file = path.join(folder, 'profile.mobileconfig');
  writeFileSync(file, signed);
  return openssl(['cms', '-verify', '-binary', '-inform', 'DER', '-in', file, '-CAfile', root, '-purpose', 'any']);
}

describe('taking an account over', { skip: missing('openssl') }, () => {
  it('the profile is signed in the server’s name, and its password opens the account', async () => {
    const { id: user, username } = await api.user({ name: 'Anna Ducks' });
    const made = await api.ok(
      `POST /users/${user}/asps`,
      { description: 'Telefon', generateMobileconfig: true, scopes: ['imap', 'smtp'] },
      appPasswords.create,
    );
    const xml = verified(Buffer.from(String(made['mobileconfig']), 'base64'), authority);
    const profile = parse(xml.toString()) as unknown as { PayloadType: string; PayloadContent: Record<string, unknown>[] };
    const [mail = {}] = profile.PayloadContent;
    const wanted = {
      PayloadType: 'com.apple.mail.managed',
      EmailAccountName: 'Anna Ducks',
      EmailAddress: `${username}@example.test`,
      IncomingMailServerHostName: HOST,
      IncomingMailServerPortNumber: api.worker.port('imaps'),
      IncomingMailServerUseSSL: true,
      OutgoingMailServerPortNumber: api.worker.port('submissions'),
      OutgoingMailServerUseSSL: true,
      OutgoingPasswordSameAsIncomingPassword: true,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((key) => [key, mail[key]])), wanted);
    const client = new ImapFlow({
      host: '127.0.0.1',
      port: Number(mail['IncomingMailServerPortNumber']),
      secure: true,
      servername: HOST,
      tls: { ca: readFileSync(authority, 'utf8') },
      auth: { user: String(mail['IncomingMailServerUsername']), pass: String(mail['IncomingPassword']) },
      logger: false,
    });
    await client.connect();
    await client.logout();
  });

  it('a certificate that is stored for the server’s name signs instead', async () => {
    const { certificate, privateKey, file } = opensslIdentity('rsa');
    const { id } = await api.ok('POST /certs', { servername: HOST, cert: certificate, privateKey });
    const { id: user } = await api.user();
    const made = await api.ok(`POST /users/${user}/asps`, { description: 'x', generateMobileconfig: true });
    const signed = Buffer.from(String(made['mobileconfig']), 'base64');
    assert.match(verified(signed, file).toString(), /<plist/);
    assert.throws(() => verified(signed, authority));
    await api.ok(`DELETE /certs/${String(id)}`);
  });

  it('a QR code has what Thunderbird for Android takes', async () => {
    const { id: user, username } = await api.user({ name: 'Anna' });
    const body = { description: 'x', generateQr: true, scopes: ['imap', 'smtp'] };
    const made = await api.ok(`POST /users/${user}/asps`, body, appPasswords.create);
    const { password } = made;
    assert.deepEqual(JSON.parse(String(made['qr'])), [
      1,
      [1, 1],
      [0, HOST, api.worker.port('imaps'), 3, 1, username, '', password],
      [
        [
          [0, HOST, api.worker.port('submissions'), 3, 1, username, password],
          [`${username}@example.test`, 'Anna'],
        ],
      ],
    ]);
    await api.fails(`POST /users/${user}/asps`, 400, 'InvalidAuthScope', { body: { ...body, scopes: ['imap'] } });
  });

  it('a domain’s records name what runs', async () => {
    await api.ok('POST /dkim', { domain: 'ducks.test', selector: 'one' });
    const { records, zone } = await api.ok('GET /domains/Ducks.test/dns', undefined, dnsRecords);
    const all = (records as { type: string; name: string; value: string }[]).map(({ type, name }) => `${type} ${name}`);
    assert.deepEqual(all, [
      'MX ducks.test',
      'TXT ducks.test',
      'TXT one._domainkey.ducks.test',
      'TXT _dmarc.ducks.test',
      'SRV _imaps._tcp.ducks.test',
      'SRV _submissions._tcp.ducks.test',
      'SRV _submission._tcp.ducks.test',
    ]);
    assert.match(
      String(zone),
      new RegExp(`^_imaps\\._tcp\\.ducks\\.test\\. 3600 IN SRV 0 1 ${api.worker.port('imaps')} ${HOST}\\.$`, 'm'),
    );
    await api.fails('GET /domains/no%20domain/dns', 400, 'InputValidationError');
  });
});
