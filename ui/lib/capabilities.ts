/**
 * Which calls the worker's HTTP API has, by its own description. A part of a screen whose call is not there is not drawn: no button leads nowhere, also
 * when the page and the worker are of different versions.
 */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from './fault.ts';
import { requestJson } from './request.ts';

const documentSchema = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

export const capabilitiesQuery = queryOptions<ReadonlySet<string>, Fault>({
  queryKey: ['capabilities'],
  queryFn: async ({ signal }) => {
    const { paths } = await requestJson(documentSchema, 'GET', '/api/openapi.json', { signal });
    return new Set(
      Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)),
    );
  },
  staleTime: 300_000,
});

/** Whether the API has a call such as `POST /users/{user}/asps`; undefined while that is not known. */
export function useHas(): (call: `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`) => boolean | undefined {
  const { data, isError } = useQuery(capabilitiesQuery);
  return (call) => (isError ? false : data?.has(call));
}
