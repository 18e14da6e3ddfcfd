/** Character classes of the IMAP grammar (RFC 9051 §9), as one table lookup per octet. */

const ATOM = 1;
const ASTRING = 2;
const LIST = 4;
const TAG = 8;
const KEYWORD = 16;

const CLASSES = new Uint8Array(256);
for (let code = 0x21; code < 0x7f; code += 1) {
  const char = String.fromCharCode(code);
  let bits = 0;
  const isWildcard = char === '%' || char === '*';
  if (!'(){%*"\\]'.includes(char)) bits |= ATOM | ASTRING | LIST;
  if (char === ']') bits |= ASTRING | LIST;
  if (isWildcard) bits |= LIST;
  if ((bits & ASTRING) !== 0 && char !== '+') bits |= TAG;
  if (/[A-Za-z0-9.\-_]/.test(char)) bits |= KEYWORD;
  CLASSES[code] = bits;
}

export const SP = 0x20;
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const OPEN = 0x28;
export const CLOSE = 0x29;

/** ATOM-CHAR. */
export function isAtomChar(code: number): boolean {
  return (CLASSES[code]! & ATOM) !== 0;
}

/** ASTRING-CHAR: ATOM-CHAR or `]`. */
export function isAstringChar(code: number): boolean {
  return (CLASSES[code]! & ASTRING) !== 0;
}

/** list-char: ATOM-CHAR, a wildcard or `]`. */
export function isListChar(code: number): boolean {
  return (CLASSES[code]! & LIST) !== 0;
}

/** ASTRING-CHAR except `+`. */
export function isTagChar(code: number): boolean {
  return (CLASSES[code]! & TAG) !== 0;
}

/** Letters, digits, `.`, `-` and `_`: what words like BODY.PEEK and HEADER.FIELDS.NOT are made of. */
export function isKeywordChar(code: number): boolean {
  return (CLASSES[code]! & KEYWORD) !== 0;
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
