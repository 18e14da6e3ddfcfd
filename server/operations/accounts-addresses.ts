/** Addresses: of users, and forwarding ones without a mailbox. Every address has one owner; the unique key holds that, whoever asks first. */
import { parseDomain } from '../mail/address.ts';
import { DuplicateRecord, type Where } from '../store/records.ts';
import type { Page, PageRequest } from '../store/types-page.ts';
import type { AddressFields, AutoreplyFields, ListFields } from '../store/types-accounts.ts';
import type { AccountContext } from './accounts-context.ts';
import { addressKey, keyAtDomain, shownAddress, tryWildcard } from './account-names.ts';
import { type Address, findAddress } from './accounts-lookup.ts';
import { forwardTargets } from './forward-targets.ts';
import { InvalidInput, Refusal, addressNotFound, userNotFound } from './refusal.ts';

export type UserAddress = Address & { readonly main: boolean };

type Described = {
  readonly name?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly metaData?: Readonly<Record<string, unknown>> | undefined;
  readonly internalData?: Readonly<Record<string, unknown>> | undefined;
};

export type NewAddress = Described & {
  readonly address: string;
  readonly main?: boolean | undefined;
  readonly allowWildcard?: boolean | undefined;
};
export type AddressChanges = Described & { readonly address?: string | undefined; readonly main?: boolean | undefined };

type Forwarding = {
  readonly targets?: readonly string[] | undefined;
  readonly forwards?: number | undefined;
  readonly autoreply?: AutoreplyFields | undefined;
  /** Makes it a distribution list. */
  readonly list?: ListFields | undefined;
};
export type NewForwarder = Described & Forwarding & { readonly address: string; readonly allowWildcard?: boolean | undefined };
export type ForwarderChanges = Described &
  Forwarding & { readonly address?: string | undefined; readonly forwardedDisabled?: boolean | undefined };

export type AddressQuery = PageRequest & {
  readonly query?: string | undefined;
  readonly forward?: string | undefined;
  readonly tags?: readonly string[];
  readonly requiredTags?: readonly string[];
  /** Only those of this user. */
  readonly user?: string | undefined;
  /** Only distribution lists. */
  readonly lists?: boolean;
  /** Only those at these domains (ASCII form). */
  readonly domains?: readonly string[];
};

export type AddressAdministration = {
  readonly list: (query: AddressQuery) => Promise<Page<Address>>;
  readonly ofUser: (user: string) => Promise<UserAddress[]>;
  readonly get: (user: string, address: string) => Promise<UserAddress>;
  readonly add: (user: string, address: NewAddress) => Promise<string>;
  readonly update: (user: string, address: string, changes: AddressChanges) => Promise<void>;
  /** Refusal NotPermitted for the main address. */
  readonly remove: (user: string, address: string) => Promise<void>;
  /** By id or by what people write. */
  readonly resolve: (address: string, wildcards: boolean) => Promise<Address>;
  readonly getForwarder: (address: string) => Promise<Address>;
  readonly addForwarder: (address: NewForwarder) => Promise<string>;
  readonly updateForwarder: (address: string, changes: ForwarderChanges) => Promise<void>;
  readonly removeForwarder: (address: string) => Promise<void>;
  readonly renameDomain: (from: string, to: string) => Promise<{ addresses: number; users: number; aliases: number }>;
};

const ID = /^[0-9a-f]{24}$/;

