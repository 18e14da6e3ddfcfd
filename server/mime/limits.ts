/** Default limits of the MIME layer, and why each is what it is. */
import type { MimeLimits } from './types.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

export const DEFAULT_MIME_LIMITS: MimeLimits = {
  // Real mail nests below ten; a hundred keeps recursion far from the stack's end in every function that walks the tree.
  maxDepth: 100,
  // The biggest digests carry some hundreds. A part costs about 60 bytes in the table and 150 on the wire.
  maxParts: 2_000,
  // Long Received and DKIM chains reach 100 KiB.
  maxHeaderBytes: 1 * MiB,
  maxAddresses: 5_000,
  maxTextChars: 1 * MiB,
  maxWireBytes: 1 * MiB,
  // Logos in signatures are 4 to 30 KiB and come with every message of a correspondent: worth sharing. Below that a blob document's own cost
  // (hash, reference count, index entry, one more read) eats the gain.
  blobThresholdBytes: 8 * KiB,
  // Text is hardly ever shared and compresses well beside its header; kept inline, one document answers BODY[].
  textBlobThresholdBytes: 64 * KiB,
  // Far below MongoDB's 16 MiB for a document, with room for the text and the tables.
  maxInlineBytes: 1 * MiB,
};
