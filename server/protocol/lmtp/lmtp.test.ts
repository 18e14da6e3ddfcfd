import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { selfSigned } from '../../../test/harness/self-signed.ts';
import { Budget } from '../../base/budget.ts';
import { listen, type Listener } from '../../base/listener.ts';
import { silentLogger } from '../../base/log.ts';
import { TlsContexts } from '../../base/tls-contexts.ts';
import { resolveConfig } from '../../config/load.ts';
import type { PartialConfig } from '../../config/schema.ts';
import { createDelivery } from '../../delivery/deliver.ts';
import { FakeMailStore, LineClient } from '../../delivery/delivery-test-kit.ts';
import type { SmtpEnvelope } from '../../delivery/envelope.ts';
import type { TraceEvent } from '../../delivery/hooks.ts';
import { createLmtpHandler } from './handler.ts';

const listeners: Listener[] = [];
const clients: LineClient[] = [];
after(async () => {
  for (const client of clients) client.destroy();
  await Promise.all(listeners.map((listener) => listener.close(0)));
});

type Bed = {
  store: FakeMailStore;
  memory: Budget;
  listener: Listener;
  passedOn: string[];
  traced: TraceEvent[];
  client: () => Promise<LineClient>;
};

async function bed(
  settings: PartialConfig = {},
  options: { memoryBytes?: number; memoryWaitMs?: number; tls?: TlsContexts } = {},
): Promise<Bed> {
  const store = new FakeMailStore();
  const config = resolveConfig({ hostname: 'mail.test', ...settings });
  const memory = new Budget(options.memoryBytes ?? 1 << 28);
  const { operations } = store;
  const passedOn: string[] = [];
  const traced: TraceEvent[] = [];
  const trace = { record: (event: TraceEvent) => void traced.push(event) };
  const passOn = async (message: Buffer, envelope: SmtpEnvelope): Promise<void> => {
    if (store.away) throw new Error('away');
    passedOn.push(...envelope.recipients.map(({ address }) => `${address} ${message.toString()}`));
  };
  const listener = await listen({
    service: 'lmtp',
    host: '127.0.0.1',
    port: 0,
    tls: 'starttls',
    tlsProvider: options.tls,
    allowHalfOpen: true,
    limits: { maxConnections: 100, maxConnectionsPerAddress: 100 },
    log: silentLogger,
    handler: createLmtpHandler({
      config,
      operations,
      memory,
      flow: { passOn },
      delivery: createDelivery({ operations, config, log: silentLogger, trace }),
      trace,
      log: silentLogger,
      ...(options.memoryWaitMs === undefined ? {} : { memoryWaitMs: options.memoryWaitMs }),
    }),
  });
  listeners.push(listener);
  const client = async (): Promise<LineClient> => {
    const opened = new LineClient(listener.port);
    clients.push(opened);
    assert.equal(await opened.reply(), '220 mail.test LMTP Mallard');
    return opened;
  };
  return { store, memory, listener, passedOn, traced, client };
}

/** Sends the envelope and the message in one packet each; answers all replies after 354. */
async function send(client: LineClient, from: string, to: readonly string[], message: string): Promise<string[]> {
  client.send(`MAIL FROM:<${from}>\r\n${to.map((address) => `RCPT TO:<${address}>\r\n`).join('')}DATA\r\n`);
  const envelope = await client.replies(to.length + 2);
  if (!envelope[to.length + 1]?.startsWith('354')) return envelope;
  client.send(`${message}\r\n.\r\n`);
  return client.replies(envelope.slice(1, -1).filter((line) => line.startsWith('250')).length);
}

const withoutId = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/id [0-9a-f]+$/, 'id $'));

test('LHLO says what is offered; HELO and EHLO are not LMTP', async () => {
  const { client } = await bed();
  const lmtp = await client();
  assert.match(await lmtp.say('EHLO x'), /^500 5\.5\.1 /);
  assert.match(await lmtp.say('MAIL FROM:<>'), /^503 5\.5\.1 LHLO comes first/);
  assert.match(await lmtp.say('LHLO'), /^501 5\.5\.4 /);
  assert.deepEqual((await lmtp.say('lhlo client.test')).split('|'), [
    '250-mail.test at your service',
    '250-PIPELINING',
    '250-SIZE 67108864',
    '250-8BITMIME',
    '250-SMTPUTF8',
    '250-ENHANCEDSTATUSCODES',
    '250-CHUNKING',
    '250 BINARYMIME',
  ]);
  assert.match(await lmtp.say('STARTTLS'), /^502 /);
});

