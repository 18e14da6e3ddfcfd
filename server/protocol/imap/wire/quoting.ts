/** How strings are written: as atoms, quoted, or (by the writer) as literals. Pure text, no buffers. */

const ATOM = /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]+$/;
/** Printable ASCII: what a quoted string may hold for every client. */
const QUOTABLE = /^[\u0020-\u007e]*$/;
/** With UTF8=ACCEPT or IMAP4rev2: anything but NUL, CR and LF; other control characters go as literals for readability's sake. */
const QUOTABLE_UTF8 = /^[\u0009\u0020-\u007e\u0080-\uffff]*$/;
/** Longer strings are sent as literals: some clients have a line buffer. */
const MAX_QUOTED = 1000;

/** True when `quote(text)` is fit for the client. */
export function isQuotable(text: string, utf8: boolean): boolean {
  return text.length <= MAX_QUOTED && (utf8 ? QUOTABLE_UTF8 : QUOTABLE).test(text);
}

export function quote(text: string): string {
  return text.includes('"') || text.includes('\\') ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

/** An atom when it can be one and would not be read as NIL, else quoted. The text must be quotable. */
export function encodeAstring(text: string): string {
  return ATOM.test(text) && text.toUpperCase() !== 'NIL' ? text : quote(text);
}
