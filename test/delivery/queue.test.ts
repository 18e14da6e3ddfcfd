import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { simpleParser } from 'mailparser';
import type { HostDane } from '../../server/delivery/queue/dane.ts';
import type { StsPolicy } from '../../server/delivery/queue/sts.ts';
import { envelopeFrom } from '../harness/envelopes.ts';
import { openMailBed, type MailBed } from '../harness/mail-bed.ts';
import { selfSigned } from '../harness/self-signed.ts';
import { freePort } from '../harness/servers.ts';
import { startSmtpSink, type SmtpSink } from '../harness/smtp-sink.ts';

const HOUR = 3_600_000;
const MESSAGE = Buffer.from(
  'From: me@mail.test\r\nTo: you@there.test\r\nSubject: Hello\r\nMessage-ID: <m@mail.test>\r\n\r\n.dot\r\nbody\r\n',
);

const policies: Record<string, StsPolicy> = {};
/** Of hosts; a domain in it is one that DNSSEC vouches for. */
const daneHosts: Record<string, HostDane> = {};
let bed: MailBed;
let sink: SmtpSink;
let me: Awaited<ReturnType<MailBed['addUser']>>;

before(async () => {
  const port = await freePort();
  bed = await openMailBed({
    config: { outbound: { port, connectTimeoutMs: 1_000 } },
    sts: { of: async (domain) => policies[domain] },
    dane: {
      isSecure: async (domain) => daneHosts[domain] !== undefined,
      of: async (host) => daneHosts[host] ?? { kind: 'none' },
    },
  });
  sink = await startSmtpSink({ port });
  me = await bed.addUser('me@mail.test');
  bed.mx['there.test'] = ['mx.there.test'];
  bed.hosts['mx.there.test'] = ['127.0.0.1'];
});
after(async () => {
  await bed.close();
  await sink.close();
});
afterEach(async () => {
  sink.messages.length = 0;
  sink.lines.length = 0;
  sink.options = {};
  for (const { id } of await bed.outgoing.queue.find({})) await bed.outgoing.queue.remove(id);
  bed.clock.ms = Date.now();
});

let domains = 0;
/** Another domain at the same server: what rests or is kept open for the others does not count. */
const newDomain = (): string => {
  domains += 1;
  const domain = `d${domains}.test`;
  bed.mx[domain] = ['mx.there.test'];
  return domain;
};
const now = (): Date => new Date(bed.clock.ms);
const send = (to: readonly string[], from = 'me@mail.test', more = {}, body = MESSAGE): Promise<unknown> =>
  bed.outgoing.dispatch.sendTo(envelopeFrom(from, more), to, body, { now: now() });
const waiting = async (): Promise<unknown[]> =>
  (await bed.outgoing.queue.find({})).map(({ destination, recipients, attempts, last }) => [
    destination,
    recipients.map(({ address }) => address),
    attempts,
    last?.text ?? '',
  ]);
const notices = async (): Promise<string[]> => {
  const texts = await bed.texts(me);
  return texts.filter((text) => text.includes('multipart/report'));
};

test('a message goes to the domain’s server, byte for byte, and its content is left to the sweeper', async () => {
  await send(['you@there.test', 'two@there.test']);
  await bed.pass();
  assert.deepEqual(
    sink.messages.map(({ from, to, raw }) => ({ from, to, raw })),
    [{ from: 'me@mail.test', to: ['you@there.test', 'two@there.test'], raw: MESSAGE.toString() }],
  );
  assert.deepEqual(await waiting(), []);
  const swept = await bed.store.housekeeping.sweep(new Date(Date.now() + 1_000));
  assert.equal(swept.contents, 1);
});

test('the sweeper keeps what the queue refers to', async () => {
  sink.options = { onData: () => '451 4.3.0 later' };
  await send(['you@there.test']);
  await bed.pass();
  assert.equal((await bed.store.housekeeping.sweep(new Date(Date.now() + 1_000))).contents, 0);
  sink.options = {};
  await bed.pass(HOUR);
  assert.equal(sink.messages[0]?.raw, MESSAGE.toString());
});

