/** The values of header fields: fields and folding, encoded words, addresses decoded, dates, subjects, ids, parameters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddressList } from './addresses.ts';
import { baseSubject } from './base-subject.ts';
import { parseDateField } from './date-field.ts';
import { decodeWords } from './encoded-words.ts';
import { fieldValue, readHeaderFields } from './header-fields.ts';
import { parseMessageId, parseMessageIds } from './message-ids.ts';
import { decodedParameter, parseParameterized, removeComments } from './parameters.ts';

function table<In, Out>(name: string, run: (input: In) => Out, rows: readonly [In, Out][]): void {
  test(name, () =>
    assert.deepEqual(
      rows.map(([input]) => [input, run(input)]),
      rows,
    ),
  );
}

test('fields of a header block', () => {
  const raw = Buffer.from('A: 1\r\n\t2 \r\nb :x\nno field\n:y\r\nC:\r\n \r\n\r\nD: body');
  assert.deepEqual(
    readHeaderFields(raw, 0, raw.length).map((field) => [field.name, fieldValue(raw, field)]),
    [
      ['a', '1\t2'],
      ['b', 'x'],
      ['', 'no field'],
      ['', ':y'],
      ['c', ''],
    ],
  );
});

test('fields cover the block without gap, whatever is in it', () => {
  const bytes = fc.array(fc.constantFrom('a', ':', ' ', '\t', '\r', '\n', '\r\n', 'Subject: x', '\xff'), { maxLength: 40 });
  fc.assert(
    fc.property(bytes, (pieces) => {
      const raw = Buffer.from(pieces.join(''), 'latin1');
      let position = 0;
      for (const field of readHeaderFields(raw, 0, raw.length)) {
        assert.equal(field.start, position);
        assert.ok(field.end > field.start && field.valueStart <= field.end);
        assert.doesNotMatch(fieldValue(raw, field), /[\r\n\0]/);
        position = field.end;
      }
      assert.ok(position === raw.length || /^\r?\n/.test(raw.toString('latin1', position)));
    }),
  );
});

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

table('encoded words', decodeWords, [
  ['plain', 'plain'],
  ['=?utf-8?Q?a_b=C3=A4?= c', 'a bä c'],
  ['=?UTF-8?b?w6Q=?=', 'ä'],
  ['=?utf-8?q?a?= =?utf-8?q?b?=', 'ab'],
  ['=?utf-8?q?a?= x =?utf-8?q?b?=', 'a x b'],
  ['=?utf-8?q?=E2=82?= \t=?utf-8?q?=AC?=', '€'],
  ['=?utf-8?b?4oI=?= =?utf-8?q?=AC?=', '€'],
  ['=?iso-8859-1?q?=E4?= =?utf-8?q?=C3=A4?=', 'ää'],
  ['=?iso-8859-1*de?q?=E4?=', 'ä'],
  ['=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=', '日本'],
  ['=?iso-2022-jp?b?GyRCRnwbKEI=?= =?iso-2022-jp?b?GyRCS1wbKEI=?=', '日本'],
  ['=?shift_jis?b?k/qWew==?=', '日本'],
  ['=?gb2312?b?1tDOxA==?=', '中文'],
  ['=?big5?b?pKSk5Q==?=', '中文'],
  ['=?euc-kr?b?x9GxuQ==?=', '한국'],
  ['=?koi8-r?b?8NLJ18XU?=', 'Привет'],
  ['=?windows-1252?q?=80?= =?iso-8859-1?q?=80?=', '€€'],
  ['=?nonsense?q?=C3=A4?=', 'ä'],
  ['=?utf-8?q?spaces in it?=', 'spaces in it'],
  ['(=?utf-8?q?a?=)x=?utf-8?q?b?=', '(a)xb'],
  ['=?utf-8?x?a?=', '=?utf-8?x?a?='],
  ['=?utf-8?q?a', '=?utf-8?q?a'],
  ['=??=', '=??='],
  [utf8('grüße €'), 'grüße €'],
  ['gr\xfc\xdfe', 'grüße'],
  ['\x1b$BF|K\\\x1b(B', '日本'],
  [`${utf8('ä')} =?utf-8?q?b?=`, 'ä b'],
]);

table(
  'address lists, decoded',
  (value: string) => parseAddressList(value, 100).map(({ name, address }) => `${name}|${address}`),
  [
    ['a@b', ['|a@b']],
    ['=?utf-8?q?J=C3=B6rg?= Doe <j@x>, G: "=?utf-8?q?a=2C?=" <b@c>;', ['Jörg Doe|j@x', 'a,|b@c']],
    [utf8('Jörg <jörg@bücher.example>'), ['Jörg|jörg@bücher.example']],
    ['root, <>, undisclosed-recipients:;', ['|root']],
    ['=?utf-8?q?Doe,?= <j@x>', ['Doe,|j@x']],
    ['=?utf-8?q?a?=\t=?utf-8?q?b?= <j@x>', ['ab|j@x']],
  ],
);

test('the number of addresses is bounded', () => {
  assert.equal(parseAddressList('a@b,'.repeat(100), 7).length, 7);
});

const day = (value: string): string | undefined => {
  const date = parseDateField(value);
  return date === undefined ? undefined : `${date.day} ${new Date(date.epochMs).toISOString().slice(0, 19)}`;
};
table('dates: the day as written and the instant', day, [
  ['Fri, 21 Nov 1997 09:55:06 -0600', '19971121 1997-11-21T15:55:06'],
  ['21 Nov 97 09:55 EST', '19971121 1997-11-21T14:55:00'],
  ['Fri, 21 Nov 1997 23:59:59 -0600 (CST)', '19971121 1997-11-22T05:59:59'],
  ['Sat, 01 Jan 2000 00:30:00 +0100', '20000101 1999-12-31T23:30:00'],
  ['(comment) Mon, (x) 1 Feb (y) 2021 1:2:3 (z) +0000', '20210201 2021-02-01T01:02:03'],
  ['1 Jan 49 0:0:0 GMT', '20490101 2049-01-01T00:00:00'],
  ['1 Jan 50 0:0:0 Z', '19500101 1950-01-01T00:00:00'],
  ['1 Jan 103 0:0:0 UT', '20030101 2003-01-01T00:00:00'],
  ['29 Feb 2000 12:00:00 PDT', '20000229 2000-02-29T19:00:00'],
  ['29 Feb 1900 12:00:00 GMT', undefined],
  ['31 Apr 2001 12:00:00 GMT', undefined],
  ['Tue, 5 Mar 2024', '20240305 2024-03-05T00:00:00'],
  ['Tue, 5 Mar 2024 25:00:00 +0200', '20240305 2024-03-05T00:00:00'],
  ['Tue, 5 Mar 2024 10:00:00 +9999', '20240305 2024-03-05T10:00:00'],
  ['Tue, 5 Mar 2024 10:00:00 A', '20240305 2024-03-05T10:00:00'],
  ['Tue, 5 Mar 2024 10:00:00', '20240305 2024-03-05T10:00:00'],
  ['Tue, 5 Mar 2024 10:00:60 GMT', '20240305 2024-03-05T10:01:00'],
  ['5-Mar-2024 10:00:00 +0000', '20240305 2024-03-05T10:00:00'],
  ['Tue Mar  5 10:00:00 2024', '20240305 2024-03-05T10:00:00'],
  ['Tue Mar  5 10:00:00 EST 2024', '20240305 2024-03-05T15:00:00'],
  ['March 5, 2024 10:00', '20240305 2024-03-05T10:00:00'],
  ['2024-03-05T10:00:00+02:00', '20240305 2024-03-05T08:00:00'],
  ['2024-03-05T10:00:00.123Z', '20240305 2024-03-05T10:00:00'],
  ['tuesday, 5 march 2024 10.00.00 gmt', '20240305 2024-03-05T10:00:00'],
  ['', undefined],
  ['yesterday', undefined],
  ['0 Jan 2024 00:00 GMT', undefined],
]);

const base = (subject: string): string => {
  const { text, isReply } = baseSubject(subject);
  return `${isReply ? '>' : ''}${text}`;
};
table('base subjects (RFC 5256 §2.1)', base, [
  ['hello', 'hello'],
  ['Re: hello', '>hello'],
  ['RE: re:Fw: FWD : hello', '>hello'],
  ['Re[2]: hello', '>hello'],
  ['Re [list]: hello', '>hello'],
  ['[list] Re: hello', '>hello'],
  ['[a] [b] Re: [c] hello', '>hello'],
  ['[a] hello', 'hello'],
  ['[a] [b]', '[b]'],
  ['[a]', '[a]'],
  ['Re: [a]', '>[a]'],
  ['hello (fwd)', '>hello'],
  ['hello (fwd)  (FWD) ', '>hello'],
  ['[fwd: hello]', '>hello'],
  ['[Fwd: Re: [fwd: hello (fwd)]]', '>hello'],
  ['  a \t\r\n b  ', 'a b'],
  ['Re:', '>'],
  ['Rework: x', 'Rework: x'],
  ['Re hello', 'Re hello'],
  ['Aw: hello', 'Aw: hello'],
  ['[[a]] b', '[[a]] b'],
  ['[fwd: hello', '[fwd: hello'],
  ['', ''],
]);

table('message ids', parseMessageIds, [
  ['<a@b>', ['<a@b>']],
  ['<a@b> <c@d>\t<a@b>', ['<a@b>', '<c@d>']],
  ['Your message of "x" <a@b> (<c@d>)', ['<a@b>', '<c@d>']],
  ['<"01KF8JCEOCBS0045PS"@xxx.yyy.com>', ['<01KF8JCEOCBS0045PS@xxx.yyy.com>']],
  ['<"a b"@c> <a @b>', ['<"ab"@c>', '<a@b>'].map((id) => (id === '<"ab"@c>' ? '<ab@c>' : id))],
  ['<<a@b>', ['<a@b>']],
  ['<a@b', []],
  ['<>', []],
  ['none', []],
]);

test('a message id without brackets counts, and references are bounded at both ends', () => {
  assert.deepEqual(
    [parseMessageId('a@b'), parseMessageId(' <c@d> x'), parseMessageId('a b@c'), parseMessageId('')],
    ['<a@b>', '<c@d>', undefined, undefined],
  );
  const ids = Array.from({ length: 1000 }, (_, i) => `<${i}@x>`);
  const kept = parseMessageIds(ids.join(' '));
  assert.deepEqual([kept.length, kept[0], kept[1], kept.at(-1)], [200, '<0@x>', '<801@x>', '<999@x>']);
});

table(
  'parameters',
  (text: string) => {
    const { value, params } = parseParameterized(text);
    return [value, ...params.map((param) => `${param.name}=${param.value}`)].join('|');
  },
  [
    ['text/plain', 'text/plain'],
    ['TEXT/Plain; Charset=UTF-8', 'text/plain|charset=UTF-8'],
    ['a/b;c=d;;e = "f;g" ;h', 'a/b|c=d|e=f;g'],
    ['a/b; c="d" e="f"', 'a/b|c=d|e=f'],
    ['a/b; c=d (comment); e="(no comment)"', 'a/b|c=d|e=(no comment)'],
    ['a/b; c="C:\\dir\\x.txt"; d="q\\"q\\\\"', 'a/b|c=C:\\dir\\x.txt|d=q"q\\'],
    ['a/b; c=1; c=2', 'a/b|c=1'],
    ['a/b; n*1=b; n*0=a; n*2*=%20', "a/b|n*=''ab%20"],
    ['a/b; c="open', 'a/b|c=open'],
    ['', ''],
  ],
);

test('decoded parameters', () => {
  const decode = (text: string): string | undefined => decodedParameter(parseParameterized(text).params, 'n');
  assert.deepEqual(
    [
      "x; n*=utf-8''%E2%82%AC",
      "x; n*=iso-8859-1'de'%E4; n=plain",
      'x; n="=?utf-8?q?=C3=A4?="',
      `x; n=${utf8('ä')}`,
      'x; n*=%41',
      "x; n*0*=utf-8''%E2%82; n*1*=%AC; n*2=' x'",
      'x',
    ].map(decode),
    ['€', 'ä', 'ä', 'ä', 'A', "€' x'", undefined],
  );
});

test('comments go, quoted strings stay', () => {
  assert.equal(removeComments('a (b (c) \\) d) e "(f)" (open'), 'a   e "(f)" (open');
});
