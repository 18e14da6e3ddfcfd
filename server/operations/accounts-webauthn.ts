/** Security keys and passkeys (WebAuthn level 2) as a second factor. Ids and bytes are hex outside, as the HTTP API has them. */
import { randomBytes } from 'node:crypto';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { Stored } from '../store/records.ts';
import type { WebAuthnChallengeFields, WebAuthnCredentialFields } from '../store/types-accounts.ts';
import type { AccountContext, User } from './accounts-context.ts';
import { type AskedFrom, ensureRecoveryCodes, switchFactor } from './accounts-second-factor.ts';
import type { AuthLog } from './auth-log.ts';
import { Refusal, userNotFound } from './refusal.ts';

export type WebAuthnCredential = Stored<WebAuthnCredentialFields>;

export type ChallengeRequest = {
  readonly origin: string;
  /** Default: the origin's host. */
  readonly rpId?: string | undefined;
  readonly description?: string | undefined;
  readonly authenticatorAttachment: string;
};

export type Challenge = {
  readonly user: User;
  readonly challenge: string;
  readonly rpId: string;
  readonly credentials: readonly WebAuthnCredential[];
};

type Answer = { readonly challenge: string; readonly rawId: string; readonly clientDataJSON: string };

export type WebAuthn = {
  readonly list: (user: string) => Promise<WebAuthnCredential[]>;
  /** The last one gone switches the factor off. */
  readonly remove: (user: string, id: string, from: AskedFrom) => Promise<boolean>;
  readonly askRegistration: (user: string, request: ChallengeRequest) => Promise<Challenge>;
  /** Also recovery codes, for a user who had none. Refusals ChallengeNotFound, AuthFail. */
  readonly register: (
    user: string,
    answer: Answer & { readonly attestationObject: string },
    from: AskedFrom,
  ) => Promise<WebAuthnCredential & { readonly recoveryCodes: readonly string[] | undefined }>;
  /** Refusal WebAuthnDisabled. */
  readonly askAuthentication: (user: string, request: ChallengeRequest) => Promise<Challenge>;
  /** Answers the credential's id. Refusals WebAuthnDisabled, ChallengeNotFound, CredentialsNotFound, AuthFail. */
  readonly authenticate: (
    user: string,
    answer: Answer & { readonly authenticatorData: string; readonly signature: string },
    from: AskedFrom,
  ) => Promise<string>;
};

export const CHALLENGE_MS = 5 * 60_000;
const MAX_CREDENTIALS = 100;

