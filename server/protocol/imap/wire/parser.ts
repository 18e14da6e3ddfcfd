/**
 * A cursor over the arguments of one complete command, with a `tryX` or `expectX` for each piece of the grammar (RFC 9051 §9, RFC 4466 §3).
 *
 * `tryX` gives undefined and stays where it was; `expectX` throws a Fault of kind `syntax`. Nesting and the number of arguments are limited. Words are
 * strings where a string is due: `NIL`, numbers and keywords are plain astrings, only an nstring knows NIL.
 * Fault texts name what was expected and where, never what the client sent.
 */
import { isUtf8 } from 'node:buffer';
import { Fault } from '../../../base/fault.ts';
import { type Flag, DEFAULT_FLAG_LIMITS, parseFlag } from '../../../mail/flags.ts';
import { type Modseq, MAX_MODSEQ, MAX_UINT32 } from '../../../mail/ids.ts';
import { parseImapDate, parseInternalDate } from '../../../mail/internal-date.ts';
import { decodeMutf7 } from '../../../mail/mutf7.ts';
import { type SequenceSet, parseSequenceSet } from '../../../mail/sequence-set.ts';
import { decodeBase64 } from './base64.ts';
import type { Literal, RawCommand } from './raw-command.ts';
import { BACKSLASH, OPEN, QUOTE, SP, isAstringChar, isAtomChar, isDigit, isKeywordChar, isListChar } from './tokens.ts';

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

/** A value of an unknown extension (RFC 4466 §3 tagged-ext-val). */
export type TaggedValue = string | readonly TaggedValue[];

/** RFC 9394 partial-range: positive counts from the first, negative from the last; never zero, both ends of the same sign. */
export type PartialRange = { readonly from: number; readonly to: number };

/** The part of a section that BODY[]<offset.count> asks for. */
export type OctetRange = { readonly offset: number; readonly count: number };

export function syntaxFault(text: string): Fault {
  return new Fault('syntax', 'SYNTAX', text);
}

export class ArgumentParser {
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

  /** `(item item …)`; an empty list only when allowed. */
  expectList<T>(item: () => T, options: { readonly allowEmpty?: boolean } = {}): T[] {
    this.expectChar('(');
    return this.nested(() => {
      const items: T[] = [];
      if (options.allowEmpty === true && this.tryChar(')')) return items;
      do items.push(item());
      while (this.trySp());
      this.expectChar(')');
      return items;
    });
  }

