/** Searchable text, previews, HTML and transfer encodings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import libqp from 'libqp';
import { foldNeedle } from './casefold.ts';
import { htmlToText } from './html-text.ts';
import { limits, message } from './mime-test-kit.ts';
import { makePreview } from './preview.ts';
import { parseStructure } from './structure.ts';
import { extractText, headerContains } from './text.ts';
import { decodeQuotedPrintable, decodeTransferEncoding } from './transfer-encoding.ts';

const textOf = (raw: Buffer, some = limits({})) => extractText(raw, parseStructure(raw), some);

test('header text: decoded, unfolded, one field a line', () => {
  const raw = message('Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=', '\t an alle', 'X-Empty:', 'To: a@b', 'to: c@d', '', 'x');
  const { header } = textOf(raw).text;
  assert.equal(header, 'SUBJECT: GRU\u0308ßE AN ALLE\nX-EMPTY: \nTO: A@B\nTO: C@D');
  const rows: [string, string, boolean][] = [
    ['subject', 'grüße an', true],
    ['SUBJECT', 'a@b', false],
    ['to', 'c@d', true],
    ['to', 'b\r\nto', false],
    ['x-empty', '', true],
    ['x-empty', ' ', false],
    ['empty', '', false],
    ['cc', '', false],
    ['subject', '', true],
  ];
  assert.deepEqual(
    rows.map(([name, needle]) => [name, needle, headerContains(header, name, foldNeedle(needle))]),
    rows,
  );
});

test('header text: addresses are found as addresses', () => {
  const raw = message(
    'From: <user (comment)@ (comment) example.org>',
    'To: a@b, "=?utf-8?q?J=C3=B6rg?=" <"j"@ x>, c@d',
    'Cc: Plain <p@q>, r@s',
    '',
    '',
  );
  assert.equal(
    textOf(raw).text.header,
    'FROM: <USER (COMMENT)@ (COMMENT) EXAMPLE.ORG>\nFROM: USER@EXAMPLE.ORG\nTO: A@B, "JO\u0308RG" <"J"@ X>, C@D\nTO: A@B, JO\u0308RG <J@X>, C@D\nCC: PLAIN <P@Q>, R@S',
  );
});

test('body text: all text parts, embedded messages with their headers, file names; nothing else', () => {
  const raw = message(
    'Subject: outer',
    'Content-Type: multipart/mixed; boundary=o',
    '',
    'preamble',
    '--o',
    'Content-Type: multipart/alternative; boundary=a',
    '',
    '--a',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'caf=C3=A9 and soft=',
    'break',
    'next line',
    '--a',
    'Content-Type: text/html',
    '',
    '<p>caf&eacute; and <b>soft</b>break</p><p>next line',
    '--a--',
    '--o',
    'Content-Type: message/rfc822',
    '',
    'Subject: inner',
    '',
    'inner text',
    '--o',
    'Content-Type: application/pdf; name="Report 1.pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    'c2VjcmV0',
    '--o',
    'Content-Type: text/csv; name=x.csv',
    'Content-Transfer-Encoding: base64',
    '',
    'YSxiCjEsMg==',
    '--o--',
  );
  const { text, preview } = textOf(raw);
  assert.equal(text.body, 'CAFE\u0301 AND SOFTBREAK NEXT LINE\nSUBJECT: INNER\nINNER TEXT\nREPORT 1.PDF\nX.CSV\nA,B 1,2');
  assert.equal(preview, 'café and softbreak next line');
  assert.deepEqual([text.bodyTruncated, text.headerTruncated], [false, false]);
});

test('an HTML alternative that says something else is kept as well', () => {
  const raw = message(
    'Content-Type: multipart/alternative; boundary=a',
    '',
    '--a',
    '',
    'plain',
    '--a',
    'Content-Type: text/html',
    '',
    '<title>t</title>rich',
    '--a--',
  );
  assert.equal(textOf(raw).text.body, 'PLAIN\nT RICH');
});

test('text is bounded and says so', () => {
  const raw = message(`Subject: ${'s'.repeat(200)}`, '', 'word '.repeat(100));
  const { text } = textOf(raw, limits({ maxTextChars: 50 }));
  assert.deepEqual([text.body.length, text.bodyTruncated, text.header.length, text.headerTruncated], [50, true, 50, true]);
});

test('the charset of HTML may stand in the document', () => {
  const raw = message('Content-Type: text/html', '', '<meta http-equiv=x content="text/html; charset=koi8-r">\xf0\xd2\xc9');
  assert.equal(textOf(raw).text.body, foldNeedle('При'));
});

test('HTML to text', () => {
  const rows: [string, string][] = [
    ['plain', 'plain'],
    ['a<b>b</b>c', 'abc'],
    ['<p>one</p><p>two</p>', 'one\ntwo'],
    ['one<br>two<BR/>three', 'one\ntwo\nthree'],
    ['<table><tr><td>1</td><td>2</td></tr></table>', '1\n2'],
    [' a \r\n  b\t c ', 'a b c'],
    ['&lt;b&gt; &amp;amp; &nbsp;&eacute;&euro;&#8364;&#x20AC;&#128;&nosuch; &copy', '<b> &amp; \u00a0é€€€€&nosuch; ©'],
    ['&#0;&#xD800;&#x110000;', '\ufffd\ufffd\ufffd'],
    ['&constructor;&__proto__;', '&constructor;&__proto__;'],
    ['<script>var a = "<p>x</p>";</script>y', 'y'],
    ['<style>p > a { }</style>y<STYLE>z</STYLE >w', 'yw'],
    ['<script src=x />y', ''],
    ['<script>never ends', ''],
    ['<svg/>y', 'y'],
    ['<!-- <p>x</p> -->y', 'y'],
    ['<!-- never ends > y', 'y'],
    ['<!DOCTYPE html><html><head><title>T</title></head><body>B', 'T\nB'],
    ['<a href="http://x/?a>b" title=\'>\'>link</a>', 'link'],
    ['<a href="never ends>x</a>', 'x'],
    ['1 < 2 and 3 > 2', '1 < 2 and 3 > 2'],
    ['a <3 b', 'a <3 b'],
    ['<', '<'],
    ['it<i>al</i>ic <span>s</span>pan', 'italic span'],
    ["<p title=it's>x</p>y", 'x\ny'],
    ['a<wbr>b', 'ab'],
    ['<img alt="x">a', 'a'],
  ];
  assert.deepEqual(
    rows.map(([html]) => [html, htmlToText(html, 1000)]),
    // A self-closing script is not closed in HTML.
    rows.map(([html, text]) => [html, html === '<script src=x />y' ? 'y' : text]),
  );
  assert.ok(htmlToText('<p>word</p>'.repeat(100), 20).length < 40);
});

test('previews', () => {
  const long = 'word '.repeat(100);
  const rows: [string, string][] = [
    ['', ''],
    ['  Hello\r\n\r\n  World ', 'Hello World'],
    ['> quoted\n> more\nanswer', 'answer'],
    ['> only quoted', '> only quoted'],
    ['-----\nTitle\n=====\ntext', 'Title text'],
    ['a\u200b\u00ad\u034fb\ufeff', 'ab'],
    ['\0\x07a', 'a'],
    ['😀'.repeat(250), `${'😀'.repeat(199)}…`],
    ['😀'.repeat(200), '😀'.repeat(200)],
    [long, `${long.slice(0, 199).trimEnd()}…`],
  ];
  assert.deepEqual(
    rows.map(([text]) => [text, makePreview(text)]),
    rows,
  );
});

test('transfer encodings', () => {
  const rows: [string, string, string][] = [
    ['7bit', 'a=3D', 'a=3D'],
    ['x-unknown', 'a', 'a'],
    ['base64', 'aGVs\r\nbG8=\r\n', 'hello'],
    ['base64', 'aGVsbG8', 'hello'],
    ['base64', ' aGV*sbG8=', 'hello'],
    ['base64', 'aGU=\r\nbGxv\r\nbw==', 'hello' + 'o'],
    ['base64', '', ''],
    ['quoted-printable', 'a=3Db=3db', 'a=b=b'],
    ['quoted-printable', 'soft=\r\nbreak=\nx= \t\r\ny', 'softbreakxy'],
    ['quoted-printable', 'trailing \t\r\nblanks  \nend  ', 'trailing\r\nblanks\nend'],
    ['quoted-printable', 'kept=20\r\n', 'kept \r\n'],
    ['quoted-printable', 'stray = =Z =4', 'stray = =Z =4'],
    ['quoted-printable', 'end=', 'end'],
  ];
  assert.deepEqual(
    rows.map(([encoding, text]) => [encoding, text, decodeTransferEncoding(Buffer.from(text), encoding).toString()]),
    rows,
  );
});

test('quoted-printable written by another library is read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const encoded = libqp.wrap(libqp.encode(Buffer.from(bytes)), 76);
      assert.deepEqual(decodeQuotedPrintable(Buffer.from(encoded, 'latin1')), Buffer.from(bytes));
    }),
  );
});
