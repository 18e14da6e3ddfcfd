/**
 * Address lists (RFC 5322 §3.4 with the obsolete syntax of §4.4), as tolerant as real mail needs: comments, groups, routes, quoted local parts,
 * missing brackets, raw 8-bit names. One reader serves both the ENVELOPE, which wants the written bytes, and the decoded view.
 *
 * Works on an unfolded binary string, linear in its length, without recursion. It never fails: what is no address becomes the nearest thing.
 */
import { decodeBytes, decodeWords } from './encoded-words.ts';
import type { MailAddress } from './types.ts';

/** An entry of an address field in the order written. Binary strings; quotes and comments taken off, encoded words as they are. */
export type AddressToken =
  | {
      readonly kind: 'mailbox';
      /** Undefined if there is no display name; a comment after the address stands in for it (RFC 5322 §3.4.1, last note). */
      readonly name: string | undefined;
      /** The obsolete route, such as `@a,@b`. */
      readonly route: string | undefined;
      readonly local: string;
      /** Empty when no domain was written. */
      readonly domain: string;
    }
  | { readonly kind: 'group-start'; readonly name: string }
  | { readonly kind: 'group-end' };

/** A lexical piece; `glued` if nothing but specials stood between it and the piece before. */
type Piece = { readonly text: string; readonly special: boolean; readonly glued: boolean };

/** Reads an unfolded address field, at most `maxAddresses` mailboxes and groups of it. */
export function parseAddressTokens(value: string, maxAddresses: number): AddressToken[] {
  return new AddressReader(value).read(maxAddresses);
}

/** The mailboxes of an unfolded address field, decoded, groups flattened. */
export function parseAddressList(value: string, maxAddresses: number): MailAddress[] {
  return decodeAddresses(parseAddressTokens(value, maxAddresses));
}

/** The decoded view of tokens. */
export function decodeAddresses(tokens: readonly AddressToken[]): MailAddress[] {
  const out: MailAddress[] = [];
  for (const token of tokens) {
    if (token.kind !== 'mailbox' || (token.local === '' && token.domain === '')) continue;
    const local = decodeBytes(token.local);
    const address = token.domain === '' ? local : `${local}@${decodeBytes(token.domain)}`;
    out.push({ name: token.name === undefined ? '' : decodeWords(token.name).trim(), address });
  }
  return out;
}

