/**
 * A cursor over the arguments of one complete command, with a `tryX` or `expectX` for each piece of the grammar (RFC 9051 §9, RFC 4466 §3).
 *
 * `tryX` gives undefined and stays where it was; `expectX` throws a Fault of kind `syntax`. Nesting and the number of arguments are limited. Words are
 * strings where a string is due: `NIL`, numbers and keywords are plain astrings, only an nstring knows NIL.
 * Fault texts name what was expected and where, never what the client sent.
 */
import { isUtf8 } from 'node:buffer';
import { type Flag, DEFAULT_FLAG_LIMITS, parseFlag } from '../../../mail/flags.ts';
import { type Modseq, MAX_MODSEQ, MAX_UINT32 } from '../../../mail/ids.ts';
import { parseImapDate, parseInternalDate } from '../../../mail/internal-date.ts';
import { decodeMutf7 } from '../../../mail/mutf7.ts';
import { type SequenceSet, parseSequenceSet } from '../../../mail/sequence-set.ts';
import { decodeBase64 } from './base64.ts';
import { CommandCursor } from './cursor.ts';
import { OPEN, QUOTE, isAstringChar, isAtomChar, isDigit, isListChar } from './tokens.ts';

/** A value of an unknown extension (RFC 4466 §3 tagged-ext-val). */
export type TaggedValue = string | readonly TaggedValue[];

/** RFC 9394 partial-range: positive counts from the first, negative from the last; never zero, both ends of the same sign. */
export type PartialRange = { readonly from: number; readonly to: number };

/** The part of a section that BODY[]<offset.count> asks for. */
export type OctetRange = { readonly offset: number; readonly count: number };

export class ArgumentParser extends CommandCursor {
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

  tryAtom(): string | undefined {
    return this.run(isAtomChar);
  }

  expectAtom(what = 'an atom'): string {
    const atom = this.tryAtom();
    if (atom === undefined) throw this.fault(`Expected ${what}`);
    return atom;
  }

  /** quoted or literal. 8-bit octets in a quoted string are taken as they are; whoever wants text checks them. */
  tryString(): Buffer | undefined {
    if (this.peek() === QUOTE) return this.quoted();
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
    return this.tryString() ?? this.runBytes(isAstringChar);
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
    return this.digits(MAX_UINT32, MAX_UINT32);
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
    const value = this.digits(2 ** 63, Number.MAX_SAFE_INTEGER);
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
    return this.attempt(() => {
      const text = this.run(isSequenceSetChar);
      if (text === undefined) return undefined;
      const parsed = parseSequenceSet(text, { ranges: this.options.maxRanges });
      if (!parsed.ok && parsed.fault === 'too-many-ranges') throw this.fault('Too many ranges in a sequence set');
      return parsed.ok && !isAtomChar(this.peek()) ? parsed.value : undefined;
    });
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
    const text = this.peek() === QUOTE ? this.quoted().toString('latin1') : this.tryAtom();
    const day = text === undefined ? undefined : parseImapDate(text);
    if (day === undefined) throw this.fault('Expected a date like 1-Feb-1994');
    return day;
  }

  /** `"17-Jul-1996 02:44:25 -0700"` → ms since 1970. */
  expectDateTime(): number {
    const time = this.peek() === QUOTE ? parseInternalDate(this.quoted().toString('latin1')) : undefined;
    if (time === undefined) throw this.fault('Expected a date-time like "17-Jul-1996 02:44:25 -0700"');
    return time;
  }

  /** A mailbox name, decoded to Unicode but not yet checked or normalised: whether such a mailbox may exist is not a question of syntax. */
  expectMailbox(): string {
    return this.#decodeMailbox(this.expectAstring('a mailbox name'), 'mailbox name');
  }

  /** list-mailbox: like a mailbox name, and `%` and `*` need no quotes. */
  expectListMailbox(): string {
    const bytes = this.tryString() ?? this.runBytes(isListChar);
    if (bytes === undefined) throw this.fault('Expected a mailbox name or pattern');
    return this.#decodeMailbox(bytes, 'mailbox pattern');
  }

  /** Base64 of a SASL initial response; `=` is the empty one (RFC 4959 §3). */
  expectBase64(): Buffer {
    const text = this.run(isBase64Char);
    const bytes = text === undefined ? undefined : decodeBase64(text);
    if (bytes === undefined) throw this.fault('Expected base64');
    return bytes;
  }

  /** Any value that an extension may define (RFC 4466 §3 tagged-ext-val): for options that are read in order to be ignored or refused. */
  expectTaggedValue(): TaggedValue {
    if (this.peek() === OPEN) return this.expectList(() => this.expectTaggedValue(), { allowEmpty: true });
    return this.expectAstring('a value').toString('utf8');
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
