/**
 * Where mail for a domain goes: MX records with their order, addresses where there are none, or a relay (RFC 5321 §5.1, RFC 7505). Answers are plain lists
 * of hosts to try; nothing here connects.
 */
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Config } from '../../config/schema.ts';

/** `permanent`: trying again will not help. */
export class RouteFault extends Error {
  readonly permanent: boolean;
  readonly enhanced: string;

  constructor(permanent: boolean, enhanced: string, message: string) {
    super(message);
    this.permanent = permanent;
    this.enhanced = enhanced;
  }
}

export type Host = {
  /** Name for EHLO checks and certificates. */
  readonly name: string;
  readonly addresses: readonly string[];
};

export type Relay = NonNullable<Config['outbound']['relay']>;

export type Route = { readonly kind: 'direct' } | { readonly kind: 'relay'; readonly relay: Relay };

/** The first route that fits, then the mode. Domains are compared in ASCII form. */
export function chooseRoute(outbound: Config['outbound'], senderDomain: string, recipientDomain: string): Route {
  for (const { senderDomain: from, recipientDomain: to, relay } of outbound.routes) {
    if ((from === undefined || covers(from, senderDomain)) && (to === undefined || covers(to, recipientDomain))) {
      return relay === 'direct' ? { kind: 'direct' } : { kind: 'relay', relay };
    }
  }
  if (outbound.mode === 'relay') {
    if (outbound.relay === undefined) throw new RouteFault(false, '4.3.5', 'No relay is configured');
    return { kind: 'relay', relay: outbound.relay };
  }
  return { kind: 'direct' };
}

function covers(pattern: string, domain: string): boolean {
  const wanted = pattern.toLowerCase();
  return wanted.startsWith('.') ? domain.endsWith(wanted) : domain === wanted;
}

export type Dns = {
  readonly resolveMx: (name: string) => Promise<readonly { readonly priority: number; readonly exchange: string }[]>;
  readonly resolve4: (name: string) => Promise<readonly string[]>;
  readonly resolve6: (name: string) => Promise<readonly string[]>;
};

export function createResolver(servers: readonly string[]): Resolver {
  const resolver = new Resolver({ timeout: 5_000, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  return resolver;
}

const MAX_HOSTS = 8;
const MAX_ADDRESSES = 4;

export type HostOptions = {
  readonly dns: Dns;
  readonly ipVersion: 'any' | 'ipv4' | 'ipv6';
  /** Our own name: hosts that are no better than we are would send it back to us. */
  readonly ownName: string;
  readonly random: () => number;
};

/** The hosts for a domain or address literal, in the order to try. Throws RouteFault. */
export async function findHosts(domain: string, options: HostOptions): Promise<readonly Host[]> {
  if (domain.startsWith('[')) {
    const address = domain.slice(1, -1).replace(/^IPv6:/i, '');
    if (isIP(address) === 0) throw new RouteFault(true, '5.1.2', `${domain} is no address`);
    return [{ name: address, addresses: [address] }];
  }
  const names = await exchangers(domain, options);
  const hosts: Host[] = [];
  let failure: RouteFault | undefined;
  for (const name of names.slice(0, MAX_HOSTS)) {
    try {
      const addresses = await findAddresses(name, options);
      if (addresses.length > 0) hosts.push({ name, addresses: addresses.slice(0, MAX_ADDRESSES) });
    } catch (error) {
      if (!(error instanceof RouteFault)) throw error;
      failure ??= error;
    }
  }
  if (hosts.length > 0) return hosts;
  throw failure ?? new RouteFault(true, '5.1.2', `${domain} has no mail server with an address`);
}

async function exchangers(domain: string, options: HostOptions): Promise<readonly string[]> {
  let records: readonly { priority: number; exchange: string }[];
  try {
    records = await options.dns.resolveMx(domain);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENODATA') return [domain];
    // No such domain: but some name servers answer so for MX alone.
    if (code === 'ENOTFOUND') {
      const addresses = await findAddresses(domain, options);
      if (addresses.length > 0) return [domain];
      throw new RouteFault(true, '5.1.2', `There is no domain ${domain}`);
    }
    throw new RouteFault(false, '4.4.3', `The mail servers of ${domain} can't be looked up (${code})`);
  }
  if (records.length === 0) return [domain];
  // RFC 7505: a single MX with the root as its name says that the domain takes no mail.
  if (records.length === 1 && (records[0]?.exchange === '' || records[0]?.exchange === '.')) {
    throw new RouteFault(true, '5.1.10', `${domain} takes no mail`);
  }
  const ours = records.filter(({ exchange }) => exchange.toLowerCase() === options.ownName.toLowerCase());
  const limit = Math.min(...ours.map(({ priority }) => priority), Number.POSITIVE_INFINITY);
  const better = records.filter(({ priority, exchange }) => priority < limit && exchange !== '' && exchange !== '.');
  if (better.length === 0) throw new RouteFault(true, '5.4.6', `Mail for ${domain} would come back to this server`);
  return better
    .map(({ priority, exchange }) => ({ priority, exchange, tie: options.random() }))
    .sort((a, b) => a.priority - b.priority || a.tie - b.tie)
    .map(({ exchange }) => exchange.toLowerCase());
}

/** IPv6 first, as RFC 6724 has it; a family that fails is left out when the other one answers. */
export async function findAddresses(name: string, options: HostOptions): Promise<readonly string[]> {
  if (isIP(name) !== 0) return [name];
  if (name === 'localhost') return options.ipVersion === 'ipv6' ? ['::1'] : ['127.0.0.1'];
  const wanted = [
    ...(options.ipVersion === 'ipv4' ? [] : [options.dns.resolve6(name)]),
    ...(options.ipVersion === 'ipv6' ? [] : [options.dns.resolve4(name)]),
  ];
  const results = await Promise.allSettled(wanted);
  const addresses = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  if (addresses.length > 0) return addresses;
  const broken = results.find((result) => result.status === 'rejected' && !isAbsent(codeOf(result.reason)));
  if (broken?.status === 'rejected')
    throw new RouteFault(false, '4.4.3', `${name} can't be looked up (${codeOf(broken.reason)})`);
  return [];
}

function isAbsent(code: string): boolean {
  return code === 'ENOTFOUND' || code === 'ENODATA';
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
