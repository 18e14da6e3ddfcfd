/**
 * Mail addresses of users and recipients (RFC 5321 §4.1.2, RFC 6531).
 *
 * The local part is NFC; this server compares it without regard to case. The domain is checked by IDNA: its Unicode form is shown, its ASCII form is
 * what lookups compare. A label (`user+label@`) does not change whose address it is. Two addresses of the same person have the same `lookupKey`.
 */
import { isIP } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import { type Outcome, accept, refuse } from './outcome.ts';

export type MailAddress = {
  /** NFC, case as written, without quotes, with the label. */
  readonly localPart: string;
  /** What follows the first `+` of the local part, undefined when there is none. */
  readonly label: string | undefined;
  /** Lower-case Unicode form, or a bracketed address literal. */
  readonly domain: string;
  /** Lower-case ASCII form (`xn--…`), or a bracketed address literal. */
  readonly asciiDomain: string;
  /** For people and for SMTP with SMTPUTF8: local part (quoted when it must be) `@` Unicode domain. */
  readonly full: string;
  /** For comparing: lower-case local part without label `@` ASCII domain. */
  readonly lookupKey: string;
  /** True when the address can't be sent without SMTPUTF8: its local part is not ASCII. */
  readonly needsSmtpUtf8: boolean;
};

export type AddressFault = 'syntax' | 'local-part' | 'domain' | 'local-part-too-long' | 'domain-too-long' | 'address-too-long';

/** RFC 5321 §4.5.3.1: octets. A path is 256 with its angle brackets. */
const MAX_LOCAL_PART_BYTES = 64;
const MAX_DOMAIN_BYTES = 255;
const MAX_ADDRESS_BYTES = 254;

/** atext of RFC 5322 §3.2.3 plus everything beyond ASCII that is no control character (RFC 6531 §3.3). */
const DOT_ATOM = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u00a0-\uffff]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u00a0-\uffff]+)*$/;
const QUOTED = /^"(?:[\u0020\u0021\u0023-\u005b\u005d-\u007e\u00a0-\uffff]|\\[\u0020-\u007e])*"$/;
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Parses `local@domain` or `local@[address literal]`, without angle brackets or display name. */
export function parseAddress(text: string): Outcome<MailAddress, AddressFault> {
  if (text.length > 1000) return refuse('address-too-long');
  if (FORBIDDEN.test(text) || !text.isWellFormed()) return refuse('syntax');
  const at = text.lastIndexOf('@');
  if (at <= 0 || at === text.length - 1) return refuse('syntax');

  const local = parseLocalPart(text.slice(0, at));
  if (!local.ok) return local;
  const domain = parseDomain(text.slice(at + 1));
  if (!domain.ok) return domain;

  const localPart = local.value;
  const quoted = quoteLocalPart(localPart);
  const full = `${quoted}@${domain.value.unicode}`;
  if (Buffer.byteLength(quoted) + 1 + domain.value.ascii.length > MAX_ADDRESS_BYTES) return refuse('address-too-long');
  const plus = localPart.indexOf('+');
  const base = plus > 0 ? localPart.slice(0, plus) : localPart;
  return accept({
    localPart,
    label: plus > 0 ? localPart.slice(plus + 1) : undefined,
    domain: domain.value.unicode,
    asciiDomain: domain.value.ascii,
    full,
    lookupKey: `${quoteLocalPart(foldLocalPart(base))}@${domain.value.ascii}`,
    needsSmtpUtf8: /[^\u0000-\u007f]/.test(localPart),
  });
}

/** The lookup key of an address text, undefined when it is no address. */
export function addressKey(text: string): string | undefined {
  const parsed = parseAddress(text);
  return parsed.ok ? parsed.value.lookupKey : undefined;
}

/** Lower case and NFC; what two spellings of a local part have in common. */
export function foldLocalPart(localPart: string): string {
  return localPart.normalize('NFC').toLowerCase().normalize('NFC');
}

function parseLocalPart(text: string): Outcome<string, AddressFault> {
  const composed = text.normalize('NFC');
  let value = composed;
  if (composed.startsWith('"')) {
    if (!QUOTED.test(composed)) return refuse('local-part');
    value = composed.slice(1, -1).replace(/\\(.)/g, '$1');
    // RFC 5321 §4.1.2 allows an empty quoted string; nobody can own it.
    if (value === '') return refuse('local-part');
  } else if (!DOT_ATOM.test(composed)) {
    return refuse('local-part');
  }
  if (Buffer.byteLength(composed) > MAX_LOCAL_PART_BYTES) return refuse('local-part-too-long');
  return accept(value);
}

/** The local part as it is written in an address: quoted only when it must be. */
export function quoteLocalPart(localPart: string): string {
  return DOT_ATOM.test(localPart) ? localPart : `"${localPart.replace(/["\\]/g, '\\$&')}"`;
}

export type MailDomain = { readonly ascii: string; readonly unicode: string };

/** A domain name in either form, or a bracketed address literal (RFC 5321 §4.1.3). Dotless names are allowed: a LAN has them. */
export function parseDomain(text: string): Outcome<MailDomain, AddressFault> {
  if (text.startsWith('[')) return parseAddressLiteral(text);
  if (text.length > MAX_DOMAIN_BYTES) return refuse('domain-too-long');
  // Only letters, digits, `-`, `_` and `.` may be ASCII: domainToASCII follows URL rules, which also decode and drop characters.
  if (!/^[A-Za-z0-9_.\-\u0080-\uffff]+$/.test(text)) return refuse('domain');
  const ascii = domainToASCII(text.normalize('NFC')).toLowerCase();
  if (ascii === '') return refuse('domain');
  if (ascii.length > MAX_DOMAIN_BYTES) return refuse('domain-too-long');
  const labels = ascii.split('.');
  if (!labels.every((label) => LABEL.test(label))) return refuse('domain');
  // `1.2.3.4` without brackets is no domain, and URL rules would read 0x7f.1 as an address.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels[labels.length - 1]!)) return refuse('domain');
  const unicode = domainToUnicode(ascii).normalize('NFC');
  return accept({ ascii, unicode: unicode === '' ? ascii : unicode });
}

function parseAddressLiteral(text: string): Outcome<MailDomain, AddressFault> {
  if (!text.endsWith(']')) return refuse('domain');
  const inner = text.slice(1, -1);
  const isV6 = /^ipv6:/i.test(inner);
  if (isV6 ? isIP(inner.slice(5)) !== 6 : isIP(inner) !== 4) return refuse('domain');
  const literal = isV6 ? `[IPv6:${inner.slice(5).toLowerCase()}]` : `[${inner}]`;
  return accept({ ascii: literal, unicode: literal });
}
