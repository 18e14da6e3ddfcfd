/**
 * The mechanics under the argument parser: a position in a command's lines and literals, the bounds on nesting and arguments, and the faults.
 * Knows octets and no grammar beyond quoted strings.
 */
import { Fault } from '../../../base/fault.ts';
import type { Literal, RawCommand } from './raw-command.ts';
import { BACKSLASH, QUOTE, SP, isDigit, isKeywordChar } from './tokens.ts';

export type ParserOptions = {
  /** UTF8=ACCEPT or IMAP4rev2 is enabled: mailbox names are UTF-8, not modified UTF-7. */
  readonly utf8: boolean;
  /** Parentheses within parentheses, NOT, OR and FUZZY included. Clients chain ORs by the dozen. */
  readonly maxDepth: number;
  /** Spaces between arguments, as a bound on how much a command can ask for. */
  readonly maxArguments: number;
  readonly maxRanges: number;
};

const DEFAULT_OPTIONS: ParserOptions = { utf8: false, maxDepth: 250, maxArguments: 20_000, maxRanges: 50_000 };

export function syntaxFault(text: string): Fault {
  return new Fault('syntax', 'SYNTAX', text);
}

export class CommandCursor {
  readonly options: ParserOptions;
  readonly #command: RawCommand;
  #lineIndex = 0;
  #line: Buffer;
  #at: number;
  #depth = 0;
  #arguments = 0;

  /** Starts right after the command's name: the first thing to expect is a space. */
  constructor(command: RawCommand, options: Partial<ParserOptions> = {}) {
    this.options = { ...DEFAULT_OPTIONS, ...options };
    this.#command = command;
    this.#line = command.lines[0]!;
    this.#at = command.argumentsAt;
  }

  fault(what: string): Fault {
    const where = this.#lineIndex === 0 ? `${this.#at + 1}` : `${this.#at + 1} after literal ${this.#lineIndex}`;
    return syntaxFault(`${what} (at position ${where})`);
  }

  /** The next octet; -1 at the end of the command or where a literal follows. */
  peek(): number {
    return this.#at < this.#line.length ? this.#line[this.#at]! : -1;
  }

  peekIs(char: string): boolean {
    return this.peek() === char.charCodeAt(0);
  }

  atLiteral(): boolean {
    return this.#at === this.#line.length && this.#lineIndex < this.#command.literals.length;
  }

  atEnd(): boolean {
    return this.#at === this.#line.length && this.#lineIndex === this.#command.literals.length;
  }

  /** The command must end here. Spaces before the end are forgiven: clients send them. */
  expectEnd(): void {
    while (this.peek() === SP) this.#at += 1;
    if (!this.atEnd()) throw this.fault('Unexpected argument');
  }

