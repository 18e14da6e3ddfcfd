/** IP addresses and networks of a setting, to ask whether an address is in one. */
import { BlockList, isIP } from 'node:net';

export function createNetworks(list: readonly string[]): (ip: string) => boolean {
  const block = new BlockList();
  for (const network of list) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) block.addAddress(address, family);
    else block.addSubnet(address, Number(bits), family);
  }
  return (ip) => block.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Whether an address is this machine's, its networks', or of those by which clouds tell their machines: what users could reach through the server, and should
 * not. Also what lookups give for "here": 0.0.0.0. IPv4 in the clothes of IPv6 is judged as IPv4.
 */
export const isInside = createNetworks([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
  '::/127',
  'fc00::/7',
  'fe80::/10',
]);
