/**
 * Two Mallards that know each other by DNS alone: mail in both directions over STARTTLS, by IPv4 and IPv6, addresses beyond ASCII, big messages, notices of
 * success and of failure, and forwards.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createTransport } from 'nodemailer';
import { startDns, type DnsServer } from '../harness/dns.ts';
import { freePort } from '../harness/free-port.ts';
import { selfSigned } from '../harness/self-signed.ts';
import { sharedServers } from '../harness/servers.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type TestUser, type TestWorker, closeStores, createUser, startWorker, storeOf } from '../harness/worker.ts';

let dns: DnsServer;
let here: TestWorker;
let there: TestWorker;

before(async () => {
  dns = await startDns({
    'here.test': { MX: [[10, 'mx.here.test']] },
    'mx.here.test': { A: ['127.0.0.1'] },
    'there.test': {
      MX: [
        [20, 'nowhere.there.test'],
        [10, 'mx.there.test'],
      ],
    },
    // IPv6 first, as it is tried.
    'mx.there.test': { AAAA: ['::1'], A: ['127.0.0.1'] },
    'nowhere.there.test': { A: ['127.0.0.1'] },
    'xn--80aalaxjd5d.xn--c1avg': { MX: [[10, 'mx.there.test']] },
    'null.test': { MX: [[0, '.']] },
  });
  const [portHere, portThere] = [await freePort(), await freePort()];
  const start = async (hostname: string, port: number, otherPort: number): Promise<TestWorker> =>
    startWorker({
      ...(await sharedServers()),
      services: ['smtp', 'submission'],
      config: {
        hostname,
        tls: await selfSigned(hostname),
        services: { smtp: { host: 'localhost', port } },
        outbound: { port: otherPort, dnsServers: [dns.address], pollMs: 200 },
      },
    });
  [here, there] = await Promise.all([start('mx.here.test', portHere, portThere), start('mx.there.test', portThere, portHere)]);
});
after(async () => {
  await here.stop();
  await there.stop();
  await dns.stop();
  await closeStores();
});

type Submission = Parameters<ReturnType<typeof createTransport>['sendMail']>[0];

async function submit(worker: TestWorker, user: TestUser, message: Submission): Promise<void> {
  const transport = createTransport({
    host: '127.0.0.1',
    port: worker.port('submission'),
    tls: { rejectUnauthorized: false },
    auth: { user: user.username, pass: user.password },
  });
  const info = await transport.sendMail({ from: user.username, ...message });
  assert.match(info.response, /^250 2\.0\.0/);
  transport.close();
}

/** The newest message of INBOX, once there are that many. */
async function newest(worker: TestWorker, user: TestUser, count: number): Promise<string> {
  const { operations } = await storeOf(worker);
  const id = user.id as Parameters<typeof operations.mailboxes.findByPath>[0];
  const inbox = await waitFor(
    async () => {
      const found = await operations.mailboxes.findByPath(id, 'INBOX');
      return found !== undefined && found.counts.messages >= count ? found : undefined;
    },
    { timeoutMs: 60_000, what: `message ${count} for ${user.username}\n${worker.log.slice(-5).join('\n')}` },
  );
  const { view, release } = await operations.views.open(id, inbox.id);
  const meta = await operations.reads.metadataOf(id, inbox.id, view.uidAt(view.count - 1));
  assert.equal(view.count, count);
  release();
  assert.ok(meta !== undefined);
  const content = await operations.contents.open(meta.content);
  return (await content.readAll(0, content.sizeBytes)).toString('utf8');
}

