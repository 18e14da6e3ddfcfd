/**
 * The open boundaries of nested multiparts, and the search for the next line that is one of them.
 *
 * Cost: the search only moves forward, and a candidate line is compared with all open boundaries at once by walking a trie of them, so a message takes linear time
 * whatever its nesting. RFC 2046 §5.1.1: it is enough that the line starts with the boundary; where several do (one boundary may be
 * a prefix of another), a line that is exactly a boundary wins, then the longest.
 */

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
const DASH_LINE = Buffer.from('\n--');

/** RFC 2046 allows 70; longer ones exist. A boundary beyond this is taken as none. */
export const MAX_BOUNDARY_BYTES = 256;

/** A delimiter line. `at` is where the bytes before it end (its own line end in front belongs to it), `next` where the line after it starts. */
export type Delimiter = { readonly level: number; readonly closing: boolean; readonly at: number; readonly next: number };

type TrieNode = { readonly next: Map<number, TrieNode>; readonly levels: number[] };

export class BoundarySearch {
  readonly #raw: Buffer;
  readonly #root: TrieNode = { next: new Map(), levels: [] };
  readonly #open: Buffer[] = [];
  /** No line in [#searchedFrom, #candidate) starts with `--`, except perhaps at #searchedFrom itself. */
  #searchedFrom = 0;
  #candidate = -1;

  constructor(raw: Buffer) {
    this.#raw = raw;
  }

  /** Opens a boundary and returns its level, 0 for the outermost. */
  push(boundary: Buffer): number {
    let node = this.#root;
    for (const byte of boundary) {
      let next = node.next.get(byte);
      if (next === undefined) node.next.set(byte, (next = { next: new Map(), levels: [] }));
      node = next;
    }
    node.levels.push(this.#open.length);
    this.#open.push(boundary);
    return this.#open.length - 1;
  }

  /** Closes the innermost boundary. */
  pop(): void {
    const boundary = this.#open.pop();
    if (boundary === undefined) return;
    const path = [this.#root];
    for (const byte of boundary) {
      const next = path.at(-1)?.next.get(byte);
      if (next !== undefined) path.push(next);
    }
    path.at(-1)?.levels.pop();
    for (let i = path.length - 1; i > 0; i--) {
      const node = path[i];
      if (node === undefined || node.levels.length > 0 || node.next.size > 0) break;
      path[i - 1]?.next.delete(boundary[i - 1] ?? 0);
    }
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
    let node = this.#root;
    let position = line + 2;
    let prefix: { level: number; end: number } | undefined;
    let exact: { level: number; closing: boolean } | undefined;
    for (;;) {
      const level = node.levels.at(-1);
      if (level !== undefined) {
        prefix = { level, end: position };
        const closing = raw[position] === DASH && raw[position + 1] === DASH;
        if (closing && this.#isRestBlank(position + 2)) exact = { level, closing: true };
        else if (this.#isRestBlank(position)) exact = { level, closing: false };
      }
      const byte = raw[position];
      const next = byte === undefined ? undefined : node.next.get(byte);
      if (next === undefined) break;
      node = next;
      position++;
    }
    if (prefix === undefined) return undefined;
    const hit = exact ?? { level: prefix.level, closing: raw[prefix.end] === DASH && raw[prefix.end + 1] === DASH };
    const lf = raw.indexOf(LF, position);
    const lineEndBefore = line === 0 ? 0 : raw[line - 2] === CR && line >= 2 ? 2 : 1;
    return { ...hit, at: line - lineEndBefore, next: lf === -1 ? raw.length : lf + 1 };
  }

  #isRestBlank(position: number): boolean {
    const raw = this.#raw;
    for (let i = position; i < raw.length; i++) {
      const byte = raw[i];
      if (byte === LF) return true;
      if (byte !== 0x20 && byte !== 0x09 && byte !== CR) return false;
    }
    return true;
  }
}
