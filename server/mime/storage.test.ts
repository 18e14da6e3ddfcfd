/** Reversible base64 and the storage plan, as properties. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeBase64Lines,
  decodedRangeFor,
  detectBase64,
  encodeBase64Lines,
  encodeBase64Range,
  encodedBytes,
} from './base64-lines.ts';
import { limits, message } from './mime-test-kit.ts';
import { planSegments } from './segments.ts';
import { parseStructure } from './structure.ts';
import type { Base64Recipe } from './types.ts';

const CRLF_76: Base64Recipe = { lineLength: 76, lineEnd: 'crlf', finalLineEnds: 1 };

/** The plainest possible encoder to compare with. */
function encodePlainly(bytes: Buffer, { lineLength, lineEnd, finalLineEnds }: Base64Recipe): Buffer {
  const text = bytes.toString('base64');
  const lines: string[] = [];
  for (let i = 0; i < text.length; i += lineLength || text.length) lines.push(text.slice(i, i + (lineLength || text.length)));
  const end = lineEnd === 'crlf' ? '\r\n' : '\n';
  return Buffer.from(lines.join(end) + end.repeat(finalLineEnds));
}

const recipes: fc.Arbitrary<Base64Recipe> = fc.record({
  lineLength: fc.oneof(fc.constantFrom(0, 1, 2, 3, 60, 64, 72, 76, 77), fc.integer({ min: 1, max: 100 })),
  lineEnd: fc.constantFrom('crlf', 'lf'),
  finalLineEnds: fc.integer({ min: 0, max: 3 }),
});
const contents = fc
  .oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    fc.integer({ min: 1, max: 400 }).map((n) => new Uint8Array(n).fill(0xa5)),
  )
  .map((bytes) => Buffer.from(bytes));

test('what is detected is reproduced, whole and in any range', () => {
  fc.assert(
    fc.property(contents, recipes, fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 5 }), (decoded, recipe, a, b, before) => {
      const encoded = encodePlainly(decoded, recipe);
      const raw = Buffer.concat([before, encoded, Buffer.from('\r\n--b')]);
      const found = detectBase64(raw, before.length, before.length + encoded.length);
      assert.ok(found !== undefined, 'a regular encoding is detected');
      assert.equal(found.decodedBytes, decoded.length);
      assert.deepEqual(
        decodeBase64Lines(raw, before.length, before.length + encoded.length, found.recipe, found.decodedBytes),
        decoded,
      );
      assert.deepEqual(encodeBase64Lines(decoded, found.recipe), encoded);
      assert.equal(encodedBytes(found.recipe, decoded.length), encoded.length);
      const start = a % (encoded.length + 1);
      const end = start + (b % (encoded.length - start + 1));
      const needed = decodedRangeFor(found.recipe, decoded.length, start, end);
      assert.ok(needed.end - needed.start <= Math.ceil((end - start) / 4) * 3 + 6, 'a range needs no more than its share');
      const part = encodeBase64Range(decoded.subarray(needed.start, needed.end), found.recipe, decoded.length, start, end);
      assert.deepEqual(part, encoded.subarray(start, end));
    }),
    { numRuns: 1000 },
  );
});

test('whatever is detected in damaged base64 is still reproduced exactly', () => {
  const damage = fc.record({
    at: fc.nat(),
    with: fc.constantFrom('', '=', '\r', '\n', '\r\n', ' ', 'A', 'B', 'Q', '-', '_', '\0', '\xff'),
    take: fc.integer({ min: 0, max: 2 }),
  });
  let detected = 0;
  fc.assert(
    fc.property(contents, recipes, fc.array(damage, { minLength: 1, maxLength: 2 }), (decoded, recipe, changes) => {
      let text = encodePlainly(decoded, recipe).toString('latin1');
      for (const change of changes) {
        const at = change.at % (text.length + 1);
        text = text.slice(0, at) + change.with + text.slice(at + change.take);
      }
      const raw = Buffer.from(text, 'latin1');
      const found = detectBase64(raw, 0, raw.length);
      if (found === undefined) return;
      detected++;
      const bytes = decodeBase64Lines(raw, 0, raw.length, found.recipe, found.decodedBytes);
      assert.deepEqual(encodeBase64Lines(bytes, found.recipe).toString('latin1'), text);
    }),
    { numRuns: 3000 },
  );
  assert.ok(detected > 50, `only ${detected} cases said anything`);
});

