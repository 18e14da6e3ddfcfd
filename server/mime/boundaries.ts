/**
 * The open boundaries of nested multiparts, and the search for the next line that is one of them.
 *
 * Cost: the search only moves forward, and a candidate line is compared with all open boundaries at once by a look-up, so a message takes linear time
 * whatever its nesting. Where two open multiparts share a boundary, a delimiter belongs to the inner one.
 *
 * Deviates from RFC 2046 §5.1.1, by which it would be enough that a line starts with the boundary: the whole line has to be the delimiter, blanks at its end aside,
 * because boundaries that are prefixes of others would tear messages apart; mail readers compare whole lines, too.
 */

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
const DASH_LINE = Buffer.from('\n--');

/** RFC 2046 allows 70; longer ones exist. A boundary beyond this is taken as none. */
export const MAX_BOUNDARY_BYTES = 1000;

/** A delimiter line. `at` is where the bytes before it end (its own line end in front belongs to it), `next` where the line after it starts. */
export type Delimiter = { readonly level: number; readonly closing: boolean; readonly at: number; readonly next: number };

export class BoundarySearch {
  readonly #raw: Buffer;
  /** Open boundaries, outermost first, as binary strings; and for each of them its levels. */
  readonly #open: string[] = [];
  readonly #levels = new Map<string, number[]>();
  /** How many open boundaries have a length, so that most lines are rejected unread. */
  readonly #lengths = new Map<number, number>();
  /** No line in (#searchedFrom, #candidate) starts with `--`. */
  #searchedFrom = 0;
  #candidate = -1;

  constructor(raw: Buffer) {
    this.#raw = raw;
  }

  /** Opens a boundary (a binary string) and returns its level, 0 for the outermost. */
  push(boundary: string): number {
    const level = this.#open.push(boundary) - 1;
    const levels = this.#levels.get(boundary);
    if (levels === undefined) this.#levels.set(boundary, [level]);
    else levels.push(level);
    this.#lengths.set(boundary.length, (this.#lengths.get(boundary.length) ?? 0) + 1);
    return level;
  }

  /** Closes the innermost boundary. */
  pop(): void {
    const boundary = this.#open.pop();
    if (boundary === undefined) return;
    const levels = this.#levels.get(boundary);
    levels?.pop();
    if (levels?.length === 0) this.#levels.delete(boundary);
    const count = (this.#lengths.get(boundary.length) ?? 1) - 1;
    if (count === 0) this.#lengths.delete(boundary.length);
    else this.#lengths.set(boundary.length, count);
  }

  /**
   * The first delimiter among the lines that start at or after `from` (itself a line's start) and before `before`. Undefined if there is none.
   * `from` must never decrease from call to call.
   */
  find(from: number, before: number): Delimiter | undefined {
    if (this.#open.length === 0) return undefined;
    const raw = this.#raw;
    let line = raw[from] === DASH && raw[from + 1] === DASH ? from : this.#nextDashLine(from);
    while (line < before) {
      const delimiter = this.#match(line);
      if (delimiter !== undefined) return delimiter;
      line = this.#nextDashLine(line);
    }
    return undefined;
  }

  /** Start of the next line after position `from` that starts with `--`; Infinity if there is none. */
  #nextDashLine(from: number): number {
    if (this.#candidate > from && from >= this.#searchedFrom) return this.#candidate;
    const index = this.#raw.indexOf(DASH_LINE, from);
    this.#searchedFrom = from;
    this.#candidate = index === -1 ? Infinity : index + 1;
    return this.#candidate;
  }

  #match(line: number): Delimiter | undefined {
    const raw = this.#raw;
    const lf = raw.indexOf(LF, line);
    let end = lf === -1 ? raw.length : lf;
    while (end > line + 2 && isBlank(raw[end - 1])) end--;
    const length = end - line - 2;
    const mayOpen = this.#lengths.has(length);
    const mayClose = this.#lengths.has(length - 2) && raw[end - 1] === DASH && raw[end - 2] === DASH;
    if (!mayOpen && !mayClose) return undefined;
    const text = raw.toString('latin1', line + 2, end);
    const opening = mayOpen ? this.#levels.get(text)?.at(-1) : undefined;
    const level = opening ?? (mayClose ? this.#levels.get(text.slice(0, -2))?.at(-1) : undefined);
    if (level === undefined) return undefined;
    const lineEndBefore = line === 0 ? 0 : line >= 2 && raw[line - 2] === CR ? 2 : 1;
    return { level, closing: opening === undefined, at: line - lineEndBefore, next: lf === -1 ? raw.length : lf + 1 };
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === CR;
}
