import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UidSet } from '../../../mail/uid-set.ts';
import { ArgumentParser } from '../wire/parser.ts';
import { trySearchReturn } from '../wire/search-return.ts';
import { answerSearch, answerSort, partialOf } from './answer.ts';

function options(text: string) {
  const line = Buffer.from(` RETURN (${text})`);
  return trySearchReturn(new ArgumentParser({ tag: '', name: '', argumentsAt: 0, lines: [line], literals: [] }))!;
}

describe('ESEARCH', () => {
  const found = UidSet.of(2, 3, 4, 9);
  const cases: [string, string | undefined, string][] = [
    ['', 'ALL 2:4,9', '2:4,9'],
    ['MIN', 'MIN 2', '2'],
    ['MAX', 'MAX 9', '9'],
    ['MIN MAX', 'MIN 2 MAX 9', '2,9'],
    ['COUNT', 'COUNT 4', '2:4,9'],
    ['MIN COUNT', 'MIN 2 COUNT 4', '2:4,9'],
    ['SAVE', undefined, '2:4,9'],
    ['SAVE MIN', 'MIN 2', '2'],
    ['SAVE ALL', 'ALL 2:4,9', '2:4,9'],
    ['PARTIAL 2:3', 'PARTIAL (2:3 3:4)', '3:4'],
    ['PARTIAL -1:-2', 'PARTIAL (-1:-2 4,9)', '4,9'],
    ['PARTIAL 5:9', 'PARTIAL (5:9 NIL)', ''],
  ];
  for (const [text, words, saved] of cases) {
    test(text, () => {
      const answer = answerSearch('a1', true, found, options(text), undefined);
      assert.equal(answer.text, words === undefined ? undefined : `* ESEARCH (TAG "a1") UID ${words}`);
      assert.equal(answer.saved.toString(), saved);
    });
  }
  test('nothing found', () => {
    assert.equal(
      answerSearch('a', false, UidSet.empty, options('MIN MAX COUNT ALL'), undefined).text,
      '* ESEARCH (TAG "a") COUNT 0',
    );
    assert.equal(answerSearch('a', false, UidSet.empty, options(''), () => 5).text, '* ESEARCH (TAG "a")');
  });
  test('MODSEQ is of what is told', () => {
    const modseqOf = (some: UidSet): number => Number(some.last) * 10;
    assert.match(answerSearch('a', false, found, options('MIN'), modseqOf).text!, /MIN 2 MODSEQ 20$/);
    assert.match(answerSearch('a', false, found, options('MIN COUNT'), modseqOf).text!, /MODSEQ 90$/);
  });
});

test('partial ranges', () => {
  const numbers = UidSet.range(1, 10);
  const ranges: [number, number, string][] = [
    [1, 3, '1:3'],
    [3, 1, '1:3'],
    [9, 20, '9:10'],
    [11, 12, ''],
    [-1, -3, '8:10'],
    [-10, -20, '1'],
  ];
  for (const [from, to, expected] of ranges) assert.equal(partialOf(numbers, { from, to }).toString(), expected);
});

describe('ESORT keeps the order', () => {
  const sorted = [5, 6, 7, 3, 2, 9];
  const cases: [string, string | undefined][] = [
    ['', 'ALL 5:7,3,2,9'],
    ['MIN MAX COUNT', 'MIN 5 MAX 9 COUNT 6'],
    ['PARTIAL 2:4', 'PARTIAL (2:4 6:7,3)'],
    ['PARTIAL -1:-2', 'PARTIAL (-1:-2 2,9)'],
    ['PARTIAL 7:8', 'PARTIAL (7:8 NIL)'],
    ['SAVE', undefined],
  ];
  for (const [text, words] of cases) {
    test(text, () =>
      assert.equal(
        answerSort('t', false, sorted, options(text), undefined),
        words === undefined ? undefined : `* ESEARCH (TAG "t") ${words}`,
      ),
    );
  }
});