// An encoded word keeps together although it holds specials that RFC 2047 §5 forbids there.
const ENCODED_WORD = /=\?[^?\s]{1,60}\?[bBqQ]\?[^?\s]*\?=/y;
const ATOM = /[^\s()<>[\]:;@\\,."]+/y;

class AddressReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(maxAddresses: number): AddressToken[] {
    const out: AddressToken[] = [];
    let inGroup = false;
    let pieces: Piece[] = [];
    let comment: string | undefined;
    let angle: Omit<AddressToken & { kind: 'mailbox' }, 'name' | 'kind'> | undefined;
    let glued = false;
    const finish = (): void => {
      const token = angle === undefined ? bareAddress(pieces, comment) : angleAddress(pieces, comment, angle);
      if (token !== undefined) out.push(token);
      pieces = [];
      comment = angle = undefined;
    };
    while (this.#at < this.#text.length && out.length < maxAddresses) {
      const c = this.#text[this.#at];
      switch (c) {
        case ' ':
        case '\t':
          this.#at++;
          glued = false;
          continue;
        case '(':
          comment = this.#comment() ?? comment;
          continue;
        case ',':
          this.#at++;
          finish();
          break;
        case ';':
          this.#at++;
          finish();
          if (inGroup) out.push({ kind: 'group-end' });
          inGroup = false;
          break;
        case ':':
          this.#at++;
          if (inGroup || angle !== undefined || pieces.some((piece) => piece.text === '@' && piece.special)) break;
          out.push({ kind: 'group-start', name: phrase(pieces) });
          pieces = [];
          comment = undefined;
          inGroup = true;
          break;
        case '<':
          this.#at++;
          if (angle === undefined) angle = this.#angle();
          else this.#angle();
          break;
        case '"':
          pieces.push({ text: this.#quoted(), special: false, glued });
          glued = true;
          continue;
        case '@':
        case '.':
          this.#at++;
          pieces.push({ text: c, special: true, glued });
          glued = true;
          continue;
        case '[':
          pieces.push({ text: this.#until(']'), special: false, glued });
          glued = true;
          continue;
        default:
          pieces.push({ text: this.#atom(), special: false, glued });
          glued = true;
          continue;
      }
      glued = false;
    }
    if (this.#at >= this.#text.length) finish();
    if (inGroup) out.push({ kind: 'group-end' });
    return out;
  }

  #atom(): string {
    for (const pattern of [ENCODED_WORD, ATOM]) {
      pattern.lastIndex = this.#at;
      const match = pattern.exec(this.#text);
      if (match !== null) {
        this.#at = pattern.lastIndex;
        return match[0];
      }
    }
    // A stray `)`, `>`, `]` or backslash.
    return this.#text[this.#at++] ?? '';
  }

  /** At an opening quote. An unclosed one runs to the end. */
  #quoted(): string {
    let out = '';
    let i = this.#at + 1;
    for (; i < this.#text.length && this.#text[i] !== '"'; i++) {
      if (this.#text[i] === '\\' && i + 1 < this.#text.length) i++;
      out += this.#text[i] ?? '';
    }
    this.#at = i + 1;
    return out;
  }

  /** At an opening parenthesis. Undefined when the comment says nothing. An unclosed one runs to the end. */
  #comment(): string | undefined {
    let depth = 0;
    let out = '';
    let i = this.#at;
    for (; i < this.#text.length; i++) {
      const c = this.#text[i] ?? '';
      if (c === '\\' && i + 1 < this.#text.length) {
        out += this.#text[++i] ?? '';
        continue;
      }
      if (c === ')' && --depth === 0) break;
      if (depth > 0) out += c;
      if (c === '(') depth++;
    }
    this.#at = i + 1;
    const text = out.trim();
    return text === '' ? undefined : text;
  }

  #until(close: string): string {
    const end = this.#text.indexOf(close, this.#at);
    const stop = end === -1 ? this.#text.length : end + 1;
    const text = this.#text.slice(this.#at, stop);
    this.#at = stop;
    return text;
  }

  /** Behind `<`: an addr-spec with an optional route, up to `>`; without one, up to a comma. */
  #angle(): { route: string | undefined; local: string; domain: string } {
    let route: string | undefined;
    const pieces: Piece[] = [];
    while (this.#at < this.#text.length) {
      const c = this.#text[this.#at];
      if (c === '>') {
        this.#at++;
        break;
      }
      if (c === ',' && !(pieces[0]?.text === '@' && pieces[0].special)) break;
      if (c === ':' && pieces[0]?.text === '@') {
        route = pieces.map((piece) => piece.text).join('');
        pieces.length = 0;
        this.#at++;
      } else if (c === ' ' || c === '\t') this.#at++;
      else if (c === '(') this.#comment();
      else if (c === '"') pieces.push({ text: this.#quoted(), special: false, glued: true });
      else if (c === '[') pieces.push({ text: this.#until(']'), special: false, glued: true });
      else if (c === '@' || c === '.' || c === ',' || c === ':' || c === ';') {
        this.#at++;
        pieces.push({ text: c, special: true, glued: true });
      } else pieces.push({ text: this.#atom(), special: false, glued: true });
    }
    const at = pieces.findLastIndex((piece) => piece.special && piece.text === '@');
    const joined = (list: Piece[]): string => list.map((piece) => piece.text).join('');
    if (at === -1) return { route, local: joined(pieces), domain: '' };
    return { route, local: joined(pieces.slice(0, at)), domain: joined(pieces.slice(at + 1)) };
  }
}

function angleAddress(
  pieces: Piece[],
  comment: string | undefined,
  angle: { route: string | undefined; local: string; domain: string },
): AddressToken {
  return { kind: 'mailbox', name: pieces.length > 0 ? phrase(pieces) : comment, ...angle };
}

/** An address without brackets. Words before it are taken as its name, as `Joe Doe joe@example.org` was meant. */
function bareAddress(pieces: Piece[], comment: string | undefined): AddressToken | undefined {
  if (pieces.length === 0) return undefined;
  const at = pieces.findIndex((piece) => piece.special && piece.text === '@');
  if (at === -1) return { kind: 'mailbox', name: comment, route: undefined, local: phrase(pieces), domain: '' };
  let start = at;
  // Obsolete syntax allows blanks around dots and @; two words side by side are not one local part.
  while (start > 0 && (start === at || isJoined(pieces, start))) start--;
  let end = at + 1;
  while (end < pieces.length && (end === at + 1 || isJoined(pieces, end))) end++;
  const text = (from: number, to: number): string =>
    pieces
      .slice(from, to)
      .map((piece) => piece.text)
      .join('');
  const name = start > 0 ? phrase(pieces.slice(0, start)) : comment;
  return { kind: 'mailbox', name, route: undefined, local: text(start, at), domain: text(at + 1, end) };
}

/** True when piece `i` goes on with the dot-atom of the piece before it. */
function isJoined(pieces: readonly Piece[], i: number): boolean {
  const [before, piece] = [pieces[i - 1], pieces[i]];
  return (
    piece?.glued === true || (piece?.special === true && piece.text === '.') || (before?.special === true && before.text === '.')
  );
}

/** Words with one blank between them, but where they touched none: `John Q. Public`. */
function phrase(pieces: readonly Piece[]): string {
  let out = '';
  for (const piece of pieces) out += out === '' || piece.glued ? piece.text : ` ${piece.text}`;
  return out;
}
