/** Domains: those of the addresses here, their DKIM keys and their aliases. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { type DnsFound, type DnsWanted, routes } from '../../../app/appliance/control/contract.ts';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';
import { requestJson } from '../../lib/request.ts';

const cursor = z.union([z.string(), z.literal(false)]);
const addresses = z.looseObject({ nextCursor: cursor, results: z.array(z.looseObject({ address: z.string() })) });
const keyEntry = z.looseObject({ id: z.string(), domain: z.string(), selector: z.string() });
const keys = z.looseObject({ nextCursor: cursor, results: z.array(keyEntry) });
const shownKey = keyEntry.extend({ dnsTxt: z.looseObject({ name: z.string(), value: z.string() }) });
export type DkimKey = z.output<typeof shownKey>;
const alias = z.looseObject({ id: z.string(), alias: z.string(), domain: z.string() });
export type DomainAlias = z.output<typeof alias>;
const aliases = z.looseObject({ results: z.array(alias) });

/** A household or office has few domains; looking through this many addresses finds them. */
const maxPages = 8;

export interface Domain {
  readonly name: string;
  readonly key: { readonly id: string; readonly selector: string } | undefined;
}

export const domainsQuery = queryOptions<readonly Domain[], Fault>({
  queryKey: ['domains'],
  queryFn: async ({ signal }) => {
    const names = new Set<string>();
    let next: string | undefined;
    for (let page = 0; page < maxPages; page += 1) {
      const found = await requestJson(addresses, 'GET', '/api/addresses', { query: { limit: 250, next }, signal });
      for (const { address } of found.results) names.add(address.slice(address.lastIndexOf('@') + 1).toLowerCase());
      if (found.nextCursor === false) break;
      next = found.nextCursor;
    }
    const { results } = await requestJson(keys, 'GET', '/api/dkim', { query: { limit: 250 }, signal });
    for (const { domain } of results) names.add(domain.toLowerCase());
    return [...names]
      .filter((name) => name !== '' && !name.includes('*'))
      .sort()
      .map((name) => ({ name, key: results.find(({ domain }) => domain.toLowerCase() === name) }));
  },
});

/** Looks again by itself now and then, so that a record that was entered just now turns right before one's eyes. */
export function dnsQuery(records: readonly DnsWanted[]) {
  return queryOptions<readonly DnsFound[], Fault>({
    queryKey: ['domains', 'dns', records],
    queryFn: async ({ signal }) => (await control(routes.checkDns, { body: { records: [...records] }, signal })).found,
    refetchInterval: 60_000,
    staleTime: 30_000,
  });
}

export function keyQuery(id: string) {
  return queryOptions<DkimKey, Fault>({
    queryKey: ['domains', 'key', id],
    queryFn: ({ signal }) => requestJson(shownKey, 'GET', `/api/dkim/${id}`, { signal }),
  });
}

/** The server makes the key; the selector says when. */
export async function makeKey(domain: string): Promise<void> {
  const selector = `mallard${new Date().toISOString().slice(0, 7).replace('-', '')}`;
  await requestJson(z.looseObject({}), 'POST', '/api/dkim', { body: { domain, selector } });
}

export async function removeKey(id: string): Promise<void> {
  await requestJson(z.looseObject({}), 'DELETE', `/api/dkim/${id}`);
}

export const aliasesQuery = queryOptions<readonly DomainAlias[], Fault>({
  queryKey: ['domains', 'aliases'],
  queryFn: async ({ signal }) =>
    (await requestJson(aliases, 'GET', '/api/domainaliases', { query: { limit: 250 }, signal })).results,
});

export async function addAlias(wanted: { alias: string; domain: string }): Promise<void> {
  await requestJson(z.looseObject({}), 'POST', '/api/domainaliases', { body: wanted });
}

export async function removeAlias(id: string): Promise<void> {
  await requestJson(z.looseObject({}), 'DELETE', `/api/domainaliases/${id}`);
}
