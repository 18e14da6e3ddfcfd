/**
 * Second factors: one-time codes (TOTP, RFC 6238), recovery codes, and somebody else's ("custom"). Keys are in `accounts-webauthn.ts`. With any of them on, the master
 * password opens only the API's sign-in, which then asks for the factor; mail programs need application passwords.
 */
import { createHash, randomInt } from 'node:crypto';
import { LruCache } from '../base/lru.ts';
import type { UserId } from '../mail/ids.ts';
import type { SecondFactor } from '../store/types-accounts.ts';
import type { AccountContext, User } from './accounts-context.ts';
import type { AuthLog } from './auth-log.ts';
import { Refusal, userNotFound } from './refusal.ts';

/** From where something was asked, for the log and the limits. */
export type AskedFrom = { readonly ip: string; readonly session: string };

export type SecondFactors = {
  /** A fresh seed that counts once a code of it was given. Refusals UserNotFound, TotpEnabled. */
  readonly setupTotp: (
    user: string,
    label: string | undefined,
    issuer: string,
  ) => Promise<{ readonly seed: string; readonly uri: string }>;
  /** Answers recovery codes, shown this once. Refusals TotpEnabled, TotpDisabled (no seed), InvalidToken. */
  readonly enableTotp: (user: string, code: string, from: AskedFrom) => Promise<readonly string[]>;
  /** Refusals TotpDisabled, InvalidToken, RateLimitedError. A code is good once. */
  readonly checkTotp: (user: string, code: string, from: AskedFrom) => Promise<void>;
  /** The same for a recovery code. */
  readonly checkRecovery: (user: string, code: string, from: AskedFrom) => Promise<void>;
  readonly disableTotp: (user: string, from: AskedFrom) => Promise<void>;
  /** Refusals CustomEnabled, CustomDisabled. */
  readonly setCustom: (user: string, on: boolean, from: AskedFrom) => Promise<void>;
  readonly disableAll: (user: string, from: AskedFrom) => Promise<void>;
};

const STEP_S = 30;
/** Steps before and after the present one that are taken: clocks differ. */
const WINDOW = 1;
/** Of a million codes three are right at a time. */
const MAX_WRONG = 10;
const WRONG_WINDOW_MS = 10 * 60_000;
const MAX_COUNTED = 50_000;
const RECOVERY_CODES = 10;
/** Without letters and digits that look alike. */
const RECOVERY_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const RECOVERY_LENGTH = 10;

