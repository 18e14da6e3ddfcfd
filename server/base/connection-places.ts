/** How many connections a listener takes, in all and from one address. Pure counting. */
import { isLoopback } from './connection.ts';

export type BusyReason = 'too many connections' | 'too many connections from your address';

export type ListenerLimits = {
  readonly maxConnections: number;
  /** Per remote address (IPv6: per /64). Loopback counts only for the total: a web mail or a proxy on this machine speaks for many. */
  readonly maxConnectionsPerAddress: number;
};

export class ConnectionPlaces {
  readonly #limits: ListenerLimits;
  readonly #perAddress = new Map<string, number>();
  #taken = 0;

  constructor(limits: ListenerLimits) {
    this.#limits = limits;
  }

  /** Takes a place; the reason when there is none. `address` in normal form. */
  take(address: string): BusyReason | undefined {
    const key = limitKey(address);
    const present = this.#perAddress.get(key) ?? 0;
    if (this.#taken >= this.#limits.maxConnections) return 'too many connections';
    if (!isLoopback(key) && present >= this.#limits.maxConnectionsPerAddress) return 'too many connections from your address';
    this.#taken += 1;
    this.#perAddress.set(key, present + 1);
    return undefined;
  }

  /** Gives back a place that was taken. */
  release(address: string): void {
    const key = limitKey(address);
    this.#taken -= 1;
    const left = (this.#perAddress.get(key) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(key, left);
    else this.#perAddress.delete(key);
  }
}

/** IPv6 clients hold at least a /64: limits by single address would limit nobody. */
function limitKey(address: string): string {
  if (!address.includes(':') || isLoopback(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  if (tail !== undefined) {
    const after = tail.split(':').filter((group) => group !== '').length;
    while (groups.length + after < 8) groups.push('0');
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
