/**
 * Whose mail is wanted and whose is not: lists of the whole installation and of each user, and domains for users with a tag. The installation's word is
 * final; then the user's own list counts before the tags'. On one list, what is allowed is not blocked.
 */
import { BlockList, isIP } from 'node:net';
import { LruCache } from '../base/lru.ts';
import { parseAddress, parseDomain } from '../mail/address.ts';
import type { UserId } from '../mail/ids.ts';
import type { Records, Stored } from '../store/records.ts';
import type { UserFields } from '../store/types-accounts.ts';
import type { SenderRuleFields } from '../store/types-admin.ts';
import type { Page, PageRequest } from '../store/types-page.ts';
import type { DomainAccess } from './domain-access.ts';
import { InvalidInput, Refusal } from './refusal.ts';

export type SenderRule = Stored<SenderRuleFields>;
export type SenderVerdict = 'allow' | 'block' | undefined;

export type SenderLists = {
  /** `owner`: a user, or undefined for the installation. */
  readonly page: (owner: string | undefined, query: string | undefined, request: PageRequest) => Promise<Page<SenderRule>>;
  /** An address, a domain (with all below it), or, for the installation, an IP address or network. What is on the other list changes over. */
  readonly add: (owner: string | undefined, action: 'allow' | 'block', sender: string) => Promise<string>;
  /** Refusal NotFound. */
  readonly remove: (owner: string | undefined, id: string) => Promise<void>;
  /** What the lists say of mail from these addresses (envelope, From) or this IP address. `user` undefined: the installation's lists alone. */
  readonly judge: (user: UserId | undefined, senders: readonly string[], ip?: string) => Promise<SenderVerdict>;
};

const FRESH_MS = 2_000;
const MAX_OF_USER = 2_000;
const MAX_OF_ALL = 50_000;

type Book = {
  readonly senders: ReadonlyMap<string, 'allow' | 'block'>;
  readonly networks: readonly { readonly list: BlockList; readonly action: 'allow' | 'block' }[];
};

export function createSenderLists(parts: {
  readonly rules: Records<SenderRuleFields>;
  readonly users: Pick<Records<UserFields>, 'get'>;
  readonly access: DomainAccess;
}): SenderLists {
  const { rules, users, access } = parts;
  const known = new LruCache<string, { book: Book; tags: readonly string[]; atMs: number }>(10_000);

  const bookOf = async (owner: string): Promise<{ book: Book; tags: readonly string[] }> => {
    const cached = known.get(owner);
    if (cached !== undefined && Date.now() - cached.atMs < FRESH_MS) return cached;
    const limit = owner === '' ? MAX_OF_ALL : MAX_OF_USER;
    const [found, user] = await Promise.all([rules.find({ owner }, { limit }), owner === '' ? undefined : users.get(owner)]);
    const fresh = { book: toBook(found), tags: user?.tagKeys ?? [], atMs: Date.now() };
    known.set(owner, fresh);
    return fresh;
  };

  return {
    page: (owner, query, request) =>
      rules.page({ owner: owner ?? '', ...(query === undefined ? {} : { sender: { contains: query } }) }, request),
    add: async (owner, action, text) => {
      const sender = normalized(text, owner === undefined);
      const max = owner === undefined ? MAX_OF_ALL : MAX_OF_USER;
      if ((await rules.count({ owner: owner ?? '' })) >= max) throw new Refusal('TooMany', `A list has at most ${max} entries`);
      const { id } = await rules.upsert({ owner: owner ?? '', sender }, { set: { action } });
      known.delete(owner ?? '');
      return id;
    },
    remove: async (owner, id) => {
      if ((await rules.delete({ id, owner: owner ?? '' })) === 0) throw new Refusal('NotFound', 'This sender is on no list');
      known.delete(owner ?? '');
    },
    judge: async (user, senders, ip) => {
      const candidates = senders.flatMap(namesOf);
      const all = (await bookOf('')).book;
      const ofAll = verdictOf(all, candidates, ip);
      if (ofAll === 'block' || user === undefined) return ofAll;
      const { book, tags } = await bookOf(user);
      const own = verdictOf(book, candidates, undefined);
      if (own !== undefined) return own;
      if (tags.length > 0)
        for (const domain of new Set(senders.flatMap(domainOf))) {
          const tagged = await access.judge(tags, domain);
          if (tagged !== undefined) return tagged;
        }
      return ofAll;
    },
  };
}

function toBook(found: readonly SenderRule[]): Book {
  const senders = new Map<string, 'allow' | 'block'>();
  const networks: { list: BlockList; action: 'allow' | 'block' }[] = [];
  for (const { sender, action } of found) {
    const [address = '', bits] = sender.split('/');
    const version = isIP(address);
    if (version === 0) {
      senders.set(sender, action);
      continue;
    }
    const list = new BlockList();
    list.addSubnet(address, bits === undefined ? (version === 6 ? 128 : 32) : Number(bits), version === 6 ? 'ipv6' : 'ipv4');
    networks.push({ list, action });
  }
  return { senders, networks };
}

function verdictOf({ senders, networks }: Book, candidates: readonly string[], ip: string | undefined): SenderVerdict {
  const found = candidates.flatMap((name) => senders.get(name) ?? []);
  if (ip !== undefined)
    for (const { list, action } of networks) if (list.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4')) found.push(action);
  return found.includes('allow') ? 'allow' : found[0];
}

/** The address itself, its domain, and every domain above. */
function namesOf(address: string): readonly string[] {
  const parsed = parseAddress(address);
  if (!parsed.ok) return [];
  const labels = parsed.value.asciiDomain.split('.');
  return [keyOf(parsed.value), ...labels.map((_, at) => labels.slice(at).join('.'))];
}

function domainOf(address: string): readonly string[] {
  const parsed = parseAddress(address);
  return parsed.ok ? [parsed.value.asciiDomain] : [];
}

/** With its label: `shop+offers@` is not `shop@`. */
function keyOf({ localPart, asciiDomain }: { readonly localPart: string; readonly asciiDomain: string }): string {
  return `${localPart.toLowerCase()}@${asciiDomain}`;
}

function normalized(text: string, mayBeNetwork: boolean): string {
  const plain = text.trim().replace(/^(?:\*?@|\*\.)/, '');
  const [address = '', bits, more] = plain.split('/');
  const version = isIP(address);
  if (version !== 0) {
    if (!mayBeNetwork) throw new InvalidInput('sender', 'IP addresses are for the list of the whole server');
    const width = version === 6 ? 128 : 32;
    if (more !== undefined || (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > width)))
      throw new InvalidInput('sender', 'must be an address, a domain, or an IP network such as 192.0.2.0/24');
    return plain.toLowerCase();
  }
  if (plain.includes('@')) {
    const parsed = parseAddress(plain);
    if (parsed.ok) return keyOf(parsed.value);
  } else {
    const parsed = parseDomain(plain);
    if (parsed.ok) return parsed.value.ascii;
  }
  throw new InvalidInput('sender', 'must be an address or a domain');
}
