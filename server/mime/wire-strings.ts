/**
 * IMAP strings in responses (RFC 9051 §4.3), from binary strings to binary strings: quoted where every byte allows it, else a literal. The bytes are those of
 * the message; nothing is decoded or replaced, but NUL, which no IMAP string can carry, is left out.
 */

// TEXT-CHAR without controls other than the tab: legal in quotes as they are, but a terminal or a log is better off with a literal.
const QUOTABLE = /^[\t\u0020-\u007e]*$/;

/** nstring: NIL for undefined, "" for empty. */
export function nstring(value: string | undefined): string {
  return value === undefined ? 'NIL' : wireString(value);
}

/** string: quoted or literal. */
export function wireString(value: string): string {
  if (QUOTABLE.test(value)) return /["\\]/.test(value) ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : `"${value}"`;
  const clean = value.replaceAll('\0', '');
  // One character is one byte here.
  return `{${clean.length}}\r\n${clean}`;
}
