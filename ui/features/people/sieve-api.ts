/** Filter scripts, as the HTTP API has them. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from '../../lib/fault.ts';
import { requestJson } from '../../lib/request.ts';

const done = z.looseObject({});
const listSchema = z.looseObject({
  results: z.array(z.looseObject({ name: z.string(), active: z.boolean(), size: z.number(), updated: z.string() })),
  trouble: z.looseObject({ at: z.string(), script: z.string(), line: z.number(), text: z.string() }).nullable(),
  extensions: z.array(z.string()),
});
const textSchema = z.looseObject({ text: z.string() });
const checkSchema = z.looseObject({ valid: z.boolean(), line: z.number().optional(), problem: z.string().optional() });

export type SieveList = z.output<typeof listSchema>;
export type SieveCheck = z.output<typeof checkSchema>;

const pathOf = (user: string, script: string): string => `/api/users/${user}/sieve/${encodeURIComponent(script)}`;

export function sieveQuery(user: string) {
  return queryOptions<SieveList, Fault>({
    queryKey: ['people', 'sieve', user],
    queryFn: ({ signal }) => requestJson(listSchema, 'GET', `/api/users/${user}/sieve`, { signal }),
  });
}

export function scriptQuery(user: string, script: string) {
  return queryOptions<string, Fault>({
    queryKey: ['people', 'sieve', user, script],
    queryFn: async ({ signal }) => (await requestJson(textSchema, 'GET', pathOf(user, script), { signal })).text,
    // What somebody is writing must not be replaced under the hands.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function checkScript(user: string, text: string): Promise<SieveCheck> {
  return requestJson(checkSchema, 'POST', `/api/users/${user}/sieve/check`, { body: { text } });
}

export async function saveScript(user: string, script: string, text: string): Promise<void> {
  await requestJson(done, 'PUT', pathOf(user, script), { body: { text } });
}

export async function switchScript(user: string, script: string, active: boolean): Promise<void> {
  await requestJson(done, 'PUT', pathOf(user, script), { body: { active } });
}

export async function deleteScript(user: string, script: string): Promise<void> {
  await requestJson(done, 'DELETE', pathOf(user, script));
}
