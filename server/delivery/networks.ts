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
