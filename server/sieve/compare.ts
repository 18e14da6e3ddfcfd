/** Comparators (RFC 4790, 5051), match types (RFC 5228 §2.7) and relations (RFC 5231). Work is counted: what costs too much ends the script. */
import { foldCase } from '../mime/casefold.ts';

export type Comparator = 'i;octet' | 'i;ascii-casemap' | 'i;ascii-numeric' | 'i;unicode-casemap';
export type Relation = 'gt' | 'ge' | 'lt' | 'le' | 'eq' | 'ne';

/** Called with the steps that something costs; throws when there were too many. */
export type Spend = (steps: number) => void;

const RELATIONS: Readonly<Record<Relation, (order: number) => boolean>> = {
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
};

export function isComparator(name: string): name is Comparator {
  return name === 'i;octet' || name === 'i;ascii-casemap' || name === 'i;ascii-numeric' || name === 'i;unicode-casemap';
}

export function isRelation(name: string): name is Relation {
  return Object.hasOwn(RELATIONS, name.toLowerCase());
}

export function holds(relation: string, order: number): boolean {
  return RELATIONS[relation.toLowerCase() as Relation](order);
}

/** What is compared in place of a text. */
function keyOf(text: string, comparator: Comparator): string {
  if (comparator === 'i;octet') return text;
  if (comparator === 'i;unicode-casemap') return foldCase(text);
  return text.replace(/[a-z]+/g, (part) => part.toUpperCase());
}

/** RFC 4790 §9.1: digits at the beginning; anything else is positive infinity. */
function numberOf(text: string): bigint | undefined {
  const digits = /^\d{1,4000}/.exec(text)?.[0];
  return digits === undefined ? undefined : BigInt(digits);
}

/** Negative, zero or positive. */
export function compare(a: string, b: string, comparator: Comparator): number {
  if (comparator === 'i;ascii-numeric') {
    const [left, right] = [numberOf(a), numberOf(b)];
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    return left === right ? 0 : left < right ? -1 : 1;
  }
  const [left, right] = [keyOf(a, comparator), keyOf(b, comparator)];
  // Octets of UTF-8 are in the order of code points.
  return left === right ? 0 : Buffer.compare(Buffer.from(left), Buffer.from(right));
}

export function contains(text: string, part: string, comparator: Comparator, spend: Spend): boolean {
  spend(text.length);
  return keyOf(text, comparator).includes(keyOf(part, comparator));
}

/**
 * `*` and `?` with backslashes before them (RFC 5228 §2.7.1). Answers what the wildcards stand for, the whole first (RFC 5229 §3.2: as little as possible each), undefined
 * when it does not match.
 */
export function matchWildcards(
  text: string,
  pattern: string,
  comparator: Comparator,
  spend: Spend,
): readonly string[] | undefined {
  const chars = Array.from(text);
  // Folding may change the length of a text: character by character, positions stay.
  const folded = chars.map((char) => keyOf(char, comparator));
  const parts = patternOf(pattern, comparator);
  const spans: { from: number; to: number }[] = [];
  let at = 0;
  let part = 0;
  let star: { part: number; from: number; spans: number } | undefined;
  spend(chars.length + parts.length);
  while (at < folded.length || part < parts.length) {
    const wanted = parts[part];
    if (wanted === '*') {
      spans.push({ from: at, to: at });
      star = { part, from: at, spans: spans.length };
      part += 1;
      continue;
    }
    if (wanted !== undefined && at < folded.length && (wanted === '?' || wanted.slice(1) === folded[at])) {
      if (wanted === '?') spans.push({ from: at, to: at + 1 });
      at += 1;
      part += 1;
      continue;
    }
    // The last star takes one more; what came after it is tried again.
    const span = star === undefined ? undefined : spans[star.spans - 1];
    if (star === undefined || span === undefined || span.to >= folded.length) return undefined;
    spend(1 + at - span.to);
    span.to += 1;
    spans.length = star.spans;
    at = span.to;
    part = star.part + 1;
  }
  return [text, ...spans.map(({ from, to }) => chars.slice(from, to).join(''))];
}

/** `*`, `?`, or `=` and a folded character. */
function patternOf(pattern: string, comparator: Comparator): string[] {
  const parts: string[] = [];
  const chars = Array.from(pattern);
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? '';
    if (char === '\\' && at + 1 < chars.length) {
      at += 1;
      parts.push(`=${keyOf(chars[at] ?? '', comparator)}`);
    } else parts.push(char === '*' || char === '?' ? char : `=${keyOf(char, comparator)}`);
  }
  return parts;
}
