/** The person who uses the pages below /me: their account, signing in and out. */
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { userSessionPath, type UserSignedIn, userSignedInSchema } from '../../app/appliance/control/contract-user.ts';
import { Fault } from './fault.ts';
import { type Person, personSchema, withQuota } from './people.ts';
import { requestJson } from './request.ts';

/** Whether this page is one of a person at their own account. It stays so until another page is loaded. */
export function isUserPlace(): boolean {
  return /^\/me(\/|$)/.test(window.location.pathname);
}

/** Null: nobody is signed in, or a second factor is still to be shown. */
export const meQuery = queryOptions<Person | null, Fault>({
  queryKey: ['me'],
  queryFn: async ({ signal }) => {
    try {
      return withQuota(await requestJson(personSchema, 'GET', '/api/users/me', { signal }));
    } catch (error) {
      if (error instanceof Fault && (error.status === 401 || error.status === 403)) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

const done = z.looseObject({});

export async function signInUser(wanted: { username: string; password: string; keep: boolean }): Promise<UserSignedIn> {
  return requestJson(userSignedInSchema, 'POST', userSessionPath, { body: wanted });
}

export async function signOutUser(): Promise<void> {
  await requestJson(done, 'DELETE', userSessionPath);
}

/** A one-time code; with it the session becomes a full one. */
export async function showCode(code: string): Promise<void> {
  await requestJson(done, 'POST', '/api/users/me/2fa/totp/check', { body: { token: code } });
}

export async function showRecoveryCode(code: string): Promise<void> {
  await requestJson(done, 'POST', '/api/users/me/2fa/recovery/check', { body: { code } });
}
