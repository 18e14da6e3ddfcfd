/**
 * The parser: raw bytes to a tree of parts with byte offsets, in one forward pass.
 *
 * It never throws and never refuses: whatever it cannot read is a leaf. Time is linear in the size of the message and memory in the number of parts,
 * for any input; both are guarded by `structure.test.ts`. Choices where the RFCs are silent:
 * - a header block ends at the first empty line (LF or CRLF), at a boundary of an enclosing multipart, or at the end;
 * - a multipart without a single part gets one synthetic text part, since BODYSTRUCTURE cannot express an empty one: it covers the
 *   whole body if no boundary was found (so that the text can be read), else it is empty;
 * - beyond a limit the rest is one opaque leaf (`application/octet-stream` in BODYSTRUCTURE);
 * - MIME-Version is not asked for; of repeated fields the first counts.
 */
import { BoundarySearch, MAX_BOUNDARY_BYTES, type Delimiter } from './boundaries.ts';
import { fieldValue, findField, readHeaderFields } from './header-fields.ts';
import { firstToken, parseParameterized } from './parameters.ts';
import { DEFAULT_MIME_LIMITS } from './limits.ts';
import type { MessageStructure, MimeLimits, MimeParameter, MimePart, ParameterizedValue } from './types.ts';

const LF = 0x0a;
const CR = 0x0d;
const BLANK_LF = Buffer.from('\n\n');
const BLANK_CRLF = Buffer.from('\n\r\n');

export type StructureLimits = Pick<MimeLimits, 'maxDepth' | 'maxParts' | 'maxHeaderBytes'>;

/** Reads the structure of a message. */
export function parseStructure(raw: Buffer, limits: StructureLimits = DEFAULT_MIME_LIMITS): MessageStructure {
  return new StructureParser(raw, limits).parse();
}

/** What the MIME fields of one header block say, defaults applied. */
type PartFields = Omit<MimePart, 'kind' | 'headerStart' | 'bodyStart' | 'bodyEnd' | 'lines' | 'children'>;

class StructureParser {
  readonly #raw: Buffer;
  readonly #limits: StructureLimits;
  readonly #boundaries: BoundarySearch;
  readonly #lines: LineCounter;
  readonly #blanks: BlankLineSearch;
  #partCount = 0;
  #limited = false;
  /** What ended the part that was read last; level -1 is the end of the message. */
  #stop: Delimiter;

  constructor(raw: Buffer, limits: StructureLimits) {
    this.#raw = raw;
    this.#limits = limits;
    this.#boundaries = new BoundarySearch(raw);
    this.#lines = new LineCounter(raw);
    this.#blanks = new BlankLineSearch(raw);
    this.#stop = endOf(raw);
  }

