/** The preview of RFC 8970: the start of what a reader would read, at most 200 characters. */

/** RFC 8970 §3.3: SHOULD be at most 200 characters, MUST be at most 256. */
const MAX_CHARS = 200;
/** Enough text to find 200 characters in, however much quoting stands before them. */
const MAX_SCANNED = 16_384;

// Soft hyphens, joiners and other characters without a face, with which newsletters pad their preheaders.
const INVISIBLE =
  // oxlint-disable-next-line no-misleading-character-class -- a set of single characters, combining ones among them
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]/g;

/** Makes the preview from the text of the first readable part. Quoted lines and rulers are left out as long as something else remains. */
export function makePreview(text: string): string {
  const lines = text
    .slice(0, MAX_SCANNED)
    .replaceAll(INVISIBLE, '')
    .split(/[\r\n]+/);
  const own = lines.filter((line) => !/^\s{0,9}(?:>|[-=_*#~+.\s]{3,}$)/.test(line));
  const words = collapse(own) || collapse(lines);
  const characters = Array.from(words.slice(0, 2 * MAX_CHARS));
  return characters.length <= MAX_CHARS && words.length <= 2 * MAX_CHARS
    ? words
    : `${characters
        .slice(0, MAX_CHARS - 1)
        .join('')
        .trimEnd()}…`;
}

function collapse(lines: readonly string[]): string {
  return lines
    .join(' ')
    .toWellFormed()
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ');
}
