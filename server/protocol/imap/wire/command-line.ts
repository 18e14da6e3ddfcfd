/** The two things the reader must know of a command line: how it starts (tag and name) and whether a literal follows it. */
import { SP, isAtomChar, isDigit, isTagChar } from './tokens.ts';

const CR = 0x0d;

export type LiteralMarker = {
  /** Where the marker starts; the line's text ends there. */
  readonly start: number;
  /** Infinity when it can't be a size. */
  readonly sizeBytes: number;
  readonly sync: boolean;
  readonly binary: boolean;
};

export type CommandStart = {
  readonly tag: string | undefined;
  /** Upper case; `UID FETCH` for the UID forms. */
  readonly name: string | undefined;
  readonly argumentsAt: number;
  readonly problem: 'bad-tag' | 'no-command' | undefined;
};

/** No command has a longer name. */
export const MAX_NAME_BYTES = 64;

/** Reads tag and name off the first line of a command. */
export function readCommandStart(line: Buffer, maxTagBytes: number): CommandStart {
  const tagEnd = runOf(line, 0, isTagChar);
  if (tagEnd === 0 || tagEnd > maxTagBytes || (tagEnd < line.length && line[tagEnd] !== SP)) {
    return { tag: undefined, name: undefined, argumentsAt: 0, problem: 'bad-tag' };
  }
  const tag = line.toString('latin1', 0, tagEnd);
  const start = skipSpaces(line, tagEnd);
  const end = runOf(line, start, isAtomChar);
  if (end === start || end - start > MAX_NAME_BYTES) return { tag, name: undefined, argumentsAt: 0, problem: 'no-command' };
  const name = line.toString('latin1', start, end).toUpperCase();
  if (name === 'UID') {
    const second = skipSpaces(line, end);
    const secondEnd = runOf(line, second, isAtomChar);
    if (secondEnd > second && secondEnd - second <= MAX_NAME_BYTES) {
      return {
        tag,
        name: `UID ${line.toString('latin1', second, secondEnd).toUpperCase()}`,
        argumentsAt: secondEnd,
        problem: undefined,
      };
    }
  }
  return { tag, name, argumentsAt: end, problem: undefined };
}

function runOf(line: Buffer, from: number, matches: (code: number) => boolean): number {
  let at = from;
  while (at < line.length && matches(line[at]!)) at += 1;
  return at;
}

function skipSpaces(line: Buffer, from: number): number {
  return runOf(line, from, (code) => code === SP);
}

export function withoutLineEnd(line: Buffer): Buffer {
  const end = line.length - 1;
  return line.subarray(0, end > 0 && line[end - 1] === CR ? end - 1 : end);
}

/** The literal announced at the end of a line: `{n}`, `{n+}`, `~{n}`, `~{n+}`. A size past 2^53 counts as infinite. */
export function findMarker(line: Buffer): LiteralMarker | undefined {
  let at = line.length - 1;
  if (at < 2 || line[at] !== 0x7d) return undefined;
  at -= 1;
  const sync = line[at] !== 0x2b;
  if (!sync) at -= 1;
  const end = at + 1;
  while (at >= 0 && end - at <= 20 && isDigit(line[at]!)) at -= 1;
  if (at < 0 || at + 1 === end || line[at] !== 0x7b) return undefined;
  const size = Number(line.toString('latin1', at + 1, end));
  const binary = at > 0 && line[at - 1] === 0x7e;
  return { start: binary ? at - 1 : at, sizeBytes: Number.isSafeInteger(size) ? size : Infinity, sync, binary };
}
