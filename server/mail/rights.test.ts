import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ALL_RIGHTS, changeRights, hasRight, joinRights, parseRights } from './rights.ts';

it('reads rights in any order, with the obsolete letters', () => {
  const table: readonly [string, string | undefined][] = [
    ['', ''],
    ['rl', 'lr'],
    ['lrswipkxtea', ALL_RIGHTS],
    ['c', 'kx'],
    ['d', 'xte'],
    ['lrq', undefined],
    ['L', undefined],
  ];
  for (const [text, expected] of table) assert.equal(parseRights(text), expected, text);
});

it('adds, removes and replaces', () => {
  assert.equal(changeRights('lr', 'add', 'sw'), 'lrsw');
  assert.equal(changeRights('lrsw', 'remove', 'rx'), 'lsw');
  assert.equal(changeRights('lrsw', 'replace', 'l'), 'l');
  assert.equal(joinRights('rl', 'il'), 'lri');
  assert.ok(hasRight('lri', 'i') && !hasRight('lr', 'i'));
});
