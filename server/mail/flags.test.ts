import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_FLAG_LIMITS, adoptKeywords, applyFlagChange, flagList, hasFlag, parseFlag, sameFlags } from './flags.ts';

describe('flags', () => {
  const cases: [string, string | undefined][] = [
    ['\\seen', '\\Seen'],
    ['\\FLAGGED', '\\Flagged'],
    ['$Forwarded', '$Forwarded'],
    ['NonJunk', 'NonJunk'],
    ['NIL', 'NIL'],
    ['12', '12'],
    ['\\Recent', undefined],
    ['\\Foo', undefined],
    ['\\', undefined],
    ['', undefined],
    ['a b', undefined],
    ['a]', undefined],
    ['a(', undefined],
    ['a\\b', undefined],
    ['é', undefined],
    ['x'.repeat(DEFAULT_FLAG_LIMITS.keywordBytes + 1), undefined],
  ];
  for (const [text, expected] of cases) {
    test(`parse ${text.slice(0, 20)}`, () => {
      const parsed = parseFlag(text);
      assert.equal(parsed.ok ? parsed.value : undefined, expected);
    });
  }

  test('lists are sorted, unique without case, and shared', () => {
    const list = flagList(['work', '\\Seen', 'Work', '\\Answered', 'a']);
    assert.deepEqual(list, ['\\Answered', '\\Seen', 'a', 'work']);
    assert.equal(flagList(['a', '\\Answered', 'work', '\\Seen']), list);
    assert.ok(Object.isFrozen(list));
  });

  test('changes', () => {
    const current = flagList(['\\Seen', 'Work']);
    assert.equal(applyFlagChange(current, 'add', ['work', '\\Seen']), current);
    assert.equal(applyFlagChange(current, 'remove', ['\\Draft']), current);
    assert.equal(applyFlagChange(current, 'replace', ['WORK', '\\Seen']), current);
    assert.deepEqual(applyFlagChange(current, 'add', ['\\Draft']), ['\\Seen', '\\Draft', 'Work']);
    assert.deepEqual(applyFlagChange(current, 'remove', ['WORK']), ['\\Seen']);
    assert.deepEqual(applyFlagChange(current, 'replace', ['wORK', 'x']), ['Work', 'x']);
    assert.deepEqual(applyFlagChange(current, 'replace', []), []);
    assert.ok(hasFlag(current, 'wOrk'));
    assert.ok(!hasFlag(current, '\\Draft'));
    assert.ok(sameFlags(current, flagList(['work', '\\Seen'])));
    assert.ok(!sameFlags(current, flagList(['work2', '\\Seen'])));
  });

  test('keywords keep the first spelling of their mailbox', () => {
    assert.deepEqual(adoptKeywords(['Work'], ['WORK', '\\Seen', 'New', 'NEW']), {
      ok: true,
      value: { flags: ['Work', '\\Seen', 'New', 'New'], added: ['New'] },
    });
  });

  test('keywords of a mailbox are limited, known ones still pass', () => {
    const limits = { ...DEFAULT_FLAG_LIMITS, keywordsPerMailbox: 2 };
    assert.equal(adoptKeywords(['a', 'b'], ['A', 'B'], limits).ok, true);
    assert.deepEqual(adoptKeywords(['a', 'b'], ['c'], limits), { ok: false, fault: 'too-many-keywords' });
  });
});
