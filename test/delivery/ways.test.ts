/** Ways out other than the recipients' own servers: a relay, routes by domain, and the mailbox that catches everything. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PartialConfig } from '../../server/config/schema.ts';
import { envelopeFrom } from '../harness/envelopes.ts';
import { openMailBed, type MailBed } from '../harness/mail-bed.ts';
import { selfSigned } from '../harness/self-signed.ts';
import { startSmtpSink, type SinkOptions, type SmtpSink } from '../harness/smtp-sink.ts';

const MESSAGE = Buffer.from('From: me@mail.test\r\nSubject: Hello\r\n\r\nbody\r\n');
const beds: MailBed[] = [];
const sinks: SmtpSink[] = [];
after(async () => {
  await Promise.all(beds.map((bed) => bed.close()));
  await Promise.all(sinks.map((sink) => sink.close()));
});

async function bedWith(outbound: PartialConfig['outbound']): Promise<MailBed> {
  const bed = await openMailBed({ config: { outbound } });
  beds.push(bed);
  return bed;
}

async function sinkWith(options: SinkOptions = {}): Promise<SmtpSink> {
  const sink = await startSmtpSink(options);
  sinks.push(sink);
  return sink;
}

async function send(bed: MailBed, to: readonly string[], from = 'me@mail.test'): Promise<void> {
  await bed.outgoing.dispatch.sendTo(envelopeFrom(from), to, MESSAGE, { now: new Date(bed.clock.ms) });
  await bed.pass();
}

test('a relay gets everything, after login over TLS; MX records are nobody’s business', async () => {
  const certificate = await selfSigned('relay.test');
  const sink = await sinkWith({ certificate, extensions: ['AUTH PLAIN'] });
  const relay = { host: 'relay.test', port: sink.port, username: 'me', password: 'secret', verifyCertificate: false };
  const bed = await bedWith({ mode: 'relay', relay });
  bed.hosts['relay.test'] = ['127.0.0.1'];
  await send(bed, ['a@one.test', 'b@two.test']);
  assert.deepEqual(
    sink.messages.map(({ to, tls, auth }) => [to.join(), tls, auth]).toSorted((a, b) => String(a).localeCompare(String(b))),
    [
      ['a@one.test', true, '\0me\0secret'],
      ['b@two.test', true, '\0me\0secret'],
    ],
  );
});

test('a relay whose certificate is not good gets no password', async () => {
  const sink = await sinkWith({ certificate: await selfSigned('relay.test'), extensions: ['AUTH PLAIN'] });
  const bed = await bedWith({
    mode: 'relay',
    relay: { host: 'relay.test', port: sink.port, username: 'me', password: 'secret' },
  });
  bed.hosts['relay.test'] = ['127.0.0.1'];
  await send(bed, ['a@one.test']);
  assert.deepEqual([sink.messages.length, sink.lines.filter((line) => line.startsWith('AUTH'))], [0, []]);
  const [entry] = await bed.outgoing.queue.find({});
  assert.match(entry?.last?.text ?? '', /self-signed certificate/);
  assert.deepEqual(entry?.recipients, [{ address: 'a@one.test' }]);
});

test('routes by sender’s and by recipient’s domain come before the mode', async () => {
  const [direct, byRecipient, bySender] = [await sinkWith(), await sinkWith(), await sinkWith()];
  const relayTo = ({ port }: SmtpSink) => ({ host: '127.0.0.1', port, tls: 'none' as const });
  const bed = await bedWith({
    port: direct.port,
    routes: [
      { recipientDomain: '.partner.test', relay: relayTo(byRecipient) },
      { senderDomain: 'shop.test', relay: relayTo(bySender) },
    ],
  });
  bed.mx['else.test'] = ['mx.else.test'];
  bed.hosts['mx.else.test'] = ['127.0.0.1'];
  await send(bed, ['a@sub.partner.test', 'b@else.test']);
  await send(bed, ['c@else.test', 'd@sub.partner.test'], 'orders@shop.test');
  const got = (sink: SmtpSink): string[] => sink.messages.flatMap(({ to }) => to).toSorted((a, b) => a.localeCompare(b));
  assert.deepEqual(
    [got(direct), got(byRecipient), got(bySender)],
    [['b@else.test'], ['a@sub.partner.test', 'd@sub.partner.test'], ['c@else.test']],
  );
});

test('in test mode nothing leaves: one mailbox gets it, and is told for whom it was', async () => {
  const sink = await sinkWith();
  const bed = await bedWith({ mode: 'catch', catchAddress: 'admin@mail.test', port: sink.port });
  bed.mx['there.test'] = ['mx.there.test'];
  bed.hosts['mx.there.test'] = ['127.0.0.1'];
  const admin = await bed.addUser('admin@mail.test');
  const friend = await bed.addUser('friend@mail.test');
  await send(bed, ['a@there.test', 'b@there.test', 'friend@mail.test']);
  assert.equal(sink.connections(), 0);
  const [caught, ...more] = await bed.texts(admin);
  assert.match(caught ?? '', /^X-Caught-For: a@there\.test,\r\n\tb@there\.test\r\nFrom: me@mail\.test\r\n/m);
  assert.deepEqual(more, []);
  assert.equal((await bed.texts(friend)).length, 1, 'mail between users here is no outgoing mail');
  assert.deepEqual(await bed.outgoing.queue.find({}), []);
});

test('caught without a mailbox to catch it: it waits', async () => {
  const bed = await bedWith({ mode: 'catch' });
  await send(bed, ['a@there.test']);
  const [entry] = await bed.outgoing.queue.find({});
  assert.match(entry?.last?.text ?? '', /no mailbox is set to catch it/);
});
