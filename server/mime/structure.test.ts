import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allParts, assertNested, limits, message } from './mime-test-kit.ts';
import { parseStructure } from './structure.ts';
import type { MimePart } from './types.ts';

/** A tree in short: `type/subtype` with its body for leaves, a list for what has children. */
type Shape = string | [string, ...Shape[]];

function shapeOf(raw: Buffer, part: MimePart): Shape {
  const type = `${part.type}/${part.subtype}${part.kind === 'opaque' ? '!' : ''}`;
  if (part.children.length > 0) return [type, ...part.children.map((child) => shapeOf(raw, child))];
  return `${type} ${JSON.stringify(raw.toString('latin1', part.bodyStart, part.bodyEnd))}`;
}

const parse = (raw: Buffer): Shape => shapeOf(raw, parseStructure(raw).root);
const mixed = (boundary: string): string[] => [`Content-Type: multipart/mixed; boundary="${boundary}"`, ''];

const TABLE: readonly { name: string; raw: Buffer; shape: Shape }[] = [
  { name: 'an empty message', raw: Buffer.alloc(0), shape: 'text/plain ""' },
  { name: 'a body only', raw: message('', 'hello'), shape: 'text/plain "hello\\r\\n"' },
  { name: 'a header only, no blank line', raw: message('Subject: x'), shape: 'text/plain ""' },
  { name: 'LF only', raw: Buffer.from('Subject: x\n\nhello\n'), shape: 'text/plain "hello\\n"' },
  {
    name: 'a bare CR is no line end',
    raw: Buffer.from('Subject: x\r\rContent-Type: text/html\r\n\r\nhello'),
    shape: 'text/plain "hello"',
  },
  {
    name: 'a multipart, its preamble and epilogue',
    raw: message(...mixed('b'), 'preamble', '--b', '', 'one', '--b', 'Content-Type: text/html', '', 'two', '--b--', 'epilogue'),
    shape: ['multipart/mixed', 'text/plain "one"', 'text/html "two"'],
  },
  {
    name: 'a boundary with trailing blanks, a close delimiter with more',
    raw: message(...mixed('b'), '--b \t', '', 'one', '--b-- ', 'epilogue'),
    shape: ['multipart/mixed', 'text/plain "one"'],
  },
  {
    name: 'no close delimiter',
    raw: message(...mixed('b'), '--b', '', 'one'),
    shape: ['multipart/mixed', 'text/plain "one\\r\\n"'],
  },
  {
    name: 'the outer boundary closes an inner multipart that has no end',
    raw: message(...mixed('out'), '--out', ...mixed('in'), '--in', '', 'one', '--out', '', 'two', '--out--'),
    shape: ['multipart/mixed', ['multipart/mixed', 'text/plain "one"'], 'text/plain "two"'],
  },
  {
    name: 'a boundary that is a prefix of another',
    raw: message(...mixed('b'), '--b', ...mixed('bb'), '--bb', '', 'one', '--bb--', '--b', '', 'two', '--b--'),
    shape: ['multipart/mixed', ['multipart/mixed', 'text/plain "one"'], 'text/plain "two"'],
  },
  {
    name: 'the other way round',
    raw: message(...mixed('bb'), '--bb', ...mixed('b'), '--b', '', 'one', '--b--', '--bb', '', 'two', '--bb--'),
    shape: ['multipart/mixed', ['multipart/mixed', 'text/plain "one"'], 'text/plain "two"'],
  },
  {
    name: 'a boundary that ends in dashes',
    raw: message(...mixed('b--'), '--b--', '', 'one', '--b----'),
    shape: ['multipart/mixed', 'text/plain "one"'],
  },
  {
    name: 'a line that only starts with a boundary is none',
    raw: message(...mixed('b'), '--b', '', 'one', '--b more', '--bb', '--b--more', '--b--'),
    shape: ['multipart/mixed', 'text/plain "one\\r\\n--b more\\r\\n--bb\\r\\n--b--more"'],
  },
  {
    name: 'an outer boundary closes inner ones that it is a prefix of',
    raw: message(
      ...mixed('b'),
      '--b',
      ...mixed('bb'),
      '--bb',
      ...mixed('bbb'),
      '--bbb',
      '',
      'x',
      '--b',
      '',
      'y',
      '--bb',
      '--bbb--',
      '--b--',
    ),
    shape: [
      'multipart/mixed',
      ['multipart/mixed', ['multipart/mixed', 'text/plain "x"']],
      'text/plain "y\\r\\n--bb\\r\\n--bbb--"',
    ],
  },
  {
    name: 'a boundary inside a line is none',
    raw: message(...mixed('b'), '--b', '', 'x --b', ' --b', '--b--'),
    shape: ['multipart/mixed', 'text/plain "x --b\\r\\n --b"'],
  },
  {
    name: 'a multipart without boundary',
    raw: message('Content-Type: multipart/mixed', '', 'text'),
    shape: ['multipart/mixed', 'text/plain "text\\r\\n"'],
  },
  {
    name: 'a multipart whose boundary never comes',
    raw: message(...mixed('b'), 'text'),
    shape: ['multipart/mixed', 'text/plain "text\\r\\n"'],
  },
  {
    name: 'a multipart that is closed at once',
    raw: message(...mixed('b'), '--b--', 'epilogue'),
    shape: ['multipart/mixed', 'text/plain ""'],
  },
  {
    name: 'an empty part',
    raw: message(...mixed('b'), '--b', '--b', '', '--b--'),
    shape: ['multipart/mixed', 'text/plain ""', 'text/plain ""'],
  },
  {
    name: 'a part that ends in its header',
    raw: message(...mixed('b'), '--b', 'Content-Type: text/html', '--b', '', 'two', '--b--'),
    shape: ['multipart/mixed', 'text/html ""', 'text/plain "two"'],
  },
  {
    name: 'a digest defaults to message/rfc822',
    raw: message('Content-Type: multipart/digest; boundary=b', '', '--b', '', 'Subject: x', '', 'one', '--b--'),
    shape: ['multipart/digest', ['message/rfc822', 'text/plain "one"']],
  },
  {
    name: 'an embedded message with a multipart',
    raw: message(
      ...mixed('o'),
      '--o',
      'Content-Type: message/rfc822',
      '',
      'Subject: x',
      ...mixed('i'),
      '--i',
      '',
      'one',
      '--i--',
      '--o--',
    ),
    shape: ['multipart/mixed', ['message/rfc822', ['multipart/mixed', 'text/plain "one"']]],
  },
  {
    name: 'an embedded message that ends in its header',
    raw: message(...mixed('o'), '--o', 'Content-Type: message/rfc822', '', 'Subject: x', '--o--'),
    shape: ['multipart/mixed', ['message/rfc822', 'text/plain ""']],
  },
  {
    name: 'an embedded message in base64 has no header that could be read',
    raw: message('Content-Type: message/rfc822', 'Content-Transfer-Encoding: base64', '', 'U3ViamVjdDogeA==', '', 'eA=='),
    shape: ['message/rfc822', 'text/plain "U3ViamVjdDogeA==\\r\\n\\r\\neA==\\r\\n"'],
  },
  { name: 'a media type that is none', raw: message('Content-Type: html', '', 'x'), shape: 'text/plain "x\\r\\n"' },
  {
    name: 'the first of repeated fields counts',
    raw: message('Content-Type: text/html', 'Content-Type: a/b', '', 'x'),
    shape: 'text/html "x\\r\\n"',
  },
];

