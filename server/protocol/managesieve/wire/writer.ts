/** ManageSieve output (RFC 5804 §1.2): texts, and replies with their response codes. */

export type ResponseCode =
  | 'AUTH-TOO-WEAK'
  | 'ENCRYPT-NEEDED'
  | 'QUOTA/MAXSCRIPTS'
  | 'QUOTA/MAXSIZE'
  | 'NONEXISTENT'
  | 'ACTIVE'
  | 'ALREADYEXISTS'
  | 'TRYLATER';

const MAX_QUOTED_BYTES = 1_024;

/** Quoted where that is possible, else a literal. */
export function stringOf(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_QUOTED_BYTES && !/[\r\n\0]/.test(text)) return `"${text.replace(/["\\]/g, '\\$&')}"`;
  return `{${bytes}}\r\n${text}`;
}

export function replyOf(kind: 'OK' | 'NO' | 'BYE', text: string, code?: string): string {
  return `${kind}${code === undefined ? '' : ` (${code})`}${text === '' ? '' : ` ${stringOf(text)}`}\r\n`;
}
