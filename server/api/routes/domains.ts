/** Alias domains, lists of domains, DKIM keys, DNS records. */
import { parseDomain } from '../../mail/address.ts';
import type { DkimKeyView } from '../../operations/dkim-keys.ts';
import { InvalidInput } from '../../operations/refusal.ts';
import { type ApiContext, defined, type Route, route } from '../context.ts';
import { portsOf } from '../client-setup.ts';
import { recordsOf, zoneFile } from '../contract/dns-records.ts';
import { dkim, dnsRecords, domainAccess, domainAliases } from '../contract/domains.ts';
import { refuse } from '../faults.ts';

export function domainRoutes({ store, config }: ApiContext): Route[] {
  const { aliases, access } = store.domains;
  const keys = store.flow.dkim;
  const listed = (one: { readonly id: string; readonly aliasName: string; readonly domainName: string }) => ({
    id: one.id,
    alias: one.aliasName,
    domain: one.domainName,
  });

  return [
    route(domainAliases.list, async ({ input }) => {
      const { query, limit, next, previous, page } = input;
      const found = await aliases.page(query, { limit, next, previous });
      return { success: true, ...defined({ query }), page, ...found, results: found.results.map(listed) };
    }),
    route(domainAliases.create, async ({ input }) => ({ success: true, id: await aliases.create(input.alias, input.domain) })),
    route(domainAliases.resolve, async ({ input }) => ({ success: true, id: (await aliases.resolve(input.alias)).id })),
    route(domainAliases.get, async ({ input }) => {
      const found = await aliases.get(input.alias);
      return { success: true, ...listed(found), created: found.created.toISOString() };
    }),
    route(domainAliases.remove, async ({ input }) => {
      await aliases.remove(input.alias);
      return { success: true };
    }),
    ...(['allow', 'block'] as const).flatMap((action) => [
      route(domainAccess[action].list, async ({ input }) => ({ success: true, results: await access.list(input.tag, action) })),
      route(domainAccess[action].create, async ({ input }) => ({
        success: true,
        id: await access.add(input.tag, action, input.domain),
      })),
    ]),
    route(domainAccess.remove, async ({ input }) => {
      await access.remove(input.domain);
      return { success: true, deleted: input.domain };
    }),
    route(dkim.list, async ({ input }) => {
      const { query, limit, next, previous, page } = input;
      const found = await keys.page(query, { limit, next, previous });
      const results = found.results.map((one) => ({ ...keyBody(one), created: one.created.toISOString() }));
      return { success: true, ...defined({ query }), page, ...found, results };
    }),
    route(dkim.put, async ({ input }) => {
      const { domain, selector, description, privateKey } = input;
      return { success: true, ...withDns(await keys.put({ domain, selector, description, privateKey })) };
    }),
    route(dkim.rotate, async ({ input }) => ({ success: true, results: (await keys.rotate(input.domain)).map(withDns) })),
    route(dkim.resolve, async ({ input }) => ({ success: true, id: (await keys.resolve(input.domain)) ?? noKey() })),
    route(dkim.get, async ({ input }) => {
      const found = (await keys.get(input.dkim)) ?? noKey();
      return { success: true, ...withDns(found), created: found.created.toISOString() };
    }),
    route(dnsRecords, async ({ input }) => {
      const parsed = parseDomain(input.domain);
      if (!parsed.ok) throw new InvalidInput('domain', 'This is no domain');
      const domain = parsed.value.ascii;
      const found = await keys.page(domain, { limit: 250 });
      const dkimTexts = found.results.filter((one) => one.domain === domain).map((one) => one.dnsTxt);
      const records = recordsOf({ domain, server: config.hostname, dkim: dkimTexts, ports: portsOf(config) });
      return { success: true, domain, records, zone: zoneFile(records) };
    }),
    route(dkim.remove, async ({ input }) => {
      if (!(await keys.remove(input.dkim))) noKey();
      return { success: true };
    }),
  ];
}

function noKey(): never {
  throw refuse('DkimNotFound', 'This DKIM key does not exist');
}

function keyBody({ id, domain, selector, description, fingerprint, state, until }: DkimKeyView) {
  return { id, domain, selector, description, fingerprint, state, ...defined({ until: until?.toISOString() }) };
}

function withDns(key: DkimKeyView) {
  return { ...keyBody(key), publicKey: key.publicKey, dnsTxt: { ...key.dnsTxt } };
}
