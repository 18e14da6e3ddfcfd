/**
 * RFC 2047 encoded words to Unicode. In goes an unfolded binary string, out comes text; 8-bit bytes outside encoded words are decoded as UTF-8 or windows-1252.
 *
 * Adjacent words of the same charset are joined as bytes before decoding, because mailers split multibyte characters between words. The scan is our own and not
 * libmime's since it has to be linear on hostile headers and to work on bytes.
 */
import { decodeCharset } from './charset.ts';

// charset, optional RFC 2231 language, encoding, text. Blanks inside the text are illegal and common in Q words.
const WORD = /=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bBqQ])\?([^?]*)\?=/y;

type Run = { charset: string; readonly bytes: Buffer[] };

/** Decodes every encoded word of a binary string, wherever it stands. */
export function decodeWords(text: string): string {
  let next = text.indexOf('=?');
  if (next === -1) return decodeBytes(text);
  let out = '';
  let plainFrom = 0;
  let run: Run | undefined;
  const flush = (): void => {
    if (run !== undefined) out += decodeCharset(Buffer.concat(run.bytes), run.charset);
    run = undefined;
  };
  while (next !== -1) {
    WORD.lastIndex = next;
    const match = WORD.exec(text);
    if (match === null) {
      next = text.indexOf('=?', next + 2);
      continue;
    }
    const charset = (match[1] ?? '').toLowerCase();
    const between = text.slice(plainFrom, next);
    // RFC 2047 §6.2: white space between adjacent encoded words is not displayed.
    if (run === undefined || !isAllBlank(between)) {
      flush();
      out += decodeBytes(between);
    } else if (run.charset !== charset) flush();
    run ??= { charset, bytes: [] };
    run.bytes.push(decodeWordText(match[2] ?? 'q', match[3] ?? ''));
    plainFrom = WORD.lastIndex;
    next = text.indexOf('=?', plainFrom);
  }
  flush();
  return out + decodeBytes(text.slice(plainFrom));
}

/** A binary string as Unicode, without looking for encoded words. */
export function decodeBytes(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f || text.charCodeAt(i) === 0x1b) {
      const bytes = Buffer.from(text, 'latin1');
      // Escape sequences in a header without encoded words: raw ISO-2022-JP, as old Japanese mailers wrote it.
      return decodeCharset(bytes, /\x1b[$(][@BJI]/.test(text) ? 'iso-2022-jp' : undefined);
    }
  }
  return text;
}

function decodeWordText(encoding: string, text: string): Buffer {
  if (encoding === 'b' || encoding === 'B') return Buffer.from(text, 'base64');
  const bytes = text
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}

function isAllBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c !== 0x20 && c !== 0x09) return false;
  }
  return true;
}
