/**
 * Signing in to the GUI, and what guards it: the administrator's password, second factor, passkeys, recovery, sessions.
 *
 * On the computer itself ("here": a loopback connection to a loopback name) the one-time link that `mallard start` and `mallard gui` print opens
 * without a password. From everywhere else it takes HTTPS and the password or a passkey.
 */
import { z } from 'zod';
import { done, route } from './contract-route.ts';

const signedInSchema = z.object({ signedIn: z.literal(true) });
const passwordSchema = z.string().min(1).max(1000);
/** What the browser's WebAuthn call gives or takes; the library checks it. */
const webAuthnSchema = z.record(z.string(), z.unknown());

export const sessionSchema = z.object({
  signedIn: z.boolean(),
  /** The request comes from the computer itself: a sign-in link works. */
  here: z.boolean(),
  /** There is an administrator's password to sign in with. */
  passwordSet: z.boolean(),
  /** A passkey is registered for the name by which this page was opened. */
  passkey: z.boolean(),
});

export const signInMethodSchema = z.enum(['link', 'password', 'passkey', 'recovery']);

export const accessSchema = z.object({
  passwordSet: z.boolean(),
  passwordChangedAt: z.iso.datetime().nullable(),
  totp: z.boolean(),
  recoveryCodesLeft: z.int(),
  /** When the printable recovery key was made; null: there is none. */
  recoveryKeyMadeAt: z.iso.datetime().nullable(),
  /** Passkeys need a name: they cannot be made on a page that was opened by IP address. */
  passkeysPossible: z.boolean(),
  passkeys: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      /** The host name that it is good for. */
      host: z.string(),
      createdAt: z.iso.datetime(),
      lastUsedAt: z.iso.datetime().nullable(),
    }),
  ),
  sessions: z.array(
    z.object({
      id: z.string(),
      current: z.boolean(),
      method: signInMethodSchema,
      address: z.string(),
      /** The User-Agent header, cut. */
      browser: z.string(),
      createdAt: z.iso.datetime(),
      seenAt: z.iso.datetime(),
    }),
  ),
});

export const accessRoutes = {
  session: route('GET', '/control/session', { access: 'open', answer: sessionSchema }),
  /** Exchanges the one-time secret of a sign-in link for the session cookie. Only here. */
  signIn: route('POST', '/control/session', {
    access: 'open',
    body: z.strictObject({ link: z.string().max(200) }),
    answer: signedInSchema,
  }),
  signOut: route('DELETE', '/control/session', { answer: done }),
  /** `needsCode`: the password is right; ask again with the code of the app, or with one of the recovery codes. */
  signInByPassword: route('POST', '/control/session/password', {
    access: 'open',
    body: z.strictObject({ password: passwordSchema, code: z.string().max(40).optional() }),
    answer: z.object({ signedIn: z.boolean(), needsCode: z.boolean() }),
  }),
  askPasskey: route('POST', '/control/session/passkey/options', {
    access: 'open',
    answer: z.object({ options: webAuthnSchema }),
  }),
  signInByPasskey: route('POST', '/control/session/passkey', {
    access: 'open',
    body: z.strictObject({ response: webAuthnSchema }),
    answer: signedInSchema,
  }),
  /** The printed recovery key sets a new password, turns the second factors off and ends all sessions. It works once. */
  recover: route('POST', '/control/session/recovery', {
    access: 'open',
    body: z.strictObject({ key: z.string().max(100), password: passwordSchema }),
    answer: signedInSchema,
  }),

  access: route('GET', '/control/access', { answer: accessSchema }),
  /** `current` where there is a password already. Ends all other sessions. */
  changePassword: route('PUT', '/control/access/password', {
    body: z.strictObject({ current: z.string().max(1000).optional(), password: passwordSchema }),
    answer: done,
  }),
  /** On the machine itself: a new password without the former one; second factors go unless they are kept. Ends all sessions. */
  resetPassword: route('POST', '/control/access/reset', {
    access: 'token',
    body: z.strictObject({ password: passwordSchema, keepSecondFactor: z.boolean().default(false) }),
    answer: done,
  }),
  beginTotp: route('POST', '/control/access/totp', {
    body: z.strictObject({ current: passwordSchema }),
    answer: z.object({ secret: z.string(), uri: z.string() }),
  }),
  confirmTotp: route('POST', '/control/access/totp/confirm', {
    body: z.strictObject({ code: z.string().max(20) }),
    answer: z.object({ recoveryCodes: z.array(z.string()) }),
  }),
  turnOffTotp: route('POST', '/control/access/totp/off', {
    body: z.strictObject({ current: passwordSchema }),
    answer: done,
  }),
  /** New recovery codes; the former ones end. */
  makeRecoveryCodes: route('POST', '/control/access/recovery-codes', {
    body: z.strictObject({ current: passwordSchema }),
    answer: z.object({ recoveryCodes: z.array(z.string()) }),
  }),
  /** A new recovery key; the former one ends. */
  makeRecoveryKey: route('POST', '/control/access/recovery-key', {
    body: z.strictObject({ current: passwordSchema }),
    answer: z.object({ key: z.string() }),
  }),
  askPasskeyRegistration: route('POST', '/control/access/passkeys/options', {
    body: z.strictObject({ current: passwordSchema }),
    answer: z.object({ options: webAuthnSchema }),
  }),
  addPasskey: route('POST', '/control/access/passkeys', {
    body: z.strictObject({ name: z.string().trim().min(1).max(60), response: webAuthnSchema }),
    answer: done,
  }),
  removePasskey: route('DELETE', '/control/access/passkeys/:name', { answer: done }),
  endSession: route('DELETE', '/control/access/sessions/:name', { answer: done }),
  endOtherSessions: route('DELETE', '/control/access/sessions', { answer: done }),
};

export type Access = z.output<typeof accessSchema>;
export type SessionInfo = z.output<typeof sessionSchema>;
export type SignInMethod = z.output<typeof signInMethodSchema>;
