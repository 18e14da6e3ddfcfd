/** Certificates of a public authority, ordered at Pebble by real workers: both ways to show a name, one worker at a time, renewal, and failures in words. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import { MongoClient } from 'mongodb';
import { newSealingKey } from '../../server/base/sealing.ts';
import type { PartialConfig } from '../../server/config/schema.ts';
import { type DnsServer, startDns } from '../harness/dns.ts';
import { freePort } from '../harness/free-port.ts';
import { type Pebble, findPebble, startPebble } from '../harness/pebble.ts';
import { selfSigned } from '../harness/self-signed.ts';
import { sharedServers } from '../harness/servers.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type TestWorker, startWorker } from '../harness/worker.ts';

const TOKEN = 'acme-test-root-token-0123';
const OWN = 'mail.ducks.test';
const found = await findPebble();
const skip = 'missing' in found ? found.missing : false;
const here = { A: ['127.0.0.1'] };

let dns: DnsServer;
let pebble: Pebble;
let ports: { httpPort: number; tlsPort: number };
let base: PartialConfig;
const workers: TestWorker[] = [];

before(async () => {
  if ('missing' in found) return;
  dns = await startDns({ [OWN]: here, 'imap.ducks.test': here, 'other.ducks.test': here });
  ports = { httpPort: await freePort(), tlsPort: await freePort() };
  pebble = await startPebble(found.binary, ports, dns.address);
  base = {
    hostname: OWN,
    tls: await selfSigned(OWN),
    sealing: { keys: newSealingKey() },
    log: { level: 'info' },
    api: { rootToken: TOKEN },
  };
});
after(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await pebble?.stop();
  await dns?.stop();
});

type Servers = Awaited<ReturnType<typeof sharedServers>>;

async function start(servers: Servers, acme: PartialConfig['acme'] = {}): Promise<TestWorker> {
  const worker = await startWorker({
    mongodbUri: servers.mongodbUri,
    redisUri: servers.redisUri,
    services: ['imaps', 'api'],
    config: {
      ...base,
      acme: {
        enabled: true,
        directory: pebble.directory,
        ca: pebble.ca,
        email: 'admin@ducks.test',
        host: 'localhost',
        ...ports,
        pollMs: 100,
        retryMs: 200,
        timeoutMs: 60_000,
        ...acme,
      },
    },
  });
  workers.push(worker);
  return worker;
}

// oxlint-disable-next-line typescript/no-explicit-any -- JSON of any shape: the assertions say which
async function api(worker: TestWorker, method: string, path: string, body?: object): Promise<{ status: number; body: any }> {
  const answer = await fetch(`http://127.0.0.1:${worker.port('api')}${path}`, {
    method,
    headers: { 'x-access-token': TOKEN, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}

type Peer = { readonly issuer: string; readonly names: string; readonly fingerprint: string };

/** What a client is shown that asks for this name, or for none. */
async function shown(worker: TestWorker, servername: string | undefined): Promise<Peer> {
  const socket = tls.connect({
    host: '127.0.0.1',
    port: worker.port('imaps'),
    rejectUnauthorized: false,
    ...(servername === undefined ? {} : { servername }),
  });
  try {
    await once(socket, 'secureConnect');
    const { issuer, subjectaltname = '', fingerprint256 } = socket.getPeerCertificate();
    return { issuer: String(issuer.CN), names: subjectaltname, fingerprint: fingerprint256 };
  } finally {
    socket.destroy();
  }
}

const issuedBy = async (worker: TestWorker, name: string | undefined): Promise<Peer> =>
  waitFor(
    async () => {
      const peer = await shown(worker, name);
      return peer.issuer.startsWith('Pebble') ? peer : undefined;
    },
    { timeoutMs: 60_000, intervalMs: 100, what: `a certificate of the authority for ${name}` },
  );

