/**
 * What a POP3 server says, from octets (RFC 1939 §3): status lines, and multi-line bodies with their dots unstuffed. Pure and bounded: a server that says more than
 * is taken is a fault, not memory.
 */

/** The server does not speak POP3, or says too much. */
export class Pop3SyntaxFault extends Error {}

export type StatusLine = {
  readonly ok: boolean;
  /** RFC 2449 §8, e.g. `IN-USE`, `AUTH`, `SYS/TEMP`; empty when there is none. */
  readonly code: string;
  readonly text: string;
};

export type ResponseLimits = {
  /** RFC 2449 §4 has 512 octets; real servers write longer ones. */
  readonly maxLineBytes: number;
};

const CRLF = Buffer.from('\r\n');
const END = Buffer.from('\r\n.\r\n');

/** Takes octets as they come and gives what is asked for as soon as it is complete. */
export class ResponseReader {
  readonly #limits: ResponseLimits;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  /** Octets that hold no end of a body. */
  #searched = 0;

  constructor(limits: ResponseLimits) {
    this.#limits = limits;
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#sizeBytes += bytes.length;
  }

  get bufferedBytes(): number {
    return this.#sizeBytes;
  }

  /** The next line without its end; undefined = need more. */
  line(): string | undefined {
    const head = this.#joined();
    const end = head.indexOf(10);
    if (end < 0) {
      if (head.length > this.#limits.maxLineBytes) throw new Pop3SyntaxFault('The server’s line is too long');
      return undefined;
    }
    if (end > this.#limits.maxLineBytes) throw new Pop3SyntaxFault('The server’s line is too long');
    this.#keep(head.subarray(end + 1));
    return head.toString('utf8', 0, head[end - 1] === 13 ? end - 1 : end);
  }

  /** The body up to the line with a dot alone; undefined = need more. Throws when it is bigger than `maxBytes`. */
  body(maxBytes: number): Buffer | undefined {
    // The end may stand at the very beginning: an empty body.
    if (this.#searched === 0) {
      const head = this.#joined();
      if (head.length < 3) return undefined;
      if (head.subarray(0, 3).equals(END.subarray(2))) {
        this.#keep(head.subarray(3));
        return Buffer.alloc(0);
      }
    }
    if (this.#sizeBytes <= this.#searched) return undefined;
    // Only what is new, and the few octets before it, can hold the end. Joining at doubled sizes keeps the whole linear.
    const tail = this.#tail(this.#searched - (END.length - 1));
    const found = tail.bytes.indexOf(END);
    if (found < 0) {
      if (this.#sizeBytes > maxBytes + END.length) throw new Pop3SyntaxFault('The server’s answer is too long');
      this.#searched = this.#sizeBytes;
      return undefined;
    }
    const whole = this.#joined();
    const end = tail.at + found + CRLF.length;
    this.#searched = 0;
    this.#keep(whole.subarray(end + 3));
    if (end > maxBytes) throw new Pop3SyntaxFault('The server’s answer is too long');
    return unstuffed(whole.subarray(0, end));
  }

  #joined(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** Everything from `from` on, without joining what is before. */
  #tail(from: number): { readonly bytes: Buffer; readonly at: number } {
    let at = this.#sizeBytes;
    const pieces: Buffer[] = [];
    for (let index = this.#chunks.length - 1; index >= 0 && at > Math.max(0, from); index -= 1) {
      const chunk = this.#chunks[index];
      if (chunk === undefined) continue;
      at -= chunk.length;
      pieces.unshift(chunk);
    }
    return { bytes: pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces), at };
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#sizeBytes = rest.length;
    this.#searched = 0;
  }
}

/** A body as it was before its dots were stuffed (RFC 1939 §3); ends with CRLF. */
function unstuffed(stuffed: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let from = stuffed[0] === 46 ? 1 : 0;
  for (let at = stuffed.indexOf('\r\n.', 0, 'latin1'); at >= 0; at = stuffed.indexOf('\r\n.', at + 2, 'latin1')) {
    pieces.push(stuffed.subarray(from, at + 2));
    from = at + 3;
  }
  if (pieces.length === 0 && from === 0) return Buffer.from(stuffed);
  pieces.push(stuffed.subarray(from));
  return Buffer.concat(pieces);
}

export function parseStatus(line: string): StatusLine {
  const found = /^(\+OK|-ERR)(?:[ \t]+(.*))?$/i.exec(line);
  if (found === null) throw new Pop3SyntaxFault(`The server does not speak POP3; it says: ${line.slice(0, 100)}`);
  const [, status = '', rest = ''] = found;
  const ok = status.startsWith('+');
  const coded = ok ? null : /^\[([A-Za-z0-9/-]{1,40})\][ \t]*(.*)$/.exec(rest);
  return { ok, code: coded?.[1]?.toUpperCase() ?? '', text: coded?.[2] ?? rest };
}

/** Numbers with something beside them, as LIST and UIDL answer. Lines of another form are left out. */
export function parseListing(body: Buffer): readonly { readonly number: number; readonly value: string }[] {
  const rows: { number: number; value: string }[] = [];
  for (const line of body.toString('latin1').split('\r\n')) {
    // RFC 1939 §7: a UIDL has 1 to 70 octets of 0x21 to 0x7E; some servers have longer ones.
    const found = /^(\d{1,10})[ \t]+([\x21-\x7e]{1,255})/.exec(line);
    if (found !== null) rows.push({ number: Number(found[1]), value: found[2] ?? '' });
  }
  return rows;
}

/** RFC 2449: names in capitals, with their parameters. */
export function parseCapabilities(body: Buffer): ReadonlyMap<string, string> {
  const lines = body.toString('latin1').split('\r\n');
  return new Map(
    lines
      .filter((line) => line !== '')
      .map((line) => {
        const [name = '', ...parameters] = line.trim().split(/[ \t]+/);
        return [name.toUpperCase(), parameters.join(' ')];
      }),
  );
}