for (const { name, raw, shape } of TABLE) {
  test(`structure: ${name}`, () => {
    assert.deepEqual(parse(raw), shape);
    const { root } = parseStructure(raw);
    assertNested(root, 0, raw.length);
    assert.equal(root.bodyEnd, raw.length);
    assert.deepEqual(
      parse(Buffer.from(raw.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')),
      JSON.parse(JSON.stringify(shape).replaceAll('\\\\r\\\\n', '\\\\n')),
    );
  });
}

test('the fields of a part', () => {
  const raw = message(
    'Content-Type: Image/PNG (comment); NAME="a \\"b\\".png";',
    " x*0=\"one \"; x*1=two; y*0*=utf-8''%C3; y*1*=%A4; z*=iso-8859-1'en'%E4; boundary",
    'content-transfer-encoding: BASE64 (really)',
    'Content-ID: <id@x>',
    'Content-Description: what',
    ' it is',
    'Content-MD5: Q2hlY2s=',
    'Content-Language: en, de (German)',
    'Content-Location: http://x/',
    'Content-Disposition: Attachment; filename=un quoted.png',
    '',
    'x',
  );
  const { root } = parseStructure(raw);
  assert.deepEqual(
    { ...root },
    {
      kind: 'leaf',
      headerStart: 0,
      bodyStart: raw.length - 3,
      bodyEnd: raw.length,
      lines: 1,
      type: 'image',
      subtype: 'png',
      params: [
        { name: 'name', value: 'a "b".png' },
        { name: 'x', value: 'one two' },
        { name: 'y*', value: "utf-8''%C3%A4" },
        { name: 'z*', value: "iso-8859-1'en'%E4" },
      ],
      encoding: 'base64',
      contentId: '<id@x>',
      description: 'what it is',
      md5: 'Q2hlY2s=',
      location: 'http://x/',
      language: ['en', 'de'],
      disposition: { value: 'attachment', params: [{ name: 'filename', value: 'un quoted.png' }] },
      children: [],
    },
  );
});

test('beyond a limit the rest is one opaque part', () => {
  const raw = message(...mixed('b'), '--b', '', '1', '--b', '', '2', '--b', '', '3', '--b', '', '4', '--b--');
  const few = parseStructure(raw, limits({ maxParts: 3 }));
  assert.deepEqual(shapeOf(raw, few.root), [
    'multipart/mixed',
    'text/plain "1"',
    'text/plain "2"',
    'application/octet-stream! "\\r\\n3\\r\\n--b\\r\\n\\r\\n4"',
  ]);
  assert.equal(few.limited, true);

  const deep = message(
    ...mixed('a'),
    '--a',
    ...mixed('b'),
    '--b',
    ...mixed('c'),
    '--c',
    '',
    'x',
    '--c--',
    '--b--',
    '--a',
    '',
    'y',
    '--a--',
  );
  const shallow = parseStructure(deep, limits({ maxDepth: 2 }));
  assert.deepEqual(shapeOf(deep, shallow.root), [
    'multipart/mixed',
    ['multipart/mixed', 'application/octet-stream! "--c\\r\\n\\r\\nx\\r\\n--c--"'],
    'text/plain "y"',
  ]);
  assert.equal(shallow.limited, true);
  assert.equal(parseStructure(deep).limited, false);
});

test('lines are counted per part', () => {
  const raw = message(
    ...mixed('b'),
    '--b',
    '',
    'one',
    'two',
    '',
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Subject: x',
    '',
    '1',
    '2',
    '3',
    '--b--',
  );
  assert.deepEqual(
    allParts(parseStructure(raw).root).map((part) => part.lines),
    [14, 2, 4, 2],
  );
});

test('any bytes make a nested tree', () => {
  const line = fc.constantFrom(
    '--a',
    '--a--',
    '--ab',
    '--ab--',
    '--',
    '',
    'text',
    'Content-Type: multipart/mixed; boundary=a',
    'Content-Type: multipart/digest; boundary=ab',
    'Content-Type: message/rfc822',
    'x: y',
    ' z',
  );
  const lines = fc.array(fc.tuple(line, fc.constantFrom('\r\n', '\n', '\r', '\r\r\n')), { maxLength: 60 });
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 20 }), (all, maxDepth, maxParts) => {
      const raw = Buffer.from(all.map(([text, end]) => text + end).join(''));
      const structure = parseStructure(raw, limits({ maxDepth, maxParts }));
      assertNested(structure.root, 0, raw.length);
      const parts = allParts(structure.root);
      assert.equal(parts.length, structure.partCount);
      for (const part of parts) {
        assert.equal(part.lines, raw.subarray(part.bodyStart, part.bodyEnd).filter((byte) => byte === 10).length);
        assert.equal(part.children.length > 0, part.kind === 'multipart' || part.kind === 'message');
      }
    }),
    { numRuns: 500 },
  );
});
