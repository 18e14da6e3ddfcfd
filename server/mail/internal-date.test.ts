import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { dayOf, formatImapDate, formatInternalDate, parseImapDate, parseInternalDate } from './internal-date.ts';

describe('IMAP dates', () => {
  const cases: [string, string | undefined][] = [
    ['17-Jul-1996 02:44:25 -0700', '1996-07-17T09:44:25.000Z'],
    [' 1-feb-1994 21:52:25 +0130', '1994-02-01T20:22:25.000Z'],
    ['01-Feb-1994 00:00:00 +0000', '1994-02-01T00:00:00.000Z'],
    ['30-Jun-2015 23:59:60 +0000', '2015-07-01T00:00:00.000Z'],
    ['1-Feb-1994 21:52:25 +0000', undefined],
    ['31-Feb-1994 21:52:25 +0000', undefined],
    ['01-Foo-1994 21:52:25 +0000', undefined],
    ['01-Feb-1994 24:52:25 +0000', undefined],
    ['01-Feb-1994 21:52:25', undefined],
    ['01-Feb-94 21:52:25 +0000', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of cases) {
    test(text, () => {
      const time = parseInternalDate(text);
      assert.equal(time === undefined ? undefined : new Date(time).toISOString(), expected);
    });
  }

  test('dates', () => {
    assert.equal(parseImapDate('1-Jan-1970'), 0);
    assert.equal(parseImapDate('02-JAN-1970'), 1);
    assert.equal(parseImapDate('31-Dec-1969'), -1);
    assert.equal(parseImapDate('30-Feb-2020'), undefined);
    assert.equal(parseImapDate('0-Feb-2020'), undefined);
    assert.equal(formatImapDate(1), '2-Jan-1970');
    assert.equal(dayOf(Date.UTC(1970, 0, 2, 23, 59)), 1);
    assert.equal(dayOf(-1), -1);
  });

  test('what is formatted parses to the same second', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_000_000_000, max: 200_000_000_000 }), (seconds) => {
        assert.equal(parseInternalDate(formatInternalDate(seconds * 1000)), seconds * 1000);
        const day = dayOf(seconds * 1000);
        assert.equal(parseImapDate(formatImapDate(day)), day);
      }),
    );
  });
});
