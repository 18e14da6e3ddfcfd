/**
 * Message flags (RFC 9051 §2.3.2): five system flags in canonical spelling, and keywords, which compare without case but keep the spelling first
 * seen in their mailbox.
 *
 * A `FlagList` is sorted (system flags first, in RFC order, then keywords by their lower-case form), holds no duplicates, is frozen, and is interned
 * while room lasts: messages with the same flags share one array, so a view of 200,000 messages holds a few dozen lists.
 * \Recent is a fact of one session, never stored, and never in a FlagList.
 */
import { type Outcome, accept, refuse } from './outcome.ts';

export const SYSTEM_FLAGS = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'] as const;
export type SystemFlag = (typeof SYSTEM_FLAGS)[number];

/** A canonical system flag or a valid keyword. */
export type Flag = string;
export type FlagList = readonly Flag[];

export type FlagFault = 'syntax' | 'recent' | 'unknown-system-flag' | 'too-long' | 'too-many-keywords';

export type FlagLimits = {
  /** Octets of one keyword. */
  readonly keywordBytes: number;
  /** Different keywords in one mailbox. */
  readonly keywordsPerMailbox: number;
};

export const DEFAULT_FLAG_LIMITS: FlagLimits = { keywordBytes: 128, keywordsPerMailbox: 200 };

const SYSTEM_BY_KEY: ReadonlyMap<string, SystemFlag> = new Map(SYSTEM_FLAGS.map((flag) => [flag.toLowerCase(), flag]));
const SYSTEM_ORDER: ReadonlyMap<string, number> = new Map(SYSTEM_FLAGS.map((flag, index) => [flag, index]));

/** RFC 9051 §9 `flag-keyword = atom`: ATOM-CHARs alone. */
const KEYWORD = /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]+$/;

/** What two spellings of the same flag have in common. */
export function flagKey(flag: Flag): string {
  return flag.toLowerCase();
}

export function isSystemFlag(flag: Flag): flag is SystemFlag {
  return SYSTEM_ORDER.has(flag);
}

/** One flag as a client wrote it, in canonical form. \Recent and unknown `\Words` are refused: a client can't set them (RFC 9051 §2.3.2). */
export function parseFlag(text: string, limits: FlagLimits = DEFAULT_FLAG_LIMITS): Outcome<Flag, FlagFault> {
  if (text.startsWith('\\')) {
    const system = SYSTEM_BY_KEY.get(text.toLowerCase());
    if (system !== undefined) return accept(system);
    if (text.toLowerCase() === '\\recent') return refuse('recent');
    return refuse(KEYWORD.test(text.slice(1)) ? 'unknown-system-flag' : 'syntax');
  }
  if (text.length > limits.keywordBytes) return refuse('too-long');
  return KEYWORD.test(text) ? accept(text) : refuse('syntax');
}

function compareFlags(a: Flag, b: Flag): number {
  const rankA = SYSTEM_ORDER.get(a) ?? SYSTEM_FLAGS.length;
  const rankB = SYSTEM_ORDER.get(b) ?? SYSTEM_FLAGS.length;
  if (rankA !== rankB) return rankA - rankB;
  const keyA = flagKey(a);
  const keyB = flagKey(b);
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}

export const NO_FLAGS: FlagList = Object.freeze([]);

/** Interned lists by their joined text. Bounded: past the limit, lists are simply not shared. */
const MAX_INTERNED = 20_000;
const interned = new Map<string, FlagList>();

/** Flags in canonical form, any order, duplicates allowed (the first spelling wins) → the sorted, shared list. */
export function flagList(flags: Iterable<Flag>): FlagList {
  const byKey = new Map<string, Flag>();
  for (const flag of flags) {
    const key = flagKey(flag);
    if (!byKey.has(key)) byKey.set(key, flag);
  }
  if (byKey.size === 0) return NO_FLAGS;
  const sorted = [...byKey.values()].sort(compareFlags);
  const text = sorted.join(' ');
  const known = interned.get(text);
  if (known !== undefined) return known;
  const frozen = Object.freeze(sorted);
  if (interned.size < MAX_INTERNED) interned.set(text, frozen);
  return frozen;
}

/** Case-insensitive membership. */
export function hasFlag(flags: FlagList, flag: Flag): boolean {
  if (flags.includes(flag)) return true;
  if (isSystemFlag(flag)) return false;
  const key = flagKey(flag);
  return flags.some((one) => flagKey(one) === key);
}

export type FlagOperation = 'add' | 'remove' | 'replace';

/** STORE's +FLAGS, -FLAGS and FLAGS. Gives back `current` itself when nothing changes, so `===` tells whether a MODSEQ is due (RFC 7162 §3.1). */
export function applyFlagChange(current: FlagList, operation: FlagOperation, changed: readonly Flag[]): FlagList {
  const next = changedFlags(current, operation, changed);
  return sameFlags(next, current) ? current : next;
}

function changedFlags(current: FlagList, operation: FlagOperation, changed: readonly Flag[]): FlagList {
  switch (operation) {
    case 'add':
      return flagList([...current, ...changed]);
    case 'remove': {
      const gone = new Set(changed.map(flagKey));
      return flagList(current.filter((flag) => !gone.has(flagKey(flag))));
    }
    case 'replace': {
      // The stored spelling of a keyword survives its replacement by another spelling.
      const spelling = new Map(current.map((flag) => [flagKey(flag), flag]));
      return flagList(changed.map((flag) => spelling.get(flagKey(flag)) ?? flag));
    }
  }
}

/** Same flags; keyword spelling does not matter. Both must be FlagLists. */
export function sameFlags(a: FlagList, b: FlagList): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((flag, index) => flag === b[index] || flagKey(flag) === flagKey(b[index]!));
}

export type AdoptedFlags = {
  /** The wanted flags in the mailbox's spelling. */
  readonly flags: readonly Flag[];
  /** Keywords the mailbox did not have; the caller stores them and tells sessions by FLAGS before they are used (RFC 9051 §7.3.1). */
  readonly added: readonly Flag[];
};

/** Spells the wanted flags as the mailbox does and finds the keywords that are new to it. */
export function adoptKeywords(
  known: readonly Flag[],
  wanted: readonly Flag[],
  limits: FlagLimits = DEFAULT_FLAG_LIMITS,
): Outcome<AdoptedFlags, FlagFault> {
  const spelling = new Map<string, Flag>();
  let keywords = 0;
  for (const flag of known) {
    if (isSystemFlag(flag)) continue;
    spelling.set(flagKey(flag), flag);
    keywords += 1;
  }
  const flags: Flag[] = [];
  const added: Flag[] = [];
  for (const flag of wanted) {
    if (isSystemFlag(flag)) {
      flags.push(flag);
      continue;
    }
    const key = flagKey(flag);
    const same = spelling.get(key);
    if (same === undefined) {
      spelling.set(key, flag);
      added.push(flag);
    }
    flags.push(same ?? flag);
  }
  if (added.length > 0 && keywords + added.length > limits.keywordsPerMailbox) return refuse('too-many-keywords');
  return accept({ flags, added });
}
