/** The filters of a person, as the HTTP API has them. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from '../lib/fault.ts';
import { requestJson } from '../lib/request.ts';

const querySchema = z.looseObject({
  from: z.string().optional(),
  to: z.string().optional(),
  subject: z.string().optional(),
  listId: z.string().optional(),
  text: z.string().optional(),
  ha: z.boolean().optional(),
  size: z.number().optional(),
});
const actionSchema = z.looseObject({
  seen: z.boolean().optional(),
  flag: z.boolean().optional(),
  delete: z.boolean().optional(),
  spam: z.boolean().optional(),
  stop: z.boolean().optional(),
  mailbox: z.string().optional(),
  targets: z.array(z.string()).optional(),
});
const filterSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  query: querySchema,
  action: actionSchema,
  disabled: z.boolean(),
});
export type MailFilter = z.output<typeof filterSchema>;

/** What a form makes: a filter without its id. Fields that are not wanted are empty, which takes them away. */
export interface WantedFilter {
  readonly name: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly action: Readonly<Record<string, unknown>>;
}

const done = z.looseObject({});
const listSchema = z.looseObject({
  limits: z.looseObject({ allowed: z.number(), used: z.number() }),
  results: z.array(z.looseObject({ id: z.string() })),
});

export interface FilterList {
  readonly allowed: number;
  readonly filters: readonly MailFilter[];
}

/** In the order in which they work. The list tells them in words for people; each is read in full. */
export function filtersQuery(user: string) {
  return queryOptions<FilterList, Fault>({
    queryKey: ['people', 'filters', user],
    queryFn: async ({ signal }) => {
      const { limits, results } = await requestJson(listSchema, 'GET', `/api/users/${user}/filters`, { signal });
      const filters = await Promise.all(
        results.map(({ id }) => requestJson(filterSchema, 'GET', `/api/users/${user}/filters/${id}`, { signal })),
      );
      return { allowed: limits.allowed, filters };
    },
  });
}

export async function saveFilter(user: string, id: string | undefined, wanted: WantedFilter): Promise<void> {
  if (id === undefined) await requestJson(done, 'POST', `/api/users/${user}/filters`, { body: wanted });
  else await requestJson(done, 'PUT', `/api/users/${user}/filters/${id}`, { body: wanted });
}

export async function enableFilter(user: string, id: string, enabled: boolean): Promise<void> {
  await requestJson(done, 'PUT', `/api/users/${user}/filters/${id}`, { body: { disabled: !enabled } });
}

export async function removeFilter(user: string, id: string): Promise<void> {
  await requestJson(done, 'DELETE', `/api/users/${user}/filters/${id}`);
}

export async function orderFilters(user: string, order: readonly string[]): Promise<void> {
  await requestJson(done, 'PUT', `/api/users/${user}/filters`, { body: { order } });
}
