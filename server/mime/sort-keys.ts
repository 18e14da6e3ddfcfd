/** Sort keys of the address fields: addr-mailbox of the first address (RFC 5256 §3), and its display form (RFC 5957 §3). Folded by i;unicode-casemap. */
import type { AddressToken } from './addresses.ts';
import { foldCase } from './casefold.ts';
import { decodeBytes, decodeWords } from './encoded-words.ts';
import type { EnvelopeFields } from './envelope.ts';
import type { SortKeys } from './types.ts';

const MAX_KEY_CHARS = 256;

/** The keys that come from addresses. */
export function sortKeysOf(fields: EnvelopeFields): Omit<SortKeys, 'subject'> {
  const { from, to, cc } = fields.addresses;
  return {
    from: mailboxKey(from[0]),
    to: mailboxKey(to[0]),
    cc: mailboxKey(cc[0]),
    displayFrom: displayKey(from[0]),
    displayTo: displayKey(to[0]),
  };
}

/** A group's first entry is its start, whose addr-mailbox is the group's name. */
function mailboxKey(token: AddressToken | undefined): string {
  if (token === undefined || token.kind === 'group-end') return '';
  return key(token.kind === 'group-start' ? decodeWords(token.name) : decodeBytes(token.local));
}

function displayKey(token: AddressToken | undefined): string {
  if (token?.kind !== 'mailbox') return mailboxKey(token);
  const name = decodeWords(token.name ?? '').trim();
  if (name !== '') return key(name);
  const local = decodeBytes(token.local);
  return key(token.domain === '' ? local : `${local}@${decodeBytes(token.domain)}`);
}

function key(text: string): string {
  return foldCase(text).slice(0, MAX_KEY_CHARS).toWellFormed();
}