  /** One space or more (one is due, more are forgiven); false at the command's end even when spaces stand before it. */
  trySp(): boolean {
    const start = this.#at;
    while (this.peek() === SP) this.#at += 1;
    if (this.#at === start) return false;
    if (this.atEnd()) {
      this.#at = start;
      return false;
    }
    this.#arguments += 1;
    if (this.#arguments > this.options.maxArguments) throw this.fault('Too many arguments');
    return true;
  }

  expectSp(): void {
    if (!this.trySp()) throw this.fault(this.atEnd() || this.peek() === SP ? 'Missing argument' : 'Expected a space');
  }

  tryChar(char: string): boolean {
    if (!this.peekIs(char)) return false;
    this.#at += 1;
    return true;
  }

  expectChar(char: string): void {
    if (!this.tryChar(char)) throw this.fault(`Expected ${char}`);
  }

  /** Runs `body` one level deeper; the level is bounded. */
  nested<T>(body: () => T): T {
    this.#depth += 1;
    if (this.#depth > this.options.maxDepth) throw this.fault('Nested too deeply');
    const result = body();
    this.#depth -= 1;
    return result;
  }

  /** Runs `body`; when it gives undefined, the cursor goes back to where it was. For the few places where the grammar needs a look ahead. */
  attempt<T>(body: () => T | undefined): T | undefined {
    const before = [this.#lineIndex, this.#line, this.#at, this.#arguments] as const;
    const result = body();
    if (result === undefined) [this.#lineIndex, this.#line, this.#at, this.#arguments] = before;
    return result;
  }

  /** The word as a whole (no letter, digit, `.`, `-` or `_` after it), in any case. */
  tryWord(word: string): boolean {
    const end = this.#at + word.length;
    if (end > this.#line.length || (end < this.#line.length && isKeywordChar(this.#line[end]!))) return false;
    if (this.#line.toString('latin1', this.#at, end).toUpperCase() !== word) return false;
    this.#at = end;
    return true;
  }

  /** A run of letters, digits, `.`, `-` and `_`, in upper case: `BODY.PEEK`, `CHANGEDSINCE`, `+FLAGS` without its sign. */
  tryKeyword(): string | undefined {
    return this.run(isKeywordChar)?.toUpperCase();
  }

  expectKeyword(what = 'a keyword'): string {
    const word = this.tryKeyword();
    if (word === undefined) throw this.fault(`Expected ${what}`);
    return word;
  }

  /** Looks at the next keyword without taking it. */
  peekKeyword(): string | undefined {
    const start = this.#at;
    const word = this.tryKeyword();
    this.#at = start;
    return word;
  }

  /** The literal that stands here, as it is (a message, perhaps gone to a sink). */
  tryLiteral(): Literal | undefined {
    if (!this.atLiteral()) return undefined;
    const literal = this.#command.literals[this.#lineIndex]!;
    this.#lineIndex += 1;
    this.#line = this.#command.lines[this.#lineIndex] ?? Buffer.alloc(0);
    this.#at = 0;
    return literal;
  }

  expectLiteral(what = 'a literal'): Literal {
    const literal = this.tryLiteral();
    if (literal === undefined) throw this.fault(`Expected ${what}`);
    return literal;
  }

  protected run(matches: (code: number) => boolean): string | undefined {
    return this.runBytes(matches)?.toString('latin1');
  }

  protected runBytes(matches: (code: number) => boolean): Buffer | undefined {
    const start = this.#at;
    let at = start;
    while (at < this.#line.length && matches(this.#line[at]!)) at += 1;
    if (at === start) return undefined;
    this.#at = at;
    return this.#line.subarray(start, at);
  }

  protected quoted(): Buffer {
    const start = this.#at + 1;
    let at = start;
    let escapes = 0;
    for (;;) {
      const code = this.#line[at];
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        const next = this.#line[at + 1];
        if (next !== QUOTE && next !== BACKSLASH) throw this.fault('Only " and \\ may be escaped in a quoted string');
        escapes += 1;
        at += 1;
      } else if (code === undefined) {
        throw this.fault('Unterminated quoted string');
      } else if (code === 0x0d) {
        throw this.fault('CR is not allowed in a quoted string');
      }
      at += 1;
    }
    this.#at = at + 1;
    const raw = this.#line.subarray(start, at);
    return escapes === 0 ? raw : unescape(raw, escapes);
  }

  /** Digits up to `max`; the result is clamped to `clamp`. */
  protected digits(max: number, clamp: number): number | undefined {
    const start = this.#at;
    const text = this.run(isDigit);
    if (text === undefined) return undefined;
    const value = text.length > 20 ? Infinity : Number(text);
    if (value > max) {
      this.#at = start;
      throw this.fault('Number too large');
    }
    return Math.min(value, clamp);
  }
}

function unescape(raw: Buffer, escapes: number): Buffer {
  const out = Buffer.allocUnsafe(raw.length - escapes);
  let to = 0;
  for (let at = 0; at < raw.length; at += 1) {
    if (raw[at] === BACKSLASH) at += 1;
    out[to] = raw[at]!;
    to += 1;
  }
  return out;
}
