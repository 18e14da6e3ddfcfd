/** Distribution lists and shared mailboxes, as the HTTP API has them. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from '../../lib/fault.ts';
import { requestJson } from '../../lib/request.ts';

const done = z.looseObject({});
const listedSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  address: z.string(),
  members: z.number(),
  posting: z.enum(['anyone', 'members']),
  moderated: z.boolean(),
  moderators: z.array(z.string()),
  disabled: z.boolean(),
});
export type ListedList = z.output<typeof listedSchema>;
const pageSchema = z.looseObject({
  total: z.number(),
  nextCursor: z.union([z.string(), z.literal(false)]),
  results: z.array(listedSchema),
});

export function listsQuery(search: string) {
  return infiniteQueryOptions({
    queryKey: ['groups', 'lists', search],
    queryFn: ({ pageParam, signal }) =>
      requestJson(pageSchema, 'GET', '/api/lists', { query: { query: search, limit: 50, next: pageParam }, signal }),
    initialPageParam: '',
    getNextPageParam: (page) => (page.nextCursor === false ? undefined : page.nextCursor),
    placeholderData: keepPreviousData,
  });
}

const wholeSchema = listedSchema.extend({ members: z.array(z.string()) });
export type WholeList = z.output<typeof wholeSchema>;

export function listQuery(id: string) {
  return queryOptions<WholeList, Fault>({
    queryKey: ['groups', 'list', id],
    queryFn: ({ signal }) => requestJson(wholeSchema, 'GET', `/api/lists/${id}`, { signal }),
  });
}

export interface WantedList {
  readonly address: string;
  readonly name: string;
  readonly members: readonly string[];
  readonly posting: 'anyone' | 'members';
  readonly moderated: boolean;
  readonly moderators: readonly string[];
}

export async function saveList(id: string | undefined, wanted: WantedList): Promise<void> {
  const { address, ...changes } = wanted;
  if (id === undefined) await requestJson(done, 'POST', '/api/lists', { body: { ...changes, address } });
  else await requestJson(done, 'PUT', `/api/lists/${id}`, { body: changes });
}

export async function removeList(id: string): Promise<void> {
  await requestJson(done, 'DELETE', `/api/lists/${id}`);
}

export const accessSizes = ['read', 'write', 'manage'] as const;
export type AccessSize = (typeof accessSizes)[number];

const shareSchema = z.looseObject({
  member: z.string(),
  username: z.string().optional(),
  name: z.string().optional(),
  address: z.string().optional(),
  access: z.enum([...accessSizes, 'custom']),
  rights: z.string(),
});
export type Share = z.output<typeof shareSchema>;
const sharedSchema = z.looseObject({
  user: z.string(),
  username: z.string(),
  name: z.string(),
  address: z.string(),
  mailbox: z.string(),
  path: z.string(),
  shares: z.array(shareSchema),
});
export type SharedMailbox = z.output<typeof sharedSchema>;

export const sharesQuery = queryOptions<readonly SharedMailbox[], Fault>({
  queryKey: ['groups', 'shares'],
  queryFn: async ({ signal }) =>
    (await requestJson(z.looseObject({ results: z.array(sharedSchema) }), 'GET', '/api/shares', { signal })).results,
});

export async function setShare(user: string, mailbox: string, member: string, access: AccessSize | 'none'): Promise<void> {
  await requestJson(done, 'PUT', `/api/users/${user}/mailboxes/${mailbox}/shares`, { body: { member, access } });
}
