/**
 * How usernames and addresses are compared. People write them in many ways: any case, NFC or not, the domain in Unicode or as xn--, a +label, dots in the
 * local part. All these mean the same account, so that nobody can register a look-alike of somebody else's name.
 */
import { parseAddress, parseDomain, quoteLocalPart } from '../mail/address.ts';

/** What two spellings of a username have in common; undefined when it can't be one. */
export function usernameKey(username: string): string | undefined {
  if (username.includes('@')) return addressKey(username);
  const folded = username.normalize('NFC').toLowerCase().normalize('NFC').replaceAll('.', '');
  return folded === '' || folded.length > 128 ? undefined : folded;
}

/** What two spellings of an address have in common: no label, no dots, lower case, ASCII domain. */
export function addressKey(address: string): string | undefined {
  const parsed = parseAddress(address);
  return parsed.ok ? withoutDots(parsed.value.lookupKey) : undefined;
}

function withoutDots(lookupKey: string): string {
  const at = lookupKey.lastIndexOf('@');
  const local = lookupKey.slice(0, at);
  // A quoted local part is somebody's deliberate spelling.
  const plain = local.startsWith('"') ? local : local.replaceAll('.', '');
  return `${plain === '' ? local : plain}${lookupKey.slice(at)}`;
}

/** The same key at another domain (ASCII form). */
export function keyAtDomain(key: string, asciiDomain: string): string {
  return key.slice(0, key.lastIndexOf('@') + 1) + asciiDomain;
}

export function domainOfKey(key: string): string {
  return key.slice(key.lastIndexOf('@') + 1);
}

/** Unicode form as it is shown, label kept; undefined when it is no address. */
export function shownAddress(address: string): string | undefined {
  const parsed = parseAddress(address.trim());
  if (!parsed.ok) return undefined;
  return `${quoteLocalPart(parsed.value.localPart)}@${parsed.value.domain}`;
}

export type Wildcard = { readonly key: string; readonly shown: string };

/** `*@domain`, `*suffix@domain` or `local@*`; undefined when it is none of these. */
export function tryWildcard(text: string): Wildcard | undefined {
  const at = text.lastIndexOf('@');
  if (at <= 0) return undefined;
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  if (domain === '*') {
    const key = addressKey(`${local}@example.org`);
    return key === undefined || local.includes('*')
      ? undefined
      : { key: keyAtDomain(key, '*'), shown: `${local.normalize('NFC')}@*` };
  }
  if (!local.startsWith('*') || local.includes('*', 1)) return undefined;
  const parsed = parseDomain(domain);
  if (!parsed.ok) return undefined;
  const suffix = local.slice(1).normalize('NFC').toLowerCase().replaceAll('.', '');
  if (suffix !== '' && addressKey(`${suffix}@example.org`) === undefined) return undefined;
  return { key: `*${suffix}@${parsed.value.ascii}`, shown: `${local.normalize('NFC')}@${parsed.value.unicode}` };
}

/** Every wildcard that would match the key, most specific first. */
export function wildcardsFor(key: string): string[] {
  const at = key.lastIndexOf('@');
  const local = key.slice(0, at);
  const domain = key.slice(at + 1);
  const candidates: string[] = [];
  const chars = Array.from(local);
  for (let from = 1; from <= chars.length; from += 1) candidates.push(`*${chars.slice(from).join('')}@${domain}`);
  candidates.push(`${local}@*`);
  return candidates;
}
