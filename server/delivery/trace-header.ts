/** The trace fields that a delivery adds at a message's head (RFC 5321 §4.4). */
import type { Origin, SmtpEnvelope } from './envelope.ts';

/** `Received`, ending in CRLF. The recipient is named only when it is the only one: others are nobody's business. */
export function receivedField(origin: Origin, envelope: SmtpEnvelope, hostname: string): string {
  const [only] = envelope.recipients;
  const address = /[:]/.test(origin.remoteAddress) ? `IPv6:${origin.remoteAddress}` : origin.remoteAddress;
  const tls = origin.tls === undefined ? '' : `\r\n\t(${origin.tls.protocol} ${origin.tls.cipher})`;
  const recipient = only !== undefined && envelope.recipients.length === 1 ? `\r\n\tfor <${oneLine(only.address)}>` : '';
  return (
    `Received: from ${oneLine(origin.hello)} ([${address}])${tls}\r\n` +
    `\tby ${hostname} with ${origin.protocol} id ${origin.transactionId}${recipient};\r\n` +
    `\t${mailDate(origin.receivedAtMs)}\r\n`
  );
}

/** For final delivery: where bounces go, and, when there is one recipient alone, whose mail this was. More would make every recipient's bytes differ. */
export function deliveryFields(envelope: SmtpEnvelope): string {
  const [only] = envelope.recipients;
  const deliveredTo = only !== undefined && envelope.recipients.length === 1 ? `Delivered-To: ${oneLine(only.address)}\r\n` : '';
  return `Return-Path: <${oneLine(envelope.from)}>\r\n${deliveredTo}`;
}

/** RFC 5322 §3.3, in UTC. */
export function mailDate(atMs: number): string {
  const date = new Date(atMs);
  const [day = '', rest = ''] = date.toUTCString().split(', ');
  return `${day}, ${rest.replace('GMT', '+0000')}`;
}

/** Addresses and names were checked where they came in; a header must hold whatever happens. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]/g, '');
}

/** How many Received fields the header has: a message that has passed too many servers is in a loop (RFC 5321 §6.3). */
export function countReceived(raw: Buffer): number {
  const end = headerEnd(raw);
  let count = 0;
  for (let at = 0; at < end; ) {
    if (raw.length - at > 9 && raw.toString('latin1', at, at + 9).toLowerCase() === 'received:') count += 1;
    const next = raw.indexOf(10, at);
    if (next < 0 || next >= end) break;
    at = next + 1;
  }
  return count;
}

/** Offset of the blank line that ends the header, whatever the line ends; the message's length when there is none. Looks at the first MiB. */
export function headerEnd(raw: Buffer): number {
  const head = raw.subarray(0, 1024 * 1024);
  const crlf = head.indexOf('\r\n\r\n');
  const lf = head.indexOf('\n\n');
  if (crlf < 0 && lf < 0) return head.length;
  if (crlf < 0) return lf + 1;
  return lf < 0 ? crlf + 2 : Math.min(crlf + 2, lf + 1);
}
