/** From what people write (username, address) to the account behind it. */
import type { Stored } from '../store/records.ts';
import type { AddressFields } from '../store/types-accounts.ts';
import { type AccountContext, type User, accountOf, isClosed } from './accounts-context.ts';
import { addressKey, domainOfKey, keyAtDomain, usernameKey, wildcardsFor } from './account-names.ts';
import type { RecipientLookup } from './contract.ts';
import { parseAddress } from '../mail/address.ts';

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
  const address = parsed.ok ? await findAddress(context, text, true) : undefined;
  if (address === undefined || !parsed.ok) return { kind: 'unknown' };
  if (address.user === undefined) {
    if (address.forwardedDisabled === true) return { kind: 'unknown' };
    return { kind: 'forward', targets: (address.targets ?? []).map((target) => target.value) };
  }
  const user = await context.tables.users.get(address.user);
  if (user === undefined) return { kind: 'unknown' };
  return { kind: 'user', account: accountOf(user, context.defaults), label: parsed.value.label, disabled: isClosed(user) };
}
