/** `/certs`: stored certificates are what handshakes get. */
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { before, test } from 'node:test';
import { connect } from 'node:tls';
import { certificates } from '../../server/api/contract/certificates.ts';
import { selfSigned } from '../harness/self-signed.ts';
import { type Api, startApi } from './api.ts';
import { checkBadInputs, long, pagingInputs, wrong } from './constraints.ts';

let api: Api;
before(async () => {
  api = await startApi({ services: ['imaps'], config: { tls: await selfSigned('mail.example.test') } });
});

/** The names of the certificate that a client of this server name is shown. */
async function shownFor(servername: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: api.worker.port('imaps'), servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subjectaltname = '' } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname;
}

/** What the interface calls a certificate's fingerprint. */
function keyFingerprint(key: string): string {
  const der = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
  return createHash('sha256').update(der).digest('hex').match(/../g)?.join(':') ?? '';
}

test('stored, served by name, replaced, removed', async () => {
  const { cert, key } = await selfSigned('shop.example.test', '*.shop.example.test');
  assert.equal(await shownFor('shop.example.test'), 'DNS:mail.example.test');
  const stored = await api.ok(
    'POST /certs',
    { servername: 'Shop.Example.Test', cert, privateKey: key, description: 'Shop' },
    certificates.put,
  );
  const { validTo } = new X509Certificate(cert);
  assert.deepEqual(
    [stored['servername'], stored['fingerprint'], stored['expires'], stored['altNames'], stored['acme']],
    [
      'shop.example.test',
      keyFingerprint(key),
      new Date(validTo).toISOString(),
      ['shop.example.test', '*.shop.example.test'],
      false,
    ],
  );
  for (const name of ['shop.example.test', 'SHOP.example.test', 'any.shop.example.test'])
    assert.equal(await shownFor(name), 'DNS:shop.example.test, DNS:*.shop.example.test', name);
  assert.equal(await shownFor('a.any.shop.example.test'), 'DNS:mail.example.test', 'a star is one label');

  const at = `/certs/${String(stored['id'])}`;
  const one = await api.ok(`GET ${at}`, undefined, certificates.get);
  assert.deepEqual([one['hasCert'], one['description'], 'privateKey' in one], [true, 'Shop', false]);
  assert.equal((await api.ok('GET /certs/resolve/shop.example.test', undefined, certificates.resolve))['id'], stored['id']);
  const next = await selfSigned('shop.example.test');
  assert.equal(
    (await api.ok('POST /certs', { servername: 'shop.example.test', cert: next.cert, privateKey: next.key }))['id'],
    stored['id'],
  );
  assert.equal(await shownFor('shop.example.test'), 'DNS:shop.example.test');
  await api.ok(`DELETE ${at}`, undefined, certificates.remove);
  assert.equal(await shownFor('shop.example.test'), 'DNS:mail.example.test');
  for (const call of [`GET ${at}`, `DELETE ${at}`, 'GET /certs/resolve/shop.example.test'])
    await api.fails(call, 404, 'CertNotFound');
});

test('what could not serve is refused', async () => {
  const [one, two] = await Promise.all([selfSigned('one.example.test'), selfSigned('two.example.test')]);
  const good = { servername: 'one.example.test', cert: one.cert, privateKey: one.key };
  await checkBadInputs(api, {
    call: 'POST /certs',
    good,
    required: ['servername', 'cert', 'privateKey'],
    bad: {
      servername: ['', 'no host!', long(256)],
      cert: ['text', one.key],
      privateKey: ['text', two.key, one.cert],
      ca: [...wrong.list, ['text'], ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----']],
      description: [long(1_025)],
      acme: wrong.boolean,
    },
  });
  await api.fails('POST /certs', 400, 'InputValidationError', { body: { servername: 'x.example.test', acme: true } });
  await checkBadInputs(api, { call: 'GET /certs', bad: { ...pagingInputs, query: [long(256)], altNames: ['maybe'] } });
  for (const call of ['GET /certs/12', 'DELETE /certs/12', 'GET /certs/resolve/no%20host'])
    await api.fails(call, 400, 'InputValidationError');
});

test('lists are paged by name', async () => {
  for (const name of ['c.list.test', 'a.list.test', 'b.list.test']) {
    const { cert, key } = await selfSigned(name);
    await api.ok('POST /certs', { servername: name, cert, privateKey: key, ca: [cert] });
  }
  type Page = { total: number; nextCursor: string | false; results: { servername: string; altNames?: string[] }[] };
  const page = async (query: string): Promise<Page> =>
    (await api.ok(`GET /certs?${query}`, undefined, certificates.list)) as unknown as Page;
  const first = await page('query=list.test&limit=2&altNames=yes');
  assert.deepEqual(
    [first.total, first.results.map((one) => [one.servername, one.altNames])],
    [
      3,
      [
        ['a.list.test', ['a.list.test']],
        ['b.list.test', ['b.list.test']],
      ],
    ],
  );
  const second = await page(`query=list.test&limit=2&next=${String(first.nextCursor)}`);
  assert.deepEqual(
    second.results.map((one) => [one.servername, one.altNames]),
    [['c.list.test', undefined]],
  );
});
