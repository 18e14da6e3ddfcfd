/** Small helpers on byte arrays. Mail is bytes: nothing here decodes. */

/** The CRLF line end of every mail protocol. */
export const CRLF: Buffer = Buffer.from('\r\n');

/** Concatenates without copying when there is a single piece. The result may alias its input; treat it as read-only. */
export function joinBytes(pieces: readonly Uint8Array[]): Buffer {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return asBuffer(only);
  return Buffer.concat(pieces);
}

/** A Buffer view on the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