  tryList<T>(item: () => T, options: { readonly allowEmpty?: boolean } = {}): T[] | undefined {
    return this.peek() === OPEN ? this.expectList(item, options) : undefined;
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
    return this.#run(isKeywordChar)?.toUpperCase();
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

  tryAtom(): string | undefined {
    return this.#run(isAtomChar);
  }

  expectAtom(what = 'an atom'): string {
    const atom = this.tryAtom();
    if (atom === undefined) throw this.fault(`Expected ${what}`);
    return atom;
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

  /** quoted or literal. 8-bit octets in a quoted string are taken as they are; whoever wants text checks them. */
  tryString(): Buffer | undefined {
    if (this.peek() === QUOTE) return this.#quoted();
    const literal = this.tryLiteral();
    if (literal === undefined) return undefined;
    if (literal.binary) throw this.fault('literal8 is not allowed here');
    if (literal.bytes.includes(0)) throw this.fault('NUL is not allowed in a literal');
    return literal.bytes;
  }

  expectString(what = 'a string'): Buffer {
    const value = this.tryString();
    if (value === undefined) throw this.fault(`Expected ${what}`);
    return value;
  }

  /** A string or a run of ASTRING-CHARs; `NIL`, `12` and `OR` are ordinary values here. */
  tryAstring(): Buffer | undefined {
    return this.tryString() ?? this.#runBytes(isAstringChar);
  }

  expectAstring(what = 'a string'): Buffer {
    const value = this.tryAstring();
    if (value === undefined) throw this.fault(`Expected ${what}`);
    return value;
  }

  /** An astring that must be UTF-8. */
  expectText(what = 'a string'): string {
    return this.#decode(this.expectAstring(what), what);
  }

  /** null for NIL. */
  expectNstring(what = 'a string or NIL'): Buffer | null {
    const value = this.tryString();
    if (value !== undefined) return value;
    if (this.tryWord('NIL')) return null;
    throw this.fault(`Expected ${what}`);
  }

  /** A string or literal8, or null for NIL: METADATA values may hold any octet (RFC 5464 §5). */
  expectBinaryNstring(what = 'a value or NIL'): Buffer | null {
    if (this.atLiteral()) return this.expectLiteral().bytes;
    return this.expectNstring(what);
  }

  /** 0 … 4294967295. */
  tryNumber(): number | undefined {
    return this.#digits(MAX_UINT32, MAX_UINT32);
  }

  expectNumber(what = 'a number'): number {
    const value = this.tryNumber();
    if (value === undefined) throw this.fault(`Expected ${what}`);
    return value;
  }

  expectNzNumber(what = 'a number above zero'): number {
    const value = this.expectNumber(what);
    if (value === 0) throw this.fault(`Expected ${what}`);
    return value;
  }

  /** 63-bit unsigned; values above 2^53-1 are clamped to it. */
  expectNumber64(what = 'a number'): number {
    const value = this.#digits(2 ** 63, Number.MAX_SAFE_INTEGER);
    if (value === undefined) throw this.fault(`Expected ${what}`);
    return value;
  }

  /** mod-sequence-valzer (RFC 7162 §7), clamped to 2^53-1, which compares the same with every value this server hands out. */
  expectModseq(what = 'a mod-sequence'): Modseq {
    return Math.min(this.expectNumber64(what), MAX_MODSEQ) as Modseq;
  }

  /** A sequence-set, or `$`. */
  expectSequenceSet(what = 'a sequence set'): SequenceSet {
    const set = this.trySequenceSet();
    if (set === undefined) throw this.fault(`Expected ${what}`);
    return set;
  }

  trySequenceSet(): SequenceSet | undefined {
    const start = this.#at;
    const text = this.#run(isSequenceSetChar);
    if (text === undefined) return undefined;
    const parsed = parseSequenceSet(text, { ranges: this.options.maxRanges });
    if (parsed.ok && !isAtomChar(this.peek())) return parsed.value;
    if (!parsed.ok && parsed.fault === 'too-many-ranges') throw this.fault('Too many ranges in a sequence set');
    this.#at = start;
    return undefined;
  }

  /** partial-range of RFC 9394 §3.1: `1:100` or `-1:-100`. */
  expectPartialRange(): PartialRange {
    const from = this.#signed();
    this.expectChar(':');
    const to = this.#signed();
    if (from < 0 !== to < 0) throw this.fault('Both ends of a partial range have the same sign');
    return { from, to };
  }

  /** `<offset.count>` after a section, count above zero. */
  tryOctetRange(): OctetRange | undefined {
    if (!this.tryChar('<')) return undefined;
    const offset = this.expectNumber64('an offset');
    this.expectChar('.');
    const count = this.expectNumber64('a count');
    if (count === 0) throw this.fault('Expected a count above zero');
    this.expectChar('>');
    return { offset, count };
  }

  /** One flag in canonical form. \Recent and unknown system flags are refused (RFC 9051 §2.3.2). */
  expectFlag(): Flag {
    const slash = this.tryChar('\\');
    const atom = this.expectAtom('a flag');
    const flag = parseFlag(slash ? `\\${atom}` : atom, DEFAULT_FLAG_LIMITS);
    if (flag.ok) return flag.value;
    const texts = { recent: '\\Recent can not be set', 'too-long': 'Keyword too long' } as const;
    throw this.fault(flag.fault === 'recent' || flag.fault === 'too-long' ? texts[flag.fault] : 'Invalid flag');
  }

  /** `(flag …)`, possibly empty. */
  expectFlagList(): Flag[] {
    return this.expectList(() => this.expectFlag(), { allowEmpty: true });
  }

  /** `\Word`, as in LIST attributes and USE: with its backslash, spelled as sent. */
  expectAttribute(): string {
    this.expectChar('\\');
    return `\\${this.expectAtom('an attribute')}`;
  }

  /** `1-Feb-1994`, quoted or not → days since 1970-01-01. */
  expectDate(): number {
    const text = this.peek() === QUOTE ? this.#quoted().toString('latin1') : this.tryAtom();
    const day = text === undefined ? undefined : parseImapDate(text);
    if (day === undefined) throw this.fault('Expected a date like 1-Feb-1994');
    return day;
  }

  /** `"17-Jul-1996 02:44:25 -0700"` → ms since 1970. */
  expectDateTime(): number {
    const time = this.peek() === QUOTE ? parseInternalDate(this.#quoted().toString('latin1')) : undefined;
    if (time === undefined) throw this.fault('Expected a date-time like "17-Jul-1996 02:44:25 -0700"');
    return time;
  }

  /** A mailbox name, decoded to Unicode but not yet checked or normalised: whether such a mailbox may exist is not a question of syntax. */
  expectMailbox(): string {
    return this.#decodeMailbox(this.expectAstring('a mailbox name'), 'mailbox name');
  }

  /** list-mailbox: like a mailbox name, and `%` and `*` need no quotes. */
  expectListMailbox(): string {
    const bytes = this.tryString() ?? this.#runBytes(isListChar);
    if (bytes === undefined) throw this.fault('Expected a mailbox name or pattern');
    return this.#decodeMailbox(bytes, 'mailbox pattern');
  }

  /** Base64 of a SASL initial response; `=` is the empty one (RFC 4959 §3). */
  expectBase64(): Buffer {
    const text = this.#run(isBase64Char);
    const bytes = text === undefined ? undefined : decodeBase64(text);
    if (bytes === undefined) throw this.fault('Expected base64');
    return bytes;
  }

  /** Any value that an extension may define (RFC 4466 §3 tagged-ext-val): for options that are read in order to be ignored or refused. */
  expectTaggedValue(): TaggedValue {
    if (this.peek() === OPEN) return this.expectList(() => this.expectTaggedValue(), { allowEmpty: true });
    return this.expectAstring('a value').toString('utf8');
  }

  #run(matches: (code: number) => boolean): string | undefined {
    return this.#runBytes(matches)?.toString('latin1');
  }

  #runBytes(matches: (code: number) => boolean): Buffer | undefined {
    const start = this.#at;
    let at = start;
    while (at < this.#line.length && matches(this.#line[at]!)) at += 1;
    if (at === start) return undefined;
    this.#at = at;
    return this.#line.subarray(start, at);
  }

  #quoted(): Buffer {
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
  #digits(max: number, clamp: number): number | undefined {
    const start = this.#at;
    const text = this.#run(isDigit);
    if (text === undefined) return undefined;
    const value = text.length > 20 ? Infinity : Number(text);
    if (value > max) {
      this.#at = start;
      throw this.fault('Number too large');
    }
    return Math.min(value, clamp);
  }

  #signed(): number {
    const negative = this.tryChar('-');
    const value = this.expectNzNumber();
    return negative ? -value : value;
  }

  #decode(bytes: Buffer, what: string): string {
    if (!isUtf8(bytes)) throw this.fault(`Expected ${what} in UTF-8`);
    return bytes.toString('utf8');
  }

  #decodeMailbox(bytes: Buffer, what: string): string {
    // RFC 9051 Appendix A.1, RFC 6855 §3: UTF-8 once it is enabled, modified UTF-7 before.
    if (this.options.utf8) return this.#decode(bytes, `a ${what}`);
    const name = decodeMutf7(bytes.toString('latin1'));
    if (name === undefined) throw this.fault(`Expected a ${what} in modified UTF-7`);
    return name;
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

function isSequenceSetChar(code: number): boolean {
  return isDigit(code) || code === 0x3a || code === 0x2c || code === 0x2a || code === 0x24;
}

function isBase64Char(code: number): boolean {
  return (
    isDigit(code) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x2b ||
    code === 0x2f ||
    code === 0x3d
  );
}
