/** The settings of mail flow as the worker's configuration has them: the way out, devices, and what judges mail from outside. */
import type { PartialConfig } from '../../server/config/schema.ts';
import type { Settings } from './settings/store.ts';

type Part<Name extends keyof PartialConfig> = NonNullable<PartialConfig[Name]>;

export function outbound(settings: Settings): Part<'outbound'> {
  const host = settings.get('outbound.relay.host');
  const username = settings.get('outbound.relay.username');
  const password = settings.get('outbound.relay.password');
  const catchAddress = settings.get('outbound.catchAddress');
  const hostname = settings.get('outbound.hostname');
  return {
    mode: settings.get('outbound.mode'),
    ipVersion: settings.get('outbound.ipVersion'),
    ...(hostname === '' ? {} : { hostname }),
    ...(catchAddress === '' ? {} : { catchAddress }),
    ...(host === ''
      ? {}
      : {
          relay: {
            host,
            port: settings.get('outbound.relay.port'),
            tls: settings.get('outbound.relay.tls'),
            ...(username === '' ? {} : { username, password }),
          },
        }),
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
