/** The automatic reply of a person, as the HTTP API has it. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from '../lib/fault.ts';
import { requestJson } from '../lib/request.ts';

const done = z.looseObject({});
const autoreplySchema = z.looseObject({
  status: z.boolean(),
  name: z.string().optional(),
  subject: z.string().optional(),
  text: z.string().optional(),
  start: z.union([z.string(), z.literal(false)]).optional(),
  end: z.union([z.string(), z.literal(false)]).optional(),
});
export type Autoreply = z.output<typeof autoreplySchema>;

export function autoreplyQuery(user: string) {
  return queryOptions<Autoreply, Fault>({
    queryKey: ['people', 'autoreply', user],
    queryFn: ({ signal }) => requestJson(autoreplySchema, 'GET', `/api/users/${user}/autoreply`, { signal }),
  });
}

export async function saveAutoreply(user: string, autoreply: Autoreply): Promise<void> {
  const { status, subject, text, start, end } = autoreply;
  await requestJson(done, 'PUT', `/api/users/${user}/autoreply`, { body: { status, subject, text, start, end } });
}
