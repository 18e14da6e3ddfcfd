import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ThreadRow, formatThreads, threadByOrderedSubject, threadByReferences } from './thread.ts';

let clock = 0;
/** A message: number, id, references, subject, reply?, date. */
function row(number: number, id: string, references = '', subject = `s${number}`, dateMs = (clock += 1)): ThreadRow {
  const isReply = subject.startsWith('Re ');
  return {
    number,
    dateMs,
    subject: isReply ? subject.slice(3) : subject,
    subjectIsReply: isReply,
    messageId: id === '' ? undefined : id,
    references: references === '' ? [] : references.split(' '),
  };
}

const references = (...rows: ThreadRow[]): string => formatThreads(threadByReferences(rows));

describe('REFERENCES', () => {
  test('a chain is a line', () => assert.equal(references(row(1, 'a'), row(2, 'b', 'a'), row(3, 'c', 'a b')), '(1 2 3)'));
  test('branches', () =>
    assert.equal(references(row(1, 'a'), row(2, 'b', 'a'), row(3, 'c', 'a'), row(4, 'd', 'a c')), '(1 (2)(3 4))'));
  test('a root that is not there, with one child and with two', () => {
    assert.equal(references(row(1, 'b', 'gone')), '(1)');
    assert.equal(references(row(1, 'b', 'gone'), row(2, 'c', 'gone')), '((1)(2))');
  });
  test('a missing link in the middle is closed', () => assert.equal(references(row(1, 'a'), row(2, 'c', 'a gone')), '(1 2)'));
  test('replies before what they answer', () => assert.equal(references(row(1, 'b', 'a'), row(2, 'a')), '(2 1)'));
  test('loops are not made', () => assert.equal(references(row(1, 'a', 'b'), row(2, 'b', 'a')), '(2 1)'));
  test('a message that refers to itself', () => assert.equal(references(row(1, 'a', 'a')), '(1)'));
  test('doubled and missing ids', () => assert.equal(references(row(1, 'a'), row(2, 'a', ''), row(3, '', 'a')), '(1 3)(2)'));
  test('roots by date', () => assert.equal(references(row(1, 'a', '', 's1', 20), row(2, 'b', '', 's2', 10)), '(2)(1)'));
  test('same subject: a reply goes under the original', () =>
    assert.equal(references(row(1, 'a', '', 'Re x', 1), row(2, 'b', '', 'x', 2)), '(2 1)'));
  test('same subject, both originals: side by side', () =>
    assert.equal(references(row(1, 'a', '', 'x'), row(2, 'b', '', 'x'), row(3, 'c', '', 'x')), '((1)(2)(3))'));
  test('same subject with dummies: children are joined', () =>
    assert.equal(
      references(row(1, 'b', 'g', 'x'), row(2, 'c', 'g', 'x'), row(3, 'e', 'h', 'x'), row(4, 'f', 'h', 'x')),
      '((1)(2)(3)(4))',
    ));
  test('empty subjects are not gathered', () => assert.equal(references(row(1, 'a', '', ''), row(2, 'b', '', '')), '(1)(2)'));
  test('a chain of 20,000 and a star of 20,000', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => row(i + 1, `c${i}`, i === 0 ? '' : `c${i - 1}`, 'x'));
    assert.equal(references(...chain), `(${chain.map((one) => one.number).join(' ')})`);
    const star = Array.from({ length: 20_000 }, (_, i) => row(i + 1, `s${i}`, i === 0 ? '' : 's0', 'x'));
    assert.ok(references(...star).startsWith('(1 (2)(3)'));
  });
});

describe('ORDEREDSUBJECT', () => {
  test('by subject, then by the first message', () => {
    const rows = [
      row(1, '', '', 'b', 5),
      row(2, '', '', 'a', 3),
      row(3, '', '', 'b', 4),
      row(4, '', '', 'a', 9),
      row(5, '', '', 'b', 8),
    ];
    assert.equal(formatThreads(threadByOrderedSubject(rows)), '(2 4)(3 (1)(5))');
  });
});