test('a message arrives with its trace fields, byte for byte after them', async () => {
  const { store, client } = await bed();
  const user = store.addUser('user@mail.test');
  const lmtp = await client();
  await lmtp.say('LHLO client.test');
  const message = 'Subject: x\r\n\r\n..stuffed\r\nbare\nLF\rCR \xe9\r\n';
  const replies = await send(lmtp, 'sender@else.test', ['user@mail.test'], message.replace('..', '...'));
  assert.deepEqual(withoutId(replies), ['250 2.1.5 Delivered, id $']);
  const [text = ''] = store.texts(user);
  const bytes = Buffer.from(`${message}\r\n`, 'utf8').toString('latin1');
  assert.ok(text.endsWith(bytes));
  assert.match(
    text.slice(0, -bytes.length),
    /^Return-Path: <sender@else\.test>\r\nDelivered-To: user@mail\.test\r\nReceived: from client\.test \(\[127\.0\.0\.1\]\)\r\n\tby mail\.test with LMTP id [0-9a-f]{18}\r\n\tfor <user@mail\.test>;\r\n\t\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000\r\n$/,
  );
});

test('each recipient has its own reply, content is stored once, a user gets one copy', async () => {
  const { store, client } = await bed();
  const one = store.addUser('one@mail.test');
  const two = store.addUser('two@mail.test');
  store.addUser('full@mail.test', { quotaBytes: 10 });
  store.addUser('off@mail.test', { disabled: true });
  const lmtp = await client();
  await lmtp.say('LHLO client.test');
  lmtp.send(
    [
      'MAIL FROM:<>',
      ...['one', 'nobody', 'full', 'two+label', 'off', 'one+label', 'one'].map((name) => `RCPT TO:<${name}@mail.test>`),
      'DATA',
      '',
    ].join('\r\n'),
  );
  assert.deepEqual(
    (await lmtp.replies(9)).map((line) => line.slice(0, 9)),
    ['250 2.1.0', '250 2.1.5', '550 5.1.1', '250 2.1.5', '250 2.1.5', '550 5.2.1', '250 2.1.5', '250 2.1.5', '354 Send '],
  );
  lmtp.send('Subject: x\r\n\r\nbody\r\n.\r\n');
  assert.deepEqual(withoutId(await lmtp.replies(5)), [
    '250 2.1.5 Delivered, id $',
    '452 4.2.2 The mailbox is full',
    '250 2.1.5 Delivered, id $',
    '250 2.1.5 Delivered, id $',
    '250 2.1.5 Delivered, id $',
  ]);
  assert.equal(store.contents.size, 1);
  assert.deepEqual([store.texts(one).length, store.texts(two).length], [1, 1]);
  assert.doesNotMatch(store.texts(one)[0] ?? '', /Delivered-To|for </);
});

test('a label names a mailbox that is there', async () => {
  const { store, client } = await bed();
  const user = store.addUser('user@mail.test');
  store.addMailbox(user, 'Lists');
  const lmtp = await client();
  await lmtp.say('LHLO client.test');
  await send(lmtp, 'a@b.test', ['user+lists@mail.test'], 'x');
  await send(lmtp, 'a@b.test', ['user+other@mail.test'], 'x');
  assert.deepEqual([store.texts(user, 'Lists').length, store.texts(user).length], [1, 1]);
});

test('forwarding addresses go into the queue, each recipient answered for itself', async () => {
  const { store, passedOn, client } = await bed();
  const user = store.addUser('one@mail.test');
  store.forwards.set('list@mail.test', ['x@else.test']);
  const lmtp = await client();
  await lmtp.say('LHLO client.test');
  const replies = await send(lmtp, 'a@b.test', ['list@mail.test', 'one@mail.test'], 'Subject: x\r\n\r\nbody');
  assert.deepEqual(withoutId(replies), ['250 2.1.5 Queued, id $', '250 2.1.5 Delivered, id $']);
  assert.equal(store.texts(user).length, 1);
  assert.match(passedOn.join(), /^list@mail\.test Received: [^]*Subject: x\r\n\r\nbody\r\n$/);
});

