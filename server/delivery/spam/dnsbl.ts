/** DNS block lists (RFC 5782): is this address on one. An answer is remembered for a while; a list that does not answer lists nobody. */
import { isIPv4 } from 'node:net';
import { LruCache } from '../../base/lru.ts';
import type { Logger } from '../../base/log.ts';

export type BlockListSetting = { readonly zone: string; readonly action: 'reject' | 'junk'; readonly answers: readonly string[] };

export type Listing = {
  readonly zone: string;
  readonly action: 'reject' | 'junk' /** The list's own words, may be empty. */;
  readonly reason: string;
};

export type BlockLists = {
  /** The listing with the hardest action, undefined when no list has the address. Never throws. */
  readonly find: (address: string) => Promise<Listing | undefined>;
};

export type BlockListDns = {
  readonly resolve4: (name: string) => Promise<readonly string[]>;
  readonly resolveTxt: (name: string) => Promise<readonly (readonly string[])[]>;
};

export type BlockListOptions = {
  readonly lists: readonly BlockListSetting[];
  readonly dns: BlockListDns;
  readonly log: Logger;
  readonly now?: () => number;
  readonly timeoutMs?: number;
};

const FRESH_MS = 5 * 60_000;
const REMEMBERED = 10_000;
const DEFAULT_TIMEOUT_MS = 5_000;

export function createBlockLists({
  lists,
  dns,
  log,
  now = Date.now,
  timeoutMs = DEFAULT_TIMEOUT_MS,
}: BlockListOptions): BlockLists {
  const known = new LruCache<string, { found: Listing | undefined; atMs: number }>(REMEMBERED);

  async function ask(list: BlockListSetting, address: string): Promise<Listing | undefined> {
    const name = `${reverseName(address)}.${list.zone}`;
    try {
      const answers = await withTimeout(dns.resolve4(name), timeoutMs);
      if (!answers.some((answer) => counts(list, answer))) return undefined;
      const texts = await withTimeout(dns.resolveTxt(name), timeoutMs).catch(() => []);
      return { zone: list.zone, action: list.action, reason: texts[0]?.join('').slice(0, 200) ?? '' };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTFOUND' && code !== 'ENODATA')
        log.info('a block list does not answer', { zone: list.zone, reason: code ?? 'timeout' });
      return undefined;
    }
  }

  return {
    find: async (address) => {
      if (lists.length === 0 || isPrivate(address)) return undefined;
      const recent = known.get(address);
      if (recent !== undefined && now() - recent.atMs < FRESH_MS) return recent.found;
      const listings = (await Promise.all(lists.map((list) => ask(list, address)))).filter((listing) => listing !== undefined);
      const found = listings.find(({ action }) => action === 'reject') ?? listings[0];
      known.set(address, { found, atMs: now() });
      return found;
    },
  };
}

/** 127.255.255.x means that the list refuses to answer us (a public resolver, too many questions), not that the address is listed. */
function counts({ answers }: BlockListSetting, answer: string): boolean {
  if (answers.length > 0) return answers.includes(answer);
  return answer.startsWith('127.') && !answer.startsWith('127.255.255.');
}

/** RFC 5782 §2.1, §2.4: octets or nibbles from the end. */
export function reverseName(address: string): string {
  if (isIPv4(address)) return address.split('.').reverse().join('.');
  const [head = '', tail] = address.split('::');
  const groups = (text: string | undefined): string[] => (text ?? '').split(':').filter((group) => group !== '');
  const before = groups(head);
  const after = groups(tail);
  const all = [...before, ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0'), ...after];
  const nibbles = all.map((group) => group.padStart(4, '0')).join('');
  return nibbles.split('').reverse().join('.');
}

/** Nobody lists the addresses of a LAN. */
export function isPrivate(address: string): boolean {
  return /^(?:127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|::1$|fe[89ab][0-9a-f]:|f[cd][0-9a-f]{2}:)/i.test(
    address,
  );
}

function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('timeout')), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
