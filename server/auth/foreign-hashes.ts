/**
 * Password hashes of other systems, so that accounts can be moved here without anyone typing a new password. Each is replaced by our own at the next
 * successful sign-in. A Dovecot scheme in braces may stand in front.
 */
import { createHash, pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { tryArgon2, verifyArgon2 } from './argon2.ts';
import { isBcrypt, verifyBcrypt } from './bcrypt.ts';
import { isDesCrypt, verifyDesCrypt } from './des-crypt.ts';
import { tryPhc } from './phc.ts';
import { isUnixCrypt, verifyUnixCrypt } from './unix-crypt.ts';

export type ForeignHash = {
  readonly name: string;
  readonly matches: (stored: string) => boolean;
  readonly verify: (password: string, stored: string) => Promise<boolean>;
};

const MAX_ITERATIONS = 5_000_000;
const MAX_SCRYPT_BYTES = 256 * 1024 * 1024;

type Pbkdf2Hash = { readonly digest: string; readonly iterations: number; readonly salt: Buffer; readonly hash: Buffer };

const pbkdf2Async = promisify(pbkdf2);

/** Every form that is known besides argon2, in the order in which they are tried. */
export const FOREIGN_HASHES: readonly ForeignHash[] = [
  { name: 'bcrypt', matches: isBcrypt, verify: verifyBcrypt },
  { name: 'MD5-crypt, SHA-crypt', matches: isUnixCrypt, verify: verifyUnixCrypt },
  { name: 'DES-crypt', matches: isDesCrypt, verify: verifyDesCrypt },
  { name: 'pbkdf2', matches: (stored) => tryPbkdf2(stored) !== undefined, verify: verifyPbkdf2 },
  { name: 'scrypt', matches: (stored) => tryScrypt(stored) !== undefined, verify: verifyScrypt },
  { name: 'SHA, SSHA', matches: (stored) => trySaltedSha(stored) !== undefined, verify: verifySaltedSha },
  { name: 'Dovecot scheme', matches: (stored) => inner(stored) !== undefined, verify: verifyInner },
];

export function findForeignHash(stored: string): ForeignHash | undefined {
  if (stored.length > 1024) return undefined;
  return FOREIGN_HASHES.find((one) => one.matches(stored));
}

/** `{SHA512-CRYPT}$6$…` is the crypt form with its scheme said twice. */
function inner(stored: string): string | undefined {
  const match = /^\{(?:[A-Z0-9]+-CRYPT|CRYPT|ARGON2I|ARGON2ID|PBKDF2|SCRYPT)(?:\.[A-Z0-9]+)?\}(\$.+|[./0-9A-Za-z]{13})$/.exec(
    stored,
  );
  const rest = match?.[1];
  return rest !== undefined && (tryArgon2(rest) !== undefined || findForeignHash(rest) !== undefined) ? rest : undefined;
}

async function verifyInner(password: string, stored: string): Promise<boolean> {
  const rest = inner(stored);
  if (rest === undefined) return false;
  if (tryArgon2(rest) !== undefined) return verifyArgon2(Buffer.from(password), rest);
  return (await findForeignHash(rest)?.verify(password, rest)) ?? false;
}

/**
 * - PHC: `$pbkdf2-sha512$i=25000$salt$hash`, as WildDuck stores it
 * - passlib: `$pbkdf2-sha256$29000$salt$hash`, base64 with `.` for `+`
 * - Django: `pbkdf2_sha256$29000$salt text$hash`
 * - Dovecot: `$1$` is not used; `{PBKDF2}$1$salt text$5000$hex`
 */
function tryPbkdf2(stored: string): Pbkdf2Hash | undefined {
  return sound(phcPbkdf2(stored) ?? passlibPbkdf2(stored) ?? djangoPbkdf2(stored) ?? dovecotPbkdf2(stored));
}

function sound(hash: Pbkdf2Hash | undefined): Pbkdf2Hash | undefined {
  return hash !== undefined && hash.iterations >= 1 && hash.iterations <= MAX_ITERATIONS && hash.hash.length >= 16
    ? hash
    : undefined;
}

function phcPbkdf2(stored: string): Pbkdf2Hash | undefined {
  const phc = tryPhc(stored);
  const digest = phc === undefined ? null : /^pbkdf2(?:-(sha1|sha256|sha512))?$/.exec(phc.id);
  if (phc === undefined || digest === null) return undefined;
  return { digest: digest[1] ?? 'sha1', iterations: Number(phc.parameters.get('i')), salt: phc.salt, hash: phc.hash };
}

function passlibPbkdf2(stored: string): Pbkdf2Hash | undefined {
  const match = /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(\d{1,9})\$([A-Za-z0-9./+]*)\$([A-Za-z0-9./+]+)$/.exec(stored);
  if (match === null) return undefined;
  const bytes = (text: string): Buffer => Buffer.from(text.replaceAll('.', '+'), 'base64');
  return { digest: match[1] ?? 'sha1', iterations: Number(match[2]), salt: bytes(match[3]!), hash: bytes(match[4]!) };
}

function djangoPbkdf2(stored: string): Pbkdf2Hash | undefined {
  const match = /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,9})\$([^$]+)\$([A-Za-z0-9/+]+=*)$/.exec(stored);
  if (match === null) return undefined;
  return {
    digest: match[1]!,
    iterations: Number(match[2]),
    salt: Buffer.from(match[3]!),
    hash: Buffer.from(match[4]!, 'base64'),
  };
}

