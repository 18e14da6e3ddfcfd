/**
 * Modified UTF-7, the form of mailbox names on the wire of IMAP4rev1 (RFC 3501 §5.1.3).
 *
 * Decoding is strict, so that a name has exactly one encoded form: printable ASCII stands for itself, shifts are never back to back, base64 has no
 * padding and no stray bits, surrogates come in pairs. Anything else is undefined.
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,';
const AMPERSAND = 0x26;

function isPrintable(code: number): boolean {
  return code >= 0x20 && code <= 0x7e;
}

/** A well-formed string (no lone surrogates) to modified UTF-7. */
export function encodeMutf7(text: string): string {
  let out = '';
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === AMPERSAND) {
      out += '&-';
      at += 1;
    } else if (isPrintable(code)) {
      out += text[at];
      at += 1;
    } else {
      const start = at;
      while (at < text.length && !isPrintable(text.charCodeAt(at))) at += 1;
      out += `&${encodeBase64(text, start, at)}-`;
    }
  }
  return out;
}

function encodeBase64(text: string, start: number, end: number): string {
  let out = '';
  let bits = 0;
  let held = 0;
  for (let i = start; i < end; i += 1) {
    held = (held << 16) | text.charCodeAt(i);
    bits += 16;
    while (bits >= 6) {
      bits -= 6;
      out += ALPHABET[(held >>> bits) & 63];
    }
    held &= (1 << bits) - 1;
  }
  if (bits > 0) out += ALPHABET[(held << (6 - bits)) & 63];
  return out;
}

/** Modified UTF-7 to a well-formed string; undefined when the text is not strictly modified UTF-7. */
export function decodeMutf7(text: string): string | undefined {
  let out = '';
  let at = 0;
  let shiftEnd = -1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (!isPrintable(code)) return undefined;
    if (code !== AMPERSAND) {
      out += text[at];
      at += 1;
      continue;
    }
    const end = text.indexOf('-', at + 1);
    if (end === -1) return undefined;
    if (end === at + 1) {
      out += '&';
    } else {
      // A shift right after another one could have been one shift.
      if (shiftEnd === at) return undefined;
      const decoded = decodeBase64(text, at + 1, end);
      if (decoded === undefined) return undefined;
      out += decoded;
      shiftEnd = end + 1;
    }
    at = end + 1;
  }
  return out.isWellFormed() ? out : undefined;
}

function decodeBase64(text: string, start: number, end: number): string | undefined {
  let out = '';
  let bits = 0;
  let held = 0;
  for (let i = start; i < end; i += 1) {
    const value = sextet(text.charCodeAt(i));
    if (value < 0) return undefined;
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 16) {
      bits -= 16;
      const unit = (held >>> bits) & 0xffff;
      if (isPrintable(unit)) return undefined;
      out += String.fromCharCode(unit);
      held &= (1 << bits) - 1;
    }
  }
  return bits < 6 && held === 0 && out !== '' ? out : undefined;
}

function sextet(code: number): number {
  if (code >= 0x41 && code <= 0x5a) return code - 0x41;
  if (code >= 0x61 && code <= 0x7a) return code - 0x61 + 26;
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 52;
  if (code === 0x2b) return 62;
  return code === 0x2c ? 63 : -1;
}
