/**
 * The role `manager`: administers the users of some domains, and sees nothing of others. A user belongs to the domain of the main address, or of the username when
 * there is none. What concerns a whole server (settings, queue, keys, tokens, audits) stays the root's.
 */
import type { ApiActor } from '../operations/accounts-tokens.ts';
import type { Accounts } from '../operations/accounts.ts';
import type { RouteContract } from './contract/route.ts';

/** Calls without a user in the path that a manager may make; the route narrows them to the manager's domains. */
const LISTS: ReadonlySet<string> = new Set(['getUsers', 'getAddresses']);

export async function mayManage(
  actor: ApiActor,
  contract: RouteContract,
  fields: Readonly<Record<string, unknown>>,
  accounts: Pick<Accounts, 'users' | 'context'>,
): Promise<boolean> {
  if (actor.role !== 'manager' || actor.domains.length === 0 || contract.access === 'open') return false;
  const isOurs = (address: unknown): boolean =>
    typeof address === 'string' && actor.domains.includes(domainOf(address, accounts));
  if (LISTS.has(contract.operation)) return true;
  if (contract.operation === 'createUser') return isOurs(fields['address'] ?? fields['username']);
  if (contract.operation === 'resolveUser') {
    const id = await accounts.users.resolve(String(fields['username'])).catch(() => undefined);
    return id !== undefined && isUserOurs(id);
  }
  const user = fields['user'];
  if (!contract.path.startsWith('/users/:user') || typeof user !== 'string' || !/^[0-9a-f]{24}$/i.test(user)) return false;
  // A new address would bring somebody else's domain under this manager.
  if (contract.operation === 'createUserAddress' && !isOurs(fields['address'])) return false;
  return isUserOurs(user.toLowerCase());

  async function isUserOurs(id: string): Promise<boolean> {
    const found = await accounts.users.get(id);
    return found !== undefined && isOurs(found.address === '' ? found.username : found.address);
  }
}

function domainOf(address: string, accounts: Pick<Accounts, 'context'>): string {
  const text = address.includes('@') ? address : `${address}@${accounts.context.defaults.emailDomain}`;
  return asciiDomain(text.slice(text.lastIndexOf('@') + 1));
}

/** As tokens hold it. */
export function asciiDomain(domain: string): string {
  return URL.canParse(`http://${domain}`) ? new URL(`http://${domain}`).hostname : '';
}
