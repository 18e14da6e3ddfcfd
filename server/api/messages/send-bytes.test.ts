import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRange } from './send-bytes.ts';

test('ranges', () => {
  const table: readonly (readonly [string | undefined, number, unknown])[] = [
    [undefined, 10, undefined],
    ['bytes=0-3', 10, { start: 0, end: 4 }],
    ['bytes=4-', 10, { start: 4, end: 10 }],
    ['bytes=-3', 10, { start: 7, end: 10 }],
    ['bytes=-30', 10, { start: 0, end: 10 }],
    ['bytes=8-99', 10, { start: 8, end: 10 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=5-2', 10, undefined],
    ['bytes=0-1,4-5', 10, undefined],
    ['lines=1-2', 10, undefined],
  ];
  for (const [header, size, expected] of table) assert.deepEqual(parseRange(header, size), expected, header);
});
