/** App passwords: one for each device, so that a lost phone costs one password and not all. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from './fault.ts';
import { requestJson } from './request.ts';

const entry = z.looseObject({
  id: z.string(),
  description: z.string(),
  scopes: z.array(z.string()),
  created: z.string().optional(),
  lastUse: z.looseObject({ time: z.union([z.string(), z.boolean(), z.null()]).optional() }).optional(),
});
export type AppPassword = z.output<typeof entry>;
const list = z.looseObject({ results: z.array(entry) });
const made = z.looseObject({ id: z.string(), password: z.string(), mobileconfig: z.string().optional() });
export type MadeAppPassword = z.output<typeof made>;

export function appPasswordsQuery(user: string) {
  return queryOptions<readonly AppPassword[], Fault>({
    queryKey: ['people', 'asps', user],
    queryFn: async ({ signal }) => (await requestJson(list, 'GET', `/api/users/${user}/asps`, { signal })).results,
  });
}

/** With `withProfile` also as a configuration profile for Apple's devices. */
export async function makeAppPassword(
  user: string,
  description: string,
  scopes: readonly string[],
  withProfile = false,
): Promise<MadeAppPassword> {
  return requestJson(made, 'POST', `/api/users/${user}/asps`, {
    body: { description, scopes, ...(withProfile ? { generateMobileconfig: true } : {}) },
  });
}

export async function removeAppPassword(user: string, id: string): Promise<void> {
  await requestJson(z.looseObject({}), 'DELETE', `/api/users/${user}/asps/${id}`);
}

/** When it was last used; undefined when never. */
export function lastUseOf(password: AppPassword): string | undefined {
  const time = password.lastUse?.time;
  return typeof time === 'string' ? time : undefined;
}
