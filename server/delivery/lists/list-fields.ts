/**
 * What a list adds to its posts: the List-* fields (RFC 2369, 2919) by which mail programs know it. Those of
 * another list that it came through are taken out, but for X-Loop, by which each knows its own.
 */
import { domainToASCII } from 'node:url';
import { fieldValue, readHeaderFields } from '../../mime/header-fields.ts';
import type { DistributionList } from '../../operations/contract-accounts.ts';

const MAX_HEADER_BYTES = 256 * 1024;
const REPLACED = /^(?:list-(?:id|post|owner|help|subscribe|unsubscribe|unsubscribe-post|archive)|precedence)$/;

type Named = Pick<DistributionList, 'address' | 'name'>;

/** `news.example.org`: what the list is known by for ever, without angle brackets. */
export function listIdOf({ address }: Pick<DistributionList, 'address'>): string {
  const { local, domain } = split(address);
  // RFC 2919 §3: dot-atoms of ASCII.
  const label = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+$/.test(local) ? local : Buffer.from(local).toString('hex');
  return `${label}.${domain}`.toLowerCase();
}

/** The address of one of the list's roles, e.g. `news-owner@example.org`. */
export function roleAddress(list: Pick<DistributionList, 'address'>, role: 'owner' | 'bounces' | 'moderate'): string {
  const at = list.address.lastIndexOf('@');
  return `${list.address.slice(0, at)}-${role}${list.address.slice(at)}`;
}

/** Fields for the head, each with its CRLF. */
export function listFields(list: Named): string {
  const owner = mailto(roleAddress(list, 'owner'));
  // A phrase of words that need neither quoting nor encoding; the id alone is enough for programs.
  const phrase = /^[A-Za-z0-9 -]{1,200}$/.test(list.name) ? `${list.name} ` : '';
  return [
    `List-Id: ${phrase}<${listIdOf(list)}>`,
    `List-Post: <${mailto(list.address)}>`,
    `List-Owner: <${owner}>`,
    `List-Help: <${owner}?subject=help>`,
    `List-Unsubscribe: <${owner}?subject=unsubscribe>`,
    'Precedence: list',
    `X-Loop: ${listIdOf(list)}`,
    '',
  ].join('\r\n');
}

/** Whether the message has been through this list: it is in a loop. */
export function cameThrough(raw: Buffer, list: Named): boolean {
  const wanted = listIdOf(list);
  return readHeaderFields(raw, 0, raw.length, MAX_HEADER_BYTES).some(
    (field) => field.name === 'x-loop' && fieldValue(raw, field).toLowerCase() === wanted,
  );
}

export function withoutListFields(raw: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let kept = 0;
  for (const { name, start, end } of readHeaderFields(raw, 0, raw.length, MAX_HEADER_BYTES)) {
    if (!REPLACED.test(name)) continue;
    pieces.push(raw.subarray(kept, start));
    kept = end;
  }
  return kept === 0 ? raw : Buffer.concat([...pieces, raw.subarray(kept)]);
}

/** RFC 6068: percent-encoded UTF-8, the domain in its ASCII form. */
function mailto(address: string): string {
  const { local, domain } = split(address);
  return `mailto:${encodeURIComponent(local)}@${domain}`;
}

function split(address: string): { readonly local: string; readonly domain: string } {
  const at = address.lastIndexOf('@');
  return { local: address.slice(0, at), domain: domainToASCII(address.slice(at + 1)) };
}
