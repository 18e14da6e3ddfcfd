/**
 * Hostile messages: the whole analysis answers, keeps its promises about ranges, and takes time in proportion to the size. Each case is a family of messages by size.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzeMessage } from './analyze.ts';
import { assertBody, assertEnvelope, assertLinear, assertNested, limits, parseImap } from './mime-test-kit.ts';
import { parseStructure } from './structure.ts';

const repeat = (text: string, bytes: number): string => text.repeat(Math.ceil(bytes / text.length)).slice(0, bytes);
const multipart = (boundary: string): string => `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n`;

function nested(depth: number, header: (level: number) => string, open: (level: number) => string): string {
  let out = '';
  for (let level = 0; level < depth; level++) out += header(level) + open(level);
  return out;
}

const FAMILIES: Readonly<Record<string, (bytes: number) => string>> = {
  'no newline at all': (n) => repeat('x', n),
  'one header without end': (n) => `Subject: ${repeat('y', n)}`,
  'only NULs': (n) => repeat('\0', n),
  'only line feeds': (n) => repeat('\n', n),
  'only carriage returns': (n) => repeat('\r', n),
  'only CRLF': (n) => repeat('\r\n', n),
  'CR, LF and CRLF mixed': (n) => repeat('a\rb\nc\r\nd\n\re\r\r\n', n),
  'header of folded lines': (n) => `To: ${repeat('a@example.org,\r\n ', n)}`,
  'header of short fields': (n) => repeat('a:\r\n', n),
  'header lines of blanks': (n) => `Subject: x${repeat('\r\n \t ', n)}y`,
  'blanks without end': (n) => `Subject: x${repeat(' ', n)}y\r\n\r\n${repeat(' ', n)}x`,
  'nested multiparts': (n) =>
    nested(
      n / 80,
      (i) => multipart(`b${i}`),
      (i) => `--b${i}\r\n`,
    ),
  'nested multiparts with one boundary': (n) =>
    nested(
      n / 60,
      () => multipart('b'),
      () => '--b\r\n',
    ),
  'nested boundaries that are prefixes': (n) =>
    nested(
      n / 300,
      (i) => multipart('a'.repeat((i % 250) + 1)),
      (i) => `--${'a'.repeat((i % 250) + 1)}\r\n`,
    ),
  'nested messages': (n) => repeat('Content-Type: message/rfc822\r\n\r\n', n),
  'nested messages with blank lines': (n) => repeat('Content-Type: message/rfc822\n\n', n),
  'many boundaries': (n) => multipart('b') + repeat('--b\r\n', n),
  'many tiny parts': (n) => multipart('b') + repeat('--b\r\n\r\nx\r\n', n),
  'many almost boundaries': (n) =>
    nested(
      99,
      (i) => multipart(`${'b'.repeat(60)}${i}`),
      (i) => `--${'b'.repeat(60)}${i}\r\n`,
    ) + repeat(`--${'b'.repeat(60)}x\r\n`, n),
  'dashes only': (n) => multipart('b') + repeat('--', n),
  'dash lines': (n) => multipart('b') + repeat('--\r\n', n),
  'a boundary line of blanks': (n) => `${multipart('b')}--b${repeat(' ', n)}x\r\n`,
  'a boundary of maximal length': (n) => multipart('b'.repeat(n)) + '--',
  'parameters without end': (n) => `Content-Type: text/plain${repeat('; a=b', n)}\r\n\r\n`,
  'continuations without end': (n) =>
    `Content-Type: text/plain${nested(
      n / 10,
      () => '',
      (i) => `; a*${i % 1000}*=x`,
    )}\r\n\r\n`,
  'an open quote': (n) => `Content-Type: text/plain; name="${repeat('\\"a', n)}\r\n\r\n`,
  'open comments': (n) => `From: ${repeat('(', n)}\r\nContent-Type: ${repeat('((\\', n)}\r\n\r\n`,
  'open brackets': (n) => `From: ${repeat('<', n)}\r\nReferences: ${repeat('<', n)}\r\nMessage-ID: ${repeat('<"', n)}\r\n\r\n`,
  'address specials': (n) => `From: ${repeat('@.:;,"[', n)}\r\nTo: ${repeat('=?', n)}\r\nCc: ${repeat('a:;', n)}\r\n\r\n`,
  'encoded words without end': (n) => `Subject: ${repeat('=?utf-8?q?', n)}\r\nFrom: ${repeat('=?utf-8?b?YQ==?= ', n)}\r\n\r\n`,
  'encoded words in many charsets': (n) =>
    `Subject: ${repeat('=?iso-2022-jp?b?GyRCJEobKEI=?= =?utf-8?q?=C3?= =?x?q?a?= ', n)}\r\n\r\n`,
  'subject artefacts': (n) => `Subject: ${repeat('re: [a] fwd: [', n)}\r\nDate: ${repeat('(1 Jan ', n)}\r\n\r\n`,
  'html tags without end': (n) => `Content-Type: text/html\r\n\r\n${repeat('<a href="', n)}`,
  'html open brackets': (n) => `Content-Type: text/html\r\n\r\n${repeat('<', n)}`,
  'html comments': (n) => `Content-Type: text/html\r\n\r\n${repeat('<!--', n)}`,
  'html scripts': (n) => `Content-Type: text/html\r\n\r\n${repeat('<script>', n)}`,
  'html script ends': (n) => `Content-Type: text/html\r\n\r\n${repeat('<script></style>', n)}`,
  'html nested blocks': (n) => `Content-Type: text/html\r\n\r\n${repeat('<div>', n)}`,
  'html entities': (n) => `Content-Type: text/html\r\n\r\n${repeat('&amp;&#x41;&nosuch', n)}`,
  'html blanks': (n) => `Content-Type: text/html\r\n\r\n${repeat(' ', n)}&`,
  'quoted-printable equals': (n) => `Content-Transfer-Encoding: quoted-printable\r\n\r\n${repeat('=', n)}`,
  'quoted-printable blanks': (n) => `Content-Transfer-Encoding: quoted-printable\r\n\r\n${repeat('= \t', n)}`,
  'base64 padding': (n) => `Content-Transfer-Encoding: base64\r\n\r\n${repeat('YQ==', n)}`,
  'base64 that is none': (n) => `Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n${repeat('A\r\n', n)}`,
  'base64 in lines': (n) =>
    `Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n${repeat(`${'QUJD'.repeat(19)}\r\n`, n)}`,
  'iso-2022-jp escapes': (n) => `Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n${repeat('\x1b$B', n)}`,
  'utf-7': (n) => `Content-Type: text/plain; charset=utf-7\r\n\r\n${repeat('+AGE', n)}`,
  'invalid utf-8': (n) => `Content-Type: text/plain; charset=utf-8\r\n\r\n${repeat('\xc3\xff', n)}`,
  'equal alternatives': (n) => `Content-Type: multipart/alternative; boundary=b\r\n\r\n${repeat('--b\r\n\r\nsame\r\n', n)}`,
};

for (const [name, make] of Object.entries(FAMILIES)) {
  test(`hostile: ${name}`, () => {
    for (const size of [100, 5_000]) {
      const raw = Buffer.from(make(size), 'latin1');
      const small = limits({
        maxDepth: 20,
        maxParts: 50,
        maxHeaderBytes: 2_000,
        maxTextChars: 1_000,
        maxWireBytes: 4_000,
        maxInlineBytes: 1_000,
        blobThresholdBytes: 64,
      });
      for (const some of [limits({}), small]) {
        const structure = parseStructure(raw, some);
        assertNested(structure.root, 0, raw.length);
        const analysis = analyzeMessage(raw, some);
        assertEnvelope(parseImap(analysis.envelope));
        assert.equal(assertBody(parseImap(analysis.bodyStructure), true), assertBody(parseImap(analysis.body), false));
        let position = 0;
        let inline = 0;
        for (const segment of analysis.segments) {
          assert.equal(segment.start, position);
          position = segment.end;
          if (segment.kind === 'inline') inline += segment.end - segment.start;
        }
        assert.equal(position, raw.length);
        assert.ok(inline <= some.maxInlineBytes, `${inline} bytes inline`);
        assert.ok(structure.partCount <= some.maxParts + some.maxDepth + 1, `${structure.partCount} parts`);
        for (const bytes of [analysis.envelope, analysis.bodyStructure])
          assert.ok(bytes.length <= some.maxWireBytes + 200, `${bytes.length} wire bytes`);
        for (const text of [analysis.text.header, analysis.text.body]) assert.ok(text.length <= some.maxTextChars);
      }
    }
    assertLinear(
      name,
      (size) => {
        const raw = Buffer.from(make(size), 'latin1');
        return () => analyzeMessage(raw);
      },
      20_000,
    );
  });
}
