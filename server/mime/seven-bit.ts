/**
 * A message in seven bits, for servers without 8BITMIME (RFC 6152 §3): text parts become quoted-printable, others base64, and only where there are eight
 * bits. Header fields stay as they are. Bytes in, bytes out.
 */
import { isAscii } from 'node:buffer';
import { encode, wrap } from 'libqp';
import { readHeaderFields } from './header-fields.ts';
import { parseStructure } from './structure.ts';
import type { MimePart } from './types.ts';

const LINE_CHARS = 76;

/** Undefined when it can't be done without harm: a signature covers the bytes as they are, or the structure can't be read to its end. */
export function toSevenBit(raw: Buffer): Buffer | undefined {
  const { root, limited } = parseStructure(raw);
  if (limited) return undefined;
  const pieces: Buffer[] = [];
  let kept = 0;
  const replace = (start: number, end: number, bytes: Buffer): void => {
    pieces.push(raw.subarray(kept, start), bytes);
    kept = end;
  };
  if (!convert(raw, root, replace)) return undefined;
  return kept === 0 ? raw : Buffer.concat([...pieces, raw.subarray(kept)]);
}

type Replace = (start: number, end: number, bytes: Buffer) => void;

/** In the order of the bytes. False = not possible. */
function convert(raw: Buffer, part: MimePart, replace: Replace): boolean {
  const { headerStart, bodyStart, bodyEnd, kind, encoding } = part;
  const body = raw.subarray(bodyStart, bodyEnd);
  if (isAscii(body)) return true;
  // RFC 1847 §2.1: what is signed must not be changed on the way.
  if (part.type === 'multipart' && part.subtype === 'signed') return false;
  if (kind === 'opaque') return false;
  if (kind === 'multipart' || kind === 'message') {
    if (encoding !== '7bit') setEncoding(raw, headerStart, bodyStart, '7bit', replace);
    return part.children.every((child) => convert(raw, child, replace));
  }
  // Something else than its field says: nobody knows what it means.
  if (encoding === 'base64' || encoding === 'quoted-printable') return false;
  const isText = part.type === 'text';
  setEncoding(raw, headerStart, bodyStart, isText ? 'quoted-printable' : 'base64', replace);
  replace(bodyStart, bodyEnd, Buffer.from(isText ? wrap(encode(body), LINE_CHARS) : base64Lines(body), 'latin1'));
  return true;
}

/** Replaces the field, or adds one at the header's end. */
function setEncoding(raw: Buffer, headerStart: number, bodyStart: number, value: string, replace: Replace): void {
  const field = Buffer.from(`Content-Transfer-Encoding: ${value}\r\n`);
  const fields = readHeaderFields(raw, headerStart, bodyStart).filter(({ name }) => name !== '');
  const known = fields.find(({ name }) => name === 'content-transfer-encoding');
  if (known !== undefined) return replace(known.start, known.end, field);
  const end = fields.at(-1)?.end ?? headerStart;
  const mime = headerStart === 0 && !fields.some(({ name }) => name === 'mime-version') ? 'MIME-Version: 1.0\r\n' : '';
  // A part whose header is empty begins with its blank line.
  const type = fields.some(({ name }) => name === 'content-type') ? '' : 'Content-Type: text/plain; charset=utf-8\r\n';
  replace(end, end, Buffer.concat([Buffer.from(mime + type), field]));
}

function base64Lines(body: Buffer): string {
  return (body.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n');
}
