/** Accounts elsewhere, as the HTTP API has them. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { externalAccount } from '../../../server/api/contract/external.ts';
import type { Fault } from '../../lib/fault.ts';
import { requestJson } from '../../lib/request.ts';

export type ExternalAccount = z.output<typeof externalAccount>;

/** What a person sets. An empty password is not sent: the present one stays. */
export type ExternalSettings = Pick<
  ExternalAccount,
  'host' | 'port' | 'tls' | 'verifyCertificate' | 'username' | 'folder' | 'mailbox' | 'keep' | 'keepDays' | 'interval' | 'enabled'
> & { readonly kind: ExternalAccount['kind']; readonly password: string };

const done = z.looseObject({});
const listSchema = z.looseObject({ results: z.array(externalAccount) });
/** While something is being fetched, its end is looked for. */
const FETCHING_MS = 1_500;
const IDLE_MS = 20_000;

export function externalQuery(user: string) {
  return queryOptions<readonly ExternalAccount[], Fault>({
    queryKey: ['people', 'external', user],
    queryFn: async ({ signal }) => (await requestJson(listSchema, 'GET', `/api/users/${user}/external`, { signal })).results,
    refetchInterval: ({ state }) => (state.data?.some(isBusy) === true ? FETCHING_MS : IDLE_MS),
  });
}

/** A worker has it, or takes it in a moment. */
export function isBusy({ state, next, enabled }: ExternalAccount): boolean {
  return enabled && (state === 'fetching' || Date.parse(next) <= Date.now());
}

export async function saveExternal(user: string, id: string | undefined, settings: ExternalSettings): Promise<void> {
  const { kind, password, mailbox, ...rest } = settings;
  const body = { ...rest, mailbox: mailbox ?? '', ...(password === '' ? {} : { password }) };
  if (id === undefined) await requestJson(done, 'POST', `/api/users/${user}/external`, { body: { ...body, kind } });
  else await requestJson(done, 'PUT', `/api/users/${user}/external/${id}`, { body });
}

export async function removeExternal(user: string, id: string): Promise<void> {
  await requestJson(done, 'DELETE', `/api/users/${user}/external/${id}`);
}

export async function fetchExternal(user: string, id: string): Promise<void> {
  await requestJson(done, 'POST', `/api/users/${user}/external/${id}/fetch`, { body: {} });
}
