import { expect, test } from 'vitest';
import { daysLeft } from './days-left.ts';

const day = 86_400_000;

test.each([
  [[], undefined],
  [
    [
      { at: 0, mean: 100 },
      { at: day / 4, mean: 50 },
    ],
    undefined,
  ],
  [
    [
      { at: 0, mean: 100 },
      { at: day, mean: 100 },
    ],
    undefined,
  ],
  [
    [
      { at: 0, mean: 100 },
      { at: day, mean: 120 },
    ],
    undefined,
  ],
  [
    [
      { at: 0, mean: 100 },
      { at: 2 * day, mean: 80 },
    ],
    8,
  ],
  [
    [
      { at: 0, mean: 1e9 },
      { at: day, mean: 1e9 - 1 },
    ],
    undefined,
  ],
])('%j', (points, days) => {
  expect(daysLeft(points)).toBe(days);
});
