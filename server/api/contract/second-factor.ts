/** `/users/:user/2fa`: one-time codes, keys and passkeys, and factors that somebody else checks. */
import { z } from 'zod';
import { id, laxBooleanOr, requiredText, success, text, userId } from './fields.ts';
import { type Access, define, own } from './route.ts';

const group = 'TwoFactorAuth';
const user = { user: userId };
/** Also with a token that waits for its second factor. */
const prove: Access = own('secondfactor:create');
const change: Access = own('users:update');

const code = z
  .preprocess(
    (value) => (typeof value === 'number' ? String(value).padStart(6, '0') : value),
    z
      .string('is required')
      .trim()
      .regex(/^\d{6}$/, 'must be six digits'),
  )
  .meta({ json: { type: 'string', pattern: '^[0-9]{6}$' } });
const hex = (max: number) => requiredText({ max, pattern: /^(?:[0-9a-f]{2})+$/i, wanted: 'must be hex digits' });
const KiB = 1024;
const hostname = text({ max: 253, pattern: /^(?!-)[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i, wanted: 'must be a host name' });
const origin = requiredText({ max: 2_048 })
  .refine((value) => URL.canParse(value) && /^[a-z][a-z0-9+.-]*:\/\//i.test(value), 'must be the URL of a site')
  .meta({ json: { type: 'string', format: 'uri', minLength: 1 } });
const attachment = z
  .preprocess(
    (value) => (value === undefined || value === '' ? 'cross-platform' : value),
    z.enum(['platform', 'cross-platform'], 'must be platform or cross-platform'),
  )
  .meta({ json: { type: 'string', enum: ['platform', 'cross-platform'], default: 'cross-platform' } });

const credential = z.object({ id: z.string(), rawId: z.string(), description: z.string(), authenticatorAttachment: z.string() });
const known = z.object({ rawId: z.string(), type: z.string() });

export const secondFactor = {
  disable: define('DELETE /users/:user/2fa', {
    operation: 'disable2FA',
    group,
    summary: 'All second factors off',
    access: change,
    input: user,
    output: success,
    errors: ['UserNotFound'],
  }),
  setupTotp: define('POST /users/:user/2fa/totp/setup', {
    operation: 'generateTOTPSeed',
    group,
    summary: 'A seed for one-time codes, also as a picture',
    access: change,
    input: { ...user, issuer: requiredText({ max: 255 }), label: text({ max: 255 }) },
    output: success.extend({ seed: z.string(), qrcode: z.string() }),
    errors: ['UserNotFound', 'TotpEnabled'],
  }),
  enableTotp: define('POST /users/:user/2fa/totp/enable', {
    operation: 'enableTOTPSeed',
    group,
    summary: 'One-time codes on, with the first code as the proof',
    access: change,
    input: { ...user, token: code },
    output: success.extend({ recoveryCodes: z.array(z.string()) }),
    errors: ['UserNotFound', 'TotpEnabled', 'TotpDisabled', 'InvalidToken'],
  }),
  checkTotp: define('POST /users/:user/2fa/totp/check', {
    operation: 'validateTOTPToken',
    group,
    summary: 'Check a one-time code; it is good once',
    access: prove,
    input: { ...user, token: code },
    output: success,
    errors: ['UserNotFound', 'TotpDisabled', 'InvalidToken', 'RateLimitedError'],
  }),
  disableTotp: define('DELETE /users/:user/2fa/totp', {
    operation: 'disableTOTPAuth',
    group,
    summary: 'One-time codes off',
    access: change,
    input: user,
    output: success,
    errors: ['UserNotFound', 'TotpDisabled'],
  }),
  checkRecovery: define('POST /users/:user/2fa/recovery/check', {
    operation: 'checkRecoveryCode',
    group,
    summary: 'Check a recovery code instead; it is good once',
    access: prove,
    input: { ...user, code: requiredText({ max: 64 }) },
    output: success,
    errors: ['UserNotFound', 'TotpDisabled', 'InvalidToken', 'RateLimitedError'],
  }),
  enableCustom: define('PUT /users/:user/2fa/custom', {
    operation: 'enableCustom2FA',
    group,
    summary: 'A second factor that the caller checks is on',
    access: change,
    input: user,
    output: success,
    errors: ['UserNotFound', 'CustomEnabled'],
  }),
  disableCustom: define('DELETE /users/:user/2fa/custom', {
    operation: 'disableCustom2FA',
    group,
    summary: 'A second factor that the caller checks is off',
    access: change,
    input: user,
    output: success,
    errors: ['UserNotFound', 'CustomDisabled'],
  }),
  credentials: define('GET /users/:user/2fa/webauthn/credentials', {
    operation: 'getWebAuthN',
    group,
    summary: 'The keys of a user',
    access: own('users:read'),
    input: user,
    output: success.extend({ credentials: z.array(credential) }),
    errors: ['UserNotFound'],
  }),
  removeCredential: define('DELETE /users/:user/2fa/webauthn/credentials/:credential', {
    operation: 'deleteWebAuthN',
    group,
    summary: 'Remove a key',
    access: change,
    input: { ...user, credential: id },
    output: success.extend({ deleted: z.boolean() }),
    errors: ['UserNotFound'],
  }),
  askRegistration: define('POST /users/:user/2fa/webauthn/registration-challenge', {
    operation: 'initiateWebAuthNRegistration',
    group,
    summary: 'Begin to register a key',
    access: change,
    input: { ...user, description: requiredText({ max: 1_024 }), origin, authenticatorAttachment: attachment, rpId: hostname },
    output: success.extend({
      registrationOptions: z.object({
        challenge: z.string(),
        user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
        authenticatorSelection: z.object({ authenticatorAttachment: z.string(), userVerification: z.string() }),
        rp: z.object({ name: z.string(), id: z.string() }),
        excludeCredentials: z.array(known.extend({ transports: z.array(z.string()) })).optional(),
        attestation: z.string(),
        pubKeyCredParams: z.array(z.object({ alg: z.number(), type: z.string() })),
        timeout: z.number(),
      }),
    }),
    errors: ['UserNotFound', 'TooMany'],
  }),
  register: define('POST /users/:user/2fa/webauthn/registration-attestation', {
    operation: 'attestateWebAuthNRegistration',
    group,
    summary: 'Finish to register a key',
    access: change,
    input: {
      ...user,
      challenge: hex(2 * KiB),
      rawId: hex(2 * KiB),
      clientDataJSON: hex(1_024 * KiB),
      attestationObject: hex(1_024 * KiB),
      rpId: hostname,
    },
    /** `recoveryCodes`, beyond the model: for a user who had none, shown this once. */
    output: success.extend({ ...credential.shape, recoveryCodes: z.array(z.string()).optional() }),
    errors: ['UserNotFound', 'ChallengeNotFound', 'AuthFail'],
    bigBody: true,
  }),
  askAuthentication: define('POST /users/:user/2fa/webauthn/authentication-challenge', {
    operation: 'authenticateWebAuthN',
    group,
    summary: 'Begin to prove a key',
    access: prove,
    input: { ...user, origin, authenticatorAttachment: attachment, rpId: hostname },
    output: success.extend({
      authenticationOptions: z.object({
        challenge: z.string(),
        allowCredentials: z.array(known),
        rpId: z.string(),
        rawChallenge: z.string(),
        attestation: z.string(),
        userVerification: z.string(),
        timeout: z.number(),
      }),
    }),
    errors: ['UserNotFound', 'WebAuthnDisabled'],
  }),
  authenticate: define('POST /users/:user/2fa/webauthn/authentication-assertion', {
    operation: 'assertWebAuthN',
    group,
    summary: 'Finish to prove a key',
    access: prove,
    input: {
      ...user,
      challenge: hex(2 * KiB),
      rawId: hex(2 * KiB),
      clientDataJSON: hex(1_024 * KiB),
      authenticatorData: hex(1_024 * KiB),
      signature: hex(1_024 * KiB),
      rpId: hostname,
      token: laxBooleanOr(false),
    },
    output: success.extend({
      response: z.object({ authenticated: z.boolean(), credential: z.string() }),
      token: z.string().optional(),
    }),
    errors: ['UserNotFound', 'ChallengeNotFound', 'CredentialsNotFound', 'AuthFail'],
    bigBody: true,
  }),
};
