import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { decodeCharset, isKnownCharset } from './charset.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('charsets', () => {
  const rows: [string, string | undefined, string][] = [
    ['61', undefined, 'a'],
    ['c3a4', undefined, 'ä'],
    ['e4', undefined, 'ä'],
    ['80', undefined, '€'],
    ['c3a4', 'us-ascii', 'ä'],
    ['80', 'iso-8859-1', '€'],
    // Text that is valid UTF-8 is UTF-8, whatever a careless program says.
    ['c3a4', 'iso-8859-1', 'ä'],
    ['a4', 'ISO-8859-15', '€'],
    ['e4ff', 'utf-8', '\ufffd\ufffd'],
    ['e4', 'no-such-charset', 'ä'],
    ['e4', '"utf8"', '\ufffd'],
    ['61 80', 'windows-1252', 'a€'],
    ['cff0e8e2e5f2', 'windows-1251', 'Привет'],
    ['1b24 42 46 7c 4b 5c 1b28 42', 'ISO-2022-JP', '日本'],
    ['93fa967b', 'Shift_JIS', '日本'],
    ['c6fccbdc', 'euc-jp', '日本'],
    ['d6d0cec4', 'gb2312', '中文'],
    ['8130 8134', 'gb18030', '\u0084'],
    ['2b41 4f51 2d', 'utf-7', 'ä'],
    ['fffe e400', 'utf-16', 'ä'],
    ['00e4', 'utf-16be', 'ä'],
    ['e1', 'iso-8859-7', 'α'],
    ['f9', 'iso-8859-8-i', 'ש'],
    ['a1', 'tis-620', 'ก'],
  ];
  assert.deepEqual(
    rows.map(([bytes, label]) => [bytes, label, decodeCharset(hex(bytes), label)]),
    rows,
  );
});

test('no bytes and no label throw', () => {
  const labels = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      'utf-7',
      'utf-16',
      'utf-32',
      'iso-2022-jp',
      'iso-2022-kr',
      'hz-gb-2312',
      'big5',
      'euc-jp',
      'gb18030',
      'cp949',
      'x-mac-cyrillic',
      'ibm850',
      'koi8-u',
      '__proto__',
      'constructor',
    ),
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.option(labels, { nil: undefined }),
      (bytes, label) => typeof decodeCharset(Buffer.from(bytes), label) === 'string',
    ),
  );
});

test('text comes through charsets unchanged', () => {
  const text = fc.array(fc.constantFrom(...'日本語のテキスト漢字仮名'.split('')), { maxLength: 30 }).map((all) => all.join(''));
  fc.assert(
    fc.property(text, fc.constantFrom('shift_jis', 'euc-jp', 'utf-16le', 'utf-8'), (value, charset) => {
      assert.equal(decodeCharset(iconv.encode(value, charset), charset), value);
    }),
  );
});

test('known charsets', () => {
  assert.deepEqual(
    ['UTF-8', 'us-ascii', 'ISO-8859-1', 'iso-2022-jp', 'windows-1251', 'Big5', 'nonsense', ''].map(isKnownCharset),
    [true, true, true, true, true, true, false, false],
  );
});