describe('certificates of a public authority', { skip }, () => {
  it('http-01: ordered once by one of two workers, served by both without a restart, with and without SNI; then renewed', async () => {
    const servers = await sharedServers();
    const [one, two] = await Promise.all([start(servers, { names: [OWN, 'desk'] }), start(servers, { names: [OWN, 'desk'] })]);
    const first = await issuedBy(one, OWN);
    assert.equal(first.names, `DNS:${OWN}`);
    assert.deepEqual(await issuedBy(two, OWN), first);
    assert.deepEqual(await issuedBy(two, undefined), first, 'clients that name no server get that of its own name');
    const orders = [...one.log, ...two.log].filter((line) => line.includes('ordering a certificate'));
    assert.equal(orders.length, 1, orders.join('\n'));

    const { results } = (await api(one, 'GET', '/certs')).body;
    assert.equal(results.length, 1, 'a name without a dot is no name on the Internet');
    assert.deepEqual([results[0].acme, results[0].autogenerated, results[0].orderPending], [true, true, undefined]);

    const client = await new MongoClient(one.mongodbUri).connect();
    try {
      const certificates = client.db().collection('certificates');
      const record = await certificates.findOne({});
      const account = await client.db().collection('acmeAccounts').findOne({});
      assert.match(record?.['privateKey'], /^sealed:1:/);
      assert.match(account?.['privateKey'], /^sealed:1:/);
      assert.ok(record?.['orderNext'] > new Date(), 'to be renewed before its end');
      assert.ok(record?.['orderNext'] < record?.['expires']);

      const open = tls.connect({ host: '127.0.0.1', port: one.port('imaps'), servername: OWN, rejectUnauthorized: false });
      await once(open, 'data');
      await certificates.updateOne({}, { $set: { orderNext: new Date(0) } });
      await waitFor(async () => (await shown(two, OWN)).fingerprint !== first.fingerprint, { timeoutMs: 60_000 });
      assert.equal(await client.db().collection('acmeAccounts').countDocuments(), 1, 'the account stays');
      open.write('a NOOP\r\n');
      assert.match(String((await once(open, 'data'))[0]), /a OK/);
      open.destroy();
    } finally {
      await client.close();
    }
  });

  it('tls-alpn-01: asked for by the API', async () => {
    const worker = await start(await sharedServers(), { challenge: 'tls-alpn-01' });
    const { status, body } = await api(worker, 'POST', '/certs', {
      servername: 'IMAP.ducks.test',
      acme: true,
      description: 'for phones',
    });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual([body.servername, body.acme, body.orderPending, body.fingerprint], ['imap.ducks.test', true, true, '']);
    const before = await api(worker, 'GET', `/certs/${body.id}`);
    assert.equal(before.status, 200);
    const peer = await issuedBy(worker, 'imap.ducks.test');
    assert.equal(peer.names, 'DNS:imap.ducks.test');
    const { body: issued } = await api(worker, 'GET', `/certs/${body.id}`);
    assert.deepEqual([issued.hasCert, issued.description], [true, 'for phones']);
    assert.match(issued.fingerprint, /^[0-9a-f]{2}(?::[0-9a-f]{2}){31}$/);
    assert.deepEqual(issued.altNames, ['imap.ducks.test']);
    // A stored one takes its place, and is ordered no more.
    const { cert, key } = await selfSigned('imap.ducks.test');
    await api(worker, 'POST', '/certs', { servername: 'imap.ducks.test', cert, privateKey: key });
    assert.equal((await api(worker, 'GET', `/certs/${body.id}`)).body.acme, false);
  });

  it('what fails is said in words and tried again: no such name, a port that is taken, a name that can’t be ordered', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const worker = await start(await sharedServers(), { httpPort: port });
    const { body } = await api(worker, 'POST', '/certs', { servername: 'other.ducks.test', acme: true });
    const errorOf = (pattern: RegExp): Promise<unknown> =>
      waitFor(async () => pattern.test((await api(worker, 'GET', `/certs/${body.id}`)).body.orderError ?? ''), {
        timeoutMs: 60_000,
        what: `an error like ${pattern}`,
      });
    await errorOf(new RegExp(`Port ${port}.*another program has it.*acme-challenge`));
    taken.close();
    // Now nothing is where the authority asks: that is another port.
    await errorOf(/refused|timeout|fetch/i);

    for (const [servername, words] of [
      ['*.ducks.test', /wildcard/],
      ['desk', /on the Internet/],
    ] as const) {
      const refused = await api(worker, 'POST', '/certs', { servername, acme: true });
      assert.deepEqual([refused.status, refused.body.code], [400, 'InputValidationError']);
      assert.match(refused.body.details.servername, words);
    }
  });

  it('behind another web server: the API shows what the authority asks for', async () => {
    const servers = await sharedServers();
    const worker = await start(servers, { httpPort: 0 });
    dns.zone['late.ducks.test'] = 'servfail';
    const { body } = await api(worker, 'POST', '/certs', { servername: 'late.ducks.test', acme: true });
    await waitFor(async () => /DNS|lookup|resolv/i.test((await api(worker, 'GET', `/certs/${body.id}`)).body.orderError ?? ''), {
      timeoutMs: 60_000,
    });

    const proxy = createServer((request, response) => {
      void fetch(`http://127.0.0.1:${worker.port('api')}${request.url}`).then(async (answer) => {
        response.writeHead(answer.status);
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    }).listen(ports.httpPort, '127.0.0.1');
    await once(proxy, 'listening');
    dns.zone['late.ducks.test'] = here;
    try {
      await issuedBy(worker, 'late.ducks.test');
      const { body: issued } = await api(worker, 'GET', `/certs/${body.id}`);
      assert.equal(issued.orderError, undefined);
    } finally {
      proxy.close();
      proxy.closeAllConnections();
    }
    assert.equal((await fetch(`http://127.0.0.1:${worker.port('api')}/.well-known/acme-challenge/nothing`)).status, 404);
  });
});