  parse(): MessageStructure {
    const root = this.#parsePart(0, { inDigest: false, depth: 0, headless: false });
    return { root, sizeBytes: this.#raw.length, partCount: this.#partCount, limited: this.#limited };
  }

  #parsePart(headerStart: number, place: { inDigest: boolean; depth: number; headless: boolean }): MimePart {
    this.#partCount++;
    const bodyStart = place.headless ? headerStart : this.#readHeaderEnd(headerStart);
    const cut = bodyStart === undefined;
    const start = bodyStart ?? Math.max(headerStart, this.#lineStartOfStop());
    const fields = readPartFields(this.#raw, headerStart, start, this.#limits.maxHeaderBytes, place.inDigest);
    const linesBefore = this.#lines.before(start);
    const kind = this.#kindOf(fields, place.depth);
    let children: MimePart[] = [];
    let sawDelimiter = false;
    if (!cut) {
      if (kind === 'multipart') [children, sawDelimiter] = this.#parseMultipart(fields, start, place.depth + 1);
      else if (kind === 'message') children = [this.#parseEmbedded(fields, start, place.depth + 1)];
      else this.#stop = this.#findStop(start);
    }
    const bodyEnd = Math.max(start, this.#stop.at, children.at(-1)?.bodyEnd ?? 0);
    const lines = this.#lines.before(bodyEnd) - linesBefore;
    if (children.length === 0 && (kind === 'multipart' || kind === 'message')) {
      this.#partCount++;
      children = [emptyPart(sawDelimiter ? bodyEnd : start, bodyEnd, sawDelimiter ? 0 : lines)];
    }
    const shown = kind === 'opaque' ? { ...fields, type: 'application', subtype: 'octet-stream', params: [] } : fields;
    return { kind, headerStart, bodyStart: start, bodyEnd, lines, ...shown, children };
  }

  #kindOf(fields: PartFields, depth: number): MimePart['kind'] {
    const isMultipart = fields.type === 'multipart';
    if (!isMultipart && !isEmbeddedMessage(fields)) return 'leaf';
    if (depth >= this.#limits.maxDepth || this.#partCount >= this.#limits.maxParts) {
      this.#limited = true;
      return 'opaque';
    }
    return isMultipart ? 'multipart' : 'message';
  }

  /** The parts between this multipart's delimiters, and whether there was any delimiter. Leaves #stop behind its epilogue. */
  #parseMultipart(fields: PartFields, bodyStart: number, depth: number): [MimePart[], boolean] {
    const boundary = boundaryOf(fields);
    if (boundary === undefined) {
      this.#stop = this.#findStop(bodyStart);
      return [[], false];
    }
    const children: MimePart[] = [];
    const level = this.#boundaries.push(boundary);
    this.#stop = this.#findStop(bodyStart);
    const sawDelimiter = this.#stop.level === level;
    while (this.#stop.level === level && !this.#stop.closing) {
      const start = this.#stop.next;
      if (this.#partCount >= this.#limits.maxParts) children.push(this.#swallowRest(start, level));
      else children.push(this.#parsePart(start, { inDigest: fields.subtype === 'digest', depth, headless: false }));
    }
    this.#boundaries.pop();
    if (this.#stop.level === level) this.#stop = this.#findStop(this.#stop.next);
    return [children, sawDelimiter];
  }

  /** The part limit is reached: everything up to this multipart's own end is one opaque part. */
  #swallowRest(start: number, level: number): MimePart {
    this.#partCount++;
    this.#limited = true;
    const linesBefore = this.#lines.before(start);
    do this.#stop = this.#findStop(this.#stop.next);
    while (this.#stop.level >= level && !(this.#stop.level === level && this.#stop.closing));
    const end = Math.max(start, this.#stop.at);
    const lines = this.#lines.before(end) - linesBefore;
    return { ...emptyPart(start, end, lines), kind: 'opaque', type: 'application', subtype: 'octet-stream' };
  }

  #parseEmbedded(fields: PartFields, bodyStart: number, depth: number): MimePart {
    // RFC 2046 §5.2.1 forbids base64 here, some gateways use it: then there is no header to be read, and all of it is body.
    const headless = fields.encoding === 'base64' && !firstLineHasColon(this.#raw, bodyStart);
    return this.#parsePart(bodyStart, { inDigest: false, depth, headless });
  }

  /** Offset behind the blank line; undefined, with #stop set, if the part ends before there is one. */
  #readHeaderEnd(start: number): number | undefined {
    const blank = this.#blanks.find(start);
    const delimiter = this.#boundaries.find(start, blank ?? Infinity);
    if (delimiter === undefined && blank !== undefined) return blank;
    this.#stop = delimiter ?? endOf(this.#raw);
    return undefined;
  }

  /** A header that runs into a delimiter keeps its last line end, so its end is where the delimiter's line starts. */
  #lineStartOfStop(): number {
    const { at } = this.#stop;
    if (this.#raw[at] === LF) return at + 1;
    return this.#raw[at] === CR && this.#raw[at + 1] === LF ? at + 2 : at;
  }

  #findStop(from: number): Delimiter {
    return this.#boundaries.find(from, Infinity) ?? endOf(this.#raw);
  }
}

function endOf(raw: Buffer): Delimiter {
  return { level: -1, closing: true, at: raw.length, next: raw.length };
}

function emptyPart(start: number, end: number, lines: number): MimePart {
  const range = { headerStart: start, bodyStart: start, bodyEnd: end, lines };
  return { kind: 'leaf', ...range, ...DEFAULT_FIELDS, children: [] };
}

const DEFAULT_FIELDS: PartFields = {
  type: 'text',
  subtype: 'plain',
  params: [],
  encoding: '7bit',
  contentId: undefined,
  description: undefined,
  md5: undefined,
  location: undefined,
  language: undefined,
  disposition: undefined,
};

function isEmbeddedMessage(fields: PartFields): boolean {
  // RFC 9051 §6.4.5.1 counts message/global (RFC 6532) as well.
  return fields.type === 'message' && (fields.subtype === 'rfc822' || fields.subtype === 'global');
}

/** RFC 2046 §5.1.1: a boundary does not end in white space. Undefined when there is none that could be used. */
function boundaryOf(fields: PartFields): string | undefined {
  const value = fields.params.find((param) => param.name === 'boundary')?.value.trimEnd();
  return value === undefined || value === '' || value.length > MAX_BOUNDARY_BYTES ? undefined : value;
}

function readPartFields(raw: Buffer, start: number, end: number, maxBytes: number, inDigest: boolean): PartFields {
  if (start === end) return inDigest ? { ...DEFAULT_FIELDS, type: 'message', subtype: 'rfc822' } : DEFAULT_FIELDS;
  const fields = readHeaderFields(raw, start, end, maxBytes).filter((field) => field.name.startsWith('content-'));
  const text = (name: string): string | undefined => {
    const field = findField(fields, name);
    return field === undefined ? undefined : fieldValue(raw, field);
  };
  const disposition = text('content-disposition');
  return {
    ...mediaType(text('content-type'), inDigest),
    encoding: firstToken(text('content-transfer-encoding') ?? '') || '7bit',
    contentId: text('content-id'),
    description: text('content-description'),
    md5: text('content-md5'),
    location: text('content-location'),
    language: languages(text('content-language')),
    disposition: disposition === undefined ? undefined : dispositionOf(disposition),
  };
}

/** RFC 2045 §5.2: absent or unreadable means text/plain; RFC 2046 §5.1.5: absent in a digest means message/rfc822. */
function mediaType(
  text: string | undefined,
  inDigest: boolean,
): { type: string; subtype: string; params: readonly MimeParameter[] } {
  if (text === undefined)
    return inDigest ? { type: 'message', subtype: 'rfc822', params: [] } : { type: 'text', subtype: 'plain', params: [] };
  const { value, params } = parseParameterized(text);
  const slash = value.indexOf('/');
  const type = firstToken(slash === -1 ? value : value.slice(0, slash));
  const subtype = slash === -1 ? '' : firstToken(value.slice(slash + 1));
  if (type !== '' && subtype !== '') return { type, subtype, params };
  if (type === 'multipart') return { type, subtype: 'mixed', params };
  return { type: 'text', subtype: 'plain', params: type === 'text' ? params : [] };
}

function dispositionOf(text: string): ParameterizedValue | undefined {
  const { value, params } = parseParameterized(text);
  const token = firstToken(value);
  // `Content-Disposition: filename="x"`: the type was left out, so the parameter stands where it should.
  if (token !== '' && !value.includes('=')) return { value: token, params };
  const repaired = parseParameterized(`attachment; ${text}`);
  return repaired.params.length > 0 ? repaired : undefined;
}

function languages(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const list = text
    .split(',', 50)
    .map((tag) => firstToken(tag))
    .filter((tag) => tag !== '');
  return list.length > 0 ? list : undefined;
}

function firstLineHasColon(raw: Buffer, start: number): boolean {
  const line = raw.subarray(start, Math.min(raw.length, start + 1000));
  const lf = line.indexOf(LF);
  return line.subarray(0, lf === -1 ? line.length : lf).includes(0x3a);
}

/** Counts line ends up to a position. Asked for positions that grow (or fall back by a line end), it looks at each byte once. */
class LineCounter {
  readonly #raw: Buffer;
  #position = 0;
  #count = 0;

  constructor(raw: Buffer) {
    this.#raw = raw;
  }

  before(position: number): number {
    const raw = this.#raw;
    let count = this.#count;
    for (let i = this.#position; i < position; i++) if (raw[i] === LF) count++;
    for (let i = position; i < this.#position; i++) if (raw[i] === LF) count--;
    this.#position = position;
    return (this.#count = count);
  }
}

/** Finds the end of the next empty line. Asked for positions that grow, it looks at each byte once, whichever line end the message uses. */
class BlankLineSearch {
  readonly #raw: Buffer;
  #lf = -1;
  #crlf = -1;

  constructor(raw: Buffer) {
    this.#raw = raw;
  }

  /** `start` is the start of a line. */
  find(start: number): number | undefined {
    const raw = this.#raw;
    if (raw[start] === LF) return start + 1;
    if (raw[start] === CR && raw[start + 1] === LF) return start + 2;
    if (this.#lf < start) this.#lf = indexOrEnd(raw, BLANK_LF, start);
    if (this.#crlf < start) this.#crlf = indexOrEnd(raw, BLANK_CRLF, start);
    if (this.#lf === Infinity && this.#crlf === Infinity) return undefined;
    return this.#lf < this.#crlf ? this.#lf + 2 : this.#crlf + 3;
  }
}

function indexOrEnd(raw: Buffer, bytes: Buffer, from: number): number {
  const index = raw.indexOf(bytes, from);
  return index === -1 ? Infinity : index;
}
