/**
 * IMAP sequence-sets as a client writes them (RFC 9051 §9: `1:3,5,*`, `*:3`, `$`), kept symbolic until the largest number is known.
 *
 * `*` means the largest number in use, and its meaning may change between parsing and running a command; so a parsed set is resolved by the
 * command, not by the parser.
 */
import { MAX_UINT32 } from './ids.ts';
import { type Outcome, accept, refuse } from './outcome.ts';
import { UidSet } from './uid-set.ts';

/** A set as written. `saved` is `$`, the SEARCH result variable (RFC 5182 §2.1), alone; `pairs` is then empty. */
export type SequenceSet = {
  readonly saved: boolean;
  /** from, to, from, to, … as written, in the order written; 0 stands for `*`. */
  readonly pairs: readonly number[];
};

export type SequenceSetFault = 'syntax' | 'too-many-ranges';

/** `$` */
export const SAVED_RESULT: SequenceSet = { saved: true, pairs: [] };

export type SequenceSetLimits = { readonly ranges: number };

const DEFAULT_LIMITS: SequenceSetLimits = { ranges: 50_000 };

const COLON = 0x3a;
const COMMA = 0x2c;
const STAR = 0x2a;

/** Parses a whole sequence-set. Linear; at most `limits.ranges` comma-separated members. */
export function parseSequenceSet(
  text: string,
  limits: SequenceSetLimits = DEFAULT_LIMITS,
): Outcome<SequenceSet, SequenceSetFault> {
  if (text === '$') return accept(SAVED_RESULT);
  const pairs: number[] = [];
  let at = 0;
  let first = -1;
  for (;;) {
    let number = 0;
    if (text.charCodeAt(at) === STAR) {
      at += 1;
    } else {
      const start = at;
      for (let code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(at)) {
        number = number * 10 + (code - 0x30);
        if (number > MAX_UINT32) return refuse('syntax');
        at += 1;
      }
      // nz-number: no zero, no leading zero.
      if (number === 0 || text.charCodeAt(start) === 0x30) return refuse('syntax');
    }
    const code = text.charCodeAt(at);
    if (code === COLON) {
      if (first !== -1) return refuse('syntax');
      first = number;
      at += 1;
      continue;
    }
    if (pairs.length >= limits.ranges * 2) return refuse('too-many-ranges');
    pairs.push(first === -1 ? number : first, number);
    first = -1;
    if (at === text.length) return accept({ saved: false, pairs });
    if (code !== COMMA) return refuse('syntax');
    at += 1;
  }
}

/**
 * The numbers of the set when `*` is `largest`. `*:3` and `3:*` always contain `largest`, also when that is below 3 (RFC 9051 §9 seq-range). With
 * `largest` 0 (an empty mailbox) `*` stands for nothing and every range that touches it is dropped. `$` resolves to `saved`.
 */
export function resolveSequenceSet(set: SequenceSet, largest: number, saved: UidSet = UidSet.empty): UidSet {
  if (set.saved) return saved;
  const { pairs } = set;
  const ranges: { from: number; to: number }[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const from = pairs[i] === 0 ? largest : pairs[i]!;
    const to = pairs[i + 1] === 0 ? largest : pairs[i + 1]!;
    if (from !== 0 && to !== 0) ranges.push({ from, to });
  }
  return UidSet.fromRanges(ranges);
}

/** The largest number written out, 0 when there is none: a sequence number above EXISTS is a client error (RFC 9051 §6.4.8). */
export function largestWritten(set: SequenceSet): number {
  let largest = 0;
  for (const n of set.pairs) if (n > largest) largest = n;
  return largest;
}

/** True when the set's meaning depends on the largest number in use. */
export function mentionsStar(set: SequenceSet): boolean {
  return set.pairs.includes(0);
}

/** The set as text, as written. */
export function formatSequenceSet(set: SequenceSet): string {
  if (set.saved) return '$';
  const members: string[] = [];
  const name = (n: number): string => (n === 0 ? '*' : `${n}`);
  for (let i = 0; i < set.pairs.length; i += 2) {
    const from = set.pairs[i]!;
    const to = set.pairs[i + 1]!;
    members.push(from === to ? name(from) : `${name(from)}:${name(to)}`);
  }
  return members.join(',');
}
