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
import type { CheckResult, IncomingChecks, TraceEvent } from '../../delivery/hooks.ts';
import { createMailFlow } from '../../delivery/mail-flow.ts';
import { createDispatch } from '../../delivery/dispatch.ts';
import { createExpansion } from '../../delivery/expansion.ts';
import type { NewEnvelope } from '../../delivery/queue/queue.ts';
import type { UserId } from '../../mail/ids.ts';
import type { MailLimits } from '../../operations/user-limits.ts';
import type { NewEntry } from '../../store/types-queue.ts';
import type { Screen } from '../../delivery/spam/screen.ts';
import type { Usage } from '../../store/types-usage.ts';
import { createDeviceHandler, createIncomingHandler, createSubmissionHandler } from './handlers.ts';

const listeners: Listener[] = [];
const clients: LineClient[] = [];
after(async () => {
  for (const client of clients) client.destroy();
  await Promise.all(listeners.map((listener) => listener.close(0)));
});

type Enqueued = { readonly envelope: NewEnvelope; readonly entries: readonly NewEntry[]; readonly body: string };
type Bed = {
  readonly store: FakeMailStore;
  readonly queued: Enqueued[];
  readonly sent: string[];
  readonly traced: TraceEvent[];
  readonly limits: Map<UserId, MailLimits>;
  readonly port: number;
  readonly client: () => Promise<LineClient>;
};

function memoryUsage(): Usage {
  const sums = new Map<string, number>();
  return {
    used: async () => 0,
    add: async () => {},
    take: async (who, what, amount, limit) => {
      const sum = (sums.get(`${who} ${what}`) ?? 0) + amount;
      if (sum > limit) return false;
      sums.set(`${who} ${what}`, sum);
      return true;
    },
  };
}

async function bed(
  service: 'smtp' | 'submission' | 'devices',
  settings: PartialConfig = {},
  checks?: IncomingChecks,
  screen?: Screen['recipient'],
  tlsProvider?: TlsContexts,
): Promise<Bed> {
  const store = new FakeMailStore();
  const queued: Enqueued[] = [];
  const sent: string[] = [];
  const traced: TraceEvent[] = [];
  const limits = new Map<UserId, MailLimits>();
  const config = resolveConfig({ hostname: 'mail.test', ...settings, auth: { failureDelayMs: 1, ...settings.auth } });
  const { operations } = store;
  const trace = { record: (event: TraceEvent) => void traced.push(event) };
  const srsSecret = async (): Promise<Buffer> => Buffer.alloc(32, 1);
  const expansion = createExpansion({
    operations,
    localDomains: { has: async (domain) => domain === 'mail.test' || domain === 'xn--80ajbimhv.xn--c1avg' },
    log: silentLogger,
    srsSecret,
  });
  const dispatch = createDispatch({
    expansion,
    contents: operations.contents,
    srsSecret,
    wake: () => {},
    queue: {
      enqueue: async (envelope, entries, source) => {
        if (store.away) throw new Error('away');
        const body = Buffer.isBuffer(source)
          ? source
          : Buffer.concat([source.head ?? Buffer.alloc(0), store.contents.get(source.stored.content) ?? Buffer.alloc(0)]);
        queued.push({ envelope, entries, body: String(body) });
        return { message: 'id', entries: [], repeated: false };
      },
    },
  });
  const flow = createMailFlow({
    config,
    operations,
    expansion,
    dispatch,
    delivery: createDelivery({ operations, config, log: silentLogger, trace }),
    lists: {
      refusal: async () => undefined,
      post: async () => ({ kind: 'delivered' }),
      moderate: async () => ({ kind: 'delivered' }),
    },
    sentCopies: { save: async (_user, messageId) => void sent.push(messageId), close: () => {} },
    log: silentLogger,
    trace,
    limits: {
      of: async (user) =>
        limits.get(user) ?? {
          recipientsPerDay: 1000,
          receivedPerHour: 0,
          receivedIsOwn: false,
          pop3MaxMessages: 0,
          imapMaxConnections: 0,
          pop3DownloadBytes: 0,
          imapUpload: 0,
          imapDownload: 0,
          alsoFrom: [],
        },
      usage: memoryUsage(),
    },
  });
  const create = { smtp: createIncomingHandler, submission: createSubmissionHandler, devices: createDeviceHandler }[service];
  const listener = await listen({
    service,
    host: '127.0.0.1',
    port: 0,
    tls: 'starttls',
    tlsProvider,
    allowHalfOpen: true,
    limits: { maxConnections: 100, maxConnectionsPerAddress: 100 },
    log: silentLogger,
    handler: create({
      config,
      operations,
      flow,
      memory: new Budget(1 << 28),
      log: silentLogger,
      trace,
      ...(checks === undefined ? {} : { checks }),
      ...(screen === undefined ? {} : { screen: { recipient: screen } }),
    }),
  });
  listeners.push(listener);
  const client = async (): Promise<LineClient> => {
    const opened = new LineClient(listener.port);
    clients.push(opened);
    assert.equal(await opened.reply(), '220 mail.test ESMTP Mallard');
    return opened;
  };
  return { store, queued, sent, traced, limits, port: listener.port, client };
}

