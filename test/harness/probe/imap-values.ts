/**
 * Reads a response as values: lists, strings, NIL. What a test compares, so it is written apart from the server's own parser and shares none of its mistakes.
 */
import type { Response } from './imap-probe.ts';

/** NIL is null; a literal is a Buffer; atoms, numbers and quoted strings are strings; parentheses are arrays. */
export type Value = string | Buffer | null | readonly Value[];

/** The values of a response after its first `skip` characters. Throws on bad grammar. */
export function parseValues(response: Response, skip: number): Value[] {
  const { text, literals } = response;
  let at = skip;
  let literal = 0;
  const list = (until: string): Value[] => {
    const values: Value[] = [];
    for (;;) {
      while (text[at] === ' ') at += 1;
      if (at >= text.length) {
        if (until !== '') throw new Error(`unclosed list in ${text.slice(0, 200)}`);
        return values;
      }
      if (text[at] === until) {
        at += 1;
        return values;
      }
      values.push(value());
    }
  };
  const value = (): Value => {
    const first = text[at];
    if (first === '(') {
      at += 1;
      return list(')');
    }
    if (first === '"') return quotedString();
    if (first === '{' || (first === '~' && text[at + 1] === '{')) {
      at = text.indexOf('}', at) + 1;
      const bytes = literals[literal];
      literal += 1;
      if (bytes === undefined) throw new Error(`missing literal in ${text.slice(0, 200)}`);
      return bytes;
    }
    return atom();
  };
  const quotedString = (): string => {
    let result = '';
    for (at += 1; text[at] !== '"'; at += 1) {
      if (at >= text.length) throw new Error(`unclosed string in ${text.slice(0, 200)}`);
      if (text[at] === '\\') at += 1;
      result += text[at] ?? '';
    }
    at += 1;
    return result;
  };
  /** Brackets belong to the atom with all they hold: `BODY[HEADER.FIELDS (TO)]<0>`. */
  const atom = (): string | null => {
    const start = at;
    let depth = 0;
    for (; at < text.length; at += 1) {
      const char = text[at];
      if (char === '[') depth += 1;
      else if (char === ']') depth -= 1;
      else if (depth <= 0 && (char === ' ' || char === '(' || char === ')')) break;
    }
    if (at === start) throw new Error(`unexpected ${JSON.stringify(text[at])} in ${text.slice(0, 200)}`);
    const found = text.slice(start, at);
    return found === 'NIL' ? null : found;
  };
  return list('');
}

export type FetchedMessage = { readonly seq: number; readonly items: ReadonlyMap<string, Value> };

/** A FETCH response's items by their upper-case names; undefined for any other response. */
export function parseFetch(response: Response): FetchedMessage | undefined {
  const head = /^\* (\d+) FETCH /.exec(response.text);
  if (head === null) return undefined;
  const [values] = parseValues(response, head[0].length);
  if (!Array.isArray(values)) throw new Error(`not a FETCH response: ${response.text.slice(0, 200)}`);
  const items = new Map<string, Value>();
  for (let at = 0; at + 1 < values.length; at += 2) items.set(String(values[at]).toUpperCase(), values[at + 1] as Value);
  return { seq: Number(head[1]), items };
}

/** A string value's octets. */
export function octets(value: Value | undefined): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  throw new Error(`not a string: ${JSON.stringify(value)}`);
}

/** UIDs or numbers of a set such as `1:3,7`. */
export function expandSet(set: string): number[] {
  const numbers: number[] = [];
  for (const range of set.split(',')) {
    const [from = 0, to = from] = range.split(':').map(Number);
    for (let n = Math.min(from, to); n <= Math.max(from, to); n += 1) numbers.push(n);
  }
  return numbers;
}
