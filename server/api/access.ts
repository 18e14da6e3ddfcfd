/**
 * Who calls, and whether they may. A token comes as `accessToken` in the query, in `X-Access-Token`, or as a bearer token, in this order. Without a configured root
 * token, and only then, callers on this machine need none: not so pages in a browser, which other sites could make call.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../base/connection.ts';
import type { ApiActor, TokenAdministration } from '../operations/accounts-tokens.ts';
import type { Access } from './contract/route.ts';
import { refuse } from './faults.ts';

const ROOT: ApiActor = { role: 'root', user: undefined, token: undefined, grants: [], domains: [] };

export type Identify = (headers: IncomingHttpHeaders, queryToken: unknown, ip: string) => Promise<ApiActor | undefined>;

/** Answers undefined for a caller without token who would need one; refusal InvalidToken for a token that is not good. */
export function createIdentify(
  rootToken: string | undefined,
  tokens: TokenAdministration,
  /** Hears from where administrators come. */
  onAdministrator: (ip: string) => void = () => {},
  /** Programs of this machine need no token even though there is a root token. */
  openToThisComputer = false,
): Identify {
  const rootDigest = rootToken === undefined ? undefined : digest(rootToken);
  return async (headers, queryToken, ip) => {
    const token = tokenOf(headers, queryToken);
    if (token === undefined)
      return (rootDigest === undefined || openToThisComputer) && isLocalProgram(headers, ip) ? ROOT : undefined;
    if (rootDigest !== undefined && timingSafeEqual(digest(token), rootDigest)) {
      onAdministrator(ip);
      return ROOT;
    }
    const actor = await tokens.check(token);
    if (actor === undefined) throw refuse('InvalidToken', 'Invalid accessToken value');
    if (actor.role === 'root') onAdministrator(ip);
    return actor;
  };
}

function tokenOf(headers: IncomingHttpHeaders, queryToken: unknown): string | undefined {
  if (typeof queryToken === 'string' && queryToken !== '') return queryToken;
  const header = headers['x-access-token'];
  if (typeof header === 'string' && header !== '') return header;
  // The word before it may be missing; other schemes have one.
  return /^(?:bearer\s+)?(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
}

/** A name that an attacker's DNS points here, or a page of another site, is not a program of this machine. */
function isLocalProgram(headers: IncomingHttpHeaders, ip: string): boolean {
  if (!isLoopback(ip) || headers.origin !== undefined || headers['x-forwarded-for'] !== undefined) return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'none' && site !== 'same-origin') return false;
  const host = (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || isLoopback(host);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Resources that even the root token does not open: a second person's token is needed. */
const APART: ReadonlySet<string> = new Set(['audit', 'export']);

/** `user`: whose things the call is about, when it is about a user. */
export function mayCall(actor: ApiActor, access: Access, user: string | undefined): boolean {
  if (access === 'open') return true;
  const [resource = '', action] = access.right.split(':');
  const isOwn = access.own && actor.user !== undefined && (access.narrows === true || user === actor.user);
  switch (actor.role) {
    case 'root':
      return !APART.has(resource);
    case 'audit':
    case 'export':
      return resource === actor.role;
    case 'readonly':
      return action === 'read' && !APART.has(resource);
    case 'user':
      return isOwn;
    case 'custom':
      return actor.grants.includes(`${access.right}:any`) || (isOwn && actor.grants.includes(`${access.right}:own`));
    case 'manager':
      // Whose users they are is looked up in `manager.ts`.
      return isOwn && access.narrows !== true;
    default:
      return false;
  }
}

/** Whose entries alone a list over all users shows this caller; undefined: all of them (a manager's are narrowed to domains). */
export function narrowedTo({ role, user, grants }: ApiActor, access: Access): string | undefined {
  if (access === 'open' || user === undefined) return undefined;
  return role === 'user' || (role === 'custom' && !grants.includes(`${access.right}:any`)) ? user : undefined;
}
