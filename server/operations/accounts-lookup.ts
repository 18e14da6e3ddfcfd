/** From what people write (username, address) to the account behind it. */
import type { Stored } from '../store/records.ts';
import type { AddressFields, ListFields } from '../store/types-accounts.ts';
import { type AccountContext, type User, accountOf, isClosed } from './accounts-context.ts';
import { addressKey, domainOfKey, keyAtDomain, usernameKey, wildcardsFor } from './account-names.ts';
import type { DistributionList, RecipientLookup } from './contract-accounts.ts';
import { type MailAddress, parseAddress } from '../mail/address.ts';

export type Address = Stored<AddressFields>;

/** The user who signs in by this name: a username, or any of the user's addresses (wildcards excepted). */
export async function findSignInUser(context: AccountContext, name: string): Promise<User | undefined> {
  const key = usernameKey(name.trim());
  if (key === undefined) return undefined;
  const { users, addresses } = context.tables;
  const user = await users.findOne({ usernameKey: key });
  if (user !== undefined || !key.includes('@')) return user;
  const address = (await addresses.findOne({ key })) ?? (await findAtAliasedDomain(context, key));
  return address?.user === undefined ? undefined : users.get(address.user);
}

/** The record of an address: exact, at the domain that its domain is an alias of, then by wildcard when those are wanted. */
export async function findAddress(context: AccountContext, address: string, wildcards: boolean): Promise<Address | undefined> {
  const key = addressKey(address);
  return key === undefined ? undefined : findByKey(context, key, wildcards);
}

async function findByKey(context: AccountContext, key: string, wildcards: boolean): Promise<Address | undefined> {
  const { addresses, domainAliases } = context.tables;
  const exact = await addresses.findOne({ key });
  if (exact !== undefined) return exact;
  const alias = await domainAliases.findOne({ alias: domainOfKey(key) });
  const keys = alias === undefined ? [key] : [key, keyAtDomain(key, alias.domain)];
  if (alias !== undefined) {
    const there = await addresses.findOne({ key: keys[1]! });
    if (there !== undefined) return there;
  }
  if (!wildcards) return undefined;
  const candidates = keys.flatMap(wildcardsFor);
  const found = await addresses.find({ key: { in: candidates } });
  return found.sort((a, b) => candidates.indexOf(a.key) - candidates.indexOf(b.key))[0];
}

async function findAtAliasedDomain(context: AccountContext, key: string): Promise<Address | undefined> {
  const alias = await context.tables.domainAliases.findOne({ alias: domainOfKey(key) });
  return alias === undefined ? undefined : context.tables.addresses.findOne({ key: keyAtDomain(key, alias.domain) });
}

export async function resolveRecipient(context: AccountContext, text: string): Promise<RecipientLookup> {
  const parsed = parseAddress(text);
  if (!parsed.ok) return { kind: 'unknown' };
  const address =
    (await findAddress(context, text, false)) ??
    (await findListRole(context, parsed.value)) ??
    (await findAddress(context, text, true));
  if (address === undefined) return { kind: 'unknown' };
  if ('kind' in address) return address;
  if (address.user === undefined) {
    if (address.forwardedDisabled === true) return { kind: 'unknown' };
    const targets = (address.targets ?? []).map((target) => target.value);
    if (address.list !== undefined) return { kind: 'list', list: listOf(address, address.list), role: 'post' };
    const { id, address: shown, name, forwards = 0, autoreply } = address;
    const forwarder = { id, address: shown, name, perDay: forwards, ...(autoreply === undefined ? {} : { autoreply }) };
    return { kind: 'forward', targets, forwarder };
  }
  const user = await context.tables.users.get(address.user);
  if (user === undefined) return { kind: 'unknown' };
  return { kind: 'user', account: accountOf(user, context.defaults), label: parsed.value.label, disabled: isClosed(user) };
}

/** Addresses beside a list's own: its owners, where its bounces go, and where moderators' answers go. */
const LIST_ROLE = /^(.+)-(owner|bounces|moderate)$/i;

async function findListRole(context: AccountContext, address: MailAddress): Promise<RecipientLookup | undefined> {
  const [, base, role = ''] = LIST_ROLE.exec(address.localPart) ?? [];
  if (base === undefined) return undefined;
  const found = await findAddress(context, `${base}@${address.asciiDomain}`, false);
  if (found?.list === undefined || found.forwardedDisabled === true) return undefined;
  const list = listOf(found, found.list);
  if (role.toLowerCase() === 'moderate') return { kind: 'list', list, role: 'moderate' };
  return { kind: 'forward', targets: list.moderators };
}

function listOf({ id, address, name, targets }: Address, list: ListFields): DistributionList {
  return { ...list, id, address, name, members: (targets ?? []).map(({ value }) => value) };
}
