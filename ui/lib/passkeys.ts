/**
 * Security keys and passkeys (WebAuthn) as the HTTP API takes them: bytes travel as hex. A browser has them only on encrypted pages and on this computer, and only
 * under a name: an IP address can own no key.
 */
import { z } from 'zod';
import { requestJson } from './request.ts';

export function hasPasskeys(): boolean {
  return window.isSecureContext && 'PublicKeyCredential' in window && !/^[\d.]+$|:/.test(window.location.hostname);
}

const credentialSchema = z.looseObject({ id: z.string(), description: z.string() });
export type Passkey = z.output<typeof credentialSchema>;
const listSchema = z.looseObject({ credentials: z.array(credentialSchema) });
const known = z.array(z.looseObject({ rawId: z.string() }));
const registrationSchema = z.looseObject({
  registrationOptions: z.looseObject({
    challenge: z.string(),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    rp: z.object({ name: z.string(), id: z.string() }),
    excludeCredentials: known.optional(),
    pubKeyCredParams: z.array(z.object({ alg: z.number(), type: z.literal('public-key') })),
    timeout: z.number(),
  }),
});
const registeredSchema = z.looseObject({ recoveryCodes: z.array(z.string()).optional() });
const authenticationSchema = z.looseObject({
  authenticationOptions: z.looseObject({ challenge: z.string(), rpId: z.string(), allowCredentials: known, timeout: z.number() }),
});

export async function listPasskeys(user: string, signal?: AbortSignal): Promise<readonly Passkey[]> {
  return (await requestJson(listSchema, 'GET', `/api/users/${user}/2fa/webauthn/credentials`, { signal })).credentials;
}

export async function removePasskey(user: string, id: string): Promise<void> {
  await requestJson(z.looseObject({}), 'DELETE', `/api/users/${user}/2fa/webauthn/credentials/${id}`);
}

const here = () => ({ origin: window.location.origin, rpId: window.location.hostname });

/** @returns recovery codes, for a user who had none; they are shown this once */
export async function registerPasskey(user: string, description: string): Promise<readonly string[] | undefined> {
  const { registrationOptions: asked } = await requestJson(
    registrationSchema,
    'POST',
    `/api/users/${user}/2fa/webauthn/registration-challenge`,
    { body: { ...here(), description, authenticatorAttachment: 'cross-platform' } },
  );
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: bytesOf(asked.challenge),
      user: { ...asked.user, id: new TextEncoder().encode(asked.user.id) },
      rp: asked.rp,
      pubKeyCredParams: asked.pubKeyCredParams,
      excludeCredentials: (asked.excludeCredentials ?? []).map(({ rawId }) => ({ id: bytesOf(rawId), type: 'public-key' })),
      // Any kind: a key on a cable, this computer's own, or a phone.
      authenticatorSelection: { userVerification: 'preferred' },
      attestation: 'none',
      timeout: asked.timeout,
    },
  });
  if (!(made instanceof PublicKeyCredential) || !(made.response instanceof AuthenticatorAttestationResponse)) return undefined;
  const registered = await requestJson(registeredSchema, 'POST', `/api/users/${user}/2fa/webauthn/registration-attestation`, {
    body: {
      challenge: asked.challenge,
      rawId: hexOf(made.rawId),
      clientDataJSON: hexOf(made.response.clientDataJSON),
      attestationObject: hexOf(made.response.attestationObject),
      rpId: asked.rp.id,
    },
  });
  return registered.recoveryCodes;
}

/** Proves a key; with it a session that waits becomes a full one. */
export async function showPasskey(): Promise<void> {
  const { authenticationOptions: asked } = await requestJson(
    authenticationSchema,
    'POST',
    '/api/users/me/2fa/webauthn/authentication-challenge',
    { body: { ...here(), authenticatorAttachment: 'cross-platform' } },
  );
  const shown = await navigator.credentials.get({
    publicKey: {
      challenge: bytesOf(asked.challenge),
      rpId: asked.rpId,
      allowCredentials: asked.allowCredentials.map(({ rawId }) => ({ id: bytesOf(rawId), type: 'public-key' })),
      userVerification: 'preferred',
      timeout: asked.timeout,
    },
  });
  if (!(shown instanceof PublicKeyCredential) || !(shown.response instanceof AuthenticatorAssertionResponse)) return;
  await requestJson(z.looseObject({}), 'POST', '/api/users/me/2fa/webauthn/authentication-assertion', {
    body: {
      challenge: asked.challenge,
      rawId: hexOf(shown.rawId),
      clientDataJSON: hexOf(shown.response.clientDataJSON),
      authenticatorData: hexOf(shown.response.authenticatorData),
      signature: hexOf(shown.response.signature),
      rpId: asked.rpId,
    },
  });
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hexOf(buffer: ArrayBuffer): string {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
