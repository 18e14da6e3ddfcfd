/** Traces and the outgoing queue, as the HTTP API tells them. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from '../../lib/fault.ts';
import { requestJson } from '../../lib/request.ts';

const cursor = z.union([z.string(), z.literal(false)]);
const step = z.looseObject({
  at: z.string(),
  kind: z.string(),
  to: z.union([z.string(), z.array(z.string())]).optional(),
  outcome: z.string().optional(),
  status: z.string().optional(),
  text: z.string().optional(),
  server: z.string().optional(),
  rule: z.string().optional(),
  attempt: z.number().optional(),
});
export type TraceStep = z.output<typeof step>;

const trace = z.looseObject({
  transaction: z.string(),
  at: z.string(),
  from: z.string().optional(),
  to: z.array(z.string()).optional(),
  subject: z.string().optional(),
  messageId: z.string().optional(),
  ip: z.string().optional(),
  steps: z.array(step),
});
export type Trace = z.output<typeof trace>;
const tracePage = z.looseObject({ total: z.number(), nextCursor: cursor, results: z.array(trace) });

/** One field for everything: what is typed says what it is. */
export function searchOf(text: string): Readonly<Record<string, string>> {
  const wanted = text.trim();
  if (wanted === '') return {};
  if (/^[0-9a-f]{18,24}$/i.test(wanted)) return { queueId: wanted };
  if (/^<.+@.+>$/.test(wanted)) return { messageId: wanted };
  if (/^\d{1,3}(\.\d{1,3}){3}$|^[0-9a-f]*:[0-9a-f:]+$/i.test(wanted)) return { remote: wanted };
  return /^\S+@\S+$/.test(wanted) ? { address: wanted } : { subject: wanted };
}

export function tracesQuery(text: string) {
  return infiniteQueryOptions({
    queryKey: ['mail', 'traces', text],
    queryFn: ({ pageParam, signal }) =>
      requestJson(tracePage, 'GET', '/api/trace', { query: { ...searchOf(text), limit: 50, next: pageParam }, signal }),
    initialPageParam: '',
    getNextPageParam: (page) => (page.nextCursor === false ? undefined : page.nextCursor),
    placeholderData: keepPreviousData,
    refetchInterval: 5000,
  });
}

const entry = z.looseObject({
  id: z.string(),
  from: z.string(),
  recipients: z.array(z.string()),
  destination: z.string(),
  subject: z.string(),
  size: z.number(),
  state: z.enum(['queued', 'held', 'sending']),
  created: z.string(),
  next: z.string(),
  attempts: z.number(),
  last: z.looseObject({ at: z.string(), server: z.string(), text: z.string() }).optional(),
});
export type QueueEntry = z.output<typeof entry>;
const queuePage = z.looseObject({ total: z.number(), nextCursor: cursor, results: z.array(entry) });

export function queueQuery(search: string) {
  return infiniteQueryOptions({
    queryKey: ['mail', 'queue', search],
    queryFn: ({ pageParam, signal }) =>
      requestJson(queuePage, 'GET', '/api/queue', { query: { search, limit: 50, next: pageParam }, signal }),
    initialPageParam: '',
    getNextPageParam: (page) => (page.nextCursor === false ? undefined : page.nextCursor),
    placeholderData: keepPreviousData,
    refetchInterval: 5000,
  });
}

const status = z.looseObject({
  queued: z.number(),
  held: z.number(),
  mode: z.string(),
  oldest: z.string().optional(),
  paused: z.looseObject({ since: z.string(), reason: z.string() }).optional(),
  resting: z.array(z.looseObject({ destination: z.string(), until: z.string(), reason: z.string() })),
});
export type QueueStatus = z.output<typeof status>;

export const queueStatusQuery = queryOptions<QueueStatus, Fault>({
  queryKey: ['mail', 'status'],
  queryFn: ({ signal }) => requestJson(status, 'GET', '/api/queue/status', { signal }),
  refetchInterval: 5000,
});

const done = z.looseObject({});
export type QueueDeed = 'hold' | 'release' | 'retry' | 'return' | 'remove';

export async function actOnEntry(id: string, deed: QueueDeed): Promise<void> {
  if (deed === 'remove') await requestJson(done, 'DELETE', `/api/queue/${id}`);
  else await requestJson(done, 'PUT', `/api/queue/${id}`, { body: { action: deed } });
}

export async function pauseQueue(paused: boolean): Promise<void> {
  await requestJson(done, 'PUT', '/api/queue/status', { body: { paused } });
}
