/** What of a message is an attachment, and what a list shows of it. */
import { contentIdOf, filenameOf } from './part-table.ts';
import { numberedParts } from './sections.ts';
import type { AttachmentSummary, MessageStructure, MimePart, Segment } from './types.ts';

/** More than this is not listed. */
const MAX_LISTED = 200;

/** Parts that machines add and people do not count as attachments. */
const MACHINERY = /^application\/(?:(?:x-)?pkcs7-signature|pgp-signature|pgp-encrypted)$/;

export type Attachments = {
  readonly list: readonly AttachmentSummary[];
  /** Something is attached that is neither an image shown in the text nor a signature. */
  readonly has: boolean;
};

/** The attachments of a message; an embedded message is one attachment, what is inside it is not listed. */
export function attachmentsOf(raw: Buffer, structure: MessageStructure, segments: readonly Segment[]): Attachments {
  const stored = new Map<number, number>();
  for (const segment of segments) if (segment.kind === 'blob') stored.set(segment.start, segment.storedBytes);
  const list: AttachmentSummary[] = [];
  let has = false;
  for (const { section, part, parent } of numberedParts(structure.root, false)) {
    if (part.kind === 'multipart' || !isAttachment(part)) continue;
    const contentType = `${part.type}/${part.subtype}`;
    const disposition = part.disposition?.value;
    const related = parent?.subtype === 'related' && part.contentId !== undefined && disposition !== 'attachment';
    has ||= !related && !MACHINERY.test(contentType);
    if (list.length >= MAX_LISTED) continue;
    list.push({
      section,
      contentType,
      filename: filenameOf(part),
      disposition: disposition === 'attachment' || disposition === 'inline' ? disposition : '',
      contentId: contentIdOf(part),
      sizeBytes:
        stored.get(part.bodyStart) !== undefined && part.encoding === 'base64'
          ? exactOrEstimate(raw, part, stored)
          : decodedSize(raw, part),
      related,
    });
  }
  return { list, has };
}

function isAttachment(part: MimePart): boolean {
  if (part.disposition?.value === 'attachment') return true;
  if (part.kind === 'message' || part.kind === 'opaque') return true;
  if (part.type === 'text' || part.type === 'message') return filenameOf(part) !== '';
  return true;
}

/** A decoded blob's size is exact; one that was stored as it came is estimated. */
function exactOrEstimate(raw: Buffer, part: MimePart, stored: ReadonlyMap<number, number>): number {
  const bytes = stored.get(part.bodyStart) ?? 0;
  return bytes < part.bodyEnd - part.bodyStart ? bytes : decodedSize(raw, part);
}

function decodedSize(raw: Buffer, part: MimePart): number {
  const bytes = part.bodyEnd - part.bodyStart;
  if (part.encoding !== 'base64' || bytes === 0) return bytes;
  const firstLf = raw.indexOf(0x0a, part.bodyStart);
  const lineEndBytes = firstLf > part.bodyStart && raw[firstLf - 1] === 0x0d ? 2 : 1;
  let end = part.bodyEnd;
  while (end > part.bodyStart && (raw[end - 1] ?? 0) <= 0x20) end--;
  const padding = raw[end - 1] !== 0x3d ? 0 : raw[end - 2] === 0x3d ? 2 : 1;
  const chars = Math.max(0, bytes - part.lines * lineEndBytes);
  return Math.max(0, Math.floor(chars / 4) * 3 - padding);
}