export function createAddressAdministration(context: AccountContext): AddressAdministration {
  const { users, addresses } = context.tables;

  const expectUser = async (id: string) => (await users.get(id)) ?? missing(userNotFound());
  const expectOf = async (user: string, id: string) => (await addresses.findOne({ id, user })) ?? missing(addressNotFound());
  const expectForwarder = async (id: string) =>
    (await addresses.findOne({ id, targets: { exists: true } })) ?? missing(addressNotFound());

  return {
    list: (query) => addresses.page(withinDomains(whereOf(query), query.domains), { ...query, sortBy: 'key' }),
    ofUser: async (user) => {
      const owner = await expectUser(user);
      const found = await addresses.find({ user }, { sort: { id: 1 } });
      return found.map((one) => ({ ...one, main: one.address === owner.address }));
    },
    get: async (user, id) => {
      const owner = await expectUser(user);
      const found = await expectOf(user, id);
      return { ...found, main: found.address === owner.address };
    },
    add: async (user, input) => {
      const owner = await expectUser(user);
      const name = nameOf(input.address, input.allowWildcard === true);
      if (name.wildcard && input.main === true)
        throw new Refusal('WildcardNotPermitted', 'A wildcard address can not be the main one');
      const added = await insert(context, { ...described(input), ...name.fields, user });
      if (input.main === true || (owner.address === '' && !name.wildcard))
        await users.update({ id: user }, { set: { address: added.address } });
      return added.id;
    },
    update: async (user, id, changes) => {
      const owner = await expectUser(user);
      const known = await expectOf(user, id);
      const wildcard = known.address.includes('*');
      if (changes.main === true && wildcard)
        throw new Refusal('WildcardNotPermitted', 'A wildcard address can not be the main one');
      if (changes.main === false && known.address === owner.address)
        throw new Refusal('ChangeNotAllowed', 'Make another address the main one instead');
      const renamed = changes.address === undefined ? undefined : renamedTo(known, changes.address);
      await change(context, { id, user }, { ...describedChanges(changes), ...renamed });
      const main = changes.main === true || known.address === owner.address;
      const shown = renamed?.address ?? known.address;
      if (main && shown !== owner.address) await users.update({ id: user }, { set: { address: shown } });
    },
    remove: async (user, id) => {
      const owner = await expectUser(user);
      const known = await expectOf(user, id);
      if (known.address === owner.address) throw new Refusal('NotPermitted', 'The main address can not be deleted');
      await addresses.delete({ id, user });
    },
    resolve: async (text, wildcards) => {
      const found = ID.test(text) ? await addresses.get(text) : await findAddress(context, text, wildcards);
      return found ?? missing(addressNotFound());
    },
    getForwarder: expectForwarder,
    addForwarder: async (input) => {
      const name = nameOf(input.address, input.allowWildcard === true);
      const added = await insert(context, {
        ...described(input),
        ...name.fields,
        targets: forwardTargets(input.targets ?? []),
        forwards: input.forwards ?? 0,
        forwardedDisabled: false,
        ...(input.autoreply === undefined ? {} : { autoreply: input.autoreply }),
        ...(input.list === undefined ? {} : { list: checkedList(input.list) }),
      });
      return added.id;
    },
    updateForwarder: async (id, changes) => {
      const known = await expectForwarder(id);
      const renamed = changes.address === undefined ? undefined : renamedTo(known, changes.address);
      const { forwards, autoreply, forwardedDisabled } = changes;
      const list = changes.list === undefined ? undefined : checkedList(changes.list);
      const targets = changes.targets === undefined ? undefined : forwardTargets(changes.targets);
      await change(
        context,
        { id },
        { ...describedChanges(changes), ...renamed, targets, forwards, autoreply, forwardedDisabled, list },
      );
    },
    removeForwarder: async (id) => {
      await expectForwarder(id);
      await addresses.delete({ id });
    },
    renameDomain: (from, to) => renameDomain(context, from, to),
  };
}

/** Somebody must get what the list can't deliver, and judge what waits. */
function checkedList({ moderators, ...list }: ListFields): ListFields {
  const checked = forwardTargets(moderators);
  if (checked.length === 0) throw new InvalidInput('moderators', 'A list needs at least one moderator');
  if (checked.some(({ type }) => type !== 'mail')) throw new InvalidInput('moderators', 'Moderators are addresses');
  return { ...list, moderators: checked.map(({ value }) => value) };
}

function missing(refusal: Refusal): never {
  throw refusal;
}

async function insert(context: AccountContext, fields: AddressFields): Promise<Address> {
  try {
    return await context.tables.addresses.insert(fields);
  } catch (error) {
    if (error instanceof DuplicateRecord)
      throw new Refusal('AddressExistsError', 'This email address already exists', { cause: error });
    throw error;
  }
}

async function change(
  context: AccountContext,
  where: Where,
  set: { readonly [K in keyof AddressFields]?: AddressFields[K] | undefined },
): Promise<void> {
  try {
    if ((await context.tables.addresses.update(where, { set })) === undefined) throw addressNotFound();
  } catch (error) {
    if (error instanceof DuplicateRecord)
      throw new Refusal('AddressExistsError', 'This email address already exists', { cause: error });
    throw error;
  }
}

function nameOf(text: string, allowWildcard: boolean): { fields: { address: string; key: string }; wildcard: boolean } {
  if (text.includes('*')) {
    const wildcard = tryWildcard(text.trim());
    if (wildcard === undefined)
      throw new InvalidInput('address', 'This wildcard form is not known: *@domain, *suffix@domain or name@*');
    if (!allowWildcard) throw new InvalidInput('address', 'Address can not contain *');
    return { fields: { address: wildcard.shown, key: wildcard.key }, wildcard: true };
  }
  const shown = shownAddress(text);
  const key = addressKey(text);
  if (shown === undefined || key === undefined) throw new InvalidInput('address', 'This can not be an email address');
  // A label is for the sender to add: user+label@ belongs to user@.
  if (/\+/.test(shown.slice(1, shown.lastIndexOf('@')))) throw new InvalidInput('address', 'Address can not contain +');
  return { fields: { address: shown, key }, wildcard: false };
}