async function ready(service: Bed): Promise<LineClient> {
  const smtp = await service.client();
  await smtp.say('EHLO client.test');
  return smtp;
}

async function loggedIn(service: Bed): Promise<LineClient> {
  const smtp = await ready(service);
  assert.match(await smtp.say(`AUTH PLAIN ${Buffer.from('\0user@mail.test\0secret').toString('base64')}`), /^235/);
  return smtp;
}

async function send(smtp: LineClient, from: string, to: readonly string[], message: string): Promise<string> {
  await smtp.say(`MAIL FROM:<${from}>`);
  for (const address of to) {
    const answer = await smtp.say(`RCPT TO:<${address}>`);
    if (!answer.startsWith('250')) return answer;
  }
  const data = await smtp.say('DATA');
  if (!data.startsWith('354')) return data;
  return smtp.say(`${message}\r\n.`);
}

test('mail from the world reaches users, once each, with one reply', async () => {
  const service = await bed('smtp');
  const one = service.store.addUser('one@mail.test');
  const two = service.store.addUser('two@mail.test');
  const smtp = await ready(service);
  assert.match(
    await send(
      smtp,
      'a@else.test',
      ['one@mail.test', 'two@mail.test', 'one+x@mail.test'],
      'Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@else.test>\r\n\r\nbody',
    ),
    /^250 2\.1\.5/,
  );
  assert.deepEqual([service.store.texts(one).length, service.store.texts(two).length, service.store.contents.size], [1, 1, 1]);
  assert.match(
    service.store.texts(one)[0] ?? '',
    /^Return-Path: <a@else\.test>\r\nReceived: from client\.test \(\[127\.0\.0\.1\]\)\r\n\tby mail\.test with ESMTP id /,
  );
  assert.deepEqual(
    service.traced.map(({ kind }) => kind),
    ['accepted', 'delivered', 'delivered'],
  );
  const [{ subject, messageId, ip } = {}] = service.traced as readonly { readonly [field: string]: unknown }[];
  assert.deepEqual([subject, messageId, ip], ['grüße', '<1@else.test>', '127.0.0.1']);
});

test('HELO is SMTP without extensions', async () => {
  const service = await bed('smtp');
  const user = service.store.addUser('one@mail.test');
  const smtp = await service.client();
  assert.match(await smtp.say('LHLO x'), /^500/);
  assert.equal(await smtp.say('HELO x'), '250 mail.test at your service');
  assert.match(await send(smtp, '', ['one@mail.test'], 'x'), /^250/);
  assert.match(service.store.texts(user)[0] ?? '', /with SMTP id/);
});

