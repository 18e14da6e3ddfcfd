import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzeMessage } from '../../mime/analyze.ts';
import { decodePartTable } from '../../mime/part-table.ts';
import type { OpenContent } from '../../operations/contract.ts';
import { readTexts, safeHtml, textAsHtml } from './text-parts.ts';

async function textsOf(source: string) {
  const raw = Buffer.from(source.replaceAll('\n', '\r\n'));
  const analyzed = analyzeMessage(raw);
  const content = {
    readAll: (start: number, end: number) => Promise.resolve(raw.subarray(start, end)),
  } as unknown as OpenContent;
  return readTexts(content, decodePartTable(analyzed.parts), analyzed.attachments);
}

test('plain text is text and HTML', async () => {
  const { text, html } = await textsOf(
    'Subject: x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe <b>\nsee https://example.org/a?b=1.\n',
  );
  assert.equal(text, 'Grüße <b>\nsee https://example.org/a?b=1.\n');
  assert.deepEqual(html, [
    '<p>Grüße &lt;b&gt;<br/>see <a href="https://example.org/a?b=1">https://example.org/a?b=1</a>.<br/></p>',
  ]);
});

test('of alternatives the plain one is text, the HTML one HTML; its images are attachments; files are none of the body', async () => {
  const { text, html } = await textsOf(`Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain

plain words
--a
Content-Type: multipart/related; boundary=r

--r
Content-Type: text/html

<p>rich words <img src="cid:pic@x"></p><script>alert(1)</script>
--r
Content-Type: image/png
Content-ID: <pic@x>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--r--
--a--
--m
Content-Type: text/plain; name=notes.txt
Content-Disposition: attachment; filename=notes.txt

not shown
--m
Content-Type: text/plain

footer
--m--
`);
  assert.equal(text, 'plain words\nfooter');
  assert.deepEqual(html, ['<p>rich words <img src="attachment:ATT00001"></p>', '<p>footer</p>']);
});

test('HTML alone gives text as well', async () => {
  const { text, html } = await textsOf('Content-Type: text/html\n\n<div>One</div><div>Two &amp; three</div>');
  assert.equal(text, 'One\nTwo & three');
  assert.deepEqual(html, ['<div>One</div><div>Two &amp; three</div>']);
});

test('HTML can neither run nor reach out', () => {
  const table: readonly (readonly [string, string])[] = [
    ['<a href="javascript:alert(1)">x</a>', '<a target="_blank" rel="noopener noreferrer">x</a>'],
    ['<img src=x onerror=alert(1)>', '<img src="x">'],
    ['<p style="position:fixed;color:red">x</p>', '<p style="color:red">x</p>'],
    ['<p style="background:url(https://e.example/x)">x</p>', '<p>x</p>'],
    ['<iframe src="https://e.example"></iframe><object data=x></object><form action=x><input></form>', ''],
    ['<svg><script>alert(1)</script></svg>', ''],
    ['<style>body{display:none}</style><b>x</b>', '<b>x</b>'],
    ['<img src="cid:unknown">', '<img>'],
  ];
  for (const [html, safe] of table) assert.equal(safeHtml(html, new Map()), safe, html);
  assert.equal(textAsHtml(' \n'), '');
});
