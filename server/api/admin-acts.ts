/** Which calls are administrative acts and go into their log, as data: changes of accounts, rights and settings, and every look at an audit. Mail itself does not. */
import type { AdminAct } from '../operations/admin-log.ts';
import type { Accounts } from '../operations/accounts.ts';
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

/** What the changed fields of a user were. */
export async function stateBefore(
  { operation }: RouteContract,
  input: Readonly<Record<string, unknown>>,
  accounts: Pick<Accounts, 'users'>,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (operation !== 'updateUser' && operation !== 'deleteUser') return undefined;
  const user = await accounts.users.get(String(input['user']));
  if (user === undefined) return undefined;
  if (operation === 'deleteUser') return { username: user.username, address: user.address };
  const known: Readonly<Record<string, unknown>> = user;
  return Object.fromEntries(
    Object.keys(input).flatMap((name) => (name in known && name !== 'user' ? [[name, known[name]]] : [])),
  );
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