// The known tricks by which mail is smuggled through a server to somewhere else.
const relayTricks = [
  'victim@else.test',
  '<victim@else.test>',
  'victim%else.test@mail.test',
  'else.test!victim@mail.test',
  'else.test!victim',
  'victim@else.test@mail.test',
  '"victim@else.test"',
  '"victim@else.test"@mail.test',
  '"victim%else.test"@mail.test',
  '@mail.test:victim@else.test',
  '@else.test,@mail.test:victim@else.test',
  'victim@[127.0.0.1]',
  'victim@[192.0.2.1]',
  'victim@[IPv6:2001:db8::1]',
  'victim@else.test.mail.test',
  'victim@localhost',
  'victim%else.test',
  'victim@',
  'mail.test!victim%else.test',
  'victim%else.test@[127.0.0.1]',
  'victim@mail.test.else.test',
  '"else.test!victim"@mail.test',
  'victim@else.test,one@mail.test',
  'one@mail.test>,<victim@else.test',
];

test(`an open relay it is not: ${relayTricks.length} tricks`, async () => {
  const service = await bed('smtp', { smtp: { maxErrors: 1000 } });
  service.store.addUser('one@mail.test');
  const smtp = await ready(service);
  for (const from of ['spammer@else.test', '', 'one@mail.test', 'spammer@mail.test']) {
    assert.match(await smtp.say(`MAIL FROM:<${from}>`), /^250/);
    for (const trick of relayTricks) assert.match(await smtp.say(`RCPT TO:<${trick}>`), /^5\d\d /, `${trick} from <${from}>`);
    assert.match(await smtp.say('DATA'), /^503/);
    await smtp.say('RSET');
  }
  assert.match(await smtp.say('AUTH PLAIN x'), /^502/);
  assert.deepEqual(service.queued, []);
});

test('a forward goes on by the queue, each end once, loops end', async () => {
  const service = await bed('smtp');
  service.store.addUser('one@mail.test');
  service.store.forwards.set('list@mail.test', [
    'one@mail.test',
    'x@else.test',
    'y@else.test',
    'again@mail.test',
    'nobody@mail.test',
  ]);
  service.store.forwards.set('again@mail.test', ['list@mail.test', 'z@third.test']);
  const smtp = await ready(service);
  assert.match(await send(smtp, 'a@else.test', ['list@mail.test'], 'Subject: x\r\n\r\nbody'), /^250/);
  assert.deepEqual(
    service.queued.flatMap(({ envelope, entries }) =>
      entries.map(({ destination, recipients }) => [
        envelope.from.replace(/=[a-z2-7]{8}=[a-z2-7]{2}=/, '=hash='),
        destination,
        recipients.map(({ address }) => address),
      ]),
    ),
    [
      ['a@else.test', 'local', ['one@mail.test']],
      ['SRS0=hash=else.test=a@mail.test', 'else.test', ['x@else.test', 'y@else.test']],
      ['SRS0=hash=else.test=a@mail.test', 'third.test', ['z@third.test']],
    ],
  );
  // A bounce to the rewritten sender finds its way back; a forged one does not.
  const rewritten = service.queued[1]?.envelope.from ?? '';
  assert.match(await send(smtp, '', [rewritten], 'Subject: bounce\r\n\r\nbody'), /^250/);
  assert.deepEqual(service.queued.at(-1)?.entries, [{ destination: 'else.test', recipients: [{ address: 'a@else.test' }] }]);
  assert.match(await send(smtp, '', [rewritten.replace('=a@', '=b@')], 'x'), /^550/);
});

test('one full mailbox of two: the other gets it, and the full one’s share waits in the queue', async () => {
  const service = await bed('smtp');
  const one = service.store.addUser('one@mail.test');
  service.store.addUser('full@mail.test', { quotaBytes: 1 });
  const smtp = await ready(service);
  assert.match(await send(smtp, 'a@else.test', ['full@mail.test'], 'x'), /^452 4\.2\.2/);
  assert.match(await send(smtp, 'a@else.test', ['one@mail.test', 'full@mail.test'], 'x'), /^250/);
  assert.equal(service.store.texts(one).length, 1);
  assert.deepEqual(
    service.queued.map(({ entries }) => entries),
    [[{ destination: 'local', recipients: [{ address: 'full@mail.test' }] }]],
  );
});

