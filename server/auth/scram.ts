/**
 * SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677): the keys that are stored when a password is set, and the check of a client's proof.
 * The server never keeps the password, and a thief of the keys can't sign in with them; he can guess passwords against them, hence the iterations.
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

export type ScramHash = 'sha1' | 'sha256';

export type ScramKeys = {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
};

/** RFC 7677 §4: at least 4096; more slows only who sets a password and the client. */
export const DEFAULT_SCRAM_ITERATIONS = 10_000;
const KEY_BYTES: Readonly<Record<ScramHash, number>> = { sha1: 20, sha256: 32 };

export async function deriveScramKeys(
  hash: ScramHash,
  password: string,
  iterations = DEFAULT_SCRAM_ITERATIONS,
): Promise<ScramKeys> {
  const salt = randomBytes(16);
  return keysFrom(hash, await derive(saslPrepare(password), salt, iterations, KEY_BYTES[hash], hash), salt, iterations);
}

function keysFrom(hash: ScramHash, saltedPassword: Buffer, salt: Buffer, iterations: number): ScramKeys {
  return {
    salt,
    iterations,
    storedKey: digest(hash, hmac(hash, saltedPassword, 'Client Key')),
    serverKey: hmac(hash, saltedPassword, 'Server Key'),
  };
}

/**
 * Checks `p=` of a client-final-message against `authMessage` (RFC 5802 §3). Answers the ServerSignature, or undefined when the proof is wrong.
 */
export function checkScramProof(hash: ScramHash, keys: ScramKeys, authMessage: string, proof: Buffer): Buffer | undefined {
  const signature = hmac(hash, keys.storedKey, authMessage);
  if (proof.length !== signature.length) return undefined;
  const clientKey = Buffer.alloc(signature.length);
  for (let at = 0; at < signature.length; at += 1) clientKey[at] = proof[at]! ^ signature[at]!;
  if (!timingSafeEqual(digest(hash, clientKey), keys.storedKey)) return undefined;
  return hmac(hash, keys.serverKey, authMessage);
}

/**
 * The part of SASLprep (RFC 4013) that real passwords meet: spaces of any kind become a space, "nothing" characters go, NFKC.
 * Prohibited characters are left in: refusing them would lock out a password that works everywhere else.
 */
export function saslPrepare(password: string): string {
  return password
    .replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
    .replace(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/g, '')
    .normalize('NFKC');
}

function hmac(hash: ScramHash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}

function digest(hash: ScramHash, bytes: Buffer): Buffer {
  return createHash(hash).update(bytes).digest();
}
