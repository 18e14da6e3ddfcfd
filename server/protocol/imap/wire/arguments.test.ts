/** The grammar of each family of arguments, as tables of what clients send and what comes out. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isFault } from '../../../base/fault.ts';
import { expectAppendArguments, expectReplaceArguments } from './append-args.ts';
import { expectFetchArguments, formatFetchItem, setsSeen } from './fetch-items.ts';
import { expectListArguments } from './list-args.ts';
import type { ParserOptions } from './cursor.ts';
import { ArgumentParser } from './parser.ts';
import type { RawCommand } from './raw-command.ts';
import { AUTHENTICATED_LIMITS, ImapReader } from './reader.ts';
import { expectSearchProgram, mapSearchText, usesSavedResult } from './search-keys.ts';
import { trySearchReturn } from './search-return.ts';
import { expectSelectArguments } from './select-args.ts';
import { expectSortArguments, expectThreadArguments } from './sort-keys.ts';
import { expectStatusArguments } from './status-items.ts';
import { expectStoreArguments } from './store-args.ts';

function command(text: string): RawCommand {
  const reader = new ImapReader({ ...AUTHENTICATED_LIMITS, lineBytes: 1 << 20, commandBytes: 1 << 21 });
  reader.push(Buffer.from(`a ${text}\r\n`));
  for (let event = reader.next(); ; event = reader.next()) {
    if (event.kind === 'literal') reader.accept();
    else if (event.kind === 'command') return event.command;
    else assert.fail(`no command: ${event.kind}`);
  }
}

function parser(text: string, options: Partial<ParserOptions> = {}): ArgumentParser {
  return new ArgumentParser(command(text), options);
}

function refuses(text: string, body: (parser: ArgumentParser) => unknown, options: Partial<ParserOptions> = {}): void {
  test(`refuses ${JSON.stringify(text.slice(0, 70))}`, () => {
    assert.throws(
      () => body(parser(text, options)),
      (error) => isFault(error, 'SYNTAX') && error.kind === 'syntax',
    );
  });
}

const all = [1, 0];
const set = (...pairs: number[]): object => ({ saved: false, pairs });

describe('basic values', () => {
  const text = (line: string): string => {
    const at = parser(`X ${line}`);
    at.expectSp();
    const value = at.expectText();
    at.expectEnd();
    return value;
  };
  const cases: [string, string][] = [
    ['NIL', 'NIL'],
    ['nil', 'nil'],
    ['123', '123'],
    ['OR', 'OR'],
    ['a]b', 'a]b'],
    ['""', ''],
    ['"a \\"b\\\\"', 'a "b\\'],
    ['"é"', 'é'],
    ['{0+}\r\n', ''],
    ['{5+}\r\na\r\nbc', 'a\r\nbc'],
    ['a   ', 'a'],
  ];
  for (const [line, expected] of cases) test(JSON.stringify(line), () => assert.equal(text(line), expected));
  for (const bad of ['', ' ', '"a', '"a\\b"', '(', '{', 'a{b', '"a"b', '~{1+}\r\na', '{1+}\r\n\0', '{1+}\r\n\u00e9']) {
    refuses(`X ${bad}`, (at) => {
      at.expectSp();
      at.expectText();
      at.expectEnd();
    });
  }

  test('nstring knows NIL', () => {
    const at = parser('X NIL "NIL" ""');
    const values = [1, 2, 3].map(() => {
      at.expectSp();
      return at.expectNstring()?.toString();
    });
    assert.deepEqual(values, [undefined, 'NIL', '']);
  });

  test('numbers', () => {
    const at = parser('X 4294967295 9223372036854775807 0 12');
    at.expectSp();
    assert.equal(at.expectNumber(), 4294967295);
    at.expectSp();
    assert.equal(at.expectModseq(), Number.MAX_SAFE_INTEGER);
    at.expectSp();
    assert.throws(() => at.expectNzNumber());
  });

  test('base64, date, tagged values', () => {
    const at = parser('X AGEAYg== = "1-Feb-1994" (a (b "c d") ())');
    at.expectSp();
    assert.equal(at.expectBase64().toString(), '\0a\0b');
    at.expectSp();
    assert.equal(at.expectBase64().length, 0);
    at.expectSp();
    assert.equal(at.expectDate(), 8797);
    at.expectSp();
    assert.deepEqual(at.expectTaggedValue(), ['a', ['b', 'c d'], []]);
    at.expectEnd();
  });

  test('mailbox names', () => {
    const name = (line: string, utf8: boolean): string => {
      const at = parser(`X ${line}`, { utf8 });
      at.expectSp();
      return at.expectMailbox();
    };
    assert.equal(name('Entw&APw-rfe', false), 'Entwürfe');
    assert.equal(name('"Entwürfe"', true), 'Entwürfe');
    assert.equal(name('R&D', true), 'R&D');
    assert.throws(() => name('R&D', false));
    assert.throws(() => name('"Entwürfe"', false));
  });

  test('too many arguments and too much nesting are refused', () => {
    const values = (at: ArgumentParser): unknown => {
      at.expectSp();
      return at.expectTaggedValue();
    };
    assert.throws(() => values(parser(`X (${'a '.repeat(30)}a)`, { maxArguments: 20 })), /Too many arguments/);
    assert.throws(() => values(parser(`X ${'('.repeat(300)}a${')'.repeat(300)}`)), /deeply/);
    assert.ok(values(parser(`X ${'('.repeat(200)}a${')'.repeat(200)}`)));
  });
});

describe('FETCH', () => {
  const items = (text: string): string[] =>
    expectFetchArguments(parser(`UID FETCH ${text}`), true).items.map((item) => formatFetchItem(item));
  const cases: [string, string[]][] = [
    ['1:* FLAGS', ['FLAGS']],
    ['1:* all', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE']],
    ['1:* FULL', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY']],
    ['1:* (UID flags body bodystructure)', ['UID', 'FLAGS', 'BODY', 'BODYSTRUCTURE']],
    ['1 BODY[]', ['BODY[]']],
    ['1 body.peek[1.2.mime]<0.4096>', ['BODY[1.2.MIME]<0>']],
    ['1 (BODY[HEADER.FIELDS (From "Message-ID")] BODY[TEXT])', ['BODY[HEADER.FIELDS (From Message-ID)]', 'BODY[TEXT]']],
    ['1 BODY[2.HEADER.FIELDS.NOT (a NIL {1+}\r\nb)]', ['BODY[2.HEADER.FIELDS.NOT (a "NIL" b)]']],
    ['1 (BINARY[1] BINARY.PEEK[2.1]<5.6> BINARY.SIZE[])', ['BINARY[1]', 'BINARY[2.1]<5>', 'BINARY.SIZE[]']],
    ['1 (PREVIEW (LAZY) MODSEQ EMAILID THREADID SAVEDATE)', ['PREVIEW', 'MODSEQ', 'EMAILID', 'THREADID', 'SAVEDATE']],
    ['1 (RFC822 RFC822.HEADER RFC822.TEXT RFC822.SIZE)', ['RFC822', 'RFC822.HEADER', 'RFC822.TEXT', 'RFC822.SIZE']],
    ['1 PREVIEW (CHANGEDSINCE 3)', ['PREVIEW']],
  ];
  for (const [text, expected] of cases) test(text, () => assert.deepEqual(items(text), expected));

  test('modifiers', () => {
    assert.deepEqual(expectFetchArguments(parser('UID FETCH $ UID (CHANGEDSINCE 12 VANISHED PARTIAL -1:-30)'), true), {
      set: { saved: true, pairs: [] },
      items: [{ item: 'UID' }],
      changedSince: 12,
      vanished: true,
      partial: { from: -1, to: -30 },
    });
    assert.deepEqual(expectFetchArguments(parser('FETCH 1 (PREVIEW (LAZY)) (CHANGEDSINCE 1)'), false).items, [
      { item: 'PREVIEW', lazy: true },
    ]);
  });

  test('what sets \\Seen', () => {
    const list = expectFetchArguments(
      parser('FETCH 1 (BODY[] BODY.PEEK[] BODY RFC822 RFC822.HEADER RFC822.TEXT BINARY[1] BINARY.SIZE[1])'),
      false,
    );
    assert.deepEqual(list.items.map(setsSeen), [true, false, false, true, false, true, true, false]);
  });

  for (const bad of [
    '',
    '1',
    '1 ',
    '0 FLAGS',
    '1 ()',
    '1 FOO',
    '1 (ALL)',
    '1 BODY[',
    '1 BODY[]<0.0>',
    '1 BODY[]<0>',
    '1 BODY[MIME]',
    '1 BODY[1.]',
    '1 BODY[0]',
    '1 BODY[HEADER.FIELDS ()]',
    '1 BODY[HEADER.FIELDS]',
    '1 BODY[HEADER.FIELDS ("a:b")]',
    '1 BODY.PEEK',
    '1 BINARY[TEXT]',
    '1 BINARY',
    '1 FLAGS (FOO)',
    '1 FLAGS (VANISHED)',
    '1 FLAGS (CHANGEDSINCE 1 VANISHED)',
    '1 FLAGS (PARTIAL 1:2)',
    '1 FLAGS x',
    '1 (FLAGS',
    `1 BODY[${'1.'.repeat(300)}1]`,
  ]) {
    refuses(`FETCH ${bad}`, (at) => expectFetchArguments(at, false));
  }
  refuses('UID FETCH 1 FLAGS (PARTIAL 1:-2)', (at) => expectFetchArguments(at, true));
});

describe('SEARCH', () => {
  const search = (text: string): unknown => {
    const { charset, key } = expectSearchProgram(parser(`SEARCH ${text}`));
    const shown = mapSearchText(key, (bytes) => bytes.toString());
    return charset === undefined ? shown : [charset, shown];
  };
  const header = (field: string, text: string): object => ({ key: 'HEADER', field, text });
  const flag = (name: string, isSet: boolean): object => ({ key: 'FLAG', flag: name, isSet });
  const cases: [string, unknown][] = [
    ['ALL', { key: 'ALL' }],
    ['SUBJECT NIL', header('subject', 'NIL')],
    ['subject 12', header('subject', '12')],
    ['FROM OR', header('from', 'OR')],
    ['TEXT ""', { key: 'TEXT', text: '' }],
    ['BODY {3+}\r\na b', { key: 'BODY', text: 'a b' }],
    ['HEADER X-Foo ""', header('x-foo', '')],
    ['CHARSET UTF-8 SUBJECT {2+}\r\né', ['UTF-8', header('subject', 'é')]],
    ['SEEN UNSEEN', { key: 'AND', all: [flag('\\Seen', true), flag('\\Seen', false)] }],
    ['KEYWORD $Junk', flag('$Junk', true)],
    ['UNKEYWORD nil', flag('nil', false)],
    ['NEW', { key: 'NEW' }],
    ['2:4,*', { key: 'SEQ', set: set(2, 4, 0, 0) }],
    ['$', { key: 'SEQ', set: { saved: true, pairs: [] } }],
    ['UID 1:*', { key: 'UID', set: set(...all) }],
    ['NOT (SEEN)', { key: 'NOT', of: flag('\\Seen', true) }],
    ['OR SEEN NOT DRAFT', { key: 'OR', either: [flag('\\Seen', true), { key: 'NOT', of: flag('\\Draft', true) }] }],
    ['SENTSINCE 1-Jan-1970', { key: 'DATE', of: 'sent', relation: 'since', day: 0 }],
    ['SAVEDON "2-Jan-1970"', { key: 'DATE', of: 'saved', relation: 'on', day: 1 }],
    ['BEFORE 3-Jan-1970', { key: 'DATE', of: 'internal', relation: 'before', day: 2 }],
    ['LARGER 5', { key: 'SIZE', relation: 'larger', sizeBytes: 5 }],
    ['YOUNGER 60', { key: 'AGE', relation: 'younger', seconds: 60 }],
    ['MODSEQ 0', { key: 'MODSEQ', modseq: 0, entry: undefined }],
    [
      'MODSEQ "/flags/\\\\draft" all 620162338',
      { key: 'MODSEQ', modseq: 620162338, entry: { name: '/flags/\\draft', type: 'all' } },
    ],
    ['EMAILID M1-_', { key: 'EMAILID', id: 'M1-_' }],
    ['FILTER on-the-road', { key: 'FILTER', name: 'on-the-road' }],
    ['FUZZY SUBJECT x', { key: 'FUZZY', of: header('subject', 'x') }],
    ['SAVEDATESUPPORTED', { key: 'SAVEDATESUPPORTED' }],
  ];
  for (const [text, expected] of cases) test(text, () => assert.deepEqual(search(text), expected));

  test('a chain of ORs as clients make them', () => assert.ok(search(`${'OR FROM a '.repeat(200)}FROM b`)));

  test('RETURN options', () => {
    const at = parser('SEARCH RETURN (SAVE MIN PARTIAL 1:500 UPDATE (UID FLAGS)) $');
    const options = trySearchReturn(at);
    assert.deepEqual(options, {
      min: true,
      max: false,
      all: false,
      count: false,
      save: true,
      relevancy: false,
      context: false,
      update: true,
      updateItems: [{ item: 'UID' }, { item: 'FLAGS' }],
      partial: { from: 1, to: 500 },
    });
    assert.ok(usesSavedResult(expectSearchProgram(at).key));
    assert.equal(trySearchReturn(parser('SEARCH RETURN () ALL'))?.all, true);
    const plain = parser('SEARCH ALL');
    assert.equal(trySearchReturn(plain), undefined);
    assert.deepEqual(expectSearchProgram(plain).key, { key: 'ALL' });
  });

  for (const bad of [
    '',
    'FOO',
    'SUBJECT',
    'SEEN,',
    '()',
    'OR SEEN',
    'NOT',
    'BEFORE 1-Foo-1970',
    'BEFORE 31-Feb-1970',
    'LARGER x',
    'YOUNGER 0',
    'KEYWORD \\Recent',
    'MODSEQ "/flags/x" foo 1',
    'MODSEQ "x" all 1',
    'CHARSET UTF-8',
    '1,0',
    '1x',
    'NOT '.repeat(1000) + 'SEEN',
    '('.repeat(1000) + 'SEEN' + ')'.repeat(1000),
    'FUZZY '.repeat(1000) + 'SEEN',
  ]) {
    refuses(`SEARCH ${bad}`, (at) => expectSearchProgram(at));
  }
  refuses('SEARCH RETURN (FOO) ALL', trySearchReturn);
  refuses('SEARCH RETURN (ALL PARTIAL 1:2) ALL', trySearchReturn);

  test('SORT and THREAD', () => {
    const sort = expectSortArguments(parser('SORT RETURN (COUNT) (REVERSE DATE DISPLAYFROM) UTF-8 ALL'));
    assert.deepEqual(sort.criteria, [
      { key: 'DATE', reverse: true },
      { key: 'DISPLAYFROM', reverse: false },
    ]);
    assert.equal(sort.options?.count, true);
    assert.deepEqual(sort.program, { charset: 'UTF-8', key: { key: 'ALL' } });
    assert.deepEqual(expectThreadArguments(parser('THREAD references "us-ascii" SEEN')), {
      algorithm: 'REFERENCES',
      program: { charset: 'us-ascii', key: flag('\\Seen', true) },
    });
  });
  for (const bad of ['()', '(DATE) UTF-8', '(FOO) UTF-8 ALL', '(REVERSE) UTF-8 ALL', 'DATE UTF-8 ALL']) {
    refuses(`SORT ${bad}`, expectSortArguments);
  }
  refuses('THREAD FOO UTF-8 ALL', expectThreadArguments);
});

describe('STORE', () => {
  test('forms', () => {
    assert.deepEqual(expectStoreArguments(parser('STORE 1:2 (UNCHANGEDSINCE 7) +flags.silent (\\seen $Junk)')), {
      set: set(1, 2),
      operation: 'add',
      silent: true,
      flags: ['\\Seen', '$Junk'],
      unchangedSince: 7,
    });
    assert.deepEqual(expectStoreArguments(parser('STORE 1 FLAGS ()')).flags, []);
    assert.deepEqual(expectStoreArguments(parser('STORE 1 -FLAGS \\Seen \\Draft')), {
      set: set(1, 1),
      operation: 'remove',
      silent: false,
      flags: ['\\Seen', '\\Draft'],
      unchangedSince: undefined,
    });
  });
  for (const bad of [
    '1 FLAGS',
    '1 FLAGS (\\Recent)',
    '1 FLAGS (\\Foo)',
    '1 (FOO 1) FLAGS ()',
    '1 *FLAGS ()',
    '1 FOO ()',
    '1 FLAGS (a) b',
  ]) {
    refuses(`STORE ${bad}`, expectStoreArguments);
  }
});

describe('LIST and STATUS', () => {
  test('plain', () => {
    const list = expectListArguments(parser('LIST "" %/a*'));
    assert.deepEqual([list.extended, list.reference, list.patterns], [false, '', ['%/a*']]);
    assert.equal(expectListArguments(parser('LIST "" ""')).extended, false);
  });
  test('extended', () => {
    const list = expectListArguments(
      parser(
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" (INBOX "a b" %) RETURN (CHILDREN STATUS (MESSAGES UNSEEN) MYRIGHTS METADATA ("/shared/x") SPECIAL-USE)',
      ),
    );
    assert.deepEqual(list, {
      extended: true,
      select: new Set(['SUBSCRIBED', 'RECURSIVEMATCH']),
      reference: '',
      patterns: ['INBOX', 'a b', '%'],
      options: {
        subscribed: false,
        children: true,
        specialUse: true,
        myRights: true,
        status: ['MESSAGES', 'UNSEEN'],
        metadata: ['/shared/x'],
      },
    });
    assert.equal(expectListArguments(parser('LIST () "" *')).extended, true);
  });
  for (const bad of [
    '""',
    '"" ()',
    '(FOO) "" *',
    '(RECURSIVEMATCH) "" *',
    '"" * FOO',
    '"" * RETURN',
    '"" * RETURN (FOO)',
    '"" * RETURN (STATUS)',
  ]) {
    refuses(`LIST ${bad}`, expectListArguments);
  }
  test('STATUS', () => {
    assert.deepEqual(expectStatusArguments(parser('STATUS "a b" (messages UIDNEXT DELETED-STORAGE messages)')), {
      mailbox: 'a b',
      items: ['MESSAGES', 'UIDNEXT', 'DELETED-STORAGE'],
    });
  });
  for (const bad of ['x', 'x ()', 'x (FOO)', 'x MESSAGES']) refuses(`STATUS ${bad}`, expectStatusArguments);
});

describe('SELECT', () => {
  test('parameters', () => {
    assert.deepEqual(expectSelectArguments(parser('SELECT INBOX (CONDSTORE)')), {
      mailbox: 'INBOX',
      condstore: true,
      qresync: undefined,
    });
    assert.deepEqual(
      expectSelectArguments(parser('SELECT INBOX (QRESYNC (67890007 20050715194045000 41,43:211 (1:2 3:4)))')).qresync,
      {
        uidValidity: 67890007,
        modseq: Number.MAX_SAFE_INTEGER < 20050715194045000 ? Number.MAX_SAFE_INTEGER : 20050715194045000,
        knownUids: set(41, 41, 43, 211),
        sequenceMatch: { seqs: set(1, 2), uids: set(3, 4) },
      },
    );
    assert.deepEqual(expectSelectArguments(parser('SELECT INBOX (QRESYNC (1 2 (1 3)))')).qresync?.knownUids, undefined);
    assert.deepEqual(expectSelectArguments(parser('SELECT INBOX (QRESYNC (1 2))')).qresync?.sequenceMatch, undefined);
  });
  for (const bad of [
    '',
    'x (FOO)',
    'x ()',
    'x (QRESYNC)',
    'x (QRESYNC (0 1))',
    'x (QRESYNC (1 1 1:*))',
    'x (QRESYNC (1 1 1 2))',
    'x y',
  ]) {
    refuses(`SELECT ${bad}`, expectSelectArguments);
  }
});

describe('APPEND', () => {
  test('forms', () => {
    const parsed = expectAppendArguments(
      parser(
        'APPEND x (\\Seen) "17-Jul-1996 02:44:25 -0700" {3+}\r\nabc UTF8 (~{1+}\r\n\0) CATENATE (URL "/a/;UID=1" TEXT {2+}\r\nhi) {0+}\r\n',
      ),
    );
    assert.equal(parsed.mailbox, 'x');
    assert.deepEqual(parsed.messages[0]?.flags, ['\\Seen']);
    assert.equal(parsed.messages[0]?.internalDate, Date.UTC(1996, 6, 17, 9, 44, 25));
    assert.deepEqual(
      parsed.messages.map(({ data }) => {
        if (data.kind === 'catenate')
          return data.parts.map((part) => (part.kind === 'url' ? part.url : part.literal.bytes.toString()));
        return `${data.kind} ${data.literal.bytes.toString()}`;
      }),
      ['literal abc', 'utf8 \0', ['/a/;UID=1', 'hi'], 'literal '],
    );
    assert.equal(expectReplaceArguments(parser('REPLACE 4 x (\\Seen) {3+}\r\nabc')).number, 4);
  });
  for (const bad of [
    'x',
    'x ()',
    'x "abc"',
    'x (\\Recent) {1+}\r\na',
    'x "foo" {1+}\r\na',
    'x {1+}\r\nab',
    'x CATENATE ()',
    'x UTF8 {1+}\r\na',
  ]) {
    refuses(`APPEND ${bad}`, expectAppendArguments);
  }
});