test('checks judge mail from the world: header, Junk, refusal; a check that fails stops nothing', async () => {
  let next: CheckResult | Error = new Error('no DNS');
  const asked: unknown[] = [];
  const service = await bed(
    'smtp',
    {},
    {
      check: async (raw, facts) => {
        asked.push([raw.toString().includes('Subject: x'), facts]);
        if (next instanceof Error) throw next;
        return next;
      },
    },
  );
  const user = service.store.addUser('one@mail.test');
  service.store.addMailbox(user, 'Junk', '\\Junk');
  const smtp = await ready(service);
  const deliver = (): Promise<string> => send(smtp, 'a@else.test', ['one@mail.test'], 'Subject: x\r\n\r\nbody');
  assert.match(await deliver(), /^250/);
  next = { header: 'Authentication-Results: mail.test; none\r\n', verdict: 'accept' };
  assert.match(await deliver(), /^250/);
  next = { header: '', verdict: 'quarantine' };
  assert.match(await deliver(), /^250/);
  next = { header: '', verdict: 'reject', text: 'DMARC policy of else.test' };
  assert.equal(await deliver(), '550 5.7.1 DMARC policy of else.test');
  assert.deepEqual([service.store.texts(user).length, service.store.texts(user, 'Junk').length], [2, 1]);
  assert.match(
    service.store.texts(user)[1] ?? '',
    /^Return-Path: <a@else\.test>\r\nDelivered-To: one@mail\.test\r\nAuthentication-Results: mail\.test; none\r\nReceived: /,
  );
  assert.deepEqual(asked[0], [true, { ip: '127.0.0.1', hello: 'client.test', from: 'a@else.test' }]);
});

test('addresses beyond ASCII want SMTPUTF8 said', async () => {
  const service = await bed('smtp');
  const user = service.store.addUser('андрис@уайлддак.орг');
  const smtp = await ready(service);
  assert.match(await smtp.say('MAIL FROM:<и@else.test>'), /^553 5\.6\.7/);
  await smtp.say('MAIL FROM:<a@else.test>');
  assert.match(await smtp.say('RCPT TO:<андрис@уайлддак.орг>'), /^553 5\.6\.7/);
  await smtp.say('RSET');
  await smtp.say('MAIL FROM:<и@else.test> SMTPUTF8 BODY=8BITMIME');
  assert.match(await smtp.say('RCPT TO:<андрис@уайлддак.орг>'), /^250/);
  await smtp.say('DATA');
  assert.match(await smtp.say('Subject: привет\r\n\r\nтело\r\n.'), /^250/);
  assert.match(
    Buffer.from(service.store.texts(user)[0] ?? '', 'latin1').toString(),
    /^Return-Path: <и@else\.test>\r\n[^]*with UTF8SMTP id[^]*Subject: привет\r\n\r\nтело\r\n$/,
  );
});

test('submission wants a login, by PLAIN or LOGIN, and answers wrong ones', async () => {
  const service = await bed('submission', { auth: { maxFailuresPerConnection: 3 } });
  service.store.addUser('user@mail.test');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const smtp = await service.client();
  assert.match(await smtp.say('EHLO x'), /\|250-AUTH SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN OAUTHBEARER XOAUTH2\|/);
  assert.match(await smtp.say('MAIL FROM:<user@mail.test>'), /^530 5\.7\.0/);
  smtp.send('BDAT 5\r\nNOOP\n');
  assert.match(await smtp.reply(), /^530 5\.7\.0/);
  assert.match(await smtp.say('AUTH CRAM-MD5'), /^504/);
  assert.match(await smtp.say('AUTH PLAIN !'), /^501/);
  assert.match(await smtp.say(`AUTH PLAIN ${base64('other\0user@mail.test\0secret')}`), /^535/);
  assert.match(await smtp.say('AUTH PLAIN'), /^334 $/);
  assert.match(await smtp.say('*'), /^501 5\.0\.0/);
  assert.equal(await smtp.say('AUTH LOGIN'), `334 ${base64('Username:')}`);
  assert.equal(await smtp.say(base64('user@mail.test')), `334 ${base64('Password:')}`);
  assert.match(await smtp.say(base64('secret')), /^235 2\.7\.0/);
  assert.match(await smtp.say('AUTH PLAIN x'), /^503/);
  const wrong = await ready(service);
  for (let count = 0; count < 3; count += 1) {
    await wrong.say(`AUTH LOGIN ${base64('user@mail.test')}`);
    assert.match(await wrong.say(base64('no')), /^535 5\.7\.8/);
  }
  assert.match(await wrong.reply(), /^421/);
  const strict = await bed('submission', { auth: { allowPlaintext: 'never' } });
  const open = await strict.client();
  assert.doesNotMatch(await open.say('EHLO x'), /AUTH/);
  assert.match(await open.say('AUTH PLAIN x'), /^538 5\.7\.11/);
});

