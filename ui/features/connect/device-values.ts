/** What must be typed into a mail program, from the state of the appliance. Pure. */
import type { Endpoint, Status } from '../../../app/appliance/control/contract.ts';
import { accountQr, type QrServer } from '../../../server/api/contract/account-qr.ts';
import type { Person } from '../../lib/people.ts';

export const clients = ['thunderbird', 'outlook', 'apple', 'android', 'printer', 'other'] as const;
export type ClientName = (typeof clients)[number];

/** What both the administrator and people at their own account know of the server. */
export type MailServer = Pick<Status, 'endpoints' | 'reachableAs'>;

export interface ServerValues {
  readonly server: string;
  readonly port: number;
  readonly tls: Endpoint['tls'];
}

export interface DeviceValues {
  readonly user: string;
  /** Undefined for devices that only send, and when no such service is on. */
  readonly incoming: ServerValues | undefined;
  readonly outgoing: ServerValues | undefined;
}

/** For each client what its password may be used for. */
export const scopesOf: Readonly<Record<ClientName, readonly string[]>> = {
  thunderbird: ['imap', 'smtp'],
  outlook: ['imap', 'smtp'],
  apple: ['imap', 'smtp'],
  android: ['imap', 'smtp'],
  printer: ['smtp'],
  other: ['imap', 'pop3', 'smtp'],
};

const loopback = /^(localhost|127\.|\[?::1\]?$)/;

/** The names that other devices can use; the page's own address when it is not this computer's inside one. */
export function serverNames(status: MailServer, pageHost: string): readonly string[] {
  const own = loopback.test(pageHost) ? [] : [pageHost];
  const names = [...new Set([...own, ...(status.reachableAs ?? [])])];
  return names.length > 0 ? names : [pageHost];
}

/** Encryption from the start is preferred: it has no moment in which a password could travel open. */
export function deviceValues(
  status: MailServer,
  person: Pick<Person, 'username' | 'address'>,
  client: ClientName,
  server: string,
): DeviceValues {
  const pick = (...names: readonly string[]): ServerValues | undefined => {
    for (const name of names) {
      const endpoint = status.endpoints[name];
      if (endpoint !== undefined) return { server, port: endpoint.port, tls: endpoint.tls };
    }
    return undefined;
  };
  return {
    user: person.username,
    incoming: client === 'printer' ? undefined : pick('imaps', 'imap', 'pop3s', 'pop3'),
    outgoing: pick('submissions', 'submission'),
  };
}

/** What Thunderbird for Android scans. Undefined where it could not both read and send, or the address has letters that the format does not take. */
export function thunderbirdQr(
  status: MailServer,
  person: Pick<Person, 'username' | 'address' | 'name'>,
  { user, incoming, outgoing }: DeviceValues,
  password: string | undefined,
): string | undefined {
  const address = person.address ?? person.username;
  if (incoming === undefined || outgoing === undefined || !/^[\u0021-\u007e]+@[\u0021-\u007e]+$/.test(address)) return undefined;
  const server = ({ server: host, port, tls }: ServerValues): QrServer => ({ host, port, security: tls });
  const protocol: 'imap' | 'pop3' =
    status.endpoints['imaps'] === undefined && status.endpoints['imap'] === undefined ? 'pop3' : 'imap';
  const account = { protocol, incoming: server(incoming), outgoing: server(outgoing), username: user, address };
  return accountQr({ ...account, password, name: person.name ?? '' });
}
