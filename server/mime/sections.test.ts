import assert from 'node:assert/strict';
import { test } from 'node:test';
import { message } from './mime-test-kit.ts';
import { decodePartTable, encodePartTable, PartTableFault, partTableOf } from './part-table.ts';
import { filterHeaderFields, findPart, numberedParts, resolveSection, type Section } from './sections.ts';
import { parseStructure } from './structure.ts';

/** What a section shows; undefined for NIL. */
function show(raw: Buffer, text: string): string | undefined {
  const match = /^((?:\d+\.?)*)(HEADER|TEXT|MIME|FIELDS)?$/.exec(text);
  const path = (match?.[1] ?? '').split('.').filter(Boolean).map(Number);
  const part = (match?.[2] ?? 'ALL').toLowerCase() as Section['part'];
  const range = resolveSection(decodePartTable(encodePartTable(partTableOf(parseStructure(raw)))), { path, part });
  return range === undefined ? undefined : raw.toString('latin1', range.start, range.end);
}

const single = message('Subject: s', '', 'body');
const nested = message(
  'Subject: outer',
  'Content-Type: multipart/mixed; boundary=o',
  '',
  '--o',
  'X: 1',
  '',
  'one',
  '--o',
  'Content-Type: message/rfc822',
  '',
  'Subject: mid',
  'Content-Type: multipart/alternative; boundary=i',
  '',
  '--i',
  'X: 21',
  '',
  'two-one',
  '--i',
  'Content-Type: message/rfc822',
  '',
  'Subject: deep',
  '',
  'deep body',
  '--i--',
  '--o',
  'Content-Type: multipart/mixed; boundary=m',
  '',
  '--m',
  '',
  'three-one',
  '--m--',
  '--o--',
);
const rootMessage = message('Subject: outer', 'Content-Type: message/rfc822', '', 'Subject: in', '', 'inner body');
const twice = message('Content-Type: message/rfc822', '', 'Content-Type: message/rfc822', '', 'A: b', '', 'x');
const MID = 'Subject: mid\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n';
const MID_TEXT =
  '--i\r\nX: 21\r\n\r\ntwo-one\r\n--i\r\nContent-Type: message/rfc822\r\n\r\nSubject: deep\r\n\r\ndeep body\r\n--i--';

const TABLE: readonly [Buffer, string, string | undefined][] = [
  [single, '', single.toString()],
  [single, 'HEADER', 'Subject: s\r\n\r\n'],
  [single, 'FIELDS', 'Subject: s\r\n\r\n'],
  [single, 'TEXT', 'body\r\n'],
  [single, 'MIME', undefined],
  [single, '1', 'body\r\n'],
  [single, '1.MIME', 'Subject: s\r\n\r\n'],
  [single, '1.HEADER', undefined],
  [single, '1.TEXT', undefined],
  [single, '1.1', undefined],
  [single, '2', undefined],
  [nested, 'HEADER', 'Subject: outer\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n'],
  [nested, '1', 'one'],
  [nested, '1.MIME', 'X: 1\r\n\r\n'],
  [nested, '1.1', undefined],
  [nested, '1.HEADER', undefined],
  [nested, '2', MID + MID_TEXT],
  [nested, '2.MIME', 'Content-Type: message/rfc822\r\n\r\n'],
  [nested, '2.HEADER', MID],
  [nested, '2.FIELDS', MID],
  [nested, '2.TEXT', MID_TEXT],
  [nested, '2.1', 'two-one'],
  [nested, '2.1.MIME', 'X: 21\r\n\r\n'],
  [nested, '2.1.TEXT', undefined],
  [nested, '2.2', 'Subject: deep\r\n\r\ndeep body'],
  [nested, '2.2.HEADER', 'Subject: deep\r\n\r\n'],
  [nested, '2.2.TEXT', 'deep body'],
  [nested, '2.2.1', 'deep body'],
  [nested, '2.2.1.MIME', 'Subject: deep\r\n\r\n'],
  [nested, '2.2.2', undefined],
  [nested, '2.2.1.1', undefined],
  [nested, '2.3', undefined],
  [nested, '3', '--m\r\n\r\nthree-one\r\n--m--'],
  [nested, '3.HEADER', undefined],
  [nested, '3.1', 'three-one'],
  [nested, '3.1.MIME', '\r\n'],
  [nested, '4', undefined],
  [nested, '0', undefined],
  [rootMessage, '1', 'Subject: in\r\n\r\ninner body\r\n'],
  [rootMessage, 'TEXT', 'Subject: in\r\n\r\ninner body\r\n'],
  [rootMessage, '1.HEADER', 'Subject: in\r\n\r\n'],
  [rootMessage, '1.TEXT', 'inner body\r\n'],
  [rootMessage, '1.1', 'inner body\r\n'],
  [rootMessage, '1.1.1', undefined],
  [twice, '1', 'Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nx\r\n'],
  [twice, '1.HEADER', 'Content-Type: message/rfc822\r\n\r\n'],
  [twice, '1.TEXT', 'A: b\r\n\r\nx\r\n'],
  [twice, '1.1', 'A: b\r\n\r\nx\r\n'],
  [twice, '1.1.HEADER', 'A: b\r\n\r\n'],
  [twice, '1.1.TEXT', 'x\r\n'],
  [twice, '1.1.1', 'x\r\n'],
  [twice, '1.1.1.1', undefined],
];

