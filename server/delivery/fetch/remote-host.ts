/** Where an account's server is, and whether this server may ask it: not itself, and not what stands in this house unless that is allowed. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Config, ServiceName } from '../../config/schema.ts';
import { isInside } from '../networks.ts';
import { FetchFault } from './failure.ts';

export type HostPolicy = { readonly allowPrivate: boolean; readonly ownPorts: ReadonlySet<number> };

const OWN_SERVICES: readonly ServiceName[] = ['imap', 'imaps', 'pop3', 'pop3s'];

export function hostPolicyOf(config: Config): HostPolicy {
  const ports = OWN_SERVICES.filter((name) => config.services[name].enabled !== false).map((name) => config.services[name].port);
  return { allowPrivate: config.fetch.allowPrivate, ownPorts: new Set(ports) };
}

/** The address to connect to. The name is looked up once, so that what was judged is what is asked. Throws FetchFault `dns`, `self`, `private`. */
export async function locate(host: string, port: number, policy: HostPolicy): Promise<string> {
  const addresses = isIP(host) === 0 ? await addressesOf(host) : [host];
  if (policy.ownPorts.has(port) && addresses.some(isOwn)) {
    throw new FetchFault('self', 'This is the server itself: its mail is here already');
  }
  const allowed = policy.allowPrivate ? addresses : addresses.filter((address) => !isInside(address));
  const [first] = allowed;
  if (first === undefined) {
    throw new FetchFault(
      'private',
      'The server is in this network, from which fetching is not allowed (setting fetch.allowPrivate)',
    );
  }
  return first;
}

async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new FetchFault('dns', `There is no server ${host}`, { cause: error });
  }
}

function isOwn(address: string): boolean {
  if (/^127\.|^::1$/.test(address)) return true;
  return Object.values(networkInterfaces()).some((list) => list?.some((one) => one.address === address));
}
