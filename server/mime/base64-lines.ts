/**
 * Base64 text that can be thrown away and written again byte for byte: recognising it, and writing it or any slice of it from the decoded bytes.
 *
 * `detectBase64` proves reversibility instead of trying it: if all lines have one length and one line end, every character is of the alphabet and the padding is
 * canonical with zero spare bits, then encoding is the exact inverse of decoding, and the layout is a function of (size, recipe). Nothing is decoded for
 * the proof, so it costs no memory.
 */
import type { Base64Recipe, ByteRange } from './types.ts';

const LF = 0x0a;
const CR = 0x0d;
const EQUALS = 0x3d;

/** 0 to 63 for the alphabet of RFC 4648 §4, else 255. */
const VALUES = new Uint8Array(256).fill(255);
for (const [value, char] of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1').entries())
  VALUES[char] = value;

/** The two characters for each value of twelve bits. */
const FIRST = new Uint8Array(4096);
const SECOND = new Uint8Array(4096);
for (const [value, char] of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1').entries()) {
  FIRST.fill(char, value * 64, value * 64 + 64);
  for (let high = 0; high < 64; high++) SECOND[high * 64 + value] = char;
}
/** Both at once, in the order of a little-endian machine's memory. */
const PAIRS = Uint16Array.from(FIRST, (first, value) => first | (SECOND[value]! << 8));
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
/** Fewer whole lines than this are not worth the two edges around them. */
const MIN_WHOLE_LINES = 8;

/** Decoded bytes that are encoded in one go: whole groups of three, small enough to stay in the processor's cache. */
const CHUNK_BYTES = 48 * 1024;

/** How decoded bytes are laid out as lines, all sizes in encoded bytes. */
type Layout = {
  readonly chars: number;
  readonly lineLength: number;
  readonly lineEnd: Buffer;
  readonly contentBytes: number;
  readonly totalBytes: number;
};

/** The recipe that reproduces [start, end) exactly, with the decoded size; undefined if there is none. */
export function detectBase64(
  raw: Buffer,
  start: number,
  end: number,
): { recipe: Base64Recipe; decodedBytes: number } | undefined {
  const firstLf = raw.indexOf(LF, start);
  const hasLineEnd = firstLf !== -1 && firstLf < end;
  const isCrlf = hasLineEnd && firstLf > start && raw[firstLf - 1] === CR;
  const endBytes = isCrlf ? 2 : 1;
  let contentEnd = end;
  while (contentEnd - endBytes >= start && raw[contentEnd - 1] === LF && (!isCrlf || raw[contentEnd - 2] === CR))
    contentEnd -= endBytes;
  const finalLineEnds = (end - contentEnd) / endBytes;
  const firstLength = (hasLineEnd ? firstLf - (isCrlf ? 1 : 0) : end) - start;
  const isOneLine = start + firstLength >= contentEnd;
  const lineLength = isOneLine ? 0 : firstLength;
  const chars = isOneLine ? contentEnd - start : countChars(contentEnd - start, lineLength, endBytes);
  if (chars === undefined || chars === 0 || chars % 4 !== 0) return undefined;
  const offsetOf = (char: number): number => start + char + (lineLength === 0 ? 0 : Math.floor(char / lineLength) * endBytes);
  const last = raw[offsetOf(chars - 1)];
  const beforeLast = raw[offsetOf(chars - 2)];
  const padding = last !== EQUALS ? 0 : beforeLast !== EQUALS ? 1 : 2;
  const spare = VALUES[raw[offsetOf(chars - 1 - padding)] ?? 0] ?? 255;
  if ((padding === 1 && (spare & 3) !== 0) || (padding === 2 && (spare & 15) !== 0)) return undefined;
  if (!isRegular(raw, start, chars - padding, lineLength, isCrlf)) return undefined;
  // A line end may stand between the padding characters, when the line length is no multiple of four.
  if (!areLineEndsRegular(raw, start, chars - padding, chars, lineLength, isCrlf)) return undefined;
  return { recipe: { lineLength, lineEnd: isCrlf ? 'crlf' : 'lf', finalLineEnds }, decodedBytes: (chars / 4) * 3 - padding };
}

/** Characters in a content of full lines and a last one of 1 to lineLength characters; undefined if it can't be laid out so. */
function countChars(contentBytes: number, lineLength: number, endBytes: number): number | undefined {
  if (lineLength === 0) return undefined;
  const stride = lineLength + endBytes;
  const fullLines = Math.floor((contentBytes - 1) / stride);
  const lastLength = contentBytes - fullLines * stride;
  return lastLength > lineLength ? undefined : fullLines * lineLength + lastLength;
}

/** True if the first `chars` characters are of the alphabet and every full line among them ends as it should. */
function isRegular(raw: Buffer, start: number, chars: number, lineLength: number, isCrlf: boolean): boolean {
  let position = start;
  const perLine = lineLength === 0 ? chars : lineLength;
  for (let done = 0; done < chars; ) {
    const stop = position + Math.min(perLine, chars - done);
    let seen = 0;
    for (let i = position; i < stop; i++) seen |= VALUES[raw[i] ?? 0] ?? 255;
    if (seen > 63) return false;
    done += stop - position;
    position = stop;
    if (done >= chars) return true;
    if (isCrlf && raw[position++] !== CR) return false;
    if (raw[position++] !== LF) return false;
  }
  return true;
}

function areLineEndsRegular(
  raw: Buffer,
  start: number,
  fromChar: number,
  toChar: number,
  lineLength: number,
  isCrlf: boolean,
): boolean {
  if (lineLength === 0) return true;
  const endBytes = isCrlf ? 2 : 1;
  for (let char = fromChar; char < toChar; char++) {
    if (char === 0 || char % lineLength !== 0) continue;
    const at = start + char + (char / lineLength - 1) * endBytes;
    if (raw[at + endBytes - 1] !== LF || (isCrlf && raw[at] !== CR)) return false;
  }
  return true;
}

/** Decodes what `detectBase64` approved, a piece at a time, so that only the result is held in memory. */
export function decodeBase64Lines(raw: Buffer, start: number, end: number, recipe: Base64Recipe, decodedBytes: number): Buffer {
  const out = Buffer.allocUnsafeSlow(decodedBytes);
  const stride = recipe.lineLength === 0 ? 1 : recipe.lineLength + (recipe.lineEnd === 'crlf' ? 2 : 1);
  // Four lines hold a multiple of four characters, whatever their length.
  const step = Math.max(1, Math.floor((64 * 1024) / (4 * stride))) * 4 * stride;
  let size = 0;
  for (let position = start; position < end && size < decodedBytes; position += step) {
    size += out.write(raw.toString('latin1', position, Math.min(end, position + step)), size, 'base64');
  }
  return out;
}

/** Size of the encoded form. */
export function encodedBytes(recipe: Base64Recipe, decodedBytes: number): number {
  return layoutOf(recipe, decodedBytes).totalBytes;
}

/** The decoded bytes that are needed to write [start, end) of the encoded form. */
export function decodedRangeFor(recipe: Base64Recipe, decodedBytes: number, start: number, end: number): ByteRange {
  const layout = layoutOf(recipe, decodedBytes);
  const from = Math.floor(charAt(layout, start) / 4) * 3;
  const to = Math.min(decodedBytes, Math.ceil(charAt(layout, end) / 4) * 3);
  return { start: Math.min(from, to), end: to };
}

/**
 * Writes [start, end) of the encoded form, `decoded` being exactly the bytes of `decodedRangeFor` the same range. A partial FETCH loads and
 * encodes no more than that.
 */
export function encodeBase64Range(
  decoded: Buffer,
  recipe: Base64Recipe,
  decodedBytes: number,
  start: number,
  end: number,
): Buffer {
  const layout = layoutOf(recipe, decodedBytes);
  const stop = Math.min(end, layout.totalBytes);
  if (start >= stop) return Buffer.alloc(0);
  const needed = decodedRangeFor(recipe, decodedBytes, start, stop);
  if (decoded.length !== needed.end - needed.start)
    throw new RangeError(`needs ${needed.end - needed.start} decoded bytes, got ${decoded.length}`);
  const { lineLength, lineEnd } = layout;
  const stride = lineLength + lineEnd.length;
  const out = Buffer.allocUnsafe(stop - start);
  if (lineLength % 4 === 0 && lineLength > 0) {
    // Whole lines, which are nearly all of most ranges, by a table and into their place: no strings and no second buffer to be collected.
    const first = Math.ceil(start / stride);
    const last = Math.min(Math.floor(stop / stride), Math.ceil(layout.chars / lineLength) - 1);
    if (last - first >= MIN_WHOLE_LINES) {
      const lineBytes = (lineLength / 4) * 3;
      const [from, to] = [first * lineBytes - needed.start, last * lineBytes - needed.start];
      writeLines(decoded, from, last - first, lineBytes, lineEnd, out, first * stride - start);
      writeChars(decoded.subarray(0, from), layout, needed.start, start, first * stride, out, 0);
      writeChars(decoded.subarray(to), layout, needed.start + to, last * stride, stop, out, last * stride - start);
      return out;
    }
  }
  writeChars(decoded, layout, needed.start, start, stop, out, 0);
  return out;
}

/** Writes `count` whole lines with their ends, beginning with decoded byte `from`, at `at`. */
function writeLines(
  decoded: Buffer,
  from: number,
  count: number,
  lineBytes: number,
  lineEnd: Buffer,
  out: Buffer,
  at: number,
): void {
  let read = from;
  if (IS_LITTLE_ENDIAN && lineEnd.length === 2 && (out.byteOffset + at) % 2 === 0) {
    // Half the stores: the common case, CRLF from the beginning.
    const words = new Uint16Array(out.buffer, out.byteOffset + at, (count * (lineBytes / 3) * 4 + count * 2) / 2);
    const end = lineEnd.readUInt16LE();
    let word = 0;
    for (let line = 0; line < count; line++) {
      for (const lineStop = read + lineBytes; read < lineStop; read += 3) {
        const bits = (decoded[read]! << 16) | (decoded[read + 1]! << 8) | decoded[read + 2]!;
        words[word] = PAIRS[bits >> 12]!;
        words[word + 1] = PAIRS[bits & 4095]!;
        word += 2;
      }
      words[word++] = end;
    }
    return;
  }
  let write = at;
  for (let line = 0; line < count; line++) {
    for (const lineStop = read + lineBytes; read < lineStop; read += 3) {
      const bits = (decoded[read]! << 16) | (decoded[read + 1]! << 8) | decoded[read + 2]!;
      out[write] = FIRST[bits >> 12]!;
      out[write + 1] = SECOND[bits >> 12]!;
      out[write + 2] = FIRST[bits & 4095]!;
      out[write + 3] = SECOND[bits & 4095]!;
      write += 4;
    }
    for (let n = 0; n < lineEnd.length; n++) out[write++] = lineEnd[n]!;
  }
}

/** Writes [start, stop) of the encoded form at `at`, whatever its layout; `decoded` begins with decoded byte `decodedFrom`. */
function writeChars(
  decoded: Buffer,
  layout: Layout,
  decodedFrom: number,
  start: number,
  stop: number,
  out: Buffer,
  at: number,
): void {
  const { lineLength, lineEnd } = layout;
  const stride = lineLength + lineEnd.length;
  const shift = at - start;
  let position = start;
  for (let offset = 0; offset < decoded.length; offset += CHUNK_BYTES) {
    const text = Buffer.from(decoded.toString('base64', offset, Math.min(decoded.length, offset + CHUNK_BYTES)), 'latin1');
    const firstChar = ((decodedFrom + offset) / 3) * 4;
    const chunkEnd = firstChar + text.length;
    // The line end behind the chunk's last character is written with the next chunk's first.
    while (position < stop && position < layout.contentBytes) {
      const column = lineLength === 0 ? position : position % stride;
      if (lineLength !== 0 && column >= lineLength) {
        out[position + shift] = lineEnd[column - lineLength] ?? LF;
        position++;
        continue;
      }
      const char = lineLength === 0 ? position : Math.floor(position / stride) * lineLength + column;
      if (char >= chunkEnd) break;
      const count = Math.min(lineLength === 0 ? Infinity : lineLength - column, chunkEnd - char, stop - position);
      text.copy(out, position + shift, char - firstChar, char - firstChar + count);
      position += count;
    }
  }
  // What remains is line ends: one that starts the range, or the final ones.
  for (; position < stop; position++) {
    const column =
      position >= layout.contentBytes ? (position - layout.contentBytes) % lineEnd.length : (position % stride) - lineLength;
    out[position + shift] = lineEnd[column] ?? LF;
  }
}

/** Writes the whole encoded form. */
export function encodeBase64Lines(decoded: Buffer, recipe: Base64Recipe): Buffer {
  return encodeBase64Range(decoded, recipe, decoded.length, 0, encodedBytes(recipe, decoded.length));
}

function layoutOf(recipe: Base64Recipe, decodedBytes: number): Layout {
  const chars = Math.ceil(decodedBytes / 3) * 4;
  const lineEnd = Buffer.from(recipe.lineEnd === 'crlf' ? '\r\n' : '\n', 'latin1');
  const innerLineEnds = recipe.lineLength === 0 || chars === 0 ? 0 : Math.ceil(chars / recipe.lineLength) - 1;
  const contentBytes = chars + innerLineEnds * lineEnd.length;
  return {
    chars,
    lineLength: recipe.lineLength,
    lineEnd,
    contentBytes,
    totalBytes: contentBytes + recipe.finalLineEnds * lineEnd.length,
  };
}

/** The number of base64 characters in front of an encoded offset. */
function charAt(layout: Layout, offset: number): number {
  const at = Math.min(offset, layout.contentBytes);
  if (layout.lineLength === 0) return at;
  const stride = layout.lineLength + layout.lineEnd.length;
  return Math.min(layout.chars, Math.floor(at / stride) * layout.lineLength + Math.min(at % stride, layout.lineLength));
}
