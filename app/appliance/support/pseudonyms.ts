/**
 * Takes people out of a support bundle: addresses, names of users and Internet addresses become pseudonyms that are the same wherever they stand, so that a
 * message can still be followed. The key is thrown away with the bundle: nobody can try names against it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

const addressShape = /[\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[\p{L}\p{N}_-]{1,63}\.){0,8}[\p{L}\p{N}_-]{1,63}/gu;
const ipShape = /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})(?![\w.:])/gi;
/** Networks that are the same everywhere tell nothing of anybody. */
const ownNetworks = /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|0\.0\.0\.0$|255\.|::1?$|fe80:|f[cd])/i;

export class Pseudonyms {
  readonly #key = randomBytes(32);
  /** Names without an @ that would not be found by their shape, the longest first. */
  readonly #names: readonly string[];

  /** @param names user names and host names, known from elsewhere */
  constructor(names: readonly string[] = []) {
    this.#names = [...new Set(names.map((name) => name.toLowerCase()).filter((name) => name.length >= 3))].sort(
      (a, b) => b.length - a.length,
    );
  }

  text(given: string): string {
    let masked = given.replace(addressShape, (address) => this.#address(address));
    masked = masked.replace(ipShape, (ip) => (isIP(ip) === 0 || ownNetworks.test(ip) ? ip : `ip-${this.#tag(ip)}`));
    for (const name of this.#names) {
      if (!masked.toLowerCase().includes(name)) continue;
      masked = masked.replace(
        new RegExp(`(?<![\\p{L}\\p{N}])${escaped(name)}(?![\\p{L}\\p{N}])`, 'giu'),
        `name-${this.#tag(name)}`,
      );
    }
    return masked;
  }

  #address(address: string): string {
    const at = address.lastIndexOf('@');
    return `user-${this.#tag(address.slice(0, at))}@domain-${this.#tag(address.slice(at + 1))}`;
  }

  #tag(text: string): string {
    return createHmac('sha256', this.#key).update(text.toLowerCase()).digest('hex').slice(0, 6);
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
