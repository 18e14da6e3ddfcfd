/** Eight-bit mail for servers that take only seven bits. */
import assert from 'node:assert/strict';
import { isAscii } from 'node:buffer';
import { after, afterEach, before, test } from 'node:test';
import { authenticate } from 'mailauth';
import { simpleParser } from 'mailparser';
import { envelopeFrom } from '../harness/envelopes.ts';
import { openMailBed, type MailBed } from '../harness/mail-bed.ts';
import { freePort } from '../harness/servers.ts';
import { startSmtpSink, type SmtpSink } from '../harness/smtp-sink.ts';

let bed: MailBed;
let sink: SmtpSink;
let record: string;
let me: Awaited<ReturnType<MailBed['addUser']>>;

before(async () => {
  const port = await freePort();
  bed = await openMailBed({ config: { outbound: { port } } });
  sink = await startSmtpSink({ port });
  me = await bed.addUser('me@mail.test');
  for (const domain of ['seven.test', 'eight.test']) bed.mx[domain] = ['mx.there.test'];
  bed.hosts['mx.there.test'] = ['127.0.0.1'];
  const key = await bed.store.flow.dkim.put({ domain: 'mail.test', selector: 's1' });
  record = key.dnsTxt.value;
});
after(async () => {
  await bed.close();
  await sink.close();
});
afterEach(() => {
  sink.messages.length = 0;
  sink.options = {};
});

const head = 'From: me@mail.test\r\nTo: you@seven.test\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n';
const text = Buffer.from(
  `${head}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße aus Köln\r\n`,
);
const signed = Buffer.from(
  `${head}Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nGrüße\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n`,
);
const send = async (to: string, raw: Buffer, more: object = {}): Promise<void> => {
  await bed.outgoing.dispatch.sendTo(envelopeFrom('me@mail.test', { body: '8BITMIME', ...more }), [to], raw, {
    now: new Date(bed.clock.ms),
  });
  await bed.pass();
};
const bounce = async (): Promise<string> => (await bed.texts(me)).at(-1) ?? '';

test('a server without 8BITMIME gets seven bits that read the same and are signed; one with it gets the bytes as they are', async () => {
  await send('you@seven.test', text);
  const raw = Buffer.from(sink.messages[0]?.raw ?? '', 'latin1');
  assert.ok(isAscii(raw));
  assert.match((await simpleParser(raw)).text ?? '', /Grüße aus Köln/);
  assert.ok(!sink.lines.some((line) => line.includes('BODY=8BITMIME')));
  const { dkim } = await authenticate(raw, {
    ip: '192.0.2.1',
    helo: 'x',
    mta: 'far.test',
    disableBimi: true,
    resolver: async (name) => {
      if (name === 's1._domainkey.mail.test') return [[record]];
      throw Object.assign(new Error('absent'), { code: 'ENOTFOUND' });
    },
  });
  assert.equal(dkim.results[0]?.status.result, 'pass');

  sink.options = { extensions: ['8BITMIME'] };
  await send('you@eight.test', text);
  assert.ok(sink.messages[1]?.raw.includes('Content-Transfer-Encoding: 8bit'));
  assert.ok(sink.lines.some((line) => line.includes('BODY=8BITMIME')));
});

test('what is signed comes back instead of being changed', async () => {
  await send('you@seven.test', signed);
  assert.deepEqual(sink.messages, []);
  assert.match(await bounce(), /Status: 5\.6\.3/);
});

test('international addresses and header fields come back from a server without SMTPUTF8', async () => {
  sink.options = { extensions: ['8BITMIME'] };
  await send('андрис@eight.test', text, { smtpUtf8: true });
  assert.match(await bounce(), /Status: 5\.6\.7/);
  await send('you@eight.test', Buffer.concat([Buffer.from('X-Name: Köln\r\n'), text]), { smtpUtf8: true });
  assert.match(await bounce(), /Status: 5\.6\.9/);
});
