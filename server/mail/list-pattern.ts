/**
 * LIST patterns (RFC 9051 §6.3.9): `*` matches anything, `%` anything without the separator; INBOX matches without regard to case.
 *
 * Matching runs all possibilities side by side, one character at a time, so its cost is at most name × pattern: no pattern makes it explode.
 * Once a `*` is reached, whatever waits before it can be forgotten, which keeps usual patterns at one or two possibilities.
 */
import { INBOX, SEPARATOR } from './mailbox-path.ts';

export type ListPattern = {
  /** The pattern as given. */
  readonly text: string;
  readonly matches: (name: string) => boolean;
};

const ANY = -1;
const LEVEL = -2;

/** Compiles `reference` joined with `pattern`, both already decoded from the wire. */
export function compileListPattern(pattern: string, reference = ''): ListPattern {
  const text = reference + pattern;
  const steps = compile(text.normalize('NFC'));
  const exact = steps.some((step) => step < 0) ? undefined : text.normalize('NFC');
  return {
    text,
    matches: (name) => (exact === undefined ? run(steps, name) : exact === name || run(steps, name)),
  };
}

/** Code units, with runs of wildcards joined: `%%` is `%`, any run with a `*` is `*`. */
function compile(text: string): readonly number[] {
  const steps: number[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i]!;
    const step = char === '*' ? ANY : char === '%' ? LEVEL : text.charCodeAt(i);
    const last = steps[steps.length - 1];
    if (step < 0 && last !== undefined && last < 0) {
      if (step === ANY) steps[steps.length - 1] = ANY;
    } else {
      steps.push(step);
    }
  }
  return steps;
}

function run(steps: readonly number[], name: string): boolean {
  const foldedUpTo = name === INBOX || name.startsWith(INBOX + SEPARATOR) ? INBOX.length : 0;
  let states: number[] = [];
  enter(states, steps, 0);
  for (let i = 0; i < name.length; i += 1) {
    const code = name.charCodeAt(i);
    const isSeparator = name[i] === SEPARATOR;
    const next: number[] = [];
    for (const state of states) {
      const step = steps[state];
      if (step === undefined) continue;
      if (step === ANY || (step === LEVEL && !isSeparator)) enter(next, steps, state);
      else if (step === code || (i < foldedUpTo && upper(step) === code)) enter(next, steps, state + 1);
    }
    if (next.length === 0) return false;
    states = next;
  }
  return states.includes(steps.length);
}

/** Adds a state and those reachable from it without reading; states ascend and stay unique. */
function enter(states: number[], steps: readonly number[], from: number): void {
  for (let state = from; ; state += 1) {
    const last = states[states.length - 1];
    if (last === undefined || last < state) {
      if (steps[state] === ANY) states.length = 0;
      states.push(state);
    }
    const step = steps[state];
    if (step !== ANY && step !== LEVEL) return;
  }
}

function upper(code: number): number {
  return code >= 0x61 && code <= 0x7a ? code - 0x20 : code;
}
