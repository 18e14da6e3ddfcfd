import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { foldCase, foldNeedle, joinLines } from './casefold.ts';

test('i;unicode-casemap', () => {
  const rows: [string, string][] = [
    ['Hello, World 1!', 'HELLO, WORLD 1!'],
    ['é', 'E\u0301'],
    ['É', 'E\u0301'],
    ['e\u0301', 'E\u0301'],
    ['ß', 'ß'],
    ['Ǆ', 'Dz\u030c'],
    ['ǆ', 'Dz\u030c'],
    ['ﬁ', 'fi'],
    ['Ａ', 'A'],
    ['ａ', 'A'],
    ['ſ', 'S'],
    ['ς', 'Σ'],
    ['ᾳ', 'Α\u0345'],
    ['ა', 'ა'],
    ['한', '한'],
    ['я', 'Я'],
    ['й', 'И\u0306'],
    ['𐐨', '𐐀'],
    ['𝐚', 'a'],
    ['\u00a0', ' '],
    ['\ud800', '\ud800'],
    ['日本', '日本'],
  ];
  assert.deepEqual(
    rows.map(([text]) => [text, foldCase(text)]),
    rows,
  );
});

test('folding works character by character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      assert.equal(foldCase(a + b), foldCase(a) + foldCase(b));
    }),
  );
});

test('a needle finds what the text says across a line end', () => {
  const text = foldCase(joinLines('Hello \r\n  World,\r\n\r\nhow  are\tyou\0?\n'));
  assert.equal(text, 'HELLO WORLD, HOW  ARE\tYOU?');
  const found = ['hello world', 'O\r\nW', 'world, how', 'how  are', 'are\tyou', 'you?'].map((needle) =>
    text.includes(foldNeedle(needle)),
  );
  assert.deepEqual(found, [true, true, true, true, true, true]);
  assert.equal(text.includes(foldNeedle('how are')), false);
  assert.equal(foldNeedle(' x '), ' X ');
});
