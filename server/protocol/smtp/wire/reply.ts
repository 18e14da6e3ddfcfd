/** SMTP replies (RFC 5321 §4.2, RFC 2034): values, and their bytes. */

/** `enhanced` is left out where RFC 2034 §4 says so: greeting, hello, 3xx. More than one line of text makes a multi-line reply. */
export type SmtpReply = { readonly code: number; readonly enhanced?: string; readonly text: string | readonly string[] };

export function reply(code: number, enhanced: string, text: string | readonly string[]): SmtpReply {
  return { code, enhanced, text };
}

/** Without an enhanced status code. */
export function plainReply(code: number, text: string | readonly string[]): SmtpReply {
  return { code, text };
}

export function isPositive(value: SmtpReply): boolean {
  return value.code < 400;
}

/** Reply text never ends a line by itself: control characters become spaces. UTF-8 is for clients that asked for it; others get `?`. */
export function encodeReply(value: SmtpReply, utf8: boolean): string {
  const lines = typeof value.text === 'string' ? [value.text] : value.text;
  const prefix = value.enhanced === undefined ? '' : `${value.enhanced} `;
  return lines
    .map((line, index) => `${value.code}${index === lines.length - 1 ? ' ' : '-'}${prefix}${clean(line, utf8)}\r\n`)
    .join('');
}

function clean(line: string, utf8: boolean): string {
  const oneLine = line.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 480);
  return utf8 ? oneLine : oneLine.replace(/[^\u0020-\u007e]/g, '?');
}