test('each recipient has its own fate: taken, refused with a report, or tried again', async () => {
  sink.options = {
    onRecipient: (address) =>
      address.startsWith('no')
        ? '550 5.1.1 nobody of this name'
        : address.startsWith('later')
          ? '450 4.2.0 greylisted'
          : '250 ok',
  };
  const before = (await notices()).length;
  await send(['you@there.test', 'no@there.test', 'later@there.test']);
  await bed.pass();
  assert.deepEqual(
    sink.messages.map(({ to }) => to),
    [['you@there.test']],
  );
  assert.deepEqual(await waiting(), [['there.test', ['later@there.test'], 1, '450 4.2.0 greylisted']]);
  const [report] = (await notices()).slice(before);
  const parsed = await simpleParser(report ?? '');
  assert.match(parsed.text ?? '', /no@there\.test\s+mx\.there\.test \[127\.0\.0\.1\] said: 550 5\.1\.1 nobody of this name/);
  assert.match(report ?? '', /^Return-Path: <>\r\n/);
  assert.match(
    report ?? '',
    /Final-Recipient: rfc822; no@there\.test\r\nAction: failed\r\nStatus: 5\.1\.1\r\nRemote-MTA: dns; mx\.there\.test\r\n/,
  );
  assert.doesNotMatch(report ?? '', /later@there/);
  sink.options = {};
  await bed.pass(HOUR);
  assert.deepEqual(
    sink.messages.map(({ to }) => to),
    [['you@there.test'], ['later@there.test']],
  );
  assert.deepEqual(await waiting(), []);
});

test('a server that is down for an hour: queued, and delivered when it is back', async () => {
  const { port } = sink;
  await sink.close();
  await send(['you@there.test']);
  await bed.pass();
  const [entry] = await bed.outgoing.queue.find({});
  assert.match(entry?.last?.text ?? '', /ECONNREFUSED/);
  assert.deepEqual(
    bed
      .runner()
      .state()
      .resting.map(({ destination }) => destination),
    ['there.test'],
  );
  await bed.pass(HOUR);
  sink = await startSmtpSink({ port });
  await bed.pass(HOUR);
  assert.equal(sink.messages.length, 1);
});

test('a delay is told once, and after four days the mail comes back with the remote’s words', async () => {
  sink.options = { onData: () => '451 4.3.2 closed for repairs' };
  const before = (await notices()).length;
  await send(['you@there.test']);
  for (let hours = 0; hours < 97; hours += 4) await bed.pass(4 * HOUR);
  assert.deepEqual(await waiting(), []);
  const told = (await notices()).slice(before);
  assert.deepEqual(
    told.map((text) => /^Subject: (.*)$/m.exec(text)?.[1]?.trim()),
    ['Mail is delayed', 'Mail could not be delivered'],
  );
  assert.match(told[0] ?? '', /Action: delayed[^]*Will-Retry-Until: /);
  assert.match(told[1] ?? '', /mx\.there\.test \[127\.0\.0\.1\] said: 451 4\.3\.2 closed for repairs/);
});

test('a notice that can’t be delivered ends: nothing answers a bounce', async () => {
  sink.options = { onRecipient: () => '550 5.1.1 no' };
  await send(['you@there.test'], 'stranger@there.test');
  await bed.pass();
  await bed.pass();
  assert.deepEqual(await waiting(), []);
  assert.deepEqual(
    sink.lines.filter((line) => line.startsWith('MAIL')).map((line) => line.split(' ')[1]),
    ['FROM:<stranger@there.test>', 'FROM:<>'],
  );
});

test('where it can’t go at all is said at once; a failing DNS is a matter of time', async () => {
  bed.mx['null.test'] = ['.'];
  bed.mx['ours.test'] = ['mail.test'];
  const before = (await notices()).length;
  await send(['a@null.test', 'b@nowhere.test', 'c@ours.test']);
  await bed.pass();
  assert.deepEqual(await waiting(), []);
  const told = (await notices()).slice(before).join('');
  assert.match(told, /null\.test takes no mail/);
  assert.match(told, /There is no domain nowhere\.test/);
  assert.match(told, /Status: 5\.4\.6/);
});

