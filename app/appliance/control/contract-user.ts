/**
 * How people reach their own account at the appliance's origin. `/me/session` signs in and out; `/me/api/*` is the worker's HTTP API in the name of who is signed in,
 * who is `me` there. The browser holds a cookie for `/me` alone, never a token. The GUI uses this as it is.
 */
import { z } from 'zod';
import { endpointSchema } from './contract.ts';

export const userSessionPath = '/me/session';
export const userApiPath = '/me/api';
export const userServerPath = '/me/server';

export const userSignInSchema = z.strictObject({
  /** A username or an address. */
  username: z.string().min(1).max(320),
  password: z.string().min(1).max(256),
  /** Stays signed in when the browser is closed. */
  keep: z.boolean().default(false),
});

/** What is still asked for before the account opens: `totp`, `webauthn`. Empty: it is open. */
export const userSignedInSchema = z.object({ needs: z.array(z.string()), requirePasswordChange: z.boolean() });
export type UserSignedIn = z.output<typeof userSignedInSchema>;

/** GET /me/server: how mail programs reach this server. For who is signed in. */
export const userServerSchema = z.object({
  endpoints: z.record(z.string(), endpointSchema),
  /** Names and addresses for other computers and phones, the best first. */
  reachableAs: z.array(z.string()),
});
export type UserServer = z.output<typeof userServerSchema>;