function dovecotPbkdf2(stored: string): Pbkdf2Hash | undefined {
  const match = /^\{PBKDF2\}\$1\$([^$]+)\$(\d{1,9})\$([0-9a-f]{40})$/.exec(stored);
  if (match === null) return undefined;
  return { digest: 'sha1', iterations: Number(match[2]), salt: Buffer.from(match[1]!), hash: Buffer.from(match[3]!, 'hex') };
}

async function verifyPbkdf2(password: string, stored: string): Promise<boolean> {
  const known = tryPbkdf2(stored);
  if (known === undefined) return false;
  const hash = await pbkdf2Async(Buffer.from(password), known.salt, known.iterations, known.hash.length, known.digest);
  return timingSafeEqual(hash, known.hash);
}

/** PHC: `$scrypt$ln=16,r=8,p=1$salt$hash`. */
function tryScrypt(stored: string): { N: number; r: number; p: number; salt: Buffer; hash: Buffer } | undefined {
  const phc = tryPhc(stored);
  if (phc?.id !== 'scrypt') return undefined;
  const ln = Number(phc.parameters.get('ln'));
  const r = Number(phc.parameters.get('r'));
  const p = Number(phc.parameters.get('p'));
  const fits =
    ln >= 1 && ln <= 20 && r >= 1 && p >= 1 && p <= 16 && 128 * 2 ** ln * r <= MAX_SCRYPT_BYTES && phc.hash.length >= 16;
  return fits ? { N: 2 ** ln, r, p, salt: phc.salt, hash: phc.hash } : undefined;
}

function verifyScrypt(password: string, stored: string): Promise<boolean> {
  const known = tryScrypt(stored);
  if (known === undefined) return Promise.resolve(false);
  const { N, r, p, salt, hash } = known;
  return new Promise((resolve, reject) => {
    scrypt(Buffer.from(password), salt, hash.length, { N, r, p, maxmem: MAX_SCRYPT_BYTES + 1024 * 1024 }, (error, key) =>
      error === null ? resolve(timingSafeEqual(key, hash)) : reject(error),
    );
  });
}

const SHA_BYTES: Readonly<Record<string, { digest: string; bytes: number }>> = {
  SHA: { digest: 'sha1', bytes: 20 },
  SHA1: { digest: 'sha1', bytes: 20 },
  SSHA: { digest: 'sha1', bytes: 20 },
  SHA256: { digest: 'sha256', bytes: 32 },
  SSHA256: { digest: 'sha256', bytes: 32 },
  SHA512: { digest: 'sha512', bytes: 64 },
  SSHA512: { digest: 'sha512', bytes: 64 },
};

/** LDAP's and Dovecot's `{SSHA}` family: base64 of digest and salt. */
function trySaltedSha(stored: string): { digest: string; hash: Buffer; salt: Buffer } | undefined {
  const match = /^\{([A-Z0-9]+)\}([A-Za-z0-9+/]+=*)$/.exec(stored);
  const scheme = match === null ? undefined : SHA_BYTES[match[1]!];
  if (match === null || scheme === undefined) return undefined;
  const bytes = Buffer.from(match[2]!, 'base64');
  if (bytes.length < scheme.bytes) return undefined;
  return { digest: scheme.digest, hash: bytes.subarray(0, scheme.bytes), salt: bytes.subarray(scheme.bytes) };
}

async function verifySaltedSha(password: string, stored: string): Promise<boolean> {
  const known = trySaltedSha(stored);
  if (known === undefined) return false;
  return timingSafeEqual(createHash(known.digest).update(Buffer.from(password)).update(known.salt).digest(), known.hash);
}
