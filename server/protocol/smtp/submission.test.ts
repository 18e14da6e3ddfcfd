/** Ports 587 and 465 for users. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import tls from 'node:tls';
import { selfSigned } from '../../../test/harness/self-signed.ts';
import { TlsContexts } from '../../base/tls-contexts.ts';
import { LineClient } from '../../delivery/delivery-test-kit.ts';
import { bed, clients, loggedIn, ready, send } from './smtp-test-kit.ts';

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
