import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeSubmitted } from './submitted-message.ts';

const context = { hostname: 'mail.test', nowMs: Date.UTC(2026, 0, 2, 3, 4, 5), defaultFrom: 'user@mail.test' };

test('a complete message stays as it is', () => {
  const raw = Buffer.from(
    'From: A <a@mail.test>\r\nDate: x\r\nMessage-Id: <1@x>\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\r\nBcc: body\nbare\r\n',
  );
  const completed = completeSubmitted(raw, context);
  assert.equal(completed.raw, raw);
  assert.deepEqual([completed.messageId, completed.subject, completed.from], ['<1@x>', 'grüße', ['a@mail.test']]);
});

test('what is missing is added, Bcc is taken out with its continuation lines', () => {
  const { raw, messageId } = completeSubmitted(
    Buffer.from('Bcc: x@y\r\nTo: b@c\r\nBCC: one@y,\r\n two@y\r\nSubject: s\r\n\r\nbody\r\n'),
    context,
  );
  assert.match(messageId, /^<[0-9a-f]{32}@mail\.test>$/);
  assert.equal(
    raw.toString(),
    `Message-ID: ${messageId}\r\nDate: Fri, 02 Jan 2026 03:04:05 +0000\r\nFrom: <user@mail.test>\r\nTo: b@c\r\nSubject: s\r\n\r\nbody\r\n`,
  );
});

test('a text without a header gets one', () => {
  const { raw } = completeSubmitted(Buffer.from('just text\r\nmore\r\n'), context);
  assert.match(raw.toString(), /^Message-ID: .*\r\nDate: .*\r\nFrom: <user@mail\.test>\r\n\r\njust text\r\nmore\r\n$/);
  assert.match(completeSubmitted(Buffer.alloc(0), context).raw.toString(), /^Message-ID: /);
});

test('every From counts', () => {
  const { from } = completeSubmitted(Buffer.from('From: a@x, "b" <b@y>\r\nFrom: c@z\r\n\r\n'), context);
  assert.deepEqual(from, ['a@x', 'b@y', 'c@z']);
});
