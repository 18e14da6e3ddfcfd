/** Content-Transfer-Encoding, decoded (RFC 2045 §6; BINARY fetch, RFC 3516). Tolerant: broken input decodes as far as it makes sense. */

const EQUALS = 0x3d;
const LF = 0x0a;
const CR = 0x0d;

/** True for the encodings that `decodeTransferEncoding` knows; BINARY answers `NO [UNKNOWN-CTE]` for others (RFC 3516 §4.3). */
export function isKnownTransferEncoding(encoding: string): boolean {
  return /^(?:7bit|8bit|binary|base64|quoted-printable)$/.test(encoding);
}

/** Decodes a body. 7bit, 8bit, binary and unknown encodings come back as they are (aliasing the input). */
export function decodeTransferEncoding(bytes: Buffer, encoding: string): Buffer {
  if (encoding === 'base64') return decodeBase64(bytes);
  if (encoding === 'quoted-printable') return decodeQuotedPrintable(bytes);
  return bytes;
}

/** Several padded runs in one body (concatenated by lists that add footers) are decoded one after the other. */
function decodeBase64(bytes: Buffer): Buffer {
  const lastPad = bytes.lastIndexOf(EQUALS);
  const firstPad = bytes.indexOf(EQUALS);
  if (firstPad === -1 || lastPad - firstPad <= 3) return Buffer.from(bytes.toString('latin1'), 'base64');
  const pieces: Buffer[] = [];
  let start = 0;
  for (let pad = firstPad; pad !== -1; pad = bytes.indexOf(EQUALS, start)) {
    let end = pad + 1;
    while (bytes[end] === EQUALS) end++;
    pieces.push(Buffer.from(bytes.toString('latin1', start, end), 'base64'));
    start = end;
  }
  pieces.push(Buffer.from(bytes.toString('latin1', start), 'base64'));
  return Buffer.concat(pieces);
}

/** RFC 2045 §6.7: blanks before a line end are dropped, `=` before a line end joins, any other stray `=` stands for itself. */
export function decodeQuotedPrintable(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let size = 0;
  /** `size` after the last byte that is no literal blank: what a line end cuts back to. */
  let solid = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === EQUALS) {
      const high = hexValue(bytes[i + 1]);
      const low = hexValue(bytes[i + 2]);
      if (high >= 0 && low >= 0) {
        out[size++] = (high << 4) | low;
        solid = size;
        i += 2;
        continue;
      }
      const lineEnd = softBreakEnd(bytes, i + 1);
      if (lineEnd !== -1) {
        solid = size;
        i = lineEnd - 1;
        continue;
      }
    } else if (byte === 0x20 || byte === 0x09) {
      out[size++] = byte;
      continue;
    } else if (byte === LF || (byte === CR && bytes[i + 1] === LF)) size = solid;
    out[size++] = byte;
    solid = size;
  }
  return out.subarray(0, solid);
}

/** Offset behind `*blank LF` or `*blank CRLF` or the end of input, else -1. */
function softBreakEnd(bytes: Buffer, from: number): number {
  let i = from;
  // A line's worth of blanks at most, so that a run of `=` and blanks stays linear.
  while (i < from + 100 && (bytes[i] === 0x20 || bytes[i] === 0x09)) i++;
  if (bytes[i] === CR && bytes[i + 1] === LF) return i + 2;
  if (bytes[i] === LF) return i + 1;
  return i >= bytes.length ? i : -1;
}

function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
