import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBodyStructures } from './body-structure.ts';
import { DEFAULT_MIME_LIMITS } from './limits.ts';
import { assertBody, message, parseImap } from './mime-test-kit.ts';
import { parseStructure } from './structure.ts';

function wire(raw: Buffer): { body: string; full: string } {
  const { body, bodyStructure } = encodeBodyStructures(raw, parseStructure(raw), DEFAULT_MIME_LIMITS);
  assert.equal(assertBody(parseImap(body), false), assertBody(parseImap(bodyStructure), true));
  return { body: body.toString('latin1'), full: bodyStructure.toString('latin1') };
}

const TABLE: readonly { name: string; raw: Buffer; body: string; full: string }[] = [
  {
    name: 'no MIME at all',
    raw: message('Subject: x', '', 'a', 'b'),
    body: '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 2)',
    full: '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 2 NIL NIL NIL NIL)',
  },
  {
    name: 'text without charset but with a parameter',
    raw: message('Content-Type: text/plain; format=flowed', '', 'a'),
    body: '("text" "plain" ("format" "flowed" "charset" "us-ascii") NIL NIL "7bit" 3 1)',
    full: '("text" "plain" ("format" "flowed" "charset" "us-ascii") NIL NIL "7bit" 3 1 NIL NIL NIL NIL)',
  },
  {
    name: 'every field',
    raw: message(
      'Content-Type: application/x; a="1 2"; b=',
      'Content-ID: <i@x>',
      'Content-Description: d "q"',
      'Content-Transfer-Encoding: base64',
      'Content-MD5: abc=',
      'Content-Disposition: attachment; filename="x.y"; size=3',
      'Content-Language: en,fr',
      'Content-Location: loc',
      '',
      'YWJj',
    ),
    body: '("application" "x" ("a" "1 2" "b" "") "<i@x>" "d \\"q\\"" "base64" 6)',
    full: '("application" "x" ("a" "1 2" "b" "") "<i@x>" "d \\"q\\"" "base64" 6 "abc=" ("attachment" ("filename" "x.y" "size" "3")) ("en" "fr") "loc")',
  },
  {
    name: 'empty fields are empty, not NIL; an empty disposition is none',
    raw: message(
      'Content-Type: a/b',
      'Content-ID:',
      'Content-Description: ',
      'Content-Transfer-Encoding:',
      'Content-Disposition:',
      'Content-Language:',
      '',
    ),
    body: '("a" "b" NIL "" "" "7bit" 0)',
    full: '("a" "b" NIL "" "" "7bit" 0 NIL NIL NIL NIL)',
  },
  {
    name: 'a disposition without parameters',
    raw: message('Content-Type: a/b', 'Content-Disposition: inline', ''),
    body: '("a" "b" NIL NIL NIL "7bit" 0)',
    full: '("a" "b" NIL NIL NIL "7bit" 0 NIL ("inline" NIL) NIL NIL)',
  },
  {
    name: 'RFC 2231 continuations are joined, the encoding stays',
    raw: message('Content-Type: a/b', 'Content-Disposition: attachment; filename*0*=utf-8\'\'%C3%A4; filename*1="b c"', ''),
    body: '("a" "b" NIL NIL NIL "7bit" 0)',
    full: '("a" "b" NIL NIL NIL "7bit" 0 NIL ("attachment" ("filename*" "utf-8\'\'%C3%A4b%20c")) NIL NIL)',
  },
  {
    name: '8-bit parameters are literals',
    raw: message('Content-Type: a/b; name="\xe4"', ''),
    body: '("a" "b" ("name" {1}\r\n\xe4) NIL NIL "7bit" 0)',
    full: '("a" "b" ("name" {1}\r\n\xe4) NIL NIL "7bit" 0 NIL NIL NIL NIL)',
  },
  {
    name: 'a multipart with its extension data',
    raw: message(
      'Content-Type: multipart/mixed; boundary=b',
      'Content-Language: de',
      'Content-Location: l',
      'Content-Disposition: inline',
      '',
      '--b',
      '',
      'x',
      '--b',
      'Content-Type: image/gif',
      '',
      '--b--',
    ),
    body: '(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 1 0)("image" "gif" NIL NIL NIL "7bit" 0) "mixed")',
    full: '(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 1 0 NIL NIL NIL NIL)("image" "gif" NIL NIL NIL "7bit" 0 NIL NIL NIL NIL) "mixed" ("boundary" "b") ("inline" NIL) ("de") "l")',
  },
  {
    name: 'a multipart without parts gets one, since the grammar wants one',
    raw: message('Content-Type: multipart/mixed; boundary=b', '', '--b--'),
    body: '(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0) "mixed")',
    full: '(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL)',
  },
];

for (const { name, raw, body, full } of TABLE) {
  test(`body structure: ${name}`, () => assert.deepEqual(wire(raw), { body, full }));
}

test('body structure: an embedded message has envelope, body and lines', () => {
  const inner = message('Subject: s', 'From: a@b', '', 'x', 'y');
  const raw = Buffer.concat([message('Content-Type: message/rfc822', ''), inner]);
  const address = '((NIL NIL "a" "b"))';
  const envelope = `(NIL "s" ${address} ${address} ${address} NIL NIL NIL NIL NIL)`;
  const text = '"text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 2';
  assert.deepEqual(wire(raw), {
    body: `("message" "rfc822" NIL NIL NIL "7bit" ${inner.length} ${envelope} (${text}) 5)`,
    full: `("message" "rfc822" NIL NIL NIL "7bit" ${inner.length} ${envelope} (${text} NIL NIL NIL NIL) 5 NIL NIL NIL NIL)`,
  });
});
