/** What the page of one person asks of the HTTP API. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from '../../lib/fault.ts';
import { requestJson } from '../../lib/request.ts';

const done = z.looseObject({});
const addressEntry = z.looseObject({
  id: z.string(),
  address: z.string(),
  main: z.boolean().optional(),
  created: z.string().optional(),
});
export type AddressEntry = z.output<typeof addressEntry>;

export function addressesQuery(user: string) {
  return queryOptions<readonly AddressEntry[], Fault>({
    queryKey: ['people', 'addresses', user],
    queryFn: async ({ signal }) =>
      (await requestJson(z.looseObject({ results: z.array(addressEntry) }), 'GET', `/api/users/${user}/addresses`, { signal }))
        .results,
  });
}

export async function addAddress(user: string, address: string): Promise<void> {
  await requestJson(done, 'POST', `/api/users/${user}/addresses`, { body: { address } });
}

export async function makeMainAddress(user: string, id: string): Promise<void> {
  await requestJson(done, 'PUT', `/api/users/${user}/addresses/${id}`, { body: { main: true } });
}

export async function removeAddress(user: string, id: string): Promise<void> {
  await requestJson(done, 'DELETE', `/api/users/${user}/addresses/${id}`);
}

const mailboxEntry = z.looseObject({
  id: z.string(),
  path: z.string(),
  specialUse: z.string().nullish(),
  total: z.number().optional(),
  unseen: z.number().optional(),
  size: z.number().optional(),
});
export type MailboxEntry = z.output<typeof mailboxEntry>;

export function mailboxesQuery(user: string) {
  return queryOptions<readonly MailboxEntry[], Fault>({
    queryKey: ['people', 'mailboxes', user],
    queryFn: async ({ signal }) =>
      (
        await requestJson(z.looseObject({ results: z.array(mailboxEntry) }), 'GET', `/api/users/${user}/mailboxes`, {
          query: { counters: true, sizes: true },
          signal,
        })
      ).results,
  });
}

export async function recountQuota(user: string): Promise<{ storageUsed: number; previousStorageUsed: number }> {
  return requestJson(
    z.looseObject({ storageUsed: z.number(), previousStorageUsed: z.number() }),
    'POST',
    `/api/users/${user}/quota/reset`,
    { body: {} },
  );
}

const authEvent = z.looseObject({
  id: z.string(),
  action: z.string(),
  result: z.string().optional(),
  protocol: z.string().nullish(),
  source: z.string().nullish(),
  ip: z.string().nullish(),
  events: z.number().optional(),
  created: z.string(),
  last: z.string().optional(),
});
export type AuthEvent = z.output<typeof authEvent>;
const authPage = z.looseObject({
  total: z.number(),
  nextCursor: z.union([z.string(), z.literal(false)]),
  results: z.array(authEvent),
});

export function activityQuery(user: string) {
  return infiniteQueryOptions({
    queryKey: ['people', 'activity', user],
    queryFn: ({ pageParam, signal }) =>
      requestJson(authPage, 'GET', `/api/users/${user}/authlog`, { query: { limit: 50, next: pageParam }, signal }),
    initialPageParam: '',
    getNextPageParam: (page) => (page.nextCursor === false ? undefined : page.nextCursor),
  });
}

export async function restorePerson(user: string): Promise<void> {
  await requestJson(done, 'POST', `/api/users/${user}/restore`, { body: {} });
}

const removedEntry = z.looseObject({
  id: z.string(),
  username: z.string(),
  name: z.string(),
  address: z.string(),
  deleted: z.string(),
  deleteAfter: z.string(),
});
export type RemovedPerson = z.output<typeof removedEntry>;

/** Those who can be brought back; the latest removal first. */
export const removedQuery = queryOptions<readonly RemovedPerson[], Fault>({
  queryKey: ['people', 'removed'],
  queryFn: async ({ signal }) => {
    const page = z.looseObject({ results: z.array(removedEntry) });
    const { results } = await requestJson(page, 'GET', '/api/deletedusers', { query: { limit: 250 }, signal });
    return results.sort((a, b) => (a.deleted < b.deleted ? 1 : -1));
  },
});

/** An answer to whoever writes, from now on. */
export async function setAutoreply(user: string, text: string): Promise<void> {
  await requestJson(done, 'PUT', `/api/users/${user}/autoreply`, { body: { status: true, text } });
}
