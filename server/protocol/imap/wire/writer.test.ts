import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { UidSet } from '../../../mail/uid-set.ts';
import type { UidValidity } from '../../../mail/ids.ts';
import { ArgumentParser } from './parser.ts';
import { AUTHENTICATED_LIMITS, ImapReader } from './reader.ts';
import type { RawCommand } from './raw-command.ts';
import { traceCommand } from './trace.ts';
import { ImapWriter, responseCode } from './writer.ts';

function written(body: (writer: ImapWriter) => unknown, utf8 = false): string {
  const writer = new ImapWriter();
  writer.utf8 = utf8;
  body(writer);
  return Buffer.concat(writer.take()).toString();
}

function readCommand(octets: Buffer): RawCommand {
  const reader = new ImapReader({ ...AUTHENTICATED_LIMITS, nonSyncBytes: Infinity });
  reader.push(octets);
  for (let event = reader.next(); ; event = reader.next()) {
    if (event.kind === 'literal') reader.accept();
    else if (event.kind === 'command') return event.command;
    else assert.fail(event.kind);
  }
}

describe('writer', () => {
  const cases: [string, (writer: ImapWriter) => unknown, string, string?][] = [
    ['a plain string', (w) => w.string('abc'), '"abc"'],
    ['quotes', (w) => w.string('a"b\\'), '"a\\"b\\\\"'],
    ['line ends', (w) => w.string('a\r\nb'), '{4}\r\na\r\nb'],
    ['8-bit text', (w) => w.string('é'), '{2}\r\né', '"é"'],
    ['NUL is dropped', (w) => w.string('a\0b'), '"ab"'],
    ['nstring', (w) => w.nstring(null).sp().nstring('').sp().nstring('NIL'), 'NIL "" "NIL"'],
    ['astring', (w) => w.astring('INBOX').sp().astring('NIL').sp().astring('').sp().astring('a b'), 'INBOX "NIL" "" "a b"'],
    [
      'octets',
      (w) =>
        w
          .nstringBytes(Buffer.from('x"'))
          .nstringBytes(Buffer.from([0]))
          .nstringBytes(null),
      '"x\\""~{1}\r\n\0NIL',
    ],
    ['a mailbox', (w) => w.mailbox('Entwürfe/R&D'), 'Entw&APw-rfe/R&-D', '"Entwürfe/R&D"'],
    ['flags', (w) => w.flags(['\\Seen', '$x']), '(\\Seen $x)'],
    [
      'status',
      (w) => w.tagged('a', 'OK', 'done', 'READ-ONLY').tagged(undefined, 'BAD', 'x\r\ny'),
      'a OK [READ-ONLY] done\r\n* BAD x y\r\n',
    ],
    [
      'untagged',
      (w) => w.untagged('3 EXISTS').untaggedStatus('BYE', 'bye').continuation(''),
      '* 3 EXISTS\r\n* BYE bye\r\n+ \r\n',
    ],
    ['literal8', (w) => w.literal8(Buffer.from('\0')), '~{1}\r\n\0'],
  ];
  for (const [name, body, expected, expectedUtf8] of cases) {
    test(name, () => {
      assert.equal(written(body), expected);
      if (expectedUtf8 !== undefined) assert.equal(written(body, true), expectedUtf8);
    });
  }

  test('response codes', () => {
    assert.equal(responseCode.copyUid(7 as UidValidity, UidSet.of(1, 2, 3), UidSet.of(9)), 'COPYUID 7 1:3 9');
    assert.equal(responseCode.permanentFlags(['\\Seen'], true), 'PERMANENTFLAGS (\\Seen \\*)');
    assert.equal(responseCode.badCharset(['UTF-8']), 'BADCHARSET (UTF-8)');
  });

  test('a batch is few chunks, big Buffers by reference', () => {
    const writer = new ImapWriter();
    const body = Buffer.alloc(10_000, 'b');
    for (let i = 1; i <= 100; i += 1) writer.raw(`* ${i} FETCH (ENVELOPE `).encoded(Buffer.from('(NIL)')).raw(')\r\n');
    writer.raw('* 101 FETCH (BODY[] ').literal(body).raw(')\r\n').tagged('a', 'OK', 'done');
    const chunks = writer.take();
    assert.ok(chunks.length <= 4, `${chunks.length} chunks`);
    assert.ok(chunks.includes(body));
    assert.match(chunks[0]!.toString(), /^\* 1 FETCH \(ENVELOPE \(NIL\)\)\r\n\* 2 FETCH/);
    assert.equal(chunks.at(-1)!.toString(), ')\r\na OK done\r\n');
    assert.ok(writer.isEmpty);
    assert.deepEqual(writer.take(), []);
  });

  test('pieces of any kind come out in order', () => {
    const piece = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 50 }), fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, fc.boolean()), { maxLength: 60 }), (pieces) => {
        const writer = new ImapWriter({ referenceBytes: 100 });
        const expected: Buffer[] = [];
        const got: Buffer[] = [];
        for (const [one, takeNow] of pieces) {
          expected.push(Buffer.from(one as string));
          if (typeof one === 'string') writer.raw(one);
          else writer.encoded(Buffer.from(one));
          if (takeNow) got.push(...writer.take());
        }
        got.push(...writer.take());
        assert.deepEqual(Buffer.concat(got), Buffer.concat(expected));
      }),
    );
  });

  test('what is written as string, astring or mailbox parses to itself', () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 }).filter((value) => value.isWellFormed() && !value.includes('\0'));
    fc.assert(
      fc.property(text, fc.boolean(), (value, utf8) => {
        const line = written((w) => w.raw('a X ').string(value).sp().astring(value).sp().mailbox(value).crlf(), utf8);
        // Literals from a server look like synchronizing ones; the reader asks and gets them all the same.
        const parser = new ArgumentParser(readCommand(Buffer.from(line)), { utf8 });
        parser.expectSp();
        assert.equal(parser.expectText(), value);
        parser.expectSp();
        assert.equal(parser.expectText(), value);
        parser.expectSp();
        assert.equal(parser.expectMailbox(), value);
        parser.expectEnd();
      }),
      { numRuns: 500 },
    );
  });

  test('the trace shows no octets', () => {
    const writer = new ImapWriter({ trace: true });
    writer.raw('* 1 FETCH (BODY[] ').literal(Buffer.from('secret')).raw(')\r\n');
    assert.equal(writer.takeTrace(), '* 1 FETCH (BODY[] {6}\r\n<6 octets>)\r\n');
    assert.equal(writer.takeTrace(), '');
  });
});

describe('command trace', () => {
  const cases: [string, boolean, string][] = [
    ['a FETCH 1:* (FLAGS)', true, 'a FETCH 1:* (FLAGS)'],
    ['a LOGIN user secret', true, 'a LOGIN …'],
    ['a LOGIN {4+}\r\nuser {6+}\r\nsecret', true, 'a LOGIN …'],
    ['a AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0', true, 'a AUTHENTICATE PLAIN …'],
    ['a AUTHENTICATE PLAIN', true, 'a AUTHENTICATE PLAIN'],
    ['a APPEND Sent (\\Seen) {6+}\r\nsecret', true, 'a APPEND Sent (\\Seen) {6}…'],
    ['a secret password', false, '<unknown command, 17 octets>'],
    ['a SELECT "x\u0007\u001b[31m"', true, 'a SELECT "x??[31m"'],
  ];
  for (const [line, known, expected] of cases) {
    test(JSON.stringify(line), () => assert.equal(traceCommand(readCommand(Buffer.from(`${line}\r\n`)), { known }), expected));
  }
});
