import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { simpleParser } from 'mailparser';
import { createMailFlow, type MailFlow } from '../../server/delivery/mail-flow.ts';
import { silentLogger } from '../../server/base/log.ts';
import { openMailBed, type MailBed } from '../harness/mail-bed.ts';
import { freePort } from '../harness/servers.ts';
import { startSmtpSink, type SmtpSink } from '../harness/smtp-sink.ts';

type Post = { readonly headers: IncomingHttpHeaders; readonly body: Buffer };
const posts: Post[] = [];
let status = 200;
const receiver = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (bytes: Buffer) => pieces.push(bytes));
  request.on('end', () => {
    posts.push({ headers: request.headers, body: Buffer.concat(pieces) });
    response.writeHead(status).end();
  });
});
let url: string;
let bed: MailBed;
let flow: MailFlow;
let sink: SmtpSink;
let count = 0;

before(async () => {
  const port = await freePort();
  bed = await openMailBed({ config: { outbound: { port, webForwards: 'any' } } });
  sink = await startSmtpSink({ port });
  bed.mx['there.test'] = ['mx.there.test'];
  bed.hosts['mx.there.test'] = ['127.0.0.1'];
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/mail?key=1`;
  const { store, config, delivery, outgoing, mail } = bed;
  flow = createMailFlow({
    config,
    operations: store.operations,
    expansion: outgoing.expansion,
    dispatch: outgoing.dispatch,
    lists: outgoing.lists,
    forwarders: mail.forwarders,
    delivery,
    sentCopies: { save: async () => {}, close: () => {} },
    limits: { of: store.userLimits.of, usage: store.usage },
    senders: store.senders,
    log: silentLogger,
  });
});
after(async () => {
  await bed.close();
  await sink.close();
  receiver.closeAllConnections();
  receiver.close();
});
afterEach(() => {
  sink.messages.length = 0;
  posts.length = 0;
  status = 200;
});

async function forwarder(targets: readonly string[], more: object = {}): Promise<string> {
  count += 1;
  const address = `fwd${count}@mail.test`;
  await bed.store.accounts.addresses.addForwarder({ address, targets, ...more });
  return address;
}

async function receive(to: string, from = 'ann@there.test'): Promise<void> {
  count += 1;
  const target = await flow.classify(to);
  assert.ok(target.kind !== 'unknown' && target.kind !== 'disabled');
  const message = Buffer.from(
    `From: <${from}>\r\nTo: ${to}\r\nSubject: Hi ${count}\r\nMessage-ID: <${count}@there.test>\r\n\r\nText\r\n`,
  );
  const reply = await flow.receive(
    message,
    { from, recipients: [{ address: to, target }], body: '7BIT', smtpUtf8: false },
    {
      transactionId: `f${count}`,
      receivedAtMs: bed.clock.ms,
      protocol: 'ESMTP',
      hello: 'there.test',
      remoteAddress: '192.0.2.1',
      tls: undefined,
    },
  );
  assert.equal(reply.code, 250, reply.text);
  await bed.pass();
}

test('a forward to the web is a signed POST of the message, tried again until it is taken', async () => {
  const address = await forwarder([url]);
  status = 503;
  await receive(address);
  assert.equal(posts.length, 1);
  status = 204;
  await bed.pass(20 * 60_000);
  const [first, second] = posts;
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(second.headers['content-type'], 'message/rfc822');
  assert.match(String(second.body), /Subject: Hi/);
  assert.equal(first.headers['x-mallard-id'], second.headers['x-mallard-id']);
  assert.equal(second.headers['x-mallard-from'], 'ann@there.test');
  const [, time = '', signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(second.headers['x-mallard-signature'])) ?? [];
  const secret = await bed.store.secrets.get('webhooks');
  assert.equal(createHmac('sha256', secret).update(`${time}.`).update(second.body).digest('hex'), signature);
  assert.deepEqual(await bed.outgoing.queue.find({}), []);
});

test('a web server that says no for good ends it, and the sender, who knows nothing of it, is not told', async () => {
  const address = await forwarder([url]);
  status = 404;
  await receive(address);
  assert.equal(posts.length, 1);
  assert.deepEqual(await bed.outgoing.queue.find({}), []);
  assert.deepEqual(sink.messages, []);
});

test('by default no forward reaches into private networks', async () => {
  const { postEntry } = await import('../../server/delivery/queue/web-entry.ts');
  const config = { ...bed.config, outbound: { ...bed.config.outbound, webForwards: 'public' as const } };
  const entry = { id: 'e', from: '', recipients: [] };
  for (const target of [
    'http://127.0.0.1:9/',
    'http://localhost:9/',
    'http://[::1]:9/',
    'http://169.254.169.254/',
    'http://[::ffff:10.0.0.1]/',
  ]) {
    const parts = { config, webSecret: async () => Buffer.alloc(32), now: Date.now };
    const [result] = await postEntry({ ...entry, recipients: [{ address: target }] } as never, Buffer.alloc(0), parts);
    assert.equal(result?.status, '5.7.1', target);
  }
});

test('a forward to another server takes its port, and a name and password only with encryption', async () => {
  const address = await forwarder([`smtp://127.0.0.1:${sink.port}`]);
  await receive(address);
  assert.deepEqual(
    sink.messages.map(({ to }) => to),
    [[address]],
  );
  assert.match(sink.messages[0]?.from ?? '', /^SRS0=/);
  const secret = await forwarder([`smtp://ann:secret@127.0.0.1:${sink.port}`]);
  await receive(secret);
  const [waiting] = await bed.outgoing.queue.find({});
  assert.equal(sink.messages.length, 1, 'the sink has no TLS');
  assert.equal(waiting?.route?.username, 'ann');
  await bed.outgoing.queue.remove(waiting?.id ?? '');
});

test('a forwarding address answers once, and forwards no more than its limit', async () => {
  const address = await forwarder(['far@there.test'], {
    forwards: 2,
    autoreply: { status: true, subject: 'Gone fishing', text: 'Back on Monday' },
  });
  await receive(address);
  await receive(address);
  const replies = sink.messages.filter(({ from }) => from === '');
  assert.equal(replies.length, 1);
  const reply = await simpleParser(replies[0]?.raw ?? '');
  assert.deepEqual(
    [reply.subject, reply.from?.value[0]?.address, reply.headers.get('auto-submitted')],
    ['Gone fishing', address, 'auto-replied'],
  );
  assert.equal(sink.messages.length, 3);

  const target = await flow.classify(address);
  assert.ok(target.kind === 'forward');
  const answers = [];
  for (let asked = 0; asked < 3; asked += 1) answers.push((await flow.unwelcome(target, 'x@there.test', '192.0.2.1'))?.code);
  assert.deepEqual(answers, [undefined, undefined, 450]);
});

test('the installation’s lists stop a sender before the message; a user’s list puts it into Junk, or keeps it out', async () => {
  const { store } = bed;
  const user = await bed.addUser('listed@mail.test');
  await store.senders.add(undefined, 'block', 'bad.test');
  await store.senders.add(user, 'block', 'pest@there.test');
  const target = await flow.classify('listed@mail.test');
  assert.ok(target.kind === 'local');
  assert.equal((await flow.unwelcome(target, 'x@bad.test', '192.0.2.1'))?.code, 550);
  assert.equal((await flow.unwelcome(target, 'pest@there.test', '192.0.2.1'))?.code, 550);
  assert.equal(await flow.unwelcome(target, 'x@there.test', '192.0.2.1'), undefined);
  await receive('listed@mail.test', 'pest@there.test');
  assert.equal((await bed.texts(user, 'Junk')).length, 1);
});
