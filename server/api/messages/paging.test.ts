import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '../../base/fault.ts';
import { pageOfList } from './paging.ts';

const descending = (a: readonly number[], b: readonly number[]): number => b[0]! - a[0]!;
const keyOf = (n: number): number[] => [n];

test('pages forward and back meet every entry once, whatever comes or goes', () => {
  const list = [9, 8, 7, 6, 5, 4, 3];
  const first = pageOfList(list, { limit: 3 }, keyOf, descending);
  assert.deepEqual([first.items, first.previousCursor], [[9, 8, 7], false]);
  const next = first.nextCursor as string;
  assert.deepEqual(pageOfList([10, 9, 8, 6, 5, 4, 3], { limit: 3, next }, keyOf, descending).items, [6, 5, 4]);
  const second = pageOfList(list, { limit: 3, next }, keyOf, descending);
  assert.deepEqual(second.items, [6, 5, 4]);
  const third = pageOfList(list, { limit: 3, next: second.nextCursor as string }, keyOf, descending);
  assert.deepEqual([third.items, third.nextCursor], [[3], false]);
  assert.deepEqual(pageOfList(list, { limit: 3, previous: third.previousCursor as string }, keyOf, descending).items, [6, 5, 4]);
  assert.deepEqual(pageOfList([], { limit: 3 }, keyOf, descending), { items: [], nextCursor: false, previousCursor: false });
});

test('a cursor that is none of ours is refused', () => {
  for (const next of ['x', 'e30', Buffer.from('["a"]').toString('base64url')])
    assert.throws(
      () => pageOfList([1], { limit: 1, next }, keyOf, descending),
      (error) => isFault(error),
    );
});
