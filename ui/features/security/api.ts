/** What the security screens ask: the administrator's access, sign-ins, bans, certificates, the log of changes. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Access } from '../../../app/appliance/control/contract-access.ts';
import { routes } from '../../../app/appliance/control/contract.ts';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';
import { requestJson } from '../../lib/request.ts';

export const accessQuery = queryOptions<Access, Fault>({
  queryKey: ['access'],
  queryFn: ({ signal }) => control(routes.access, { signal }),
});

const cursor = z.union([z.string(), z.literal(false)]);
const pageSize = 50;

const signInSchema = z.looseObject({
  id: z.string(),
  user: z.string(),
  username: z.string().nullable(),
  action: z.string(),
  result: z.string(),
  protocol: z.string().nullable(),
  ip: z.string().nullable(),
  source: z.string().nullable(),
  aname: z.string().nullish(),
  events: z.number(),
  last: z.string(),
});
export type SignInEvent = z.output<typeof signInSchema>;
const signInsPage = z.looseObject({ nextCursor: cursor, results: z.array(signInSchema) });

export interface SignInFilter {
  readonly result: 'all' | 'success' | 'fail';
  readonly ip: string;
}

export function signInsQuery({ result, ip }: SignInFilter) {
  return infiniteQueryOptions({
    queryKey: ['sign-ins', result, ip],
    queryFn: ({ pageParam, signal }) =>
      requestJson(signInsPage, 'GET', '/api/authlog', {
        query: { limit: pageSize, next: pageParam, filterip: ip, ...(result === 'all' ? {} : { result }) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => (page.nextCursor === false ? undefined : page.nextCursor),
    refetchInterval: 30_000,
  });
}

export async function liftBan(key: string): Promise<void> {
  await requestJson(z.looseObject({}), 'DELETE', '/api/bans', { query: { key } });
}

const certificateSchema = z.looseObject({
  id: z.string(),
  servername: z.string(),
  description: z.string(),
  fingerprint: z.string(),
  expires: z.string(),
});
export type CertificateEntry = z.output<typeof certificateSchema>;

export const certificatesQuery = queryOptions<readonly CertificateEntry[], Fault>({
  queryKey: ['certificates'],
  queryFn: async ({ signal }) =>
    (
      await requestJson(z.looseObject({ results: z.array(certificateSchema) }), 'GET', '/api/certs', {
        query: { limit: 250 },
        signal,
      })
    ).results,
});

export async function putCertificate(servername: string, cert: string, privateKey: string): Promise<void> {
  await requestJson(z.looseObject({}), 'POST', '/api/certs', { body: { servername, cert, privateKey } });
}

export async function removeCertificate(id: string): Promise<void> {
  await requestJson(z.looseObject({}), 'DELETE', `/api/certs/${id}`);
}

const actSchema = z.looseObject({
  seq: z.number(),
  at: z.string(),
  action: z.string(),
  role: z.string(),
  by: z.string().nullable(),
  ip: z.string(),
  user: z.string().nullable(),
  input: z.record(z.string(), z.unknown()),
  before: z.record(z.string(), z.unknown()).nullable(),
});
export type AdminActEntry = z.output<typeof actSchema>;
const actsPage = z.looseObject({ total: z.number(), nextCursor: cursor, results: z.array(actSchema) });

export interface ActFilter {
  readonly action: string;
  readonly from: string;
  readonly to: string;
}

function actParameters({ action, from, to }: ActFilter): Record<string, string> {
  return {
    action,
    ...(from === '' ? {} : { from: new Date(`${from}T00:00:00`).toISOString() }),
    ...(to === '' ? {} : { to: new Date(`${to}T23:59:59.999`).toISOString() }),
  };
}

export function actsQuery(filter: ActFilter) {
  return infiniteQueryOptions({
    queryKey: ['admin-acts', filter],
    queryFn: ({ pageParam, signal }) =>
      requestJson(actsPage, 'GET', '/api/adminlog', {
        query: { limit: pageSize, next: pageParam, ...actParameters(filter) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => (page.nextCursor === false ? undefined : page.nextCursor),
  });
}

const maxExported = 20_000;

/** Everything that fits the filter, newest first, at most 20,000 entries. */
export async function allActs(filter: ActFilter): Promise<AdminActEntry[]> {
  const found: AdminActEntry[] = [];
  let next = '';
  do {
    const page = await requestJson(actsPage, 'GET', '/api/adminlog', { query: { limit: 250, next, ...actParameters(filter) } });
    found.push(...page.results);
    next = page.nextCursor === false ? '' : page.nextCursor;
  } while (next !== '' && found.length < maxExported);
  return found;
}

const verificationSchema = z.looseObject({ intact: z.boolean(), entries: z.number(), brokenAt: z.number().optional() });
export type ChainVerification = z.output<typeof verificationSchema>;

export function verifyActs(): Promise<ChainVerification> {
  return requestJson(verificationSchema, 'GET', '/api/adminlog/verify');
}
