/** What the pages of a person's own account ask of the HTTP API. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import type { Fault } from '../../lib/fault.ts';
import { listPasskeys, type Passkey } from '../../lib/passkeys.ts';
import { requestJson } from '../../lib/request.ts';

const done = z.looseObject({});
const seedSchema = z.looseObject({ seed: z.string(), qrcode: z.string() });

/** A seed for an app, to be proved by a first code. */
export async function beginCodes(label: string): Promise<z.output<typeof seedSchema>> {
  return requestJson(seedSchema, 'POST', '/api/users/me/2fa/totp/setup', { body: { issuer: 'Mallard', label } });
}

/** @returns the recovery codes, which are shown this once */
export async function turnOnCodes(code: string): Promise<readonly string[]> {
  const answer = await requestJson(
    z.looseObject({ recoveryCodes: z.array(z.string()) }),
    'POST',
    '/api/users/me/2fa/totp/enable',
    {
      body: { token: code },
    },
  );
  return answer.recoveryCodes;
}

export async function turnOffCodes(): Promise<void> {
  await requestJson(done, 'DELETE', '/api/users/me/2fa/totp');
}

export const passkeysQuery = queryOptions<readonly Passkey[], Fault>({
  queryKey: ['me', 'passkeys'],
  queryFn: ({ signal }) => listPasskeys('me', signal),
});

const signInSchema = z.looseObject({
  id: z.string(),
  action: z.string(),
  result: z.string().optional(),
  protocol: z.string().nullish(),
  ip: z.string().nullish(),
  aname: z.string().nullish(),
  events: z.number().optional(),
  created: z.string(),
  last: z.string().optional(),
});
const pageSchema = z.looseObject({ nextCursor: z.union([z.string(), z.literal(false)]), results: z.array(signInSchema) });

/** Sign-ins and refused ones, newest first; repetitions within a while are one entry. */
export const signInsQuery = infiniteQueryOptions({
  queryKey: ['me', 'sign-ins'],
  queryFn: ({ pageParam, signal }) =>
    requestJson(pageSchema, 'GET', '/api/users/me/authlog', {
      query: { action: 'authentication', limit: 30, next: pageParam },
      signal,
    }),
  initialPageParam: '',
  getNextPageParam: (page) => (page.nextCursor === false ? undefined : page.nextCursor),
});
