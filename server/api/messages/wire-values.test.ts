import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentTypeOf, readWireValue } from './wire-values.ts';

test('the wire form is read back', () => {
  const table: readonly (readonly [string, unknown])[] = [
    [
      '("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 12 1)',
      ['TEXT', 'PLAIN', ['CHARSET', 'utf-8'], null, null, '7BIT', 12, 1],
    ],
    ['("a\\"b\\\\c" {3}\r\nx)y nil)', ['a"b\\c', 'x)y', null]],
    ['()', []],
    ['("open', undefined],
    ['((((', undefined],
    ['{99}\r\nshort', undefined],
  ];
  for (const [text, value] of table) assert.deepEqual(readWireValue(Buffer.from(text)), value, text);
  assert.equal(readWireValue(Buffer.from('('.repeat(100_000))), undefined);
});

test('Content-Type of a leaf and of a multipart', () => {
  const leaf = '("TEXT" "HTML" ("CHARSET" "utf-8" "FORMAT" "flowed") NIL NIL "7BIT" 12 1)';
  assert.deepEqual(contentTypeOf(Buffer.from(leaf)), { value: 'text/html', params: { charset: 'utf-8', format: 'flowed' } });
  assert.deepEqual(contentTypeOf(Buffer.from(`(${leaf}${leaf} "ALTERNATIVE" ("BOUNDARY" "x-1") NIL NIL)`)), {
    value: 'multipart/alternative',
    params: { boundary: 'x-1' },
  });
  const tricky = '("TEXT" "PLAIN" ("NAME" "a)\\"(b" "X" {3}\r\n((() NIL NIL "7BIT" 1 1)';
  assert.deepEqual(contentTypeOf(Buffer.from(`((${tricky}${leaf} "MIXED" NIL)${leaf} "RELATED" ("B" "2"))`)), {
    value: 'multipart/related',
    params: { b: '2' },
  });
  for (const cut of ['((', '((("', '(("x" {9}\r\n', '(', '((NIL) '])
    assert.equal(typeof contentTypeOf(Buffer.from(cut)).value, 'string', cut);
  assert.deepEqual(contentTypeOf(Buffer.from('nonsense')), { value: 'text/plain', params: {} });
});
