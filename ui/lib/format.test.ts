import { expect, test } from 'vitest';
import { formats, tryBytes } from './format.ts';

test.each([
  ['5 GB', 5 * 1024 ** 3],
  ['500mb', 500 * 1024 ** 2],
  ['1,5 g', 1.5 * 1024 ** 3],
  ['10 KiB', 10_240],
  ['12', 12],
  ['a lot', undefined],
  ['-1 GB', undefined],
  ['', undefined],
])('%s is %s bytes', (text, bytes) => {
  expect(tryBytes(text)).toBe(bytes);
});

test.each([
  [0, '0 B'],
  [1023, '1,023 B'],
  [1024, '1 kB'],
  [1536, '1.5 kB'],
  [1024 ** 2 * 1023.9, '1 GB'],
  [5 * 1024 ** 3, '5 GB'],
])('%s bytes are shown as %s', (bytes, text) => {
  expect(formats('en').bytes(bytes)).toBe(text);
});

test('what is shown can be typed back', () => {
  for (const bytes of [1024 ** 2, 500 * 1024 ** 2, 2 * 1024 ** 3, 1.5 * 1024 ** 4])
    expect(tryBytes(formats('en').bytes(bytes))).toBe(bytes);
});

test('times are told in words, in both languages', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  expect(formats('en').ago(now - 5000, now)).toBe('5 seconds ago');
  expect(formats('en').ago(now + 90_000, now)).toBe('in 2 minutes');
  expect(formats('de').ago(now - 3 * 3_600_000, now)).toBe('vor 3 Stunden');
});
