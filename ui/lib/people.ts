/** Users of the mail server, as the HTTP API lists them. Only what the GUI shows is read. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from './fault.ts';
import { requestJson } from './request.ts';

const quotaSchema = z.looseObject({ allowed: z.number(), used: z.number() });
const cursor = z.union([z.string(), z.literal(false)]);

export const personEntrySchema = z.looseObject({
  id: z.string(),
  username: z.string(),
  name: z.string().optional(),
  address: z.string().nullish(),
  quota: quotaSchema.optional(),
  disabled: z.boolean().optional(),
  suspended: z.boolean().optional(),
  autoreply: z.boolean().optional(),
  targets: z.array(z.string()).optional(),
  enabled2fa: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
});
export type PersonEntry = z.output<typeof personEntrySchema>;

export const peoplePageSchema = z.looseObject({
  total: z.number(),
  nextCursor: cursor,
  results: z.array(personEntrySchema),
});
export type PeoplePage = z.output<typeof peoplePageSchema>;

export const peoplePageSize = 100;

/** The list, a page at a time, as the server orders it. */
export function peopleQuery(search: string) {
  return infiniteQueryOptions({
    queryKey: ['people', 'list', search],
    queryFn: ({ pageParam, signal }): Promise<PeoplePage> =>
      requestJson(peoplePageSchema, 'GET', '/api/users', {
        query: { query: search, limit: peoplePageSize, next: pageParam },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => (page.nextCursor === false ? undefined : page.nextCursor),
    placeholderData: keepPreviousData,
  });
}

/** A few people, for fields that suggest. */
export function peopleSearchQuery(search: string, limit = 20) {
  return queryOptions<PeoplePage, Fault>({
    queryKey: ['people', 'search', search, limit],
    queryFn: ({ signal }) => requestJson(peoplePageSchema, 'GET', '/api/users', { query: { query: search, limit }, signal }),
    placeholderData: keepPreviousData,
  });
}

/** Unlimited is 0 on the wire. */
export function quotaOf(person: { quota?: { allowed: number; used: number } | undefined }): {
  used: number;
  allowed: number | undefined;
} {
  const { used = 0, allowed = 0 } = person.quota ?? {};
  return { used, allowed: allowed > 0 ? allowed : undefined };
}

export function displayName(person: {
  name?: string | undefined;
  username: string;
  address?: string | null | undefined;
}): string {
  return person.name !== undefined && person.name !== '' ? person.name : (person.address ?? person.username);
}
