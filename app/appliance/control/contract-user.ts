/**
 * How people reach their own account at the appliance's origin. `/me/session` signs in and out; `/me/api/*` is the worker's HTTP API in the name of who is signed in,
 * who is `me` there. The browser holds a cookie for `/me` alone, never a token. Nothing but zod is imported, so the GUI can use it as it is.
 */
import { z } from 'zod';

export const userSessionPath = '/me/session';
export const userApiPath = '/me/api';

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