test('the next host takes over from one that is down, and IPv6 is as good as IPv4', async () => {
  bed.mx['many.test'] = ['dead.many.test', 'six.many.test'];
  bed.hosts['dead.many.test'] = ['127.0.0.9'];
  bed.hosts['six.many.test'] = ['::1'];
  const six = await startSmtpSink({ port: sink.port, host: '::1' });
  try {
    await send(['a@many.test']);
    await bed.pass();
    assert.deepEqual([six.messages.length, sink.messages.length], [1, 0]);
  } finally {
    await six.close();
  }
});

test('TLS is taken where it is offered, and done without where it is broken', async () => {
  const certificate = await selfSigned('mx.there.test');
  for (const name of ['tls', 'garbage', 'silence']) bed.mx[`${name}.test`] = ['mx.there.test'];
  sink.options = { certificate };
  await send(['you@tls.test']);
  await bed.pass();
  for (const brokenTls of ['garbage', 'silence'] as const) {
    sink.options = { certificate, brokenTls };
    await send([`you@${brokenTls}.test`]);
    await bed.pass();
  }
  assert.deepEqual(
    sink.messages.map(({ to, tls }) => [...to, tls]),
    [
      ['you@tls.test', true],
      ['you@garbage.test', false],
      ['you@silence.test', false],
    ],
  );
});

test('REQUIRETLS is kept or the mail comes back', async () => {
  bed.mx['plain.test'] = ['mx.plain.test'];
  bed.hosts['mx.plain.test'] = ['127.0.0.1'];
  const before = (await notices()).length;
  sink.options = { extensions: ['REQUIRETLS'] };
  await send(['you@plain.test'], 'me@mail.test', { requireTls: true });
  for (let hours = 0; hours < 97; hours += 12) await bed.pass(12 * HOUR);
  assert.deepEqual([sink.messages.length, (await notices()).slice(before).length], [0, 2]);
});

test('a domain’s MTA-STS policy is kept: its servers only, with a good certificate', async () => {
  const enforced = newDomain();
  const tested = newDomain();
  const elsewhere = newDomain();
  policies[enforced] = { mode: 'enforce', allows: () => true };
  policies[tested] = { mode: 'testing', allows: () => false };
  policies[elsewhere] = { mode: 'enforce', allows: (host) => host === 'mx.elsewhere.test' };
  sink.options = { certificate: await selfSigned('mx.there.test') };
  await send([`a@${enforced}`, `b@${tested}`, `c@${elsewhere}`]);
  await bed.pass();
  assert.deepEqual(
    sink.messages.map(({ to }) => to),
    [[`b@${tested}`]],
  );
  const texts = (await waiting()).map(String);
  assert.match(texts[0] ?? '', /self-signed certificate/);
  assert.match(texts[1] ?? '', /its policy \(MTA-STS\) names/);
});

test('a host with TLSA records must show the certificate that they name', async () => {
  const certificate = await selfSigned('mx.there.test');
  const { raw } = new X509Certificate(certificate.cert);
  const none = { kind: 'none' } as const;
  const hostOf = (domain: string, dane: HostDane): string => {
    bed.mx[domain] = [`mx.${domain}`];
    bed.hosts[`mx.${domain}`] = ['127.0.0.1'];
    daneHosts[domain] = none;
    daneHosts[`mx.${domain}`] = dane;
    return `a@${domain}`;
  };
  const records = (data: Buffer): HostDane => ({ kind: 'required', records: [{ usage: 3, selector: 0, matching: 0, data }] });
  sink.options = { certificate };
  await send([
    hostOf('named.test', records(raw)),
    hostOf('unusable.test', { kind: 'required', records: [] }),
    hostOf('impostor.test', records(Buffer.from('another'))),
    hostOf('bogus.test', { kind: 'unknown', reason: 'SERVFAIL' }),
  ]);
  await bed.pass();
  const arrived = sink.messages.map(({ to, tls }) => `${to.join()} ${tls}`).toSorted((a, b) => a.localeCompare(b));
  assert.deepEqual(arrived, ['a@named.test true', 'a@unusable.test true']);
  const texts = (await waiting()).map(String).toSorted((a, b) => a.localeCompare(b));
  assert.match(texts[0] ?? '', /^bogus\.test.*TLSA records.*SERVFAIL/);
  assert.match(texts[1] ?? '', /^impostor\.test.*\(DANE\)/);
  // Without TLS there is no certificate to show.
  sink.options = {};
  await send([hostOf('stripped.test', records(raw))]);
  await bed.pass();
  assert.equal(sink.messages.length, 2);
});