test('what cannot be reproduced is not detected', () => {
  const regular = encodePlainly(Buffer.alloc(200, 'x'), CRLF_76).toString();
  const table: Record<string, string> = {
    nothing: '',
    'line ends only': '\r\n\r\n',
    'mixed line ends': regular.replace('\r\n', '\n'),
    'a blank line inside': regular.replace('\r\n', '\r\n\r\n'),
    'a trailing blank': regular.replace('\r\n', ' \r\n'),
    'a short line inside': `${'QUJD'.repeat(19)}\r\nQUJD\r\n${'QUJD'.repeat(19)}`,
    'a line longer than the first': `QUJD\r\n${'QUJD'.repeat(3)}`,
    'no padding': 'QQ',
    'spare bits': 'QR==',
    'spare bits, one pad': 'QUJ=',
    'three pads': 'Q===',
    'padding inside': 'QQ==QUJD',
    'another alphabet': 'QU-_',
    'a character outside': 'QUJDQUJ*',
    'CR alone at the end': 'QUJD\r',
    'LF CR': 'QUJD\n\rQUJD',
  };
  for (const [name, text] of Object.entries(table))
    assert.equal(detectBase64(Buffer.from(text, 'latin1'), 0, text.length), undefined, name);
  assert.notEqual(detectBase64(Buffer.from(regular), 0, regular.length), undefined);
});

test('ranges of an encoding longer than a chunk', () => {
  const decoded = Buffer.alloc(200_000, 'mallard').fill('x', 100_000);
  const encoded = encodePlainly(decoded, CRLF_76);
  assert.deepEqual(encodeBase64Lines(decoded, CRLF_76), encoded);
  for (const [start, end] of [
    [0, 1],
    [65_500, 65_700],
    [67_000, 200_000],
    [encoded.length - 3, encoded.length],
    [76, 78],
    [77, 77],
    [5, 5],
  ] as const) {
    const needed = decodedRangeFor(CRLF_76, decoded.length, start, end);
    assert.deepEqual(
      encodeBase64Range(decoded.subarray(needed.start, needed.end), CRLF_76, decoded.length, start, end),
      encoded.subarray(start, end),
    );
  }
  assert.throws(() => encodeBase64Range(decoded.subarray(0, 3), CRLF_76, decoded.length, 0, 100), RangeError);
});

test('the plan covers the message, and only what is worth it becomes a blob', () => {
  const encoded = encodePlainly(Buffer.alloc(9_000, 'pdf'), { ...CRLF_76, finalLineEnds: 0 }).toString();
  const raw = message(
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    '',
    'text '.repeat(4_000),
    '--b',
    'Content-Type: application/pdf',
    'Content-Transfer-Encoding: base64',
    '',
    encoded,
    '--b',
    'Content-Type: image/gif',
    'Content-Transfer-Encoding: base64',
    '',
    'R0lG',
    '--b',
    'Content-Type: application/x',
    '',
    'y'.repeat(9_000),
    '--b--',
  );
  const plan = planSegments(raw, parseStructure(raw), limits({}));
  assert.deepEqual(
    plan.map((segment) =>
      segment.kind === 'inline' ? 'inline' : [segment.end - segment.start, segment.storedBytes, segment.encoding],
    ),
    [
      'inline',
      [encoded.length, 9_000, { lineLength: 76, lineEnd: 'crlf', finalLineEnds: 0 }],
      'inline',
      [9_000, 9_000, 'identity'],
      'inline',
    ],
  );
});

test('the same file in other lines is the same blob', () => {
  const file = Buffer.alloc(9_000, 'file');
  const stored = [CRLF_76, { ...CRLF_76, lineLength: 60 }, { ...CRLF_76, lineLength: 0 }].map((recipe) => {
    const raw = message('Content-Type: a/b', 'Content-Transfer-Encoding: base64', '', encodePlainly(file, recipe).toString());
    const blob = planSegments(raw, parseStructure(raw), limits({})).find((segment) => segment.kind === 'blob');
    return blob?.kind === 'blob' ? blob.bytes() : undefined;
  });
  assert.deepEqual(stored, [file, file, file]);
});

test('inline bytes are bounded', () => {
  const text = 'line\r\n'.repeat(500);
  const raw = message(
    'Content-Type: multipart/mixed; boundary=b',
    '',
    ...Array.from({ length: 20 }, () => `--b\r\n\r\n${text}`),
    '--b--',
  );
  for (const maxInlineBytes of [0, 10, 5_000, 20_000, 100_000]) {
    const plan = planSegments(raw, parseStructure(raw), limits({ maxInlineBytes, blobThresholdBytes: 10_000 }));
    const inline = plan.reduce((bytes, segment) => bytes + (segment.kind === 'inline' ? segment.end - segment.start : 0), 0);
    assert.ok(inline <= maxInlineBytes);
    assert.deepEqual(
      Buffer.concat(
        plan.map((segment) => (segment.kind === 'inline' ? raw.subarray(segment.start, segment.end) : segment.bytes())),
      ),
      raw,
    );
  }
});