test('DATA without a recipient, and with only refused ones', async () => {
  const { client } = await bed();
  const lmtp = await client();
  await lmtp.say('LHLO client.test');
  assert.deepEqual(
    (await send(lmtp, '', ['nobody@mail.test'], 'x')).map((line) => line.slice(0, 9)),
    ['250 2.1.0', '550 5.1.1', '503 5.5.1'],
  );
  assert.match(await lmtp.say('MAIL FROM:<a@b.test>'), /^503 5\.5\.1 A transaction is open/);
  assert.match(await lmtp.say('RSET'), /^250 2\.0\.0/);
  assert.match(await lmtp.say('RCPT TO:<a@b.test>'), /^503 5\.5\.1 MAIL comes first/);
});

test('BDAT: chunks are joined as they are, last one delivers', async () => {
  const { store, client } = await bed();
  const user = store.addUser('user@mail.test');
  const lmtp = await client();
  await lmtp.say('LHLO client.test');
  await lmtp.say('MAIL FROM:<a@b.test> BODY=BINARYMIME');
  await lmtp.say('RCPT TO:<user@mail.test>');
  assert.match(await lmtp.say('DATA'), /^503 5\.5\.1/);
  lmtp.send('BDAT 5\r\nA\r\n.\rBDAT 3 LAST\r\n\n.\0');
  assert.deepEqual(withoutId(await lmtp.replies(2)), ['250 2.0.0 5 octets received', '250 2.1.5 Delivered, id $']);
  assert.ok(store.texts(user)[0]?.endsWith('A\r\n.\r\n.\0'));
  // Chunks that can't be taken are read all the same: none of their bytes is a command.
  lmtp.send('BDAT 6\r\nNOOP\r\nNOOP\r\n');
  assert.deepEqual(
    (await lmtp.replies(2)).map((line) => line.slice(0, 3)),
    ['503', '250'],
  );
  lmtp.send('BDAT x\r\nNOOP\r\n');
  assert.match(await lmtp.reply(), /^501/);
  assert.equal(await lmtp.rest(), '');
});

test('the size limit holds when declared, while receiving, and by chunks; the session goes on', async () => {
  const { store, memory, client } = await bed({ store: { maxMessageBytes: 65_536 } });
  const user = store.addUser('user@mail.test');
  const lmtp = await client();
  await lmtp.say('LHLO client.test');
  assert.match(await lmtp.say('MAIL FROM:<a@b.test> SIZE=65537'), /^552 5\.3\.4/);
  assert.match(await lmtp.say('MAIL FROM:<a@b.test> SIZE=x'), /^501 5\.5\.4/);
  const big = `${'x'.repeat(70)}\r\n`.repeat(1000);
  assert.match(
    (await send(lmtp, 'a@b.test', ['user@mail.test', 'user@mail.test'], big)).join('|'),
    /^552 5\.3\.4 [^|]*\|552 5\.3\.4/,
  );
  await lmtp.say('MAIL FROM:<a@b.test>');
  await lmtp.say('RCPT TO:<user@mail.test>');
  lmtp.send(`BDAT 40000\r\n${'x'.repeat(40_000)}BDAT 40000\r\n${'x'.repeat(40_000)}BDAT 1 LAST\r\nx`);
  assert.deepEqual(
    (await lmtp.replies(3)).map((line) => line.slice(0, 9)),
    ['250 2.0.0', '552 5.3.4', '552 5.3.4'],
  );
  await lmtp.say('RSET');
  assert.match((await send(lmtp, 'a@b.test', ['user@mail.test'], 'small')).join(), /^250/);
  assert.equal(store.texts(user).length, 1);
  assert.equal(memory.used, 0);
});