test('a connection that breaks in the middle of the data costs nothing but time', async () => {
  let breaks = 1;
  sink.options = { onData: () => (breaks-- > 0 ? undefined : '250 kept') };
  await send(['you@there.test']);
  await bed.pass();
  assert.equal(sink.messages.length, 0);
  assert.match(String((await waiting())[0]), /^there\.test,you@there\.test,1,/);
  await bed.pass(HOUR);
  assert.deepEqual([sink.messages.length, (await waiting()).length], [1, 0]);
});

test('wishes for notices go along where the server knows them; else we tell', async () => {
  const before = (await notices()).length;
  const domain = newDomain();
  const recipients = [
    { address: `a@${domain}`, notify: ['SUCCESS', 'FAILURE'], originalRecipient: `rfc822;a+b@${domain}` },
    { address: `b@${domain}`, notify: 'NEVER' },
  ] as const;
  const queueIt = (): Promise<unknown> =>
    bed.outgoing.queue.enqueue(
      envelopeFrom('me@mail.test', { returnContent: 'HDRS', envelopeId: 'id+1' }),
      [{ destination: domain, recipients }],
      MESSAGE,
      { now: now() },
    );
  sink.options = { extensions: ['DSN', 'SIZE 100000'] };
  await queueIt();
  await bed.pass();
  assert.deepEqual(
    sink.lines.filter((line) => /^(MAIL|RCPT)/.test(line)),
    [
      `MAIL FROM:<me@mail.test> SIZE=${MESSAGE.length} RET=HDRS ENVID=id+2B1`,
      `RCPT TO:<a@${domain}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@${domain}`,
      `RCPT TO:<b@${domain}> NOTIFY=NEVER`,
    ],
  );
  assert.equal((await notices()).length, before);
});

test('without DSN at the next server, a wanted confirmation is ours to give', async () => {
  const before = (await notices()).length;
  await bed.outgoing.queue.enqueue(
    envelopeFrom('me@mail.test'),
    [{ destination: 'nodsn.test', recipients: [{ address: 'a@nodsn.test', notify: ['SUCCESS'] }] }],
    MESSAGE,
    { now: now() },
  );
  bed.mx['nodsn.test'] = ['mx.nodsn.test'];
  bed.hosts['mx.nodsn.test'] = ['127.0.0.1'];
  await bed.pass();
  const [report] = (await notices()).slice(before);
  assert.match(report ?? '', /Action: relayed/);
  assert.doesNotMatch(sink.lines.join('\n'), /NOTIFY/);
});

