/** Alias domains: every address at one domain is at another as well. */
import { parseDomain } from '../mail/address.ts';
import { DuplicateRecord, type Records, type Stored } from '../store/records.ts';
import type { DomainAliasFields } from '../store/types-accounts.ts';
import type { Page, PageRequest } from '../store/types-page.ts';
import { InvalidInput, Refusal } from './refusal.ts';

export type DomainAlias = Stored<DomainAliasFields>;

export type DomainAliases = {
  readonly page: (query: string | undefined, request: PageRequest) => Promise<Page<DomainAlias>>;
  /** Refusals: AliasExists, InputValidationError. */
  readonly create: (alias: string, domain: string) => Promise<string>;
  /** Refusal AliasNotFound, as for the others. */
  readonly get: (id: string) => Promise<DomainAlias>;
  readonly resolve: (alias: string) => Promise<DomainAlias>;
  readonly remove: (id: string) => Promise<void>;
};

export function createDomainAliases(records: Records<DomainAliasFields>): DomainAliases {
  const missing = (): never => {
    throw new Refusal('AliasNotFound', 'This alias domain does not exist');
  };
  const checked = (field: string, text: string) => {
    const parsed = parseDomain(text);
    if (!parsed.ok) throw new InvalidInput(field, 'must be a domain name');
    return parsed.value;
  };
  return {
    page: (query, request) =>
      records.page(query === undefined ? {} : { or: [{ aliasName: { contains: query } }, { domainName: { contains: query } }] }, {
        ...request,
        sortBy: 'alias',
      }),
    create: async (alias, domain) => {
      const [from, to] = [checked('alias', alias), checked('domain', domain)];
      if (from.ascii === to.ascii) throw new InvalidInput('alias', 'must be another domain');
      // One step is followed, never a chain.
      if ((await records.findOne({ alias: to.ascii })) !== undefined) throw new InvalidInput('domain', 'is an alias itself');
      try {
        return (await records.insert({ alias: from.ascii, aliasName: from.unicode, domain: to.ascii, domainName: to.unicode }))
          .id;
      } catch (error) {
        if (error instanceof DuplicateRecord)
          throw new Refusal('AliasExists', 'This alias domain already exists', { cause: error });
        throw error;
      }
    },
    get: async (id) => (await records.get(id)) ?? missing(),
    resolve: async (alias) => {
      const parsed = parseDomain(alias);
      return (parsed.ok ? await records.findOne({ alias: parsed.value.ascii }) : undefined) ?? missing();
    },
    remove: async (id) => {
      if ((await records.delete({ id })) === 0) missing();
    },
  };
}