export function createSecondFactors(context: AccountContext, authLog: AuthLog): SecondFactors {
  const { users, secondFactors } = context.tables;
  const expect = async (id: string): Promise<User> => {
    const user = await users.get(id);
    if (user === undefined) throw userNotFound();
    return user;
  };
  const record = (user: string, action: string, result: string, from: AskedFrom): void =>
    authLog.record({ user, action, result, source: 'master', ip: from.ip, session: from.session });

  const wrong = new LruCache<string, { count: number; readonly since: number }>(MAX_COUNTED);

  /** Wrong codes are counted per user, from wherever they come; past the limit even right ones wait. */
  const guarded = async (user: string, from: AskedFrom, check: () => Promise<boolean>): Promise<void> => {
    const known = wrong.get(user);
    const counted =
      known !== undefined && context.now() - known.since < WRONG_WINDOW_MS ? known : { count: 0, since: context.now() };
    if (counted.count >= MAX_WRONG) throw new Refusal('RateLimitedError', 'Too many wrong codes. Try again later.');
    // Counted before the check, so that many at a time are no way around.
    counted.count += 1;
    wrong.set(user, counted);
    if (await check()) {
      wrong.delete(user);
      record(user, 'check 2fa', 'success', from);
      return;
    }
    record(user, 'check 2fa', 'fail', from);
    throw new Refusal('InvalidToken', 'Invalid authentication token');
  };

  return {
    setupTotp: async (id, label, issuer) => {
      const user = await expect(id);
      if (user.enabled2fa.includes('totp')) throw new Refusal('TotpEnabled', 'One-time codes are on already');
      const { Secret, TOTP } = await import('otpauth');
      const secret = new Secret({ size: 20 });
      await secondFactors.upsert({ user: id }, { set: { pendingSeed: secret.base32 } });
      const totp = new TOTP({ issuer, label: label ?? user.username, secret, period: STEP_S });
      return { seed: secret.base32, uri: totp.toString() };
    },
    enableTotp: async (id, code, from) => {
      const user = await expect(id);
      if (user.enabled2fa.includes('totp')) throw new Refusal('TotpEnabled', 'One-time codes are on already');
      const seed = (await secondFactors.findOne({ user: id }))?.pendingSeed;
      if (seed === undefined) throw new Refusal('TotpDisabled', 'One-time codes are not set up');
      await guarded(id, from, async () => (await stepOf(seed, code, context.now())) !== undefined);
      const codes = freshCodes();
      await secondFactors.update(
        { user: id },
        { set: { seed, recovery: codes.map(digest) }, unset: ['pendingSeed', 'lastStep'] },
      );
      await switchFactor(context, id, 'totp', true);
      record(id, 'enable 2fa totp', 'success', from);
      return codes;
    },
    checkTotp: async (id, code, from) => {
      const user = await expect(id);
      const seed = user.enabled2fa.includes('totp') ? (await secondFactors.findOne({ user: id }))?.seed : undefined;
      if (seed === undefined) throw new Refusal('TotpDisabled', 'One-time codes are off');
      await guarded(id, from, async () => {
        const step = await stepOf(seed, code, context.now());
        if (step === undefined) return false;
        const fresh = { user: id, or: [{ lastStep: { exists: false } }, { lastStep: { to: step } }] };
        return (await secondFactors.update(fresh, { set: { lastStep: step } })) !== undefined;
      });
    },
    checkRecovery: async (id, code, from) => {
      const user = await expect(id);
      if (!user.enabled2fa.some((factor) => factor !== 'custom'))
        throw new Refusal('TotpDisabled', 'No second factor is on that has recovery codes');
      const hash = digest(code.toLowerCase().replace(/[^a-z0-9]/g, ''));
      await guarded(id, from, async () => {
        const found = await secondFactors.update({ user: id, recovery: hash }, { remove: { recovery: hash } });
        return found !== undefined;
      });
    },
    disableTotp: async (id, from) => {
      const user = await expect(id);
      if (!user.enabled2fa.includes('totp')) throw new Refusal('TotpDisabled', 'One-time codes are off');
      await switchFactor(context, id, 'totp', false);
      // With a key on, the recovery codes are still wanted.
      if (user.enabled2fa.includes('webauthn'))
        await secondFactors.update({ user: id }, { unset: ['seed', 'pendingSeed', 'lastStep'] });
      else await secondFactors.delete({ user: id });
      record(id, 'disable 2fa totp', 'success', from);
    },
    setCustom: async (id, on, from) => {
      const user = await expect(id);
      const isOn = user.enabled2fa.includes('custom');
      if (on && isOn) throw new Refusal('CustomEnabled', 'A custom second factor is on already');
      if (!on && !isOn) throw new Refusal('CustomDisabled', 'A custom second factor is off');
      await switchFactor(context, id, 'custom', on);
      record(id, `${on ? 'enable' : 'disable'} 2fa custom`, 'success', from);
    },
    disableAll: async (id, from) => {
      await expect(id);
      await users.update({ id }, { set: { enabled2fa: [] } });
      await forgetSecondFactors(context, id);
      record(id, 'disable 2fa', 'success', from);
    },
  };
}

/** Turning the first factor on ends sessions that the master password alone has opened. */
export async function switchFactor(context: AccountContext, id: string, factor: SecondFactor, on: boolean): Promise<void> {
  const change = { enabled2fa: factor };
  await context.tables.users.update({ id }, on ? { add: change } : { remove: change });
  if (on) context.mail.accessChanged(id as UserId, 'second factor switched on');
}

/** Recovery codes for a user who has none yet, to be shown this once; undefined: there are some. Whoever loses the only key would be locked out. */
export async function ensureRecoveryCodes({ tables }: AccountContext, user: string): Promise<readonly string[] | undefined> {
  const known = await tables.secondFactors.findOne({ user });
  if ((known?.recovery?.length ?? 0) > 0) return undefined;
  const codes = freshCodes();
  await tables.secondFactors.upsert({ user }, { set: { recovery: codes.map(digest) } });
  return codes;
}

export async function forgetSecondFactors({ tables }: AccountContext, user: string): Promise<void> {
  for (const table of [tables.secondFactors, tables.webAuthnCredentials, tables.webAuthnChallenges]) await table.delete({ user });
}

async function stepOf(seed: string, code: string, now: number): Promise<number | undefined> {
  const { Secret, TOTP } = await import('otpauth');
  const totp = new TOTP({ secret: Secret.fromBase32(seed), period: STEP_S });
  const delta = totp.validate({ token: code, window: WINDOW, timestamp: now });
  return delta === null ? undefined : Math.floor(now / 1_000 / STEP_S) + delta;
}

function freshCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, recoveryCode);
}

function recoveryCode(): string {
  return Array.from({ length: RECOVERY_LENGTH }, () => RECOVERY_ALPHABET[randomInt(RECOVERY_ALPHABET.length)]!).join('');
}

/** Fifty random bits, ten guesses: no slow hash is needed. */
function digest(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}
