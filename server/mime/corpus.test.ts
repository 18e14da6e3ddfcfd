/** Every message of the corpus through the whole analysis. Without a corpus there is nothing to test here; the fixtures of the other files remain. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzeMessage } from './analyze.ts';
import { encodeBase64Range, decodedRangeFor } from './base64-lines.ts';
import { assertBody, assertEnvelope, assertNested, corpus, limits, parseImap } from './mime-test-kit.ts';
import { decodePartTable, encodePartTable, partTableOf } from './part-table.ts';
import { numberedParts, resolveSection } from './sections.ts';
import { parseStructure } from './structure.ts';
import type { Segment } from './types.ts';

const messages = corpus();
const skip = messages.length === 0 ? 'no corpus: set MALLARD_CORPUS to a folder of .eml files' : false;

/** The bytes of a segment's range as a reader would make them from what is stored. */
function slice(raw: Buffer, segment: Segment, start: number, end: number): Buffer {
  if (segment.kind === 'inline') return raw.subarray(segment.start + start, segment.start + end);
  const stored = segment.bytes();
  assert.equal(stored.length, segment.storedBytes);
  if (segment.encoding === 'identity') return stored.subarray(start, end);
  const needed = decodedRangeFor(segment.encoding, stored.length, start, end);
  return encodeBase64Range(stored.subarray(needed.start, needed.end), segment.encoding, stored.length, start, end);
}

test('every corpus message is analysed, its ranges nest, its wire forms are grammatical, its segments join to its bytes', {
  skip,
}, (t) => {
  let decoded = 0;
  for (const { name, read } of messages) {
    const raw = read();
    try {
      const structure = parseStructure(raw);
      assertNested(structure.root, 0, raw.length);
      assert.equal(structure.root.bodyEnd, raw.length);
      // A low threshold so that small attachments take the blob path as well.
      const analysis = analyzeMessage(raw, limits({ blobThresholdBytes: 100, textBlobThresholdBytes: 400 }));
      assertEnvelope(parseImap(analysis.envelope));
      const parts = assertBody(parseImap(analysis.bodyStructure), true);
      assert.equal(assertBody(parseImap(analysis.body), false), parts);
      assert.equal(parts, structure.partCount);
      const table = decodePartTable(analysis.parts);
      assert.deepEqual(table, partTableOf(structure));
      assert.deepEqual(encodePartTable(table), analysis.parts);
      for (const { section, part } of numberedParts(table, true)) {
        assert.deepEqual(resolveSection(table, { path: section.split('.').map(Number), part: 'all' }), part.body);
      }
      const pieces = analysis.segments.map((segment) => slice(raw, segment, 0, segment.end - segment.start));
      assert.ok(Buffer.concat(pieces).equals(raw), 'segments join');
      decoded += analysis.segments.filter((segment) => segment.kind === 'blob' && segment.encoding !== 'identity').length;
      assert.ok(Array.from(analysis.preview).length <= 200);
      for (const text of [analysis.preview, analysis.text.header, analysis.text.body, analysis.subject])
        assert.ok(text.isWellFormed());
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  assert.ok(decoded > 0, 'no base64 part was stored decoded');
  t.diagnostic(`${messages.length} messages, ${decoded} blobs decoded`);
});
