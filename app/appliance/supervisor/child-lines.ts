/** A child's output as lines, with bounded memory: a line without end is cut into pieces, and only the last lines are kept for a failure's reason. */
import type { Readable } from 'node:stream';

export type LineLimits = { readonly maxLineBytes: number };

/** Calls `onLine` for each line without its end; the rest is a line too when the stream ends. */
export function readLines(stream: Readable, limits: LineLimits, onLine: (line: string) => void): void {
  let partial = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) emit(line.endsWith('\r') ? line.slice(0, -1) : line);
    while (partial.length > limits.maxLineBytes) {
      onLine(partial.slice(0, limits.maxLineBytes));
      partial = partial.slice(limits.maxLineBytes);
    }
  });
  stream.on('end', () => {
    if (partial !== '') emit(partial);
    partial = '';
  });
  // A pipe that breaks is the child's end, which its exit event tells.
  stream.on('error', () => undefined);

  function emit(line: string): void {
    for (let at = 0; at < line.length || at === 0; at += limits.maxLineBytes) onLine(line.slice(at, at + limits.maxLineBytes));
  }
}

/** The last few lines. */
export class LineTail {
  readonly #lines: string[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > this.#capacity) this.#lines.shift();
  }

  get lines(): readonly string[] {
    return [...this.#lines];
  }
}
