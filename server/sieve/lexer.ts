/** A Sieve script as tokens (RFC 5228 §2, §8.1), each with its line. */
import { SieveFault } from './fault.ts';

export type Token =
  | {
      readonly kind: 'identifier' | 'tag';
      readonly line: number /** Lower case; tags without their colon. */;
      readonly text: string;
    }
  | { readonly kind: 'string'; readonly line: number; readonly text: string }
  | { readonly kind: 'number'; readonly line: number; readonly value: number }
  | { readonly kind: 'mark'; readonly line: number; readonly text: string };

export const MAX_SCRIPT_BYTES = 128 * 1024;
const MAX_TOKENS = 50_000;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
/** RFC 5228 §2.4.1: at least 2³¹ − 1. */
const MAX_NUMBER = 2 ** 31 * 1024 - 1;

const BLANK = /[ \t\r\n]+/y;
const HASH_COMMENT = /#[^\n]*/y;
const NUMBER = /(\d+)([KMG]?)(?![A-Za-z0-9_])/iy;
const WORD = /(:?)([A-Za-z_][A-Za-z0-9_]*)/y;
const MULTILINE = /text:[ \t]*(?:#[^\n]*)?\r?\n/iy;

/** Throws SieveFault at the first thing that is no token. */
export function tokensOf(script: string): Token[] {
  if (Buffer.byteLength(script) > MAX_SCRIPT_BYTES)
    throw new SieveFault(`The script is longer than ${MAX_SCRIPT_BYTES} octets`, 1);
  const tokens: Token[] = [];
  let at = script.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  const advance = (to: number): void => {
    for (let next = script.indexOf('\n', at); next >= 0 && next < to; next = script.indexOf('\n', next + 1)) line += 1;
    at = to;
  };
  const matched = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(script);
  };
  while (at < script.length) {
    if (tokens.length >= MAX_TOKENS) throw new SieveFault('The script has too many parts', line);
    const space = matched(BLANK) ?? matched(HASH_COMMENT);
    if (space !== null) {
      advance(at + space[0].length);
      continue;
    }
    if (script.startsWith('/*', at)) {
      const end = script.indexOf('*/', at + 2);
      if (end < 0) throw new SieveFault('This comment does not end', line);
      advance(end + 2);
      continue;
    }
    const char = script[at] ?? '';
    if ('[](){},;'.includes(char)) {
      tokens.push({ kind: 'mark', line, text: char });
      at += 1;
      continue;
    }
    if (char === '"') {
      const { text, end } = quoted(script, at, line);
      tokens.push({ kind: 'string', line, text });
      advance(end);
      continue;
    }
    const multi = matched(MULTILINE);
    if (multi !== null) {
      const { text, end } = multiLine(script, at + multi[0].length, line);
      tokens.push({ kind: 'string', line, text });
      advance(end);
      continue;
    }
    const number = matched(NUMBER);
    if (number !== null) {
      const value = Number(number[1]) * (UNITS[(number[2] ?? '').toLowerCase()] ?? 1);
      if (value > MAX_NUMBER) throw new SieveFault(`The number ${number[0]} is too big`, line);
      tokens.push({ kind: 'number', line, value });
      at += number[0].length;
      continue;
    }
    const word = matched(WORD);
    if (word === null) throw new SieveFault(`${JSON.stringify(char)} has no meaning here`, line);
    tokens.push({ kind: word[1] === ':' ? 'tag' : 'identifier', line, text: (word[2] ?? '').toLowerCase() });
    at += word[0].length;
  }
  return tokens;
}

function quoted(script: string, from: number, line: number): { text: string; end: number } {
  let text = '';
  for (let at = from + 1; at < script.length; at += 1) {
    const char = script[at] ?? '';
    if (char === '"') return { text, end: at + 1 };
    if (char === '\0') throw new SieveFault('A text can’t have a NUL', line);
    if (char === '\\') {
      at += 1;
      text += script[at] ?? '';
    } else text += char;
  }
  throw new SieveFault('This text does not end', line);
}

/** RFC 5228 §2.4.2: up to a line with a dot alone; leading dots are doubled. */
function multiLine(script: string, from: number, line: number): { text: string; end: number } {
  const lines: string[] = [];
  for (let at = from; at < script.length; ) {
    const next = script.indexOf('\n', at);
    if (next < 0) break;
    const one = script.slice(at, next).replace(/\r$/, '');
    if (one === '.') return { text: lines.length === 0 ? '' : `${lines.join('\r\n')}\r\n`, end: next + 1 };
    lines.push(one.startsWith('..') ? one.slice(1) : one);
    at = next + 1;
  }
  if (script.slice(script.lastIndexOf('\n') + 1) === '.') {
    return { text: lines.length === 0 ? '' : `${lines.join('\r\n')}\r\n`, end: script.length };
  }
  throw new SieveFault('This text does not end: a line with a dot alone is missing', line);
}