/** Only the spelling may change, dots and case: another address is another record. Refusal ChangeNotAllowed. */
function renamedTo(known: Address, text: string): { address: string; key: string } {
  if (known.address.includes('*')) throw new Refusal('ChangeNotAllowed', 'A wildcard address can not be changed');
  const { fields, wildcard } = nameOf(text, false);
  if (wildcard || fields.key !== known.key)
    throw new Refusal('ChangeNotAllowed', 'Only the dots and the case of an address can be changed');
  return fields;
}

function described(input: Described): Pick<AddressFields, 'name' | 'tags' | 'tagKeys' | 'metaData' | 'internalData'> {
  const tags = [...new Set(input.tags ?? [])];
  return {
    name: input.name ?? '',
    tags,
    tagKeys: tags.map((tag) => tag.toLowerCase()),
    ...(input.metaData === undefined ? {} : { metaData: input.metaData }),
    ...(input.internalData === undefined ? {} : { internalData: input.internalData }),
  };
}

function describedChanges(input: Described): { readonly [K in keyof AddressFields]?: AddressFields[K] | undefined } {
  const { name, tags, metaData, internalData } = input;
  const unique = tags === undefined ? undefined : [...new Set(tags)];
  return { name, tags: unique, tagKeys: unique?.map((tag) => tag.toLowerCase()), metaData, internalData };
}

function withinDomains(where: Where, domains: readonly string[] | undefined): Where {
  if (domains === undefined) return where;
  return { and: [where, { or: domains.map((domain) => ({ key: { endsWith: `@${domain}` } })) }] };
}

function whereOf(query: AddressQuery): Where {
  const { query: text, forward, tags = [], requiredTags = [], user } = query;
  const lower = (tag: string): string => tag.toLowerCase();
  return {
    ...(text === undefined
      ? {}
      : { or: [{ address: { contains: text } }, { key: { contains: text.replaceAll('.', '') } }, { name: { contains: text } }] }),
    ...(forward === undefined ? {} : { 'targets.value': { contains: forward } }),
    ...(user === undefined ? {} : { user }),
    ...(query.lists === true ? { list: { exists: true } } : {}),
    ...(requiredTags.length > 0
      ? { tagKeys: { all: requiredTags.map(lower) } }
      : tags.length > 0
        ? { tagKeys: { in: tags.map(lower) } }
        : {}),
  };
}

/** Every address, username and alias at one domain moves to another. An address that exists there already stays where it is. */
async function renameDomain(
  context: AccountContext,
  from: string,
  to: string,
): Promise<{ addresses: number; users: number; aliases: number }> {
  const { users, addresses, domainAliases } = context.tables;
  const [old, next] = [parseDomain(from), parseDomain(to)];
  if (!old.ok) throw new InvalidInput('oldDomain', 'This can not be a domain name');
  if (!next.ok) throw new InvalidInput('newDomain', 'This can not be a domain name');
  const moved = { addresses: 0, users: 0, aliases: 0 };
  const atNew = (text: string): string => `${text.slice(0, text.lastIndexOf('@') + 1)}${next.value.unicode}`;
  const suffix = `@${old.value.ascii}`;
  for (const one of await addresses.find({ key: { contains: suffix } })) {
    if (!one.key.endsWith(suffix)) continue;
    const fields = { address: atNew(one.address), key: keyAtDomain(one.key, next.value.ascii) };
    if ((await addresses.findOne({ key: fields.key })) !== undefined) continue;
    await addresses.update({ id: one.id }, { set: fields });
    if (one.user !== undefined)
      await users.updateAll({ id: one.user, address: one.address }, { set: { address: fields.address } });
    moved.addresses += 1;
  }
  for (const one of await users.find({ usernameKey: { contains: suffix } })) {
    if (!one.usernameKey.endsWith(suffix)) continue;
    const key = keyAtDomain(one.usernameKey, next.value.ascii);
    if ((await users.findOne({ usernameKey: key })) !== undefined) continue;
    await users.update({ id: one.id }, { set: { username: atNew(one.username), usernameKey: key } });
    moved.users += 1;
  }
  moved.aliases = await domainAliases.updateAll(
    { domain: old.value.ascii },
    { set: { domain: next.value.ascii, domainName: next.value.unicode } },
  );
  return moved;
}