test('memory for messages in flight is bounded: who does not get any in time is put off', async () => {
  const { store, memory, client } = await bed({}, { memoryBytes: 1_000_000, memoryWaitMs: 20 });
  store.addUser('user@mail.test');
  const first = await client();
  await first.say('LHLO client.test');
  await first.say('MAIL FROM:<a@b.test> SIZE=990000');
  await first.say('RCPT TO:<user@mail.test>');
  assert.match(await first.say('DATA'), /^354/);
  const second = await client();
  await second.say('LHLO client.test');
  assert.match((await send(second, 'a@b.test', ['user@mail.test'], 'x')).at(-1) ?? '', /^451 4\.3\.1/);
  first.send('done\r\n.\r\n');
  assert.match(await first.reply(), /^250/);
  assert.match((await send(second, 'a@b.test', ['user@mail.test'], 'x')).join(), /^250/);
  // A client that goes away in the middle gives its memory back.
  await first.say('MAIL FROM:<a@b.test> SIZE=990000');
  await first.say('RCPT TO:<user@mail.test>');
  await first.say('DATA');
  first.destroy();
  while (memory.used > 0) await new Promise(setImmediate);
});

test('with the database away every answer is a temporary one, and later all is well', async () => {
  const { store, client } = await bed();
  store.addUser('user@mail.test');
  const lmtp = await client();
  await lmtp.say('LHLO client.test');
  store.away = true;
  await lmtp.say('MAIL FROM:<a@b.test>');
  assert.match(await lmtp.say('RCPT TO:<user@mail.test>'), /^451 4\.3\.0/);
  store.away = false;
  await lmtp.say('RCPT TO:<user@mail.test>');
  await lmtp.say('DATA');
  store.away = true;
  assert.match(await lmtp.say('x\r\n.'), /^451 4\.3\.0/);
  store.away = false;
  assert.match((await send(lmtp, 'a@b.test', ['user@mail.test'], 'x')).join(), /^250/);
});

test('a message that has passed too many servers is in a loop', async () => {
  const { store, client } = await bed({ delivery: { maxReceivedFields: 5 } });
  const user = store.addUser('user@mail.test');
  const lmtp = await client();
  await lmtp.say('LHLO client.test');
  const received = 'Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n';
  assert.match((await send(lmtp, '', ['user@mail.test'], `${received.repeat(4)}\r\n${received.repeat(9)}`)).join(), /^250/);
  assert.match((await send(lmtp, '', ['user@mail.test'], `${received.repeat(5)}\r\n`)).join(), /^554 5\.4\.6/);
  assert.equal(store.texts(user).length, 1);
});

test('parameters, bad ones included', async () => {
  const { store, client } = await bed();
  store.addUser('андрис@уайлддак.орг');
  const lmtp = await client();
  await lmtp.say('LHLO client.test');
  const table: readonly (readonly [string, string])[] = [
    ['MAIL FROM:<a@b.test> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x+2By AUTH=<>', '250 2.1.0'],
    ['RCPT TO:<андрис@уайлддак.орг> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@c', '250 2.1.5'],
    ['RCPT TO:<андрис@уайлддак.орг> NOTIFY=NEVER,DELAY', '501 5.5.4'],
    ['RCPT TO:<андрис@уайлддак.орг> NOTIFY=', '501 5.5.4'],
    ['RCPT TO:<андрис@уайлддак.орг> ORCPT=x', '501 5.5.4'],
    ['RCPT TO:<андрис@уайлддак.орг> X=1', '555 5.5.4'],
    ['RCPT TO:<>', '501 5.1.3'],
    ['RCPT FROM:<a@b>', '501 5.5.2'],
    ['RSET', '250 2.0.0'],
    ['RSET x', '501 5.5.4'],
    ['MAIL FROM:<a@b.test> BODY=9BIT', '501 5.5.4'],
    ['MAIL FROM:<a@b.test> SMTPUTF8=1', '501 5.5.4'],
    ['MAIL FROM:<a@b.test> RET=ALL', '501 5.5.4'],
    ['MAIL FROM:<a@b.test> FOO', '555 5.5.4'],
    ['MAIL FROM:<a b>', '501 5.5.2'],
    ['VRFY a', '252 2.5.0'],
    ['EXPN a', '502 5.5.1'],
    ['HELP', '214 2.0.0'],
    ['NOOP x', '250 2.0.0'],
    ['FROB', '500 5.5.1'],
  ];
  for (const [line, expected] of table) assert.equal((await lmtp.say(line)).slice(0, 9), expected, line);
});

