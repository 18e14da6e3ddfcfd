/**
 * The storage plan of a message: which bytes stay inline and which become blobs. The segments in order cover the message exactly, so joining them gives it back byte for byte.
 *
 * Every leaf body from a threshold on is a blob; base64 that can be reproduced exactly is stored decoded. Thresholds and their reasons are in `limits.ts`. What stays inline
 * is bounded: first smaller texts become blobs too, then everything from where the bound is reached to the end is one blob.
 */
import { decodeBase64Lines, detectBase64 } from './base64-lines.ts';
import type { MessageStructure, MimeLimits, MimePart, Segment, SegmentEncoding } from './types.ts';

export type SegmentLimits = Pick<MimeLimits, 'blobThresholdBytes' | 'textBlobThresholdBytes' | 'maxInlineBytes'>;

type BlobSegment = Segment & { kind: 'blob' };

/** Plans the storage of a message. */
export function planSegments(raw: Buffer, structure: MessageStructure, limits: SegmentLimits): Segment[] {
  let bodies = leafBodies(structure.root, limits.blobThresholdBytes, limits.textBlobThresholdBytes);
  if (inlineBytes(raw, bodies) > limits.maxInlineBytes)
    bodies = leafBodies(structure.root, limits.blobThresholdBytes, limits.blobThresholdBytes);
  const blobs: BlobSegment[] = [];
  let position = 0;
  let inline = 0;
  for (const part of bodies) {
    if (inline + part.bodyStart - position > limits.maxInlineBytes) break;
    inline += part.bodyStart - position;
    position = part.bodyEnd;
    blobs.push(bodyBlob(raw, part));
  }
  const room = limits.maxInlineBytes - inline;
  if (raw.length - position > room) blobs.push(blob(raw, position + room, raw.length, 'identity', raw.length - position - room));
  return withInline(raw, blobs);
}

/** Leaves whose body becomes a blob, in the order of the message. */
function leafBodies(root: MimePart, threshold: number, textThreshold: number): MimePart[] {
  const out: MimePart[] = [];
  const visit = (part: MimePart): void => {
    const bytes = part.bodyEnd - part.bodyStart;
    if (part.children.length > 0) part.children.forEach(visit);
    else if (bytes >= Math.max(1, part.type === 'text' ? textThreshold : threshold)) out.push(part);
  };
  visit(root);
  return out;
}

function inlineBytes(raw: Buffer, bodies: readonly MimePart[]): number {
  return bodies.reduce((bytes, part) => bytes - (part.bodyEnd - part.bodyStart), raw.length);
}

function bodyBlob(raw: Buffer, part: MimePart): BlobSegment {
  const { bodyStart: start, bodyEnd: end } = part;
  const found = part.encoding === 'base64' ? detectBase64(raw, start, end) : undefined;
  return found === undefined
    ? blob(raw, start, end, 'identity', end - start)
    : blob(raw, start, end, found.recipe, found.decodedBytes);
}

function blob(raw: Buffer, start: number, end: number, encoding: SegmentEncoding, storedBytes: number): BlobSegment {
  const bytes = (): Buffer =>
    encoding === 'identity' ? raw.subarray(start, end) : decodeBase64Lines(raw, start, end, encoding, storedBytes);
  return { kind: 'blob', start, end, encoding, storedBytes, bytes };
}

function withInline(raw: Buffer, blobs: readonly BlobSegment[]): Segment[] {
  const out: Segment[] = [];
  let position = 0;
  for (const segment of blobs) {
    if (segment.start > position) out.push({ kind: 'inline', start: position, end: segment.start });
    out.push(segment);
    position = segment.end;
  }
  if (position < raw.length) out.push({ kind: 'inline', start: position, end: raw.length });
  return out;
}
