/**
 * What DNS says now of the records that a domain needs. Names are asked of the servers that this computer uses, without a cache of our own: a person who has just
 * entered a record looks again and again.
 */
import { Resolver } from 'node:dns/promises';
import type { DnsFound, DnsWanted } from './control/contract.ts';

/** The part of a resolver that is used. */
export interface DnsSource {
  resolveMx(name: string): Promise<{ priority: number; exchange: string }[]>;
  resolveTxt(name: string): Promise<string[][]>;
  resolveSrv(name: string): Promise<{ priority: number; weight: number; port: number; name: string }[]>;
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
}

const parallel = 8;

export async function checkDns(
  records: readonly DnsWanted[],
  source: DnsSource = new Resolver({ timeout: 3000, tries: 2 }),
): Promise<DnsFound[]> {
  const found: DnsFound[] = [];
  for (let at = 0; at < records.length; at += parallel)
    found.push(...(await Promise.all(records.slice(at, at + parallel).map((record) => look(record, source)))));
  return found;
}

async function look({ type, name, value }: DnsWanted, source: DnsSource): Promise<DnsFound> {
  const key = { type, name };
  try {
    const values = await valuesOf(type, name, source);
    return { ...key, state: judge(type, value, values), found: values.slice(0, 20).map((each) => each.slice(0, 600)) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === 'ENOTFOUND' || code === 'ENODATA';
    return { ...key, state: missing ? 'missing' : 'unknown', found: [] };
  }
}

async function valuesOf(type: DnsWanted['type'], name: string, source: DnsSource): Promise<string[]> {
  if (type === 'MX') return (await source.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}.`);
  if (type === 'TXT') return (await source.resolveTxt(name)).map((parts) => parts.join(''));
  if (type === 'A') return source.resolve4(name);
  if (type === 'AAAA') return source.resolve6(name);
  const found = await source.resolveSrv(name);
  return found.map(({ priority, weight, port, name: target }) => `${priority} ${weight} ${port} ${target}.`);
}

/** By what counts for the purpose: another priority of an MX, or another policy of DMARC, is a person's own choice and as good. */
export function judge(type: DnsWanted['type'], wanted: string, found: readonly string[]): DnsFound['state'] {
  if (type === 'MX') {
    const host = plain(wanted.split(' ')[1] ?? '');
    if (found.some((each) => plain(each.split(' ')[1] ?? '') === host)) return 'right';
    return found.length === 0 ? 'missing' : 'different';
  }
  if (type === 'SRV') {
    const end = (text: string): string => plain(text.split(' ').slice(2).join(' '));
    if (found.some((each) => end(each) === end(wanted))) return 'right';
    return found.length === 0 ? 'missing' : 'different';
  }
  if (type !== 'TXT') return found.length === 0 ? 'missing' : wanted === '' || found.includes(wanted) ? 'right' : 'different';
  const tag = /^v=(spf1|dkim1|dmarc1)\b/i.exec(wanted)?.[1]?.toLowerCase();
  const same = found.filter(
    (each) => tag === undefined || each.trim().toLowerCase().startsWith(`v=${tag}`) || (tag === 'dkim1' && /\bp=/.test(each)),
  );
  // RFC 7208 §3.2, RFC 7489 §6.6.3: with two there is none.
  if (same.length > 1 && tag !== undefined) return 'several';
  const [only] = same;
  if (only === undefined) return 'missing';
  if (tag === 'dmarc1') return 'right';
  const core = (text: string): string =>
    (tag === 'dkim1' ? (/\bp=([^;]*)/.exec(text)?.[1] ?? '') : text).replaceAll(/\s+/g, tag === 'dkim1' ? '' : ' ').trim();
  return core(only) === core(wanted) ? 'right' : 'different';
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