test('international addresses need SMTPUTF8; an international domain alone does not', async () => {
  bed.mx['xn--80aalaxjd5d.xn--c1avg'] = ['mx.there.test'];
  const raw = Buffer.from('Subject: привет\r\n\r\nтело\r\n');
  await send(['plain@уайлддак.орг'], 'me@mail.test', {}, raw);
  await bed.pass();
  assert.equal(
    sink.lines.find((line) => line.startsWith('RCPT')),
    'RCPT TO:<plain@xn--80aalaxjd5d.xn--c1avg>',
  );
  const before = (await notices()).length;
  await send(['андрис@уайлддак.орг'], 'me@mail.test', { smtpUtf8: true, body: '8BITMIME' }, raw);
  await bed.pass();
  const [report] = (await notices()).slice(before);
  assert.match(report ?? '', /SMTPUTF8/);
  assert.match(report ?? '', /message\/global-delivery-status[^]*Final-Recipient: utf-8; андрис@уайлддак\.орг/);
  bed.mx['utf8.test'] = ['mx.utf8.test'];
  bed.hosts['mx.utf8.test'] = ['127.0.0.1'];
  sink.options = { extensions: ['SMTPUTF8', '8BITMIME'] };
  await send(['андрис@utf8.test', 'ascii@utf8.test'], 'me@mail.test', { smtpUtf8: true, body: '8BITMIME' }, raw);
  await send(['ascii@utf8.test'], 'me@mail.test', { smtpUtf8: true, body: '8BITMIME' }, raw);
  await bed.pass();
  assert.deepEqual(
    sink.messages.slice(-2).map(({ to }) => to),
    [['андрис@utf8.test', 'ascii@utf8.test'], ['ascii@utf8.test']],
  );
  assert.deepEqual(sink.lines.filter((line) => line.startsWith('MAIL')).slice(-2), [
    'MAIL FROM:<me@mail.test> SMTPUTF8 BODY=8BITMIME',
    'MAIL FROM:<me@mail.test> BODY=8BITMIME SMTPUTF8',
  ]);
});

test('bare line ends are mended, binary is returned, a loop is ended', async () => {
  await send(['you@there.test'], 'me@mail.test', {}, Buffer.from('Subject: x\n\nbare\rends\r\n'));
  await bed.pass();
  assert.equal(sink.messages[0]?.raw, 'Subject: x\r\n\r\nbare\r\nends\r\n');
  const before = (await notices()).length;
  await send(['you@there.test'], 'me@mail.test', { body: 'BINARYMIME' }, Buffer.from('Subject: x\r\n\r\n\0\n\r\n'));
  await send(['you@there.test'], 'me@mail.test', {}, Buffer.from(`${'Received: x\r\n'.repeat(60)}\r\nx\r\n`));
  await bed.pass();
  assert.deepEqual(
    (await notices())
      .slice(before)
      .map((text) => /^Status: (.*)$/m.exec(text)?.[1]?.trim() ?? '')
      .toSorted((one, other) => one.localeCompare(other)),
    ['5.4.6', '5.6.1'],
  );
  assert.equal(sink.messages.length, 1);
});

test('one connection serves many messages, and a server that wants a new one gets it', async () => {
  const before = sink.connections();
  for (let count = 0; count < 30; count += 1) await send(['you@there.test']);
  await bed.pass();
  assert.equal(sink.messages.length, 30);
  assert.ok(sink.connections() - before <= 10, `${sink.connections() - before} connections`);
});

test('pause, hold, release, give up, another route', async () => {
  const { queue } = bed.outgoing;
  await queue.setPaused({ since: now(), reason: 'test' });
  await send([`you@${newDomain()}`]);
  await bed.pass();
  assert.equal(sink.messages.length, 0);
  await queue.setPaused(undefined);
  const [entry] = await queue.find({});
  const id = entry?.id ?? '';
  await queue.setState(id, 'held');
  await bed.pass();
  assert.equal(sink.messages.length, 0);
  await queue.setState(id, 'queued');
  await queue.setRoute(id, { host: 'other.test', port: sink.port });
  bed.hosts['other.test'] = ['127.0.0.1'];
  await bed.pass();
  assert.equal(sink.messages.length, 1);
  const before = (await notices()).length;
  sink.options = { onConnect: () => '421 busy' };
  await send([`you@${newDomain()}`]);
  await bed.pass();
  const [second] = await queue.find({});
  assert.equal(await queue.giveUp(second?.id ?? '', 'The administrator returned this message', now()), true);
  await bed.pass(2 * 60_000);
  assert.match((await notices()).slice(before).join(''), /The administrator returned this message/);
});