test('sections', () => {
  assert.deepEqual(
    TABLE.map(([raw, section]) => [section, show(raw, section)]),
    TABLE.map(([, section, expected]) => [section, expected]),
  );
});

test('every part has one number, and that number finds it', () => {
  const table = partTableOf(parseStructure(nested));
  assert.deepEqual(
    numberedParts(table, true).map(({ section }) => section),
    ['1', '2', '2.1', '2.2', '2.2.1', '3', '3.1'],
  );
  assert.deepEqual(
    numberedParts(table, false).map(({ section }) => section),
    ['1', '2', '3', '3.1'],
  );
  for (const { section, part } of numberedParts(table, true)) assert.equal(findPart(table, section.split('.').map(Number)), part);
});

test('header fields keep their bytes, folding and order', () => {
  const header = Buffer.from('Received: a\r\n\tb\r\nSUBJECT : x\r\nno field\r\nreceived: c\r\nTo: y\r\n\r\n');
  const filter = (names: string[], not = false): string => filterHeaderFields(header, names, not).toString();
  assert.deepEqual(
    [filter(['subject', 'RECEIVED']), filter(['x']), filter([]), filter(['received', 'to'], true), filter([], true)],
    [
      'Received: a\r\n\tb\r\nSUBJECT : x\r\nreceived: c\r\n\r\n',
      '\r\n',
      '\r\n',
      'SUBJECT : x\r\nno field\r\n\r\n',
      header.toString(),
    ],
  );
  assert.equal(filterHeaderFields(Buffer.from('A: 1\nB: 2\n\n'), ['b'], false).toString(), 'B: 2\n\n');
  // RFC 3501 §6.4.5: no blank line if the message has none.
  assert.equal(filterHeaderFields(Buffer.from('A: 1\r\nB: 2'), ['a'], false).toString(), 'A: 1\r\n');
});

test('a damaged part table is a fault', () => {
  const bytes = encodePartTable(partTableOf(parseStructure(nested)));
  assert.ok(bytes.length < 450, `${bytes.length} bytes for 9 parts`);
  for (let length = 0; length < bytes.length; length++)
    assert.throws(() => decodePartTable(bytes.subarray(0, length)), PartTableFault);
  assert.throws(() => decodePartTable(Buffer.concat([bytes, Buffer.from([0])])), PartTableFault);
  assert.throws(() => decodePartTable(Buffer.from([99])), PartTableFault);
});

test('the table holds what a part is, decoded', () => {
  const raw = message(
    'Content-Type: application/pdf; name="=?utf-8?q?caf=C3=A9=2Epdf?="',
    "Content-Disposition: ATTACHMENT; filename*=utf-8''..%2F%E2%82%AC.pdf; filename=fallback.pdf",
    'Content-Transfer-Encoding: X-UUE',
    'Content-ID: <a@b>',
    '',
    '',
  );
  const { header, body, ...rest } = decodePartTable(encodePartTable(partTableOf(parseStructure(raw))));
  assert.deepEqual([header.start, header.end, body.end], [0, body.start, raw.length]);
  assert.deepEqual(rest, {
    kind: 'leaf',
    contentType: 'application/pdf',
    charset: '',
    encoding: 'x-uue',
    disposition: 'attachment',
    filename: '€.pdf',
    contentId: 'a@b',
    children: [],
  });
});
