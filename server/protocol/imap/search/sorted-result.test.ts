import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UidSet } from '../../../mail/uid-set.ts';
import type { SortRow } from './sort.ts';
import { type ResultRun, SortedResult } from './sorted-result.ts';

const BLANK = { arrivalMs: 0, dateMs: 0, subject: '', from: '', to: '', cc: '', displayFrom: '', displayTo: '' };
const row = (number: number, sizeBytes: number): SortRow => ({ ...BLANK, number, sizeBytes });

/** What a client does with ADDTO and REMOVEFROM. */
function insert(list: number[], runs: readonly ResultRun[]): void {
  for (const { position, uids } of runs) list.splice(position - 1, 0, ...uids);
}
function take(list: number[], runs: readonly ResultRun[]): void {
  for (const { position, uids } of runs) assert.deepEqual(list.splice(position - 1, uids.length), uids);
}

test('positions, as RFC 5267 has them', () => {
  const result = new SortedResult([{ key: 'SIZE', reverse: false }], [row(1, 10), row(2, 30), row(3, 20)]);
  assert.deepEqual(result.uids, [1, 3, 2]);
  assert.deepEqual(result.add([row(4, 15), row(5, 16), row(6, 99)]), [
    { position: 2, uids: [4, 5] },
    { position: 6, uids: [6] },
  ]);
  assert.deepEqual(result.remove(UidSet.from([1, 4, 2])), [
    { position: 5, uids: [2] },
    { position: 1, uids: [1, 4] },
  ]);
  assert.deepEqual(result.uids, [5, 3, 6]);
});

test('a client that follows the positions has the list that a new SORT would give', () => {
  const steps = fc.array(
    fc.record({ add: fc.array(fc.nat(5), { maxLength: 5 }), remove: fc.array(fc.nat(30), { maxLength: 5 }) }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(steps, fc.boolean(), (changes, reverse) => {
      const result = new SortedResult([{ key: 'SIZE', reverse }], []);
      const list: number[] = [];
      const all = new Map<number, SortRow>();
      let next = 1;
      for (const { add, remove } of changes) {
        const rows = add.map((size) => row(next++, size));
        for (const one of rows) all.set(one.number, one);
        insert(list, result.add(rows));
        const gone = UidSet.from(remove.filter((uid) => all.has(uid)));
        for (const uid of gone) all.delete(uid);
        take(list, result.remove(gone));
        const sign = reverse ? -1 : 1;
        const expected = [...all.values()].sort((a, b) => sign * (a.sizeBytes - b.sizeBytes) || a.number - b.number);
        assert.deepEqual(
          list,
          expected.map(({ number }) => number),
        );
      }
    }),
  );
});
