/**
 * By which names and addresses clients on the LAN reach this computer: what the certificate must say.
 */
import { type NetworkInterfaceInfo, hostname, networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { announcedTypes } from '../announce/services.ts';

export interface CertificateNames {
  /** Host names in ASCII form, the server's own first. */
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/** A certificate with hundreds of names is refused by some clients; a server with more addresses than this is named by host name. */
const maxAddresses = 50;

/**
 * @param configured names from the settings, the greeting's first; empty ones are ignored
 */
export function certificateNames(
  configured: readonly string[],
  computer: string = hostname(),
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): CertificateNames {
  const own = computer.toLowerCase();
  const short = own.split('.')[0] ?? '';
  const names = [
    ...configured,
    own,
    ...(short === '' ? [] : [`${short}.local`, ...announcedTypes.map((type) => announcedHost(computer, type))]),
    'localhost',
  ];
  const dns = names
    .map((name) => domainToASCII(name.trim().replace(/\.$/, '')))
    .filter((name) => name !== '' && isIP(name) === 0);
  return { dns: [...new Set(dns)], ip: [...new Set(['127.0.0.1', '::1', ...lanAddresses(interfaces)])] };
}

/**
 * The name under which a service is announced on the LAN. Not the computer's own `NAME.local`: that one the system announces, and two who answer for one name would
 * quarrel (RFC 6762 §9). The responder takes two services of one host for such a quarrel too, so each has its own, and the one that people type, of the pages, is the shortest.
 */
export function announcedHost(computer: string, type: string): string {
  const own = `mallard-${computer.toLowerCase().split('.')[0] ?? ''}`;
  return type === 'http' ? `${own}.local` : `${own}-${type}.local`;
}

/**
 * The addresses that other computers can use. Of IPv6 only unique local addresses (fd00::/8): link-local ones are not for certificates, and
 * global ones change daily where privacy addresses are on, which would make a new certificate every day.
 */
export function lanAddresses(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces()): string[] {
  const all = Object.values(interfaces).flatMap((each) => each ?? []);
  const wanted = all.filter(
    (each) => !each.internal && (each.family === 'IPv4' ? !each.address.startsWith('169.254.') : /^fd/i.test(each.address)),
  );
  return wanted.map((each) => each.address).slice(0, maxAddresses);
}
