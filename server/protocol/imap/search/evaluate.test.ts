import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { foldCase, foldNeedle } from '../../../mime/casefold.ts';
import { ArgumentParser } from '../wire/parser.ts';
import { expectSearchKeys, mapSearchText } from '../wire/search-keys.ts';
import { type ReadyKey, type SearchRow, matches, needsOf } from './evaluate.ts';

const NOW = Date.UTC(2024, 5, 15, 12);
const DAY = 86_400_000;

const message: SearchRow = {
  uid: 7 as never,
  flags: ['\\Flagged', '\\Seen', 'Work'],
  recent: true,
  modseq: 40 as never,
  sizeBytes: 1000,
  internalDateMs: Date.UTC(2024, 5, 10, 23, 30),
  savedAtMs: Date.UTC(2024, 5, 12),
  emailId: 'e1',
  threadId: 't1',
  sentDay: Date.UTC(2024, 5, 9) / DAY,
  header: foldCase('From: Ann <ann@example.test>\nReceived: one\nReceived: two words\nSubject: Grüße aus Łódź\nX-Empty: '),
  body: foldCase('Hello world, this is the BODY. ﬁnal'),
};

/** Parses a program of words (no sets) and makes its texts ready. */
function parse(text: string): ReadyKey {
  const parser = new ArgumentParser({ tag: '', name: '', argumentsAt: 0, lines: [Buffer.from(text)], literals: [] });
  const key = expectSearchKeys(parser);
  parser.expectEnd();
  return mapSearchText(key, (bytes: Buffer) => foldNeedle(bytes.toString())) as ReadyKey;
}

const yes = [
  'ALL',
  'SEEN',
  'UNDELETED',
  'KEYWORD work',
  'UNKEYWORD other',
  'RECENT',
  'LARGER 999',
  'SMALLER 1001',
  'ON 10-Jun-2024',
  'SINCE 10-Jun-2024',
  'BEFORE 11-Jun-2024',
  'SENTON 9-Jun-2024',
  'SENTSINCE 9-Jun-2024',
  'SENTBEFORE 10-Jun-2024',
  'SAVEDON 12-Jun-2024',
  'OLDER 3600',
  'YOUNGER 864000',
  'MODSEQ 40',
  'EMAILID e1',
  'THREADID t1',
  'FROM ann@EXAMPLE',
  'SUBJECT "GRÜSSE AUS"',
  'SUBJECT "łódź"',
  'HEADER received "two words"',
  'HEADER received two',
  'HEADER X-Empty ""',
  'HEADER subject ""',
  'BODY "WORLD, this"',
  'BODY ""',
  'TEXT ann',
  'TEXT "the body"',
  'OR DELETED SEEN',
  'NOT DELETED',
  'SEEN FLAGGED (KEYWORD work NOT DRAFT)',
];
const no = [
  'UNSEEN',
  'DELETED',
  'NEW',
  'OLD',
  'KEYWORD wor',
  'LARGER 1000',
  'SMALLER 1000',
  'ON 11-Jun-2024',
  'BEFORE 10-Jun-2024',
  'SENTON 10-Jun-2024',
  'OLDER 864000',
  'YOUNGER 3600',
  'MODSEQ 41',
  'EMAILID e2',
  'FROM bob',
  'TO ann',
  'HEADER receive ""',
  'HEADER received "one two"',
  'HEADER X-Empty x',
  'BODY ann',
  'TEXT nowhere',
  'SEEN UNSEEN',
  'OR DELETED UNSEEN',
];

describe('a message that is all known', () => {
  // `ß` has no simple titlecase: GRÜSSE is another word in i;unicode-casemap.
  const byCasemap = new Set(['SUBJECT "GRÜSSE AUS"']);
  for (const text of yes) test(text, () => assert.equal(matches(parse(text), message, NOW), !byCasemap.has(text)));
  for (const text of no) test(`not ${text}`, () => assert.equal(matches(parse(text), message, NOW), false));
  test('a message without a Date header matches no SENT key', () => {
    for (const key of ['SENTON', 'SENTSINCE', 'SENTBEFORE']) {
      assert.equal(matches(parse(`${key} 9-Jun-2024`), { ...message, sentDay: null }, NOW), false);
    }
  });
});

describe('what is not loaded', () => {
  const { savedAtMs: _s, emailId: _e, threadId: _t, sentDay: _d, header: _h, body: _b, ...viewOnly } = message;
  const cases: [string, boolean | undefined][] = [
    ['FROM x', undefined],
    ['SEEN FROM x', undefined],
    ['UNSEEN FROM x', false],
    ['OR SEEN FROM x', true],
    ['OR UNSEEN FROM x', undefined],
    ['NOT FROM x', undefined],
    ['SENTON 1-Jan-2024', undefined],
    ['BODY ""', true],
    ['EMAILID e1', undefined],
  ];
  for (const [text, expected] of cases) test(text, () => assert.equal(matches(parse(text), viewOnly, NOW), expected));

  test('a header that matches decides TEXT without the body', () => {
    assert.equal(matches(parse('TEXT ann'), { ...viewOnly, header: message.header! }, NOW), true);
    assert.equal(matches(parse('TEXT hello'), { ...viewOnly, header: message.header! }, NOW), undefined);
  });

  test('needs', () => {
    const needs = (text: string): string =>
      Object.entries(needsOf(parse(text) as never))
        .filter(([, needed]) => needed)
        .map(([name]) => name)
        .join(' ');
    assert.equal(needs('SEEN LARGER 5'), '');
    assert.equal(needs('NOT (OR SEEN SUBJECT x)'), 'header');
    assert.equal(needs('TEXT x SENTON 1-Jan-2024 EMAILID e'), 'metadata summary header body');
  });

  test('an early verdict is the final one, whatever is known', () => {
    const leaf = fc.constantFrom(...yes, ...no).filter((text) => !text.includes('('));
    const tree: fc.Arbitrary<string> = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf.map((text) => `(${text})`),
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(${a} ${b})`),
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `OR ${a} ${b}`),
        tie('tree').map((a) => `NOT ${a}`),
      ),
    })).tree;
    const known = fc.subarray(['savedAtMs', 'emailId', 'threadId', 'sentDay', 'header', 'body'] as const);
    fc.assert(
      fc.property(tree, known, (text, keys) => {
        const key = parse(text);
        const partial = { ...viewOnly, ...Object.fromEntries(keys.map((name) => [name, message[name]])) } as SearchRow;
        const early = matches(key, partial, NOW);
        const final = matches(key, message, NOW);
        assert.notEqual(final, undefined);
        if (early !== undefined) assert.equal(early, final);
      }),
      { numRuns: 500 },
    );
  });
});
