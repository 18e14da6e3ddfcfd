import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compileListPattern } from './list-pattern.ts';
import {
  type MailboxPath,
  isInferior,
  leafName,
  parentPath,
  parseMailboxPath,
  rebasePath,
  superiorPaths,
} from './mailbox-path.ts';
import { decodeMutf7, encodeMutf7 } from './mutf7.ts';

const path = (text: string): MailboxPath => text as MailboxPath;

describe('mailbox path', () => {
  const cases: [string, string][] = [
    ['inbox', 'INBOX'],
    ['InBox/lists', 'INBOX/lists'],
    ['inboxes', 'inboxes'],
    ['a/inbox', 'a/inbox'],
    ['Archive/2026/', 'Archive/2026'],
    ['Cafe\u0301', 'Café'],
    ['50% off*', '50% off*'],
    ['日本語/メール', '日本語/メール'],
    ['a&b', 'a&b'],
  ];
  for (const [name, expected] of cases) {
    test(`${name} is ${expected}`, () => assert.deepEqual(parseMailboxPath(name), { ok: true, value: expected }));
  }
  const refusals: [string, string][] = [
    ['', 'empty'],
    ['/', 'empty'],
    ['/a', 'empty-level'],
    ['a//b', 'empty-level'],
    ['a\u0000b', 'forbidden-character'],
    ['a\nb', 'forbidden-character'],
    ['a\u0085b', 'forbidden-character'],
    ['a\u2028b', 'forbidden-character'],
    ['a\ud800', 'forbidden-character'],
    ['#news/x', 'reserved-namespace'],
    ['x'.repeat(2_049), 'level-too-long'],
    [Array.from({ length: 129 }, () => 'x'.repeat(2_040)).join('/'), 'path-too-long'],
    [Array.from({ length: 129 }, () => 'x').join('/'), 'too-deep'],
    ['x'.repeat(1_000_000), 'path-too-long'],
  ];
  for (const [name, fault] of refusals) {
    test(`${JSON.stringify(name.slice(0, 12))} is refused: ${fault}`, () =>
      assert.deepEqual(parseMailboxPath(name), { ok: false, fault }));
  }

  test('kinship', () => {
    assert.equal(parentPath(path('a/b/c')), 'a/b');
    assert.equal(parentPath(path('a')), undefined);
    assert.equal(leafName(path('a/b/c')), 'c');
    assert.deepEqual(superiorPaths(path('a/b/c')), ['a', 'a/b']);
    assert.ok(isInferior(path('a/b'), path('a')));
    assert.ok(!isInferior(path('ab'), path('a')));
    assert.ok(!isInferior(path('a'), path('a')));
    assert.equal(rebasePath(path('a/b/c'), path('a/b'), path('x')), 'x/c');
  });
});

describe('modified UTF-7', () => {
  const cases: [string, string][] = [
    ['~peter/mail/台北/日本語', '~peter/mail/&U,BTFw-/&ZeVnLIqe-'],
    ['R&D', 'R&-D'],
    ['Entwürfe', 'Entw&APw-rfe'],
    ['😀', '&2D3eAA-'],
    ['&', '&-'],
    ['', ''],
  ];
  for (const [text, encoded] of cases) {
    test(encoded, () => {
      assert.equal(encodeMutf7(text), encoded);
      assert.equal(decodeMutf7(encoded), text);
    });
  }
  for (const bad of [
    'R&D',
    '&',
    '&AGE-',
    '&U,BTFw',
    'é',
    '&APw=-',
    '&U,BTFw-&ZeVnLIqe-',
    '&2D0-',
    '&AP-',
    '&APx-',
    'a\u0001',
    '&*-',
  ]) {
    test(`refuses ${JSON.stringify(bad)}`, () => assert.equal(decodeMutf7(bad), undefined));
  }
  test('decodes what it encodes', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => assert.equal(decodeMutf7(encodeMutf7(text)), text)));
  });
  test('is a bijection: what decodes encodes back to itself', () => {
    const alphabet = fc.constantFrom(...'&-AGEpwU,BTF2D3e ab'.split(''));
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
        const decoded = decodeMutf7(text);
        if (decoded !== undefined) assert.equal(encodeMutf7(decoded), text);
      }),
    );
  });
});

describe('LIST pattern', () => {
  const cases: [string, string, boolean][] = [
    ['*', 'a/b', true],
    ['%', 'a/b', false],
    ['%', 'a', true],
    ['%/%', 'a/b', true],
    ['%/%', 'a/b/c', false],
    ['a/*', 'a', false],
    ['a/*', 'a/b/c', true],
    ['a*', 'a', true],
    ['*c', 'a/b/c', true],
    ['*b%', 'a/bc', true],
    ['*b%', 'ab/c', false],
    ['%b*d', 'ab/c/d', true],
    ['inbox', 'INBOX', true],
    ['iNb%', 'INBOX', true],
    ['inbox/x', 'INBOX/x', true],
    ['inbox/X', 'INBOX/x', false],
    ['sent', 'Sent', false],
    ['inboxes', 'INBOXes', false],
    ['', '', true],
    ['', 'a', false],
    ['Cafe\u0301', 'Café', true],
    ['*%%*%', 'x/y', true],
  ];
  for (const [pattern, name, expected] of cases) {
    test(`${pattern} on ${name}`, () => assert.equal(compileListPattern(pattern).matches(name), expected));
  }
  test('the reference goes before the pattern', () => assert.ok(compileListPattern('%', 'a/').matches('a/b')));
  test('agrees with the plain definition', () => {
    const slow = (pattern: string, name: string): boolean => {
      if (pattern === '') return name === '';
      const [head, rest] = [pattern[0]!, pattern.slice(1)];
      if (head === '*' || head === '%') {
        if (slow(rest, name)) return true;
        return name !== '' && (head === '*' || name[0] !== '/') && slow(pattern, name.slice(1));
      }
      return name[0] === head && slow(rest, name.slice(1));
    };
    const text = (chars: string): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom(...chars.split('')), maxLength: 8 });
    fc.assert(
      fc.property(text('ab/*%'), text('ab/'), (pattern, name) =>
        assert.equal(compileListPattern(pattern).matches(name), slow(pattern, name)),
      ),
      { numRuns: 3000 },
    );
  });
  test('a hostile pattern stays cheap', () => {
    const started = performance.now();
    assert.equal(compileListPattern('*a%'.repeat(300)).matches(`${'a'.repeat(900)}/`), false);
    assert.ok(performance.now() - started < 500);
  });
});
