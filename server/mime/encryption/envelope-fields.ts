/**
 * A message taken apart for encryption, and put together around what became of its content. The header stays readable (servers and lists need it) but for the fields
 * that describe the content: these go inside with the body, octet by octet, as one MIME entity (RFC 3156 §4, RFC 8551 §3.1).
 */
import { randomBytes } from 'node:crypto';
import { fieldValue, findField, type HeaderField, readHeaderFields } from '../header-fields.ts';
import { parseParameterized } from '../parameters.ts';

const CRLF = Buffer.from('\r\n');
const BASE64_LINE_CHARS = 76;
/** No text that an armor begins with is looked for beyond this. */
const MAX_ARMOR_LEAD_BYTES = 4_096;

/** What `wrap` puts in place of the content: header fields with their line ends, and the body. */
export type Wrapping = { readonly fields: string; readonly body: Buffer };

/** Somebody encrypted it already: PGP/MIME, S/MIME, or a text that is nothing but a PGP message. */
export function isEncrypted(raw: Buffer): boolean {
  const { fields, bodyStart } = fieldsOf(raw);
  const field = findField(fields, 'content-type');
  const { value, params } = parseParameterized(field === undefined ? '' : fieldValue(raw, field));
  if (isEncryptedType(value, params.find(({ name }) => name === 'smime-type')?.value)) return true;
  if (value !== '' && value !== 'text/plain' && value !== 'text') return false;
  const lead = raw.toString('latin1', bodyStart, Math.min(raw.length, bodyStart + MAX_ARMOR_LEAD_BYTES)).trimStart();
  if (!lead.startsWith('-----BEGIN PGP MESSAGE-----')) return false;
  return raw
    .toString('latin1', Math.max(bodyStart, raw.length - MAX_ARMOR_LEAD_BYTES))
    .trimEnd()
    .endsWith('-----END PGP MESSAGE-----');
}

/** By the Content-Type, in lower case. S/MIME without a type of its own is taken for encrypted: the others say what they are. */
export function isEncryptedType(type: string, smimeType: string | undefined): boolean {
  if (type === 'multipart/encrypted') return true;
  if (type !== 'application/pkcs7-mime' && type !== 'application/x-pkcs7-mime') return false;
  return !['signed-data', 'certs-only', 'compressed-data'].includes(smimeType?.toLowerCase() ?? '');
}

/** The content with the fields that describe it: what is encrypted. */
export function contentOf(raw: Buffer): Buffer {
  const { fields, bodyStart } = fieldsOf(raw);
  const own = fields.filter(describesContent).map(({ start, end }) => raw.subarray(start, end));
  return Buffer.concat([...own.map(endedLine), CRLF, raw.subarray(bodyStart)]);
}

/** The message with another content. */
export function wrap(raw: Buffer, { fields: added, body }: Wrapping): Buffer {
  const kept = fieldsOf(raw).fields.filter((field) => !describesContent(field) && field.name !== 'mime-version');
  const head = kept.map(({ start, end }) => endedLine(raw.subarray(start, end)));
  return Buffer.concat([...head, Buffer.from(`MIME-Version: 1.0\r\n${added}\r\n`), body]);
}

export function newBoundary(): string {
  return `=_mallard-${randomBytes(18).toString('base64url')}`;
}

export function base64Lines(bytes: Buffer): Buffer {
  const text = bytes.toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += BASE64_LINE_CHARS) lines.push(text.slice(at, at + BASE64_LINE_CHARS));
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1');
}

function fieldsOf(raw: Buffer): { readonly fields: readonly HeaderField[]; readonly bodyStart: number } {
  const fields = readHeaderFields(raw, 0, raw.length);
  const end = fields.at(-1)?.end ?? 0;
  // The empty line between header and body belongs to neither.
  const blank = raw[end] === 0x0a ? 1 : raw[end] === 0x0d && raw[end + 1] === 0x0a ? 2 : 0;
  return { fields, bodyStart: end + blank };
}

function describesContent({ name }: HeaderField): boolean {
  return name.startsWith('content-');
}

/** The last field of a message without a body may have no line end. */
function endedLine(field: Buffer): Buffer {
  return field.at(-1) === 0x0a ? field : Buffer.concat([field, CRLF]);
}
