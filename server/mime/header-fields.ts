/**
 * Header blocks as bytes: where each field starts and ends, and its value unfolded. Nothing is decoded here.
 *
 * A line ends at LF; a CR before it belongs to the line end, any other CR is an ordinary byte. A line that starts with a blank continues
 * the field before it. A line that is no field (no colon, or no field name before it) is kept as a field with an empty name, so that the fields of
 * a block always cover it without gap.
 */

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;

/** One field, as offsets into the raw message. `end` includes the line end; the name is lower case, empty for a line that is no field. */
export type HeaderField = { readonly name: string; readonly start: number; readonly valueStart: number; readonly end: number };

/** The fields of a header block, up to its blank line, `end` or `maxBytes`, whichever comes first. */
export function readHeaderFields(raw: Buffer, start: number, end: number, maxBytes: number = Infinity): HeaderField[] {
  const fields: HeaderField[] = [];
  const stop = Math.min(end, start + maxBytes);
  let position = start;
  while (position < stop && !isBlankLine(raw, position, end)) {
    const fieldStart = position;
    position = nextLine(raw, position, stop);
    while (position < stop && isBlank(raw[position]) && !isBlankLine(raw, position, end))
      position = nextLine(raw, position, stop);
    fields.push(fieldAt(raw, fieldStart, position));
  }
  return fields;
}

/** The first field of that (lower case) name. */
export function findField(fields: readonly HeaderField[], name: string): HeaderField | undefined {
  return fields.find((field) => field.name === name);
}

/** The value as a binary string: unfolded (RFC 5322 §2.2.3), stray line ends and NULs taken out, trimmed. */
export function fieldValue(raw: Buffer, field: HeaderField): string {
  return unfold(raw.toString('latin1', field.valueStart, field.end));
}

/** Unfolds and trims a binary string. A CR or LF never survives. */
export function unfold(value: string): string {
  let text = value;
  if (text.includes('\n')) text = text.replaceAll(/\r?\n/g, '');
  if (text.includes('\r')) text = text.replaceAll('\r', ' ');
  if (text.includes('\0')) text = text.replaceAll('\0', '');
  return trimBlanks(text);
}

/** Takes blanks off both ends, in linear time; String.trim would also take 0xA0, which is half a character in UTF-8. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function fieldAt(raw: Buffer, start: number, end: number): HeaderField {
  // A field name has no blank inside, so it is short; look no further than a line's worth.
  let position = start;
  while (position < end && isNameByte(raw[position])) position++;
  const nameEnd = position;
  // RFC 5322 §4.5: blanks before the colon are obsolete, but read.
  while (position < end && isBlank(raw[position])) position++;
  if (nameEnd === start || raw[position] !== COLON || position >= end) return { name: '', start, valueStart: start, end };
  return { name: raw.toString('latin1', start, nameEnd).toLowerCase(), start, valueStart: position + 1, end };
}

function nextLine(raw: Buffer, position: number, stop: number): number {
  const lf = raw.indexOf(LF, position);
  return lf === -1 || lf >= stop ? stop : lf + 1;
}

function isBlankLine(raw: Buffer, position: number, end: number): boolean {
  return raw[position] === LF || (raw[position] === CR && position + 1 < end && raw[position + 1] === LF);
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

function isNameByte(byte: number | undefined): boolean {
  return byte !== undefined && byte > 0x20 && byte < 0x7f && byte !== COLON;
}