test('too many errors end the connection', async () => {
  const { client } = await bed({ smtp: { maxErrors: 3 } });
  const lmtp = await client();
  lmtp.send('A\r\nB\r\nC\r\nD\r\n');
  assert.match(await lmtp.rest(), /^500 [^\r]*\r\n500 [^\r]*\r\n500 [^\r]*\r\n421 4\.7\.0 [^\r]*\r\n$/);
});

test('a client that sends all and closes its side still gets every reply', async () => {
  const { store, client } = await bed();
  const user = store.addUser('user@mail.test');
  const lmtp = await client();
  lmtp.socket.end('LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<user@mail.test>\r\nDATA\r\nA\r\n.\r\nQUIT\r\n');
  assert.match(await lmtp.rest(), /250 2\.1\.5 Delivered[^\r]*\r\n221 2\.0\.0 Goodbye\r\n$/);
  assert.equal(store.texts(user).length, 1);
});

test('STARTTLS forgets what was said before, and Received tells of it', async () => {
  const contexts = new TlsContexts();
  const certificate = await selfSigned('mail.test');
  contexts.setDefault(certificate);
  const { store, client } = await bed({}, { tls: contexts });
  const user = store.addUser('user@mail.test');
  const lmtp = await client();
  assert.match(await lmtp.say('LHLO x'), /250-STARTTLS/);
  await lmtp.say('MAIL FROM:<>');
  // The command after STARTTLS in the same packet must vanish.
  lmtp.send('STARTTLS\r\nNOOP injected\r\n');
  assert.match(await lmtp.reply(), /^220/);
  lmtp.socket.removeAllListeners('data');
  const secure = new LineClient(0, tls.connect({ socket: lmtp.socket, servername: 'mail.test', ca: certificate.cert }));
  assert.match(await secure.say('MAIL FROM:<>'), /^503 5\.5\.1 LHLO comes first/);
  assert.doesNotMatch(await secure.say('LHLO x'), /STARTTLS/);
  assert.match(await secure.say('STARTTLS'), /^503/);
  assert.match((await send(secure, '', ['user@mail.test'], 'x')).join(), /^250/);
  assert.match(store.texts(user)[0] ?? '', /\r\n\t\(TLSv1\.3 TLS_[A-Z0-9_]+\)\r\n\tby mail\.test with LMTPS id /);
  secure.destroy();
});

test('a stop lets a message in work finish, and tells idle clients', async () => {
  const { store, listener, client } = await bed();
  const user = store.addUser('user@mail.test');
  const idle = await client();
  const busy = await client();
  await busy.say('LHLO x');
  await busy.say('MAIL FROM:<>');
  await busy.say('RCPT TO:<user@mail.test>');
  await busy.say('DATA');
  const closed = listener.close(10_000);
  assert.match(await idle.rest(), /^421 4\.3\.2 /);
  busy.send('x\r\n.\r\n');
  assert.match(await busy.reply(), /^250/);
  assert.match(await busy.reply(), /^421 4\.3\.2/);
  await closed;
  assert.equal(store.texts(user).length, 1);
});

test('a silent client is told and left', async () => {
  const { client } = await bed({ smtp: { idleTimeoutMs: 30 } });
  const lmtp = await client();
  assert.match(await lmtp.rest(), /^421 4\.4\.2 /);
});

test('the trace begins with who handed the message in, and what people know it by', async () => {
  const { store, client, traced } = await bed();
  store.addUser('one@mail.test');
  const lmtp = await client();
  await lmtp.say('LHLO front.test');
  await send(lmtp, 'a@else.test', ['one@mail.test'], 'Subject: roof\r\nMessage-ID: <2@else.test>\r\n\r\nbody');
  assert.deepEqual(
    traced.map(({ kind, transaction, subject, messageId, hello, protocol }) => ({
      kind,
      same: transaction === traced[0]?.transaction,
      subject,
      messageId,
      hello,
      protocol,
    })),
    [
      { kind: 'accepted', same: true, subject: 'roof', messageId: '<2@else.test>', hello: 'front.test', protocol: 'LMTP' },
      { kind: 'delivered', same: true, subject: undefined, messageId: undefined, hello: undefined, protocol: undefined },
    ],
  );
});
