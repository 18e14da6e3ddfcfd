import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzeMessage } from '../../mime/analyze.ts';
import type { OpenContent } from '../../operations/contract.ts';
import { messagePage, pagePolicy } from './message-page.ts';
import type { Row } from './rows.ts';

const source = `Content-Type: multipart/related; boundary=r

--r
Content-Type: text/html

<p onclick="x()">Hello</p><script>alert(1)</script><img src="cid:dot@here"><img src="https://tracker.example/p.gif" alt="logo">
<img src="cid:svg@here"><form action="https://evil.example"><input name="p"></form>
--r
Content-Type: image/png; name=dot.png
Content-ID: <dot@here>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--r
Content-Type: image/svg+xml; name=x.svg
Content-ID: <svg@here>
Content-Transfer-Encoding: base64

PHN2Zy8+
--r--
`;

async function pageOf(text: string, options = { images: false, dark: false }): Promise<string> {
  const raw = Buffer.from(text.replaceAll('\n', '\r\n'));
  const { parts, attachments } = analyzeMessage(raw);
  const content = {
    parts,
    readAll: (start: number, end: number) => Promise.resolve(raw.subarray(start, end)),
  } as unknown as OpenContent;
  return messagePage(content, { summary: { attachments } } as unknown as Row, options);
}

test('a page holds its own pictures, none from elsewhere, and nothing that acts', async () => {
  const page = await pageOf(source);
  assert.match(page, /<img src="data:image\/png;base64,iVBORw0KGgo="/);
  assert.match(page, /<img alt="logo" ?\/?>/);
  assert.doesNotMatch(page, /tracker|script|onclick|form|svg/);
  assert.match(await pageOf(source, { images: true, dark: true }), /src="https:\/\/tracker\.example\/p\.gif"/);
});

test('HTML stays on white, plain text follows the colours', async () => {
  assert.match(await pageOf(source, { images: false, dark: true }), /color-scheme:light/);
  assert.match(await pageOf('Subject: x\n\nwords\n', { images: false, dark: true }), /color-scheme:dark.*<p>words/);
});

test('the policy lets pictures from elsewhere in only when asked', () => {
  assert.match(pagePolicy(false), /^sandbox [^;]*; default-src 'none'.*img-src data:;/);
  assert.match(pagePolicy(true), /img-src data: https: http:;/);
  assert.doesNotMatch(pagePolicy(true), /allow-scripts|allow-same-origin/);
});