export function createWebAuthn(context: AccountContext, authLog: AuthLog): WebAuthn {
  const { users, secondFactors, webAuthnCredentials, webAuthnChallenges } = context.tables;
  const expect = async (id: string): Promise<User> => {
    const user = await users.get(id);
    if (user === undefined) throw userNotFound();
    return user;
  };
  const record = (user: string, action: string, result: string, from: AskedFrom): void =>
    authLog.record({ user, action, result, source: 'master', ip: from.ip, session: from.session });
  const list = (user: string): Promise<WebAuthnCredential[]> => webAuthnCredentials.find({ user }, { sort: { id: 1 } });

  const ask = async (id: string, purpose: WebAuthnChallengeFields['purpose'], request: ChallengeRequest): Promise<Challenge> => {
    const user = await expect(id);
    const credentials = await list(id);
    if (purpose === 'authentication' && credentials.length === 0) throw new Refusal('WebAuthnDisabled', 'No key is registered');
    if (purpose === 'registration' && credentials.length >= MAX_CREDENTIALS)
      throw new Refusal('TooMany', `No more than ${MAX_CREDENTIALS} keys can be registered`);
    const challenge = randomBytes(32).toString('hex');
    const rpId = request.rpId ?? new URL(request.origin).hostname;
    await webAuthnChallenges.insert({
      user: id,
      purpose,
      challenge,
      origin: new URL(request.origin).origin,
      rpId,
      description: request.description ?? '',
      authenticatorAttachment: request.authenticatorAttachment,
      expires: new Date(context.now() + CHALLENGE_MS),
    });
    return { user, challenge, rpId, credentials };
  };

  /** Taken away: an answer counts once. */
  const take = async (user: string, purpose: WebAuthnChallengeFields['purpose'], challenge: string) => {
    const found = await webAuthnChallenges.take({ user, purpose, challenge: challenge.toLowerCase() });
    if (found === undefined || found.expires.getTime() <= context.now())
      throw new Refusal('ChallengeNotFound', 'This challenge was not given, or its time is over');
    return found;
  };

  return {
    list,
    remove: async (user, id, from) => {
      const { enabled2fa } = await expect(user);
      const gone = (await webAuthnCredentials.delete({ id, user })) > 0;
      if (gone) record(user, 'delete webauthn credential', 'success', from);
      if ((await webAuthnCredentials.count({ user })) === 0) {
        await switchFactor(context, user, 'webauthn', false);
        // Recovery codes for nothing.
        if (!enabled2fa.includes('totp')) await secondFactors.delete({ user });
      }
      return gone;
    },
    askRegistration: (user, request) => ask(user, 'registration', request),
    askAuthentication: (user, request) => ask(user, 'authentication', request),
    register: async (user, answer, from) => {
      await expect(user);
      const asked = await take(user, 'registration', answer.challenge);
      const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
      const id = base64url(answer.rawId);
      const response: RegistrationResponseJSON = {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON: base64url(answer.clientDataJSON), attestationObject: base64url(answer.attestationObject) },
      };
      const result = await verified(() =>
        verifyRegistrationResponse({
          response,
          expectedChallenge: base64url(asked.challenge),
          expectedOrigin: asked.origin,
          expectedRPID: asked.rpId,
          requireUserVerification: false,
        }),
      );
      if (result?.verified !== true) {
        record(user, 'register webauthn credential', 'fail', from);
        throw new Refusal('AuthFail', 'The answer of the authenticator could not be verified');
      }
      const { credential } = result.registrationInfo;
      const made = await webAuthnCredentials.insert({
        user,
        description: asked.description,
        authenticatorAttachment: asked.authenticatorAttachment,
        rawId: Buffer.from(credential.id, 'base64url').toString('hex'),
        publicKey: Buffer.from(credential.publicKey),
        counter: credential.counter,
      });
      const recoveryCodes = await ensureRecoveryCodes(context, user);
      await switchFactor(context, user, 'webauthn', true);
      record(user, 'register webauthn credential', 'success', from);
      return { ...made, recoveryCodes };
    },
    authenticate: async (user, answer, from) => {
      await expect(user);
      const asked = await take(user, 'authentication', answer.challenge);
      const known = await webAuthnCredentials.findOne({ user, rawId: answer.rawId.toLowerCase() });
      if (known === undefined) throw new Refusal('CredentialsNotFound', 'This key is not registered');
      const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
      const id = base64url(known.rawId);
      const response: AuthenticationResponseJSON = {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: base64url(answer.clientDataJSON),
          authenticatorData: base64url(answer.authenticatorData),
          signature: base64url(answer.signature),
        },
      };
      const result = await verified(() =>
        verifyAuthenticationResponse({
          response,
          expectedChallenge: base64url(asked.challenge),
          expectedOrigin: asked.origin,
          expectedRPID: asked.rpId,
          requireUserVerification: false,
          credential: { id, publicKey: new Uint8Array(known.publicKey), counter: known.counter },
        }),
      );
      if (result?.verified !== true) {
        record(user, 'check 2fa', 'fail', from);
        throw new Refusal('AuthFail', 'The answer of the authenticator could not be verified');
      }
      await webAuthnCredentials.update({ id: known.id }, { set: { counter: result.authenticationInfo.newCounter } });
      record(user, 'check 2fa', 'success', from);
      return known.id;
    },
  };
}

/** The library throws for an answer that is not good; what it says is for developers. */
async function verified<T>(verify: () => Promise<T>): Promise<T | undefined> {
  try {
    return await verify();
  } catch {
    return undefined;
  }
}

function base64url(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url');
}
