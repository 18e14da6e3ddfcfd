/** Which device an address belongs to: the most exact network wins. */
import { BlockList, isIPv6 } from 'node:net';
import type { Device } from '../../delivery/mail-flow.ts';

export type DeviceList = { readonly at: (address: string) => Device | undefined };

export function createDeviceList(devices: readonly Device[]): DeviceList {
  const entries = devices
    .flatMap((device) => device.networks.map((network) => ({ device, ...parseNetwork(network) })))
    .sort((a, b) => b.bits - a.bits);
  return {
    at: (address) => {
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      return entries.find(({ list }) => list.check(address, family))?.device;
    },
  };
}

/** `bits` counts from the least exact, the same for both families: 128 is one address. */
function parseNetwork(network: string): { readonly list: BlockList; readonly bits: number } {
  const [address = '', prefix] = network.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const width = family === 'ipv6' ? 128 : 32;
  const bits = prefix === undefined ? width : Number(prefix);
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return { list, bits: bits + 128 - width };
}
