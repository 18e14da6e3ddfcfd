/** Reads the parenthesised wire form that ENVELOPE and BODYSTRUCTURE are stored in (RFC 3501 §9), as far as a list needs it: nested lists, strings, numbers, NIL. */

export type WireValue = string | number | null | readonly WireValue[];

/** Undefined when the bytes are no such value. */
export function readWireValue(bytes: Buffer): WireValue | undefined {
  const reader = new WireReader(bytes);
  return reader.value(0);
}

const MAX_DEPTH = 200;
const [OPEN, CLOSE, QUOTE, BACKSLASH, SPACE, BRACE] = [0x28, 0x29, 0x22, 0x5c, 0x20, 0x7b];

class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(depth: number): WireValue | undefined {
    const byte = this.#bytes[this.#at];
    if (byte === undefined || depth > MAX_DEPTH) return undefined;
    if (byte === OPEN) return this.#list(depth);
    if (byte === QUOTE) return this.#quoted();
    if (byte === BRACE) return this.#literal();
    return this.#atom();
  }

  #list(depth: number): WireValue | undefined {
    const values: WireValue[] = [];
    this.#at += 1;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) return undefined;
      if (byte === SPACE) {
        this.#at += 1;
        continue;
      }
      if (byte === CLOSE) {
        this.#at += 1;
        return values;
      }
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      values.push(value);
    }
  }

  #quoted(): string | undefined {
    const start = this.#at + 1;
    let escaped = false;
    for (let at = start; at < this.#bytes.length; at += 1) {
      const byte = this.#bytes[at]!;
      if (byte === BACKSLASH) {
        escaped = true;
        at += 1;
      } else if (byte === QUOTE) {
        this.#at = at + 1;
        const text = this.#bytes.toString('utf8', start, at);
        return escaped ? text.replace(/\\(.)/gs, '$1') : text;
      }
    }
    return undefined;
  }

  /** Steps into a list. */
  enter(): boolean {
    if (this.#bytes[this.#at] !== OPEN) return false;
    this.#at += 1;
    return true;
  }

  /** Passes over lists without making anything of them; answers how many. */
  skipLists(): number {
    let count = 0;
    for (; this.#bytes[this.#at] === OPEN; count += 1) {
      let depth = 0;
      do {
        const byte = this.#bytes[this.#at];
        if (byte === undefined) return count;
        if (byte === QUOTE) {
          if (this.#quoted() === undefined) return count;
          continue;
        }
        if (byte === BRACE) {
          if (this.#literal() === undefined) return count;
          continue;
        }
        if (byte === OPEN) depth += 1;
        else if (byte === CLOSE) depth -= 1;
        this.#at += 1;
      } while (depth > 0);
      this.skipSpaces();
    }
    return count;
  }

  skipSpaces(): void {
    while (this.#bytes[this.#at] === SPACE) this.#at += 1;
  }

  /** `{12}` CRLF and that many bytes. */
  #literal(): string | undefined {
    const lineEnd = this.#bytes.indexOf('\r\n', this.#at);
    const size = /^\{(\d+)\+?\}$/.exec(this.#bytes.toString('latin1', this.#at, lineEnd))?.[1];
    if (lineEnd === -1 || size === undefined) return undefined;
    const start = lineEnd + 2;
    this.#at = start + Number(size);
    return this.#at > this.#bytes.length ? undefined : this.#bytes.toString('utf8', start, this.#at);
  }

  #atom(): WireValue | undefined {
    let end = this.#at;
    while (end < this.#bytes.length && this.#bytes[end] !== SPACE && this.#bytes[end] !== CLOSE && this.#bytes[end] !== OPEN)
      end += 1;
    if (end === this.#at) return undefined;
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end;
    if (text.toUpperCase() === 'NIL') return null;
    return /^\d+$/.test(text) ? Number(text) : text;
  }
}

export type ContentTypeValue = { value: string; params: Record<string, string> };

/** The message's own Content-Type, from its BODYSTRUCTURE (RFC 9051 §7.5.2). Lists ask this of every message, so it reads no further than it must. */
export function contentTypeOf(bodyStructure: Buffer): ContentTypeValue {
  const reader = new WireReader(bodyStructure);
  const next = (): WireValue | undefined => {
    reader.skipSpaces();
    return reader.value(0);
  };
  const fallback = { value: 'text/plain', params: {} };
  if (!reader.enter()) return fallback;
  // A multipart begins with its parts, then subtype, then parameters.
  if (reader.skipLists() > 0) return { value: `multipart/${lower(next()) ?? 'mixed'}`, params: parametersOf(next()) };
  const [type, subtype] = [lower(next()), lower(next())];
  return type === undefined || subtype === undefined ? fallback : { value: `${type}/${subtype}`, params: parametersOf(next()) };
}

function lower(value: WireValue | undefined): string | undefined {
  return typeof value === 'string' ? value.toLowerCase() : undefined;
}

function parametersOf(value: WireValue | undefined): Record<string, string> {
  const list = Array.isArray(value) ? (value as readonly WireValue[]) : [];
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < list.length; at += 2) {
    const [name, text] = [list[at], list[at + 1]];
    if (typeof name === 'string' && typeof text === 'string') pairs.push([name.toLowerCase(), text]);
  }
  return Object.fromEntries(pairs);
}