test('there and back, encrypted, over IPv6 and IPv4', async () => {
  const ann = await createUser(here, 'ann@here.test');
  const bob = await createUser(there, 'bob@there.test');
  await submit(here, ann, { to: bob.username, subject: 'hello', text: '.dot\n..two' });
  const arrived = await newest(there, bob, 1);
  assert.match(arrived, /^Return-Path: <ann@here\.test>\r\n/);
  assert.match(
    arrived,
    /Received: from mx\.here\.test \(\[IPv6:::1\]\)\r\n\t\(TLSv1\.3 TLS_\w+\)\r\n\tby mx\.there\.test with ESMTPS id /,
  );
  assert.match(arrived, /\r\n\r\n\.dot\r\n\.\.two\r\n/);
  await submit(there, bob, { to: ann.username, subject: 're: hello', text: 'back' });
  assert.match(await newest(here, ann, 1), /Received: from mx\.there\.test \(\[127\.0\.0\.1\]\)/);
});

test('addresses beyond ASCII at the other end', async () => {
  const ann = await createUser(here, 'ann2@here.test');
  const andris = await createUser(there, 'андрис@уайлддак.орг');
  await submit(here, ann, { to: andris.username, subject: 'привет', text: 'x' });
  const arrived = await newest(there, andris, 1);
  assert.match(arrived, /with UTF8SMTPS id/);
  assert.match(arrived, /Delivered-To: андрис@/);
});

test('fifty megabytes arrive whole', async () => {
  const ann = await createUser(here, 'ann3@here.test');
  const bob = await createUser(there, 'bob3@there.test');
  const content = randomBytes(36_000_000);
  await submit(here, ann, { to: bob.username, subject: 'big', attachments: [{ filename: 'big.bin', content }] });
  const arrived = await newest(there, bob, 1);
  assert.ok(arrived.length > 49_000_000);
  const encoded = arrived.slice(arrived.indexOf('\r\n\r\n', arrived.indexOf('big.bin')) + 4, arrived.lastIndexOf('\r\n--'));
  assert.ok(Buffer.from(encoded, 'base64').equals(content));
});

test('a failure comes back with the other server’s words; success is told when asked for; null MX is told at once', async () => {
  const ann = await createUser(here, 'ann4@here.test');
  await createUser(there, 'bob4@there.test');
  await submit(here, ann, { to: 'nobody@there.test', subject: 'lost', text: 'x' });
  const failed = await newest(here, ann, 1);
  assert.match(failed, /^Return-Path: <>\r\n/);
  assert.match(failed, /nobody@there\.test\r\n\s+mx\.there\.test \[::1\] said: 550 5\.1\.1 No such user here/);
  assert.match(failed, /Final-Recipient: rfc822; nobody@there\.test\r\nAction: failed\r\nStatus: 5\.1\.1\r\n/);
  await submit(here, ann, {
    to: 'bob4@there.test',
    text: 'x',
    dsn: { id: 'env', return: 'headers', notify: ['success'], recipient: ann.username },
  });
  const told = await newest(here, ann, 2);
  assert.match(told, /Reporting-MTA: dns; mx\.there\.test\r\nOriginal-Envelope-Id: env\r\n/);
  assert.match(told, /Action: delivered\r\n/);
  await submit(here, ann, { to: 'x@null.test', text: 'x' });
  assert.match(await newest(here, ann, 3), /Status: 5\.1\.10\r\n/);
});

test('a forward carries mail on to the other server, with a sender that may come from here', async () => {
  const ann = await createUser(here, 'ann5@here.test');
  const bob = await createUser(there, 'bob5@there.test');
  const store = await storeOf(here);
  await store.accounts.addresses.addForwarder({ address: 'info@here.test', targets: ['bob5@there.test'] });
  await submit(there, bob, { to: 'info@here.test', subject: 'round', text: 'x' });
  const arrived = await newest(there, bob, 1);
  assert.match(arrived, /^Return-Path: <SRS0=[^>]*@[^>]*>\r\n/i);
  assert.match(arrived, /Subject: round/);
  await submit(here, ann, { to: 'info@here.test', subject: 'own', text: 'x' });
  assert.match(await newest(there, bob, 2), /Return-Path: <.*ann5@here\.test>/);
});