test('a user sends in own names only; the message is completed, queued by destination, and a copy kept', async () => {
  const service = await bed('submission');
  service.store.addUser('user@mail.test');
  service.store.addUser('other@mail.test');
  const smtp = await loggedIn(service);
  assert.match(await smtp.say('MAIL FROM:<other@mail.test>'), /^550 5\.7\.1/);
  assert.match(await smtp.say('MAIL FROM:<x@else.test>'), /^550 5\.7\.1/);
  assert.match(
    await send(smtp, 'user@mail.test', ['x@else.test'], 'From: other@mail.test\r\n\r\nx'),
    /^550 5\.7\.1 other@mail\.test/,
  );
  assert.match(await send(smtp, 'user@mail.test', ['nobody@mail.test'], 'x'), /^550 5\.1\.1/);
  await smtp.say('RSET');
  const answer = await send(
    smtp,
    'user@mail.test',
    ['x@else.test', 'other@mail.test', 'y@else.test', 'z@third.test'],
    'From: user+label@mail.test\r\nBcc: z@third.test\r\nSubject: hi\r\n\r\nbody',
  );
  assert.match(answer, /^250 2\.0\.0 Queued/);
  const [job] = service.queued;
  assert.deepEqual(
    job?.entries.map(({ destination, recipients }) => [destination, recipients.length]),
    [
      ['else.test', 2],
      ['local', 1],
      ['third.test', 1],
    ],
  );
  assert.match(
    job?.body ?? '',
    /^Received: from client\.test \(\[127\.0\.0\.1\]\)\r\n\tby mail\.test with ESMTPA id \w+;\r\n\t.*\r\nMessage-ID: (<.*>)\r\nDate: .*\r\nFrom: user\+label@mail\.test\r\nSubject: hi\r\n\r\nbody\r\n$/,
  );
  assert.deepEqual([job?.envelope.subject, service.sent], ['hi', [job?.envelope.messageId]]);
});

test('a queue that can’t be written to is told, and nothing is promised', async () => {
  const service = await bed('submission');
  service.store.addUser('user@mail.test');
  const smtp = await loggedIn(service);
  await smtp.say('MAIL FROM:<user@mail.test>');
  await smtp.say('RCPT TO:<x@else.test>');
  await smtp.say('DATA');
  service.store.away = true;
  assert.match(await smtp.say('x\r\n.'), /^451 4\.3\.0/);
});

test('REQUIRETLS is for connections with TLS, and goes with the message', async () => {
  const contexts = new TlsContexts();
  const certificate = await selfSigned('mail.test');
  contexts.setDefault(certificate);
  const service = await bed('submission', {}, undefined, undefined, contexts);
  service.store.addUser('user@mail.test');
  const plain = await loggedIn(service);
  assert.match(await plain.say('MAIL FROM:<user@mail.test> REQUIRETLS'), /^555/);
  plain.send('STARTTLS\r\n');
  await plain.reply();
  plain.socket.removeAllListeners('data');
  const smtp = new LineClient(0, tls.connect({ socket: plain.socket, servername: 'mail.test', ca: certificate.cert }));
  clients.push(smtp);
  assert.match(await smtp.say('EHLO x'), /250[- ]REQUIRETLS/);
  await smtp.say(`AUTH PLAIN ${Buffer.from('\0user@mail.test\0secret').toString('base64')}`);
  assert.match(await smtp.say('MAIL FROM:<user@mail.test> REQUIRETLS=1'), /^501/);
  assert.match(await smtp.say('MAIL FROM:<user@mail.test> REQUIRETLS'), /^250/);
  await smtp.say('RCPT TO:<x@else.test>');
  await smtp.say('DATA');
  assert.match(await smtp.say('x\r\n.'), /^250/);
  assert.equal(service.queued[0]?.envelope.requireTls, true);
});

