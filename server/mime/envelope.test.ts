import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeEnvelope, readEnvelopeFields } from './envelope.ts';
import { DEFAULT_MIME_LIMITS } from './limits.ts';
import { assertEnvelope, message, parseImap } from './mime-test-kit.ts';

function envelope(...lines: string[]): string {
  const raw = message(...lines, '');
  const wire = encodeEnvelope(readEnvelopeFields(raw, 0, raw.length, DEFAULT_MIME_LIMITS));
  assertEnvelope(parseImap(Buffer.from(wire, 'latin1')));
  return wire;
}

/** The From list alone, as most cases are about one address. */
const from = (value: string): string =>
  /^\(NIL NIL (.*?) \1 \1 NIL NIL NIL NIL NIL\)$/s.exec(envelope(`From: ${value}`))?.[1] ?? 'no match';

test('a whole envelope', () => {
  assert.equal(
    envelope(
      'Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)',
      'From: Fred Foobar <foobar@Blurdybloop.example>',
      'Subject: afternoon meeting 2',
      'To: mooch@owatagu.siam.edu.example, "J. Doe" <j@x>',
      'Cc: A: b@c, d@e;',
      'Bcc:',
      'In-Reply-To: <1@x>',
      'Message-Id: <B27397-0100000@Blurdybloop.example>',
    ),
    '("Mon, 7 Feb 1994 21:52:25 -0800 (PST)" "afternoon meeting 2" ' +
      '(("Fred Foobar" NIL "foobar" "Blurdybloop.example")) (("Fred Foobar" NIL "foobar" "Blurdybloop.example")) (("Fred Foobar" NIL "foobar" "Blurdybloop.example")) ' +
      '((NIL NIL "mooch" "owatagu.siam.edu.example")("J. Doe" NIL "j" "x")) ((NIL NIL "A" NIL)(NIL NIL "b" "c")(NIL NIL "d" "e")(NIL NIL NIL NIL)) NIL "<1@x>" "<B27397-0100000@Blurdybloop.example>")',
  );
});

test('missing fields are NIL, empty ones are empty', () => {
  assert.equal(envelope('X: y'), '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)');
  assert.equal(
    envelope('Date:', 'Subject: ', 'From:', 'To: ', 'In-Reply-To:', 'Message-ID:  '),
    '("" "" NIL NIL NIL NIL NIL NIL "" "")',
  );
});

test('Sender and Reply-To default to From, also when they are empty', () => {
  assert.equal(
    envelope('From: a@b', 'Sender:', 'Reply-To: <c@d>'),
    '(NIL NIL ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) ((NIL NIL "c" "d")) NIL NIL NIL NIL NIL)',
  );
});

test('strings: quoted where it is possible, else the bytes as a literal', () => {
  const subject = (value: string): string =>
    /^\(NIL (.*) NIL NIL NIL NIL NIL NIL NIL NIL\)$/s.exec(envelope(`Subject: ${value}`))?.[1] ?? 'no match';
  const table: [string, string][] = [
    ['a "b" \\c', '"a \\"b\\" \\\\c"'],
    ['folded\r\n  twice\r\n\tyes', '"folded  twice\tyes"'],
    ['=?utf-8?q?=C3=A4?=', '"=?utf-8?q?=C3=A4?="'],
    ['\xc3\xa4', '{2}\r\n\xc3\xa4'],
    ['a\0b', '"ab"'],
    ['a\rb', '"a b"'],
    ['a\x07b', '{3}\r\na\x07b'],
    ['NIL', '"NIL"'],
    ['{5}', '"{5}"'],
  ];
  assert.deepEqual(
    table.map(([value]) => [value, subject(value)]),
    table,
  );
});

test('addresses', () => {
  const table: [string, string][] = [
    ['a@b.c', '((NIL NIL "a" "b.c"))'],
    ['<a@b.c>', '((NIL NIL "a" "b.c"))'],
    ['John Q. Public <j@x>', '(("John Q. Public" NIL "j" "x"))'],
    ['"Doe, \\"J\\"" <j@x>', '(("Doe, \\"J\\"" NIL "j" "x"))'],
    ['"A" "B"  C <j@x>', '(("A B C" NIL "j" "x"))'],
    ['"" <j@x>', '(("" NIL "j" "x"))'],
    ['j@x (John (the) Doe)', '(("John (the) Doe" NIL "j" "x"))'],
    ['Name <j@x> (comment)', '(("Name" NIL "j" "x"))'],
    ['(comment) <j@x>', '(("comment" NIL "j" "x"))'],
    ['"john doe"@x', '((NIL NIL "john doe" "x"))'],
    ['"a\\"b\\\\c"@x', '((NIL NIL "a\\"b\\\\c" "x"))'],
    ['"quoted"."dot" @ x', '((NIL NIL "quoted.dot" "x"))'],
    ['john . doe @ example . org (c)', '(("c" NIL "john.doe" "example.org"))'],
    ['<@a,@b:u@c>', '((NIL "@a,@b" "u" "c"))'],
    ['R <@a.example:u@c>', '(("R" "@a.example" "u" "c"))'],
    ['u@[192.168.1.1]', '((NIL NIL "u" "[192.168.1.1]"))'],
    ['u@[IPv6:::1]', '((NIL NIL "u" "[IPv6:::1]"))'],
    ['root', '((NIL NIL "root" ""))'],
    ['Cron Daemon <root>', '(("Cron Daemon" NIL "root" ""))'],
    ['John Doe john@x', '(("John Doe" NIL "john" "x"))'],
    ['Joe <joe@x, Ann <ann@y>', '(("Joe" NIL "joe" "x")("Ann" NIL "ann" "y"))'],
    ['a@b,, ,c@d,', '((NIL NIL "a" "b")(NIL NIL "c" "d"))'],
    ['undisclosed-recipients:;', '((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL))'],
    ['"My Group": a@b;, c@d', '((NIL NIL "My Group" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL)(NIL NIL "c" "d"))'],
    ['G: a@b', '((NIL NIL "G" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL))'],
    ['=?utf-8?Q?Doe,_J=C3=B6rg?= <j@x>', '(("=?utf-8?Q?Doe,_J=C3=B6rg?=" NIL "j" "x"))'],
    ['J\xf6rg <j@x>', '(({4}\r\nJ\xf6rg NIL "j" "x"))'],
    ['<j\xc3\xb6rg@b\xc3\xbccher.example>', '((NIL NIL {5}\r\nj\xc3\xb6rg {15}\r\nb\xc3\xbccher.example))'],
    ['joe\r\n (folded\r\n comment) @x', '(("folded comment" NIL "joe" "x"))'],
    ["O'Neil <o'neil@x>", '(("O\'Neil" NIL "o\'neil" "x"))'],
  ];
  assert.deepEqual(
    table.map(([value]) => [value, from(value)]),
    table,
  );
});

test('repeated address fields add up; of Subject the first counts', () => {
  assert.equal(
    envelope('To: a@b', 'Subject: 1', 'To: c@d', 'Subject: 2'),
    '(NIL "1" NIL NIL NIL ((NIL NIL "a" "b")(NIL NIL "c" "d")) NIL NIL NIL NIL)',
  );
});
