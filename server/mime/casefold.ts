/**
 * i;unicode-casemap (RFC 5051): the form in which searching and sorting compare text.
 *
 * Each character becomes its simple titlecase mapping, then its full decomposition, compatibility decompositions included, as UnicodeData.txt lists them. So `é`, `É` and `E` + acute
 * are alike, and so are `ﬁ` and `fi`; `ß` has no simple titlecase and stays. What a decomposition brings in is not mapped
 * again: `Ǆ` becomes `Dž`, with a small z (the RFC's own example). Hangul syllables stay whole, since UnicodeData.txt does not list theirs. ASCII letters become upper case.
 */

/** Code points whose titlecase is not their upper case; all others with a one-to-one upper case have that as titlecase. */
const TITLECASE: ReadonlyMap<number, number> = new Map([
  [0x1c4, 0x1c5],
  [0x1c5, 0x1c5],
  [0x1c6, 0x1c5],
  [0x1c7, 0x1c8],
  [0x1c8, 0x1c8],
  [0x1c9, 0x1c8],
  [0x1ca, 0x1cb],
  [0x1cb, 0x1cb],
  [0x1cc, 0x1cb],
  [0x1f1, 0x1f2],
  [0x1f2, 0x1f2],
  [0x1f3, 0x1f2],
  [0x1fb3, 0x1fbc],
  [0x1fc3, 0x1fcc],
  [0x1ff3, 0x1ffc],
]);

/** Folded forms of the BMP beyond ASCII, filled as they are met. */
const folded = Array.from<string | undefined>({ length: 0x10000 });

const NON_ASCII = /[^\u0000-\u007f]/;

/** Folds text. Two strings are equal under i;unicode-casemap exactly if their folded forms are. */
export function foldCase(text: string): string {
  if (!NON_ASCII.test(text)) return text.toUpperCase();
  let out = '';
  let asciiFrom = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (i > asciiFrom) out += text.slice(asciiFrom, i).toUpperCase();
    const isPair = unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length;
    if (isPair) out += foldCharacter(text.codePointAt(i) ?? unit);
    else out += folded[unit] ??= foldCharacter(unit);
    if (isPair && (text.codePointAt(i) ?? 0) > 0xffff) i++;
    asciiFrom = i + 1;
  }
  return out + text.slice(asciiFrom).toUpperCase();
}

function foldCharacter(codePoint: number): string {
  const title = titlecaseOf(codePoint);
  // Hangul syllables decompose by rule, not by table.
  if (title >= 0xac00 && title <= 0xd7a3) return String.fromCodePoint(title);
  return String.fromCodePoint(title).normalize('NFKD');
}

function titlecaseOf(codePoint: number): number {
  const special = TITLECASE.get(codePoint);
  if (special !== undefined) return special;
  // Georgian has capitals, but its titlecase is the letter itself.
  if ((codePoint >= 0x10d0 && codePoint <= 0x10fa) || (codePoint >= 0x10fd && codePoint <= 0x10ff)) return codePoint;
  // Greek with iota subscript: its upper case takes two characters, its titlecase is the one eight places on (U+1F80 to U+1FAF).
  if (codePoint >= 0x1f80 && codePoint <= 0x1faf) return codePoint | 8;
  const upper = String.fromCodePoint(codePoint).toUpperCase();
  const first = upper.codePointAt(0) ?? codePoint;
  return upper.length === (first > 0xffff ? 2 : 1) ? first : codePoint;
}

/** A line end with the blanks around it becomes one blank; NULs go. Linear, which a pattern for the same is not. */
export function joinLines(text: string): string {
  const clean = text.includes('\0') ? text.replaceAll('\0', '') : text;
  if (!/[\r\n]/.test(clean)) return clean;
  let out = '';
  for (const line of clean.split(/[\r\n]+/)) {
    const trimmed = line.trim();
    if (trimmed !== '') out += out === '' ? trimmed : ` ${trimmed}`;
  }
  return out;
}

/**
 * Folds what a client searches for, so that it can be looked up in the folded `SearchText` as a plain substring. A line end in it matches a line end in the
 * text, as one blank matches it; other blanks count one by one.
 */
export function foldNeedle(text: string): string {
  // A line end at either end of the needle still is a blank.
  const joined = /[\r\n]/.test(text)
    ? text
        .replaceAll(/[\r\n]+/g, '\n')
        .split('\n')
        .map((line, i, all) => trimInside(line, i > 0, i < all.length - 1))
        .join(' ')
    : text;
  return foldCase(joined.replaceAll('\0', ''));
}

function trimInside(line: string, start: boolean, end: boolean): string {
  const left = start ? line.trimStart() : line;
  return end ? left.trimEnd() : left;
}
