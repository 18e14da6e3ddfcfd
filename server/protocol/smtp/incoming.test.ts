/** Port 25 for the world. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Screen } from '../../delivery/spam/screen.ts';
import type { CheckResult } from '../../delivery/hooks.ts';
import { bed, printer, ready, send } from './smtp-test-kit.ts';

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
