/** Second factors. A token that waited for its factor becomes a full one when the factor is shown with it. */
import { SECOND_FACTOR_GRANT } from '../../operations/accounts-tokens.ts';
import { CHALLENGE_MS } from '../../operations/accounts-webauthn.ts';
import { secondFactor } from '../contract/second-factor.ts';
import { type ApiContext, type Call, type Route, route } from '../context.ts';
import { RefusalWithStatus, refuse } from '../faults.ts';
import { Refusal } from '../../operations/refusal.ts';

/** EdDSA, ES256, RS256 (RFC 9053). */
const ALGORITHMS = [-8, -7, -257];

export function secondFactorRoutes({ config, store }: ApiContext): Route[] {
  const { secondFactors, webAuthn, tokens, context } = store.accounts;
  const proven = async ({ actor }: Call<unknown>): Promise<void> => {
    if (actor.token !== undefined && actor.grants.includes(SECOND_FACTOR_GRANT)) await tokens.complete(actor.token);
  };
  const from = ({ ip, session }: Call<unknown>) => ({ ip, session });

  return [
    route(secondFactor.disable, async (call) => {
      await secondFactors.disableAll(call.input.user, from(call));
      return {};
    }),
    route(secondFactor.setupTotp, async ({ input }) => {
      const { seed, uri } = await secondFactors.setupTotp(input.user, input.label, input.issuer);
      const { toDataURL } = await import('qrcode');
      return { seed, qrcode: await toDataURL(uri) };
    }),
    route(secondFactor.enableTotp, async (call) => {
      try {
        return { recoveryCodes: [...(await secondFactors.enableTotp(call.input.user, call.input.token, from(call)))] };
      } catch (error) {
        // Here it is an input that is wrong, not an entry that is refused.
        if (error instanceof Refusal && error.reason === 'InvalidToken')
          throw new RefusalWithStatus(400, 'InvalidToken', error.message);
        throw error;
      }
    }),
    route(secondFactor.checkTotp, async (call) => {
      await secondFactors.checkTotp(call.input.user, call.input.token, from(call));
      await proven(call);
      return {};
    }),
    route(secondFactor.checkRecovery, async (call) => {
      await secondFactors.checkRecovery(call.input.user, call.input.code, from(call));
      await proven(call);
      return {};
    }),
    route(secondFactor.disableTotp, async (call) => {
      await secondFactors.disableTotp(call.input.user, from(call));
      return {};
    }),
    route(secondFactor.enableCustom, async (call) => {
      await secondFactors.setCustom(call.input.user, true, from(call));
      return {};
    }),
    route(secondFactor.disableCustom, async (call) => {
      await secondFactors.setCustom(call.input.user, false, from(call));
      return {};
    }),
    route(secondFactor.credentials, async ({ input }) => {
      await store.accounts.users.expect(input.user);
      const found = await webAuthn.list(input.user);
      return {
        credentials: found.map(({ id, rawId, description, authenticatorAttachment }) => ({
          id,
          rawId,
          description,
          authenticatorAttachment,
        })),
      };
    }),
    route(secondFactor.removeCredential, async (call) => ({
      deleted: await webAuthn.remove(call.input.user, call.input.credential, from(call)),
    })),
    route(secondFactor.askRegistration, async ({ input }) => {
      const { user, challenge, rpId, credentials } = await webAuthn.askRegistration(input.user, input);
      const excluded = credentials.map(({ rawId }) => ({
        rawId,
        type: 'public-key',
        transports: ['usb', 'nfc', 'ble', 'internal', 'hybrid'],
      }));
      return {
        registrationOptions: {
          challenge,
          user: { id: user.id, name: user.username, displayName: user.name === '' ? user.username : user.name },
          authenticatorSelection: { authenticatorAttachment: input.authenticatorAttachment, userVerification: 'preferred' },
          rp: { name: config.hostname, id: rpId },
          ...(excluded.length > 0 ? { excludeCredentials: excluded } : {}),
          attestation: 'none',
          pubKeyCredParams: ALGORITHMS.map((alg) => ({ alg, type: 'public-key' })),
          timeout: CHALLENGE_MS,
        },
      };
    }),
    route(secondFactor.register, async (call) => {
      const made = await webAuthn.register(call.input.user, call.input, from(call));
      const { id, rawId, description, authenticatorAttachment, recoveryCodes } = made;
      const codes = recoveryCodes === undefined ? {} : { recoveryCodes: [...recoveryCodes] };
      return { id, rawId, description, authenticatorAttachment, ...codes };
    }),
    route(secondFactor.askAuthentication, async ({ input }) => {
      const { challenge, rpId, credentials } = await webAuthn.askAuthentication(input.user, input);
      return {
        authenticationOptions: {
          challenge,
          allowCredentials: credentials.map(({ rawId }) => ({ rawId, type: 'public-key' })),
          rpId,
          rawChallenge: Buffer.from(challenge, 'hex').toString('base64'),
          attestation: 'none',
          userVerification: 'preferred',
          timeout: CHALLENGE_MS,
        },
      };
    }),
    route(secondFactor.authenticate, async (call) => {
      const { user, token } = call.input;
      const credential = await webAuthn.authenticate(user, call.input, from(call));
      await proven(call);
      const response = { authenticated: true, credential };
      if (!token) return { response };
      if (call.actor.role !== 'root' && call.actor.user !== user) throw refuse('MissingPrivileges', 'Not enough privileges');
      const made = await tokens.create({ role: 'user', user, description: 'WebAuthn', ttlMs: context.defaults.tokenTtlMs });
      return { response, token: made.token };
    }),
  ];
}
