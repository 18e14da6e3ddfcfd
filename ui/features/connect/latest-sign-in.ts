/** When a person last signed in, by the log of sign-ins. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from '../../lib/fault.ts';
import { requestJson } from '../../lib/request.ts';

const page = z.looseObject({
  results: z.array(
    z.looseObject({ action: z.string(), result: z.string().optional(), created: z.string(), last: z.string().optional() }),
  ),
});

export function latestSignInQuery(user: string) {
  return queryOptions<string | null, Fault>({
    queryKey: ['people', 'latest-sign-in', user],
    queryFn: async ({ signal }) => {
      const { results } = await requestJson(page, 'GET', `/api/users/${user}/authlog`, {
        query: { action: 'authentication', limit: 20 },
        signal,
      });
      const found = results.find(({ result }) => result === 'success');
      return found?.last ?? found?.created ?? null;
    },
  });
}
