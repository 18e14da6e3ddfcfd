/** Time-based codes (RFC 6238) for the administrator. The library is loaded only when a second factor is in use. */
const issuer = 'Mallard';
/** One step of 30 seconds to both sides: clocks of phones. */
const window = 1;

export async function newTotp(label: string): Promise<{ secret: string; uri: string }> {
  const { Secret, TOTP } = await import('otpauth');
  const secret = new Secret({ size: 20 });
  return { secret: secret.base32, uri: new TOTP({ issuer, label, secret }).toString() };
}

/** The time step of a fitting code; undefined when it does not fit, or is not newer than `lastStep`. */
export async function tryTotp(secret: string, code: string, lastStep: number, now: number): Promise<number | undefined> {
  const token = code.replaceAll(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return undefined;
  const { Secret, TOTP } = await import('otpauth');
  const totp = new TOTP({ issuer, secret: Secret.fromBase32(secret) });
  const delta = totp.validate({ token, timestamp: now, window });
  if (delta === null) return undefined;
  const step = Math.floor(now / 30_000) + delta;
  return step > lastStep ? step : undefined;
}
