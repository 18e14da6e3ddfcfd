import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasBareLineEnds, normalizeLineEnds } from './line-ends.ts';

test('every line end becomes CRLF, and nothing else changes', () => {
  const table: readonly (readonly [string, string])[] = [
    ['', ''],
    ['a\r\nb\r\n', 'a\r\nb\r\n'],
    ['a\nb', 'a\r\nb'],
    ['a\rb', 'a\r\nb'],
    ['\r\r\n\n', '\r\n\r\n\r\n'],
    ['\n\r', '\r\n\r\n'],
  ];
  for (const [from, to] of table) assert.equal(normalizeLineEnds(Buffer.from(from)).toString(), to, JSON.stringify(from));
});

test('what was mended needs no mending', () => {
  const pieces = fc.array(fc.constantFrom('\r', '\n', '\r\n', 'x', '.'), { maxLength: 40 });
  fc.assert(
    fc.property(pieces, (parts) => {
      const raw = Buffer.from(parts.join(''));
      const mended = normalizeLineEnds(raw);
      assert.equal(hasBareLineEnds(mended), false);
      assert.equal(hasBareLineEnds(raw), !mended.equals(raw));
      assert.equal(mended.toString().replace(/[\r\n]/g, ''), raw.toString().replace(/[\r\n]/g, ''));
    }),
  );
});
