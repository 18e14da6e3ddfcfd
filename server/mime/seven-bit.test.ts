import assert from 'node:assert/strict';
import { isAscii } from 'node:buffer';
import { test } from 'node:test';
import { simpleParser } from 'mailparser';
import { toSevenBit } from './seven-bit.ts';

const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'));

test('plain text in eight bits is quoted-printable afterwards, and reads the same', async () => {
  const raw = crlf(
    `Subject: x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße = schön\n.\n${'ä'.repeat(200)} \nEnd\n`,
  );
  const seven = toSevenBit(raw);
  assert.ok(seven !== undefined && isAscii(seven));
  assert.ok(
    String(seven)
      .split('\r\n')
      .every((line) => line.length <= 76),
  );
  assert.equal((await simpleParser(seven)).text, (await simpleParser(raw)).text);
  assert.equal([...String(seven).matchAll(/content-transfer-encoding/gi)].length, 1);
});

test('without MIME fields the text is said to be UTF-8', async () => {
  const seven = toSevenBit(crlf('Subject: x\n\nGrüße\n'));
  assert.match(
    String(seven),
    /^Subject: x\r\nMIME-Version: 1\.0\r\nContent-Type: text\/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n/,
  );
});

test('only the parts with eight bits are changed, at any depth; containers say seven', async () => {
  const raw = crlf(
    [
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      'Content-Transfer-Encoding: 8bit',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'plain',
      '--b',
      'Content-Type: application/octet-stream',
      'Content-Transfer-Encoding: 8bit',
      '',
      'bin ö',
      '--b',
      'Content-Type: message/rfc822',
      'Content-Transfer-Encoding: 8bit',
      '',
      'Subject: inside',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      '<p>ö</p>',
      '--b--',
      '',
    ].join('\n'),
  );
  const seven = toSevenBit(raw);
  assert.ok(seven !== undefined && isAscii(seven));
  const text = String(seven);
  assert.deepEqual(
    [...text.matchAll(/^Content-Transfer-Encoding: (.*)\r$/gim)].map(([, value]) => value),
    ['7bit', 'base64', '7bit', 'quoted-printable'],
  );
  assert.ok(text.includes('\r\n\r\nplain\r\n--b'));
  assert.ok(text.includes(Buffer.from('bin ö').toString('base64')));
  assert.ok(text.includes('<p>=C3=B6</p>'));
});

test('what is signed, or is not what it says, is not touched', () => {
  const signed = crlf(
    'Content-Type: multipart/signed; boundary=b; protocol="application/pgp-signature"\n\n--b\nContent-Type: text/plain\n\nö\n--b\nContent-Type: application/pgp-signature\n\nsig\n--b--\n',
  );
  assert.equal(toSevenBit(signed), undefined);
  assert.equal(toSevenBit(crlf('Content-Transfer-Encoding: base64\n\nöööö\n')), undefined);
  const ascii = crlf('Subject: x\n\nplain\n');
  assert.equal(toSevenBit(ascii), ascii);
});
