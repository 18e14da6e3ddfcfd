import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzeMessage } from '../../mime/analyze.ts';
import { chiSquaredTail, judgeWords, probabilityOf } from './bayes.ts';
import { tokensOf } from './tokens.ts';

test('probability of a word: from what was seen, near the middle for what was seen seldom', () => {
  const totals = { spam: 100, ham: 100 };
  const rounded = (spam: number, ham: number): number => Math.round(probabilityOf({ spam, ham }, totals) * 1000) / 1000;
  assert.deepEqual(
    [rounded(0, 0), rounded(1, 0), rounded(50, 0), rounded(0, 50), rounded(10, 10)],
    [0.5, 0.845, 0.996, 0.004, 0.5],
  );
  // Twice as much spam learnt as other mail: the same count says less.
  assert.ok(probabilityOf({ spam: 10, ham: 10 }, { spam: 200, ham: 100 }) < 0.4);
});

test('chi-squared against known values', () => {
  const table: readonly (readonly [number, number, number])[] = [
    [0, 2, 1],
    [5.991, 2, 0.05],
    [18.307, 10, 0.05],
    [124.342, 100, 0.05],
    [2000, 100, 0],
  ];
  for (const [value, degrees, expected] of table)
    assert.ok(Math.abs(chiSquaredTail(value, degrees) - expected) < 1e-4, `${value}, ${degrees}`);
});

test('a judgement: clear both ways, undecided in between and for nothing known', () => {
  const totals = { spam: 50, ham: 50 };
  const spam = { spam: 40, ham: 0 };
  const ham = { spam: 0, ham: 40 };
  const words = (list: readonly { spam: number; ham: number }[]): Map<string, { spam: number; ham: number }> =>
    new Map(list.map((counts, index) => [`word${index}`, counts]));
  assert.ok(judgeWords(words([spam, spam, spam, spam]), totals).score > 0.99);
  assert.ok(judgeWords(words([ham, ham, ham, ham]), totals).score < 0.01);
  assert.ok(Math.abs(judgeWords(words([spam, spam, ham, ham]), totals).score - 0.5) < 0.05);
  assert.deepEqual(judgeWords(new Map(), totals), { score: 0.5, reasons: [] });
  const { reasons } = judgeWords(
    new Map([
      ['meh', { spam: 21, ham: 20 }],
      ['viagra', spam],
    ]),
    totals,
  );
  assert.deepEqual(
    reasons.map(({ word }) => word),
    ['viagra'],
  );
});

test('words of a message', () => {
  const raw = Buffer.from(
    'From: Shop <offer@Shop.Test>\r\nSubject: =?utf-8?q?Gro=C3=9Fer_Gewinn?=\r\nContent-Type: text/html; charset=utf-8\r\n\r\n' +
      '<p>Buy <b>cheap</b> pills 100 2024-01-01 at <a href="x">https://evil.test/x</a> привет</p>\r\n',
  );
  const tokens = tokensOf(analyzeMessage(raw));
  for (const expected of ['from:offer@shop.test', 'domain:shop.test', 'buy', 'cheap', 'pills', 'привет', 'link:evil.test']) {
    assert.ok(tokens.includes(expected), `${expected} in ${tokens.join(' ')}`);
  }
  assert.ok(tokens.some((token) => token.startsWith('subject:gewinn')));
  assert.ok(!tokens.includes('100'));
  const long = Buffer.from(`\r\n${Array.from({ length: 5000 }, (_, index) => `word${index}x`).join(' ')}`);
  assert.equal(tokensOf(analyzeMessage(long)).length, 400);
});
