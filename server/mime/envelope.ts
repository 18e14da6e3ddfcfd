/**
 * ENVELOPE in wire form (RFC 3501 §7.4.2, RFC 9051 §7.5.2).
 *
 * Field values are unfolded and otherwise the bytes of the message: encoded words and 8-bit text stay as they are. A missing Date, Subject, In-Reply-To or Message-ID is
 * NIL, an empty one "". An address field without any address is NIL. Sender and Reply-To that are missing or empty repeat From.
 * An address without a domain has "" as its host, since NIL there would open or close a group.
 */
import { decodeAddresses, parseAddressTokens, type AddressToken } from './addresses.ts';
import { fieldValue, readHeaderFields, type HeaderField } from './header-fields.ts';
import { nstring, wireString } from './wire-strings.ts';
import type { MailAddress } from './types.ts';

const ADDRESS_FIELDS = ['from', 'sender', 'reply-to', 'to', 'cc', 'bcc'] as const;
export type AddressFieldName = (typeof ADDRESS_FIELDS)[number];

/** The fields of one header that the envelope and the message's summary are made of. Binary strings. */
export type EnvelopeFields = {
  readonly date: string | undefined;
  readonly subject: string | undefined;
  readonly inReplyTo: string | undefined;
  readonly messageId: string | undefined;
  readonly addresses: Readonly<Record<AddressFieldName, readonly AddressToken[]>>;
};

export type EnvelopeLimits = { readonly maxHeaderBytes: number; readonly maxAddresses: number };

/** Reads the envelope fields of the header block [start, end). */
export function readEnvelopeFields(raw: Buffer, start: number, end: number, limits: EnvelopeLimits): EnvelopeFields {
  return envelopeFieldsOf(raw, readHeaderFields(raw, start, end, limits.maxHeaderBytes), limits.maxAddresses);
}

/** The same from fields that were read already. A repeated address field adds its addresses, of other fields the first counts. */
export function envelopeFieldsOf(raw: Buffer, fields: readonly HeaderField[], maxAddresses: number): EnvelopeFields {
  const first = new Map<string, string>();
  const addresses: Record<AddressFieldName, AddressToken[]> = { from: [], sender: [], 'reply-to': [], to: [], cc: [], bcc: [] };
  let room = maxAddresses;
  for (const field of fields) {
    const { name } = field;
    if (isAddressField(name)) {
      const tokens = parseAddressTokens(fieldValue(raw, field), room);
      for (const token of tokens) addresses[name].push(token);
      room -= tokens.length;
    } else if ((name === 'date' || name === 'subject' || name === 'in-reply-to' || name === 'message-id') && !first.has(name)) {
      first.set(name, fieldValue(raw, field));
    }
  }
  return {
    date: first.get('date'),
    subject: first.get('subject'),
    inReplyTo: first.get('in-reply-to'),
    messageId: first.get('message-id'),
    addresses,
  };
}

function isAddressField(name: string): name is AddressFieldName {
  return (ADDRESS_FIELDS as readonly string[]).includes(name);
}

/** ENVELOPE as a binary string, parentheses included. */
export function encodeEnvelope(fields: EnvelopeFields): string {
  const { addresses } = fields;
  const from = addressList(addresses.from);
  const orFrom = (tokens: readonly AddressToken[]): string => {
    const list = addressList(tokens);
    return list === 'NIL' ? from : list;
  };
  return `(${[
    nstring(fields.date),
    nstring(fields.subject),
    from,
    orFrom(addresses.sender),
    orFrom(addresses['reply-to']),
    addressList(addresses.to),
    addressList(addresses.cc),
    addressList(addresses.bcc),
    nstring(fields.inReplyTo),
    nstring(fields.messageId),
  ].join(' ')})`;
}

/** The smallest envelope that is legal, for a message whose own would be beyond the limit: addresses and subject are cut. */
export function shortenEnvelope(fields: EnvelopeFields, maxWireBytes: number): EnvelopeFields {
  const share = Math.floor(maxWireBytes / 16);
  const cut = (text: string | undefined): string | undefined => text?.slice(0, share >> 1);
  const few = (tokens: readonly AddressToken[]): AddressToken[] => {
    const out: AddressToken[] = [];
    let bytes = 0;
    for (const token of tokens) {
      bytes +=
        token.kind === 'mailbox'
          ? (token.name?.length ?? 0) + token.local.length + token.domain.length + (token.route?.length ?? 0)
          : 0;
      // A group that would be cut open is left out as a whole, with all that follows.
      if (token.kind !== 'mailbox' || (bytes + 50 * out.length) * 2 > share) break;
      out.push(token);
    }
    return out;
  };
  const { addresses: a } = fields;
  return {
    date: cut(fields.date),
    subject: cut(fields.subject),
    inReplyTo: cut(fields.inReplyTo),
    messageId: cut(fields.messageId),
    addresses: {
      from: few(a.from),
      sender: few(a.sender),
      'reply-to': few(a['reply-to']),
      to: few(a.to),
      cc: few(a.cc),
      bcc: few(a.bcc),
    },
  };
}

/** The decoded mailboxes of one field. */
export function mailboxesOf(fields: EnvelopeFields, name: AddressFieldName): MailAddress[] {
  return decodeAddresses(fields.addresses[name]);
}

function addressList(tokens: readonly AddressToken[]): string {
  if (tokens.length === 0) return 'NIL';
  return `(${tokens.map(encodeAddress).join('')})`;
}

/** RFC 9051 §7.5.2: (name adl mailbox host); a group starts with a NIL host and its name as mailbox, and ends with both NIL. */
function encodeAddress(token: AddressToken): string {
  if (token.kind === 'group-start') return `(NIL NIL ${wireString(token.name)} NIL)`;
  if (token.kind === 'group-end') return '(NIL NIL NIL NIL)';
  return `(${nstring(token.name)} ${nstring(token.route)} ${wireString(token.local)} ${wireString(token.domain)})`;
}
