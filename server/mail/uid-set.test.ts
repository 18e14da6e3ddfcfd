import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatSequenceSet, largestWritten, mentionsStar, parseSequenceSet, resolveSequenceSet } from './sequence-set.ts';
import { UidSet, UidSetBuilder } from './uid-set.ts';

const numbers = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });
const plain = (set: UidSet): number[] => [...set];
const sorted = (values: Iterable<number>): number[] => [...new Set(values)].sort((a, b) => a - b);

describe('UidSet', () => {
  test('agrees with plain sets in every operation', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const [setA, setB] = [UidSet.from(a), UidSet.from(b)];
        const [plainA, plainB] = [new Set(a), new Set(b)];
        assert.deepEqual(plain(setA), sorted(a));
        assert.deepEqual(setA.toArray(), sorted(a));
        assert.equal(setA.count, plainA.size);
        assert.deepEqual(plain(setA.union(setB)), sorted([...a, ...b]));
        assert.deepEqual(plain(setA.intersect(setB)), sorted(a.filter((n) => plainB.has(n))));
        assert.deepEqual(plain(setA.subtract(setB)), sorted(a.filter((n) => !plainB.has(n))));
        for (let n = 0; n < 62; n += 1) assert.equal(setA.has(n), plainA.has(n));
        const builder = new UidSetBuilder();
        for (const n of a) builder.add(n);
        assert.ok(builder.build().equals(setA));
        const ascending = sorted(b);
        assert.deepEqual(
          setA.indexesIn(ascending),
          ascending.flatMap((n, index) => (plainA.has(n) ? [index] : [])),
        );
        assert.deepEqual(plain(setA.slice(3)), sorted(a).slice(0, 3));
        assert.deepEqual(plain(setA.slice(3, true)), sorted(a).slice(-3));
      }),
    );
  });

  test('ranges are the fewest possible', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        for (const set of [UidSet.from(a), UidSet.from(a).union(UidSet.from(b)), UidSet.from(a).subtract(UidSet.from(b))]) {
          const ranges = [...set.ranges()];
          for (const [i, range] of ranges.entries()) {
            assert.ok(range.from <= range.to);
            if (i > 0) assert.ok(range.from > ranges[i - 1]!.to + 1);
          }
        }
      }),
    );
  });

  test('text form', () => {
    assert.equal(UidSet.of(3, 1, 2, 5, 9, 10, 11, 12).toString(), '1:3,5,9:12');
    assert.equal(UidSet.range(4294967295, 1).toString(), '1:4294967295');
    assert.equal(UidSet.range(1, 4294967295).count, 4294967295);
    assert.equal(UidSet.empty.toString(), '');
    assert.equal(UidSet.of(7).add(8).remove(7).toString(), '8');
  });

  test('fromSorted refuses a descent', () => {
    assert.throws(() => UidSet.fromSorted([2, 1]), RangeError);
  });
});

describe('sequence-set', () => {
  const cases: [string, number, string | undefined][] = [
    ['1', 9, '1'],
    ['1:3,5', 9, '1:3,5'],
    ['3:1,2:4', 9, '1:4'],
    ['*', 9, '9'],
    ['*:3', 9, '3:9'],
    ['*:30', 9, '9:30'],
    ['12:*', 9, '9:12'],
    ['*:*', 9, '9'],
    ['*', 0, ''],
    ['1:*', 0, ''],
    ['4294967295', 9, '4294967295'],
    ['4294967296', 9, undefined],
    ['0', 9, undefined],
    ['01', 9, undefined],
    ['', 9, undefined],
    ['1,', 9, undefined],
    [',1', 9, undefined],
    ['1:', 9, undefined],
    [':1', 9, undefined],
    ['1:2:3', 9, undefined],
    ['1 2', 9, undefined],
    ['$,1', 9, undefined],
    ['-1', 9, undefined],
  ];
  for (const [text, largest, expected] of cases) {
    test(`${JSON.stringify(text)} with largest ${largest}`, () => {
      const parsed = parseSequenceSet(text);
      assert.equal(parsed.ok ? resolveSequenceSet(parsed.value, largest).toString() : undefined, expected);
    });
  }

  test('$ is the saved result', () => {
    const parsed = parseSequenceSet('$');
    assert.ok(parsed.ok);
    assert.equal(resolveSequenceSet(parsed.value, 9, UidSet.of(2, 4)).toString(), '2,4');
    assert.equal(formatSequenceSet(parsed.value), '$');
  });

  test('what was written is remembered', () => {
    const parsed = parseSequenceSet('7,*:12,3:5');
    assert.ok(parsed.ok);
    assert.equal(formatSequenceSet(parsed.value), '7,*:12,3:5');
    assert.equal(largestWritten(parsed.value), 12);
    assert.equal(mentionsStar(parsed.value), true);
  });

  test('the number of ranges is limited', () => {
    assert.deepEqual(parseSequenceSet('1,2,3', { ranges: 2 }), { ok: false, fault: 'too-many-ranges' });
    assert.equal(parseSequenceSet('1,2', { ranges: 2 }).ok, true);
  });

  test('a set prints and parses to itself', () => {
    fc.assert(
      fc.property(numbers, (list) => {
        const set = UidSet.from(list);
        if (set.isEmpty) return;
        const parsed = parseSequenceSet(set.toString());
        assert.ok(parsed.ok);
        assert.ok(resolveSequenceSet(parsed.value, 1).equals(set));
      }),
    );
  });
});
