import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLine, searchQueryOf } from './search-query.ts';

test('a line of words and prefixes', () => {
  const words = (anywhere: string[], more: object = {}) => ({ anywhere, from: [], to: [], subject: [], ...more });
  const table: readonly (readonly [string, object])[] = [
    ['Hello "Two Words"', { text: words(['HELLO', 'TWO WORDS']) }],
    ['from:anna subject:"the plan" x', { text: words(['X'], { from: ['ANNA'], subject: ['THE PLAN'] }) }],
    ['has:attachment is:unread is:starred', { attachments: true, unseen: true, flagged: true, text: words([]) }],
    ['in:Sent larger:5k smaller:2M', { within: 'Sent', minSize: 5120, maxSize: 2097152, text: words([]) }],
    ['after:2026-01-02 before:x http://e.org', { datestart: new Date('2026-01-02'), text: words(['BEFORE:X', 'HTTP://E.ORG']) }],
  ];
  for (const [line, expected] of table) assert.deepEqual(fold(parseLine(line)), fold(expected), line);
});

test('fields win over the line', () => {
  const query = searchQueryOf({ q: 'is:unread word', unseen: false, from: 'otto', or: { query: 'a b', subject: 'c' } });
  assert.equal(query.unseen, false);
  assert.equal(query.text.from.length, 1);
  assert.deepEqual([query.text.anywhere.length, query.either?.anywhere.length, query.either?.subject.length], [1, 2, 1]);
});

/** The folding's own case does not matter here. */
function fold(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, one: unknown) => (typeof one === 'string' ? one.toUpperCase() : one)));
}
