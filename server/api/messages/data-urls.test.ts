import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extractDataUrls, readDataUrl } from './data-urls.ts';

test('data URLs', () => {
  const read = (url: string) => {
    const found = readDataUrl(url);
    return found === undefined ? undefined : [found.contentType, found.content.toString()];
  };
  assert.deepEqual(read('data:image/png;base64,aGFsbG8='), ['image/png', 'hallo']);
  assert.deepEqual(read('data:text/plain;charset=utf-8,gr%C3%BCn'), ['text/plain', 'grün']);
  assert.deepEqual(read('data:,x'), ['text/plain', 'x']);
  assert.deepEqual([read('https://example.com/'), read('data:,%zz'), read('data:image/png')], [undefined, undefined, undefined]);
});

test('images in the text become attachments', () => {
  const { html, attachments } = extractDataUrls(
    `<p><IMG alt="a > b" data-filename='dot.png' src='data:image/png;base64,eA=='><img src="https://example.com/x.png"> data:image/png;base64,eA==</p>`,
    'example.com',
  );
  assert.match(
    html,
    /^<p><IMG alt="a > b" src="cid:[0-9a-f-]{36}@example\.com"><img src="https:\/\/example\.com\/x\.png"> data:/,
  );
  assert.deepEqual(
    attachments.map(({ content, contentType, filename, cid }) => [
      String(content),
      contentType,
      filename,
      html.includes(`cid:${cid}`),
    ]),
    [['x', 'image/png', 'dot.png', true]],
  );
});

test('a hostile text costs no time', () => {
  const text = `data:${'<img '.repeat(50_000)}`;
  assert.equal(extractDataUrls(text, 'example.com').html, text);
});
