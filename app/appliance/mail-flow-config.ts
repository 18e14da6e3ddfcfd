/** The settings of mail flow as the worker's configuration has them: the way out, devices, and what judges mail from outside. */
import type { PartialConfig } from '../../server/config/schema.ts';
import type { Settings } from './settings/store.ts';

type Part<Name extends keyof PartialConfig> = NonNullable<PartialConfig[Name]>;

export function outbound(settings: Settings): Part<'outbound'> {
  const host = settings.get('outbound.relay.host');
  const username = settings.get('outbound.relay.username');
  const password = settings.get('outbound.relay.password');
  const relay: Relay | undefined =
    host === ''
      ? undefined
      : {
          host,
          port: settings.get('outbound.relay.port'),
          tls: settings.get('outbound.relay.tls'),
          ...(username === '' ? {} : { username, password }),
        };
  const catchAddress = settings.get('outbound.catchAddress');
  const hostname = settings.get('outbound.hostname');
  return {
    mode: settings.get('outbound.mode'),
    ipVersion: settings.get('outbound.ipVersion'),
    ...(hostname === '' ? {} : { hostname }),
    ...(catchAddress === '' ? {} : { catchAddress }),
    ...(relay === undefined ? {} : { relay }),
    // A route by the relay, where none is set, would send nowhere.
    routes: settings.get('outbound.routes').flatMap((line) => routeOf(line, relay) ?? []),
    webForwards: settings.get('outbound.webForwards'),
  };
}

type Routes = NonNullable<Part<'outbound'>['routes']>;
type Relay = NonNullable<Part<'outbound'>['relay']>;

/** `DOMAIN WAY` or `from:DOMAIN WAY`; the way is `direct`, `relay`, or HOST[:PORT] [NAME PASSWORD]. */
function routeOf(line: string, relay: Relay | undefined): Routes[number] | undefined {
  const [domain = '', way = '', username, password] = line.split(' ');
  const of = /^from:/i.test(domain) ? { senderDomain: domain.slice(5) } : { recipientDomain: domain };
  if (way === 'direct') return { ...of, relay: 'direct' };
  if (way === 'relay') return relay === undefined ? undefined : { ...of, relay };
  const [, host = '', port = '587'] = /^(.*?)(?::(\d+))?$/.exec(way) ?? [];
  const login = username === undefined || password === undefined ? {} : { username, password };
  const tls = port === '465' ? 'implicit' : port === '25' && username === undefined ? 'opportunistic' : 'required';
  return { ...of, relay: { host, port: Number(port), tls, ...login } };
}

/** `DOMAIN POLICY`, `* POLICY` for all others. */
export function checks(settings: Settings): NonNullable<Part<'smtp'>['checks']> {
  const policies = settings.get('smtp.dmarc').map((line) => line.split(' ') as [string, 'enforce' | 'quarantine' | 'ignore']);
  const all = policies.find(([domain]) => domain === '*')?.[1];
  return {
    enabled: settings.get('smtp.checks'),
    ...(all === undefined ? {} : { dmarc: all }),
    dmarcByDomain: Object.fromEntries(
      policies.filter(([domain]) => domain !== '*').map(([domain, policy]) => [domain.toLowerCase(), policy]),
    ),
  };
}

/** `NETWORK SENDER [RECIPIENTS AN HOUR]`. */
export function devices(settings: Settings): NonNullable<Part<'smtp'>['devices']> {
  return settings.get('smtp.devices').map((line) => {
    const [network = '', sender = '', perHour] = line.split(' ');
    return { name: network, networks: [network], sender, ...(perHour === undefined ? {} : { maxPerHour: Number(perHour) }) };
  });
}

export function spam(settings: Settings): Part<'spam'> {
  const rspamd = settings.get('spam.rspamd.url');
  const clamav = settings.get('spam.clamav.host');
  return {
    dnsbl: settings.get('spam.dnsbl').map((zone) => ({ zone })),
    greylist: { enabled: settings.get('spam.greylist') },
    learning: { enabled: settings.get('spam.learning') },
    ...(rspamd === '' ? {} : { rspamd: { url: rspamd } }),
    ...(clamav === '' ? {} : { clamav: { host: clamav, port: settings.get('spam.clamav.port') } }),
  };
}
