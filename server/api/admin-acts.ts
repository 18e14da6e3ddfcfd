/** Which calls are administrative acts and go into their log, as data: changes of accounts, rights and settings, and every look at an audit. Mail itself does not. */
import type { AdminAct } from '../operations/admin-log.ts';
import type { OpenedStore } from '../operations/create.ts';
import { Refusal } from '../operations/refusal.ts';
import type { RouteContract } from './contract/route.ts';
import type { Call } from './context.ts';

const CHANGES: ReadonlySet<string> = new Set([
  'Users',
  'Addresses',
  'ApplicationPasswords',
  'TwoFactorAuth',
  'Filters',
  'External',
  'Sieve',
  'Autoreplies',
  'Certs',
  'DKIM',
  'DomainAliases',
  'DomainAccess',
  'Settings',
  'Webhooks',
  'Tokens',
  'Queue',
  'Lists',
  'Sharing',
  'Senders',
]);
const EVERYTHING: ReadonlySet<string> = new Set(['Audit', 'Export']);

export function isAdminAct({ group, method, access }: RouteContract): boolean {
  if (EVERYTHING.has(group)) return true;
  // Showing a second factor is signing in: the user's own log has it.
  const signsIn = access !== 'open' && access.right.startsWith('secondfactor:');
  return method !== 'GET' && CHANGES.has(group) && !signsIn;
}

type Store = Pick<OpenedStore, 'accounts' | 'domains' | 'settings'> & { readonly flow: Pick<OpenedStore['flow'], 'dkim'> };
type Fields = Readonly<Record<string, unknown>>;

/** What the changed fields of a user, an address or a setting were, and what was removed: by operation. */
const BEFORE: Readonly<Record<string, (input: Fields, store: Store) => Promise<Fields | undefined>>> = {
  updateUser: async (input, { accounts }) => changedOf(input, await accounts.users.get(String(input['user']))),
  deleteUser: async ({ user }, { accounts }) => picked(await accounts.users.get(String(user)), ['username', 'address']),
  updateUserAddress: async (input, { accounts }) =>
    changedOf(input, await accounts.addresses.get(String(input['user']), String(input['id']))),
  deleteUserAddress: async ({ user, address }, { accounts }) =>
    picked(await accounts.addresses.get(String(user), String(address)), ['address', 'name']),
  updateForwardedAddress: async (input, { accounts }) =>
    changedOf(input, await accounts.addresses.getForwarder(String(input['id']))),
  deleteForwardedAddress: async ({ address }, { accounts }) =>
    picked(await accounts.addresses.getForwarder(String(address)), ['address', 'name', 'targets', 'list']),
  deleteDomainAlias: async ({ alias }, { domains }) => picked(await domains.aliases.get(String(alias)), ['alias', 'domain']),
  deleteDkimKey: async ({ dkim }, { flow }) =>
    picked(await flow.dkim.get(String(dkim)), ['domain', 'selector', 'kind', 'fingerprint', 'state']),
  createSetting: ({ key }, { settings }) => Promise.resolve(picked(settings.get(String(key)), ['value', 'custom'])),
};

/** Undefined where nothing is known of before. */
export async function stateBefore({ operation }: RouteContract, input: Fields, store: Store): Promise<Fields | undefined> {
  try {
    return await BEFORE[operation]?.(input, store);
  } catch (error) {
    // There is no such thing: the operation itself says so.
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function changedOf(input: Fields, known: Fields | undefined): Fields | undefined {
  return picked(
    known,
    Object.keys(input).filter((name) => name !== 'user' && name !== 'id'),
  );
}

function picked(known: Fields | undefined, names: readonly string[]): Fields | undefined {
  if (known === undefined) return undefined;
  return Object.fromEntries(names.flatMap((name) => (name in known ? [[name, known[name]]] : [])));
}

export function adminAct(contract: RouteContract, call: Call<unknown>, result: unknown, before: AdminAct['before']): AdminAct {
  const { user, sess, ip, ...input } = call.input as Record<string, unknown>;
  void [sess, ip];
  const made = (result as { readonly id?: unknown } | undefined)?.id;
  const concerned =
    typeof user === 'string' ? user : contract.operation === 'createUser' && typeof made === 'string' ? made : null;
  const { role, token, user: by } = call.actor;
  return {
    action: contract.operation,
    role,
    token: token ?? null,
    by: by ?? null,
    ip: call.ip,
    session: call.session,
    user: concerned,
    input: typeof made === 'string' ? { ...input, made } : input,
    before,
  };
}