test('DSN parameters travel with the recipients', async () => {
  const service = await bed('submission');
  service.store.addUser('user@mail.test');
  const smtp = await loggedIn(service);
  await smtp.say('MAIL FROM:<user@mail.test> RET=HDRS ENVID=x+20y');
  await smtp.say('RCPT TO:<x@else.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x+40else.test');
  await smtp.say('DATA');
  await smtp.say('x\r\n.');
  const [job] = service.queued;
  assert.deepEqual([job?.envelope.returnContent, job?.envelope.envelopeId], ['HDRS', 'x y']);
  assert.deepEqual(job?.entries[0]?.recipients, [
    { address: 'x@else.test', notify: ['SUCCESS', 'FAILURE'], originalRecipient: 'rfc822;x@else.test' },
  ]);
});

const printer = { name: 'printer', networks: ['127.0.0.0/30'], sender: 'user@mail.test', maxPerHour: 3 };

test('a known device sends without a login, as its user, within its limit', async () => {
  const service = await bed('smtp', { smtp: { devices: [printer] } });
  service.store.addUser('user@mail.test');
  const smtp = await ready(service);
  assert.match(await send(smtp, 'scanner@localhost', ['x@else.test'], 'From: scanner\r\nSubject: scan\r\n\r\nx'), /^250 2\.0\.0/);
  assert.equal(service.queued[0]?.envelope.from, 'user@mail.test');
  assert.deepEqual(service.sent, []);
  assert.match(
    await send(smtp, '', ['x@else.test', 'y@else.test', 'z@else.test'], 'x'),
    /^452 4\.7\.1 The limit of 3 recipients an hour/,
  );
  assert.match(await send(smtp, '', ['x@else.test', 'y@else.test'], 'x'), /^250/);
  assert.equal(service.queued[1]?.envelope.from, '');
});

test('the port for devices is for them alone', async () => {
  const service = await bed('devices', { smtp: { devices: [{ ...printer, networks: ['192.0.2.7'] }] } });
  const stranger = new LineClient(service.port);
  clients.push(stranger);
  assert.equal(await stranger.rest(), '554 5.7.1 This port is for known devices\r\n');
});

test('a user’s recipients a day are counted over all connections; a user may be let write as others', async () => {
  const service = await bed('submission');
  const user = service.store.addUser('user@mail.test');
  service.limits.set(user, {
    recipientsPerDay: 3,
    receivedPerHour: 0,
    receivedIsOwn: false,
    pop3MaxMessages: 0,
    imapMaxConnections: 0,
    pop3DownloadBytes: 0,
    imapUpload: 0,
    imapDownload: 0,
    alsoFrom: ['*@brand.test', 'x@one.test'],
  });
  const smtp = await loggedIn(service);
  assert.match(await send(smtp, 'info@brand.test', ['a@else.test'], 'From: info@Brand.test\r\n\r\nx'), /^250/);
  assert.match(await smtp.say('MAIL FROM:<info@sub.brand.test>'), /^550/);
  assert.match(
    await send(smtp, 'x@one.test', ['a@else.test', 'b@else.test', 'c@else.test'], 'x'),
    /^452 4\.7\.1 The limit of 3 recipients a day/,
  );
  const again = await loggedIn(service);
  assert.match(await send(again, 'user@mail.test', ['a@else.test', 'b@else.test'], 'x'), /^250/);
  assert.match(await send(again, 'user@mail.test', ['a@else.test'], 'x'), /^452/);
  assert.ok(service.traced.some(({ kind }) => kind === 'refused'));
});

