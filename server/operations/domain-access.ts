/** Lists of senders' domains that are allowed or blocked for users with a tag. */
import { parseDomain } from '../mail/address.ts';
import type { Records } from '../store/records.ts';
import type { DomainAccessFields } from '../store/types-admin.ts';
import { InvalidInput, Refusal } from './refusal.ts';

export type DomainAccess = {
  readonly list: (tag: string, action: 'allow' | 'block') => Promise<{ id: string; domain: string; action: 'allow' | 'block' }[]>;
  /** A domain that is on the tag's other list changes over. */
  readonly add: (tag: string, action: 'allow' | 'block', domain: string) => Promise<string>;
  /** Refusal DomainNotFound. */
  readonly remove: (id: string) => Promise<void>;
  /** What the lists of these tags say of a sender's domain (or one above it); `allow` wins. */
  readonly judge: (tags: readonly string[], asciiDomain: string) => Promise<'allow' | 'block' | undefined>;
};

export function createDomainAccess(records: Records<DomainAccessFields>): DomainAccess {
  return {
    list: async (tag, action) => {
      const found = await records.find({ tagKey: tag.toLowerCase(), action }, { sort: { domain: 1 } });
      return found.map((one) => ({ id: one.id, domain: one.domainName, action: one.action }));
    },
    add: async (tag, action, text) => {
      const parsed = parseDomain(text);
      if (!parsed.ok) throw new InvalidInput('domain', 'must be a domain name');
      const { ascii: domain, unicode: domainName } = parsed.value;
      return (await records.upsert({ tagKey: tag.toLowerCase(), domain }, { set: { tag, action, domainName } })).id;
    },
    remove: async (id) => {
      if ((await records.delete({ id })) === 0) throw new Refusal('DomainNotFound', 'This domain is on no list');
    },
    judge: async (tags, asciiDomain) => {
      if (tags.length === 0) return undefined;
      const labels = asciiDomain.split('.');
      const domains = labels.map((_, at) => labels.slice(at).join('.'));
      const found = await records.find({ tagKey: { in: tags.map((tag) => tag.toLowerCase()) }, domain: { in: domains } });
      if (found.length === 0) return undefined;
      return found.some((one) => one.action === 'allow') ? 'allow' : 'block';
    },
  };
}
