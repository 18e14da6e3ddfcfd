/**
 * IMAP sections (RFC 3501 §6.4.5, RFC 9051 §6.4.5.1) as byte ranges, from the part table alone.
 *
 * The rules that servers get wrong, as they are here: BODY[1] of a message that is no multipart is its body; part n of an embedded message is part n of
 * its multipart, or its body as part 1; BODY[n] of an embedded message part is that message whole; HEADER, TEXT and HEADER.FIELDS after
 * a number exist for embedded messages only; MIME needs a number.
 */
import { readHeaderFields } from './header-fields.ts';
import type { PartEntry, PartTable } from './part-table.ts';
import type { ByteRange } from './types.ts';

/** A section as the client named it: part numbers, then what of that part. `fields` is HEADER.FIELDS, with the names in the reply's own hands. */
export type Section = { readonly path: readonly number[]; readonly part: 'all' | 'header' | 'text' | 'mime' | 'fields' };

/**
 * The bytes a section stands for; for `fields` the whole header, to go through `filterHeaderFields`. Undefined: no such part, the reply is NIL.
 * An existing but empty part is an empty range, the reply is "".
 */
export function resolveSection(table: PartTable, section: Section): ByteRange | undefined {
  if (section.path.length === 0) {
    if (section.part === 'mime') return undefined;
    return messageRange(table, section.part);
  }
  const part = findPart(table, section.path);
  if (part === undefined) return undefined;
  if (section.part === 'all') return part.body;
  if (section.part === 'mime') return part.header;
  const embedded = part.kind === 'message' ? part.children[0] : undefined;
  return embedded === undefined ? undefined : messageRange(embedded, section.part);
}

/** The part with this number, for BINARY, BINARY.SIZE and the API; undefined if there is none. An empty path is the message. */
export function findPart(table: PartTable, path: readonly number[]): PartEntry | undefined {
  // A message's parts are numbered from what it holds: the parts of its multipart, or its one body.
  let at: PartEntry = table;
  let isMessage = true;
  for (const number of path) {
    let next: PartEntry | undefined;
    if (at.kind === 'multipart') next = at.children[number - 1];
    else if (isMessage) {
      next = number === 1 ? at : undefined;
      // The same part, now as a part: another number goes into it, not around in circles.
      if (next !== undefined) {
        isMessage = false;
        continue;
      }
    } else if (at.kind === 'message') {
      const embedded = at.children[0];
      if (embedded === undefined) return undefined;
      next = embedded.kind === 'multipart' ? embedded.children[number - 1] : number === 1 ? embedded : undefined;
    }
    if (next === undefined) return undefined;
    at = next;
    isMessage = false;
  }
  return at;
}

/** What numbering needs to know of a part; both the parser's tree and the stored table have it. */
type NumberedNode<T> = { readonly kind: PartEntry['kind']; readonly children: readonly T[] };

/** Every part that has a number, in order, with that number (`1`, `2.1`, …). Embedded messages' own parts only if `intoMessages`. */
export function numberedParts<T extends NumberedNode<T>>(
  message: T,
  intoMessages: boolean,
): { readonly section: string; readonly part: T; readonly parent: T | undefined }[] {
  const out: { section: string; part: T; parent: T | undefined }[] = [];
  const visit = (section: string, part: T, parent: T | undefined): void => {
    out.push({ section, part, parent });
    if (part.kind === 'multipart') part.children.forEach((child, index) => visit(`${section}.${index + 1}`, child, part));
    else if (part.kind === 'message' && intoMessages) part.children.forEach((embedded) => visitMessage(`${section}.`, embedded));
  };
  const visitMessage = (prefix: string, root: T): void => {
    if (root.kind === 'multipart') root.children.forEach((child, index) => visit(`${prefix}${index + 1}`, child, root));
    else visit(`${prefix}1`, root, undefined);
  };
  visitMessage('', message);
  return out;
}

function messageRange(message: PartEntry, part: Section['part']): ByteRange {
  if (part === 'all') return { start: message.header.start, end: message.body.end };
  return part === 'text' ? message.body : message.header;
}

/**
 * HEADER.FIELDS and HEADER.FIELDS.NOT: the fields of `header` whose names are (not) among `names`, byte for byte with their folding, then the blank line.
 * RFC 3501 §6.4.5: the blank line is there except in a message that has none.
 */
export function filterHeaderFields(header: Buffer, names: readonly string[], not: boolean): Buffer {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const pieces: Buffer[] = [];
  let end = 0;
  for (const field of readHeaderFields(header, 0, header.length)) {
    // A line that is no field has no name, so no list can name it; NOT keeps it.
    if (wanted.has(field.name) !== not) pieces.push(header.subarray(field.start, field.end));
    end = field.end;
  }
  pieces.push(header.subarray(end));
  return Buffer.concat(pieces);
}