test('a user’s own limit of messages an hour holds at port 25', async () => {
  const service = await bed('smtp');
  const user = service.store.addUser('one@mail.test');
  service.limits.set(user, {
    recipientsPerDay: 1,
    receivedPerHour: 2,
    receivedIsOwn: true,
    pop3MaxMessages: 0,
    imapMaxConnections: 0,
    pop3DownloadBytes: 0,
    imapUpload: 0,
    imapDownload: 0,
    alsoFrom: [],
  });
  const smtp = await ready(service);
  for (let count = 0; count < 2; count += 1) assert.match(await send(smtp, 'a@else.test', ['one@mail.test'], 'x'), /^250/);
  assert.match(await send(smtp, 'a@else.test', ['one@mail.test'], 'x'), /^450 4\.2\.1/);
});

test('who asks to be told of a delivery is told, by the null sender', async () => {
  const service = await bed('smtp');
  service.store.addUser('one@mail.test');
  const smtp = await ready(service);
  await smtp.say('MAIL FROM:<a@else.test> ENVID=e1');
  await smtp.say('RCPT TO:<one@mail.test> NOTIFY=SUCCESS');
  await smtp.say('RCPT TO:<one+x@mail.test>');
  await smtp.say('DATA');
  assert.match(await smtp.say('Subject: x\r\n\r\nbody\r\n.'), /^250/);
  const [notice] = service.queued;
  assert.deepEqual([notice?.envelope.from, notice?.entries[0]?.recipients.map(({ address }) => address)], ['', ['a@else.test']]);
  assert.match(
    notice?.body ?? '',
    /Original-Envelope-Id: e1\r\n[^]*Final-Recipient: rfc822; one@mail\.test\r\nAction: delivered\r\n/,
  );
  assert.doesNotMatch(notice?.body ?? '', /one\+x|\r\nbody\r\n/);
});

test('strangers are screened at each recipient, devices and users are not', async () => {
  const asked: string[] = [];
  const screen: Screen['recipient'] = async (ip, from, to) => {
    asked.push(`${ip} ${from} ${to}`);
    return { code: 554, enhanced: '5.7.1', text: 'listed' };
  };
  const service = await bed('smtp', {}, undefined, screen);
  service.store.addUser('one@mail.test');
  const smtp = await ready(service);
  await smtp.say('MAIL FROM:<a@else.test>');
  assert.equal(await smtp.say('RCPT TO:<one@mail.test>'), '554 5.7.1 listed');
  assert.match(await smtp.say('RCPT TO:<nobody@mail.test>'), /^550 5\.1\.1/);
  assert.deepEqual(asked, ['127.0.0.1 a@else.test one@mail.test']);
  const trusted = await bed('smtp', { smtp: { devices: [printer] } }, undefined, screen);
  trusted.store.addUser('user@mail.test');
  assert.match(await send(await ready(trusted), '', ['user@mail.test'], 'x'), /^250/);
});

test('checks may put mail off', async () => {
  const service = await bed('smtp', {}, { check: async () => ({ header: '', verdict: 'defer' }) });
  service.store.addUser('one@mail.test');
  assert.equal(await send(await ready(service), 'a@else.test', ['one@mail.test'], 'x'), '451 4.7.1 Try again later');
});

test('a user whose access has changed is asked to log in again, after the message in work', async () => {
  const service = await bed('submission');
  const user = service.store.addUser('user@mail.test');
  const idle = await loggedIn(service);
  const busy = await loggedIn(service);
  await busy.say('MAIL FROM:<user@mail.test>');
  await busy.say('RCPT TO:<x@else.test>');
  await busy.say('DATA');
  service.store.revoke(user);
  assert.match(await idle.rest(), /^421 4\.7\.0 Access has changed/);
  assert.match(await busy.say('x\r\n.'), /^250/);
  assert.match(await busy.rest(), /^421 4\.7\.0/);
  while ((service.store.listeners.get(user)?.size ?? 0) > 0) await new Promise(setImmediate);
});
