/**
 * Structured MIME field values: `value; name=value; …` of Content-Type and Content-Disposition, with RFC 2231 continuations joined, and
 * with the liberties that real mail takes: missing semicolons, unquoted blanks, comments, encoded words in quotes.
 *
 * In and out are binary strings. Linear in the length of the value.
 */
import { decodeWords } from './encoded-words.ts';
import { decodeCharset } from './charset.ts';
import { trimBlanks } from './header-fields.ts';
import type { MimeParameter, ParameterizedValue } from './types.ts';

/** More parameters than this on one field mean nothing. */
const MAX_PARAMETERS = 200;

const TOKEN_END = /[\s()<>@,;:\\"/[\]?=]/g;

/** Parses `value *(";" parameter)`. The value is what stands before the first semicolon, in lower case, comments removed. */
export function parseParameterized(text: string): ParameterizedValue {
  const clean = text.includes('(') ? removeComments(text) : text;
  const semicolon = clean.indexOf(';');
  const value = trimBlanks(semicolon === -1 ? clean : clean.slice(0, semicolon)).toLowerCase();
  return { value, params: semicolon === -1 ? [] : joinContinuations(readParameters(clean, semicolon + 1)) };
}

/** Takes comments (RFC 5322 §3.2.2, nested) out of a structured value, leaving quoted strings alone. An unclosed comment is kept as it is. */
export function removeComments(text: string): string {
  let out = '';
  let kept = 0;
  let depth = 0;
  let open = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5c) i++;
    else if (depth === 0 && c === 0x22) quoted = !quoted;
    else if (quoted) continue;
    else if (c === 0x28) {
      if (depth++ === 0) open = i;
    } else if (c === 0x29 && depth > 0 && --depth === 0) {
      out += `${text.slice(kept, open)} `;
      kept = i + 1;
    }
  }
  return out + text.slice(kept);
}

function readParameters(text: string, from: number): MimeParameter[] {
  const params: MimeParameter[] = [];
  let i = from;
  while (i < text.length && params.length < MAX_PARAMETERS) {
    while (i < text.length && (isBlankAt(text, i) || text[i] === ';')) i++;
    const nameStart = i;
    while (i < text.length && text[i] !== '=' && text[i] !== ';') i++;
    const name = trimBlanks(text.slice(nameStart, i)).toLowerCase();
    if (text[i] !== '=') continue;
    i++;
    while (i < text.length && isBlankAt(text, i)) i++;
    let value: string;
    if (text[i] === '"') {
      [value, i] = readQuoted(text, i + 1);
      // Whatever stands between the closing quote and the next semicolon is noise, unless it is the next parameter without its semicolon.
      while (i < text.length && isBlankAt(text, i)) i++;
    } else {
      // An unquoted value runs to the semicolon: names with blanks are common, and so are values with characters that need quotes.
      const semicolon = text.indexOf(';', i);
      const end = semicolon === -1 ? text.length : semicolon;
      value = trimBlanks(text.slice(i, end));
      i = end;
    }
    if (name !== '' && !/\s/.test(name)) params.push({ name, value });
  }
  return params;
}

function readQuoted(text: string, from: number): [string, number] {
  let out = '';
  let kept = from;
  let i = from;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) break;
    if (c === 0x5c && i + 1 < text.length) {
      // A Windows path in a file name is not escaped by those who write one: only a quote or a backslash after a backslash is.
      const next = text.charCodeAt(i + 1);
      if (next !== 0x22 && next !== 0x5c) continue;
      out += text.slice(kept, i);
      kept = ++i;
    }
  }
  return [out + text.slice(kept, i), i + 1];
}

/**
 * RFC 2231 §3: `name*0`, `name*1*`, … become one parameter, where its first piece stood; it is called `name*` when any piece is percent-encoded. Pieces
 * that were sent plain are percent-encoded where needed then. A first occurrence of a name wins.
 */
function joinContinuations(params: readonly MimeParameter[]): MimeParameter[] {
  const pieces = new Map<string, { index: number; encoded: boolean; value: string }[]>();
  const out: (MimeParameter | string)[] = [];
  const seen = new Set<string>();
  for (const { name, value } of params) {
    const match = /^([^*]+)\*(\d{1,3})(\*?)$/.exec(name);
    const base = match?.[1];
    if (base === undefined) {
      if (!seen.has(name)) out.push({ name, value });
      seen.add(name);
      continue;
    }
    let list = pieces.get(base);
    if (list === undefined) {
      pieces.set(base, (list = []));
      out.push(base);
    }
    list.push({ index: Number(match?.[2]), encoded: match?.[3] === '*', value });
  }
  if (pieces.size === 0) return out as MimeParameter[];
  return out
    .map((entry): MimeParameter => {
      if (typeof entry !== 'string') return entry;
      const list = (pieces.get(entry) ?? []).sort((a, b) => a.index - b.index);
      if (!list.some((piece) => piece.encoded)) return { name: entry, value: list.map((piece) => piece.value).join('') };
      const value = list.map((piece) => (piece.encoded ? piece.value : percentEncode(piece.value))).join('');
      return { name: `${entry}*`, value: list[0]?.encoded === true ? value : `''${value}` };
    })
    .filter((param, index, all) => all.findIndex((other) => other.name === param.name) === index);
}

/** A parameter as Unicode: `name*` (RFC 2231) first, else `name` with encoded words and 8-bit text decoded. Undefined when there is neither. */
export function decodedParameter(params: readonly MimeParameter[], name: string): string | undefined {
  const extended = params.find((param) => param.name === `${name}*`);
  if (extended !== undefined) return decodeExtendedValue(extended.value);
  const plain = params.find((param) => param.name === name);
  return plain === undefined ? undefined : decodeWords(plain.value);
}

/** RFC 2231 §4: `charset'language'text` with %XX. */
export function decodeExtendedValue(value: string): string {
  const first = value.indexOf("'");
  const second = first === -1 ? -1 : value.indexOf("'", first + 1);
  const charset = second === -1 ? undefined : value.slice(0, first);
  const text = second === -1 ? value : value.slice(second + 1);
  const bytes = text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return decodeCharset(Buffer.from(bytes, 'latin1'), charset === '' ? undefined : charset);
}

function percentEncode(value: string): string {
  return value.replaceAll(
    /[^A-Za-z0-9!#$&+\-.^_`{|}~]/g,
    (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
}

/** The first token of a value such as Content-Transfer-Encoding, in lower case. */
export function firstToken(text: string): string {
  const clean = trimBlanks(text.includes('(') ? removeComments(text) : text);
  TOKEN_END.lastIndex = 0;
  const end = TOKEN_END.exec(clean)?.index ?? clean.length;
  return clean.slice(0, end).toLowerCase();
}

function isBlankAt(text: string, i: number): boolean {
  const c = text.charCodeAt(i);
  return c === 0x20 || c === 0x09;
}
