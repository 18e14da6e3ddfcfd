/** The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677) as pure functions. Passwords are generated ASCII here: no SASLprep. */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

export type ScramFirst = { readonly message: string; readonly bare: string; readonly nonce: string };
export type ScramFinal = { readonly message: string; readonly serverSignature: Buffer };

/** RFC 7677 §4: no fewer; and a bound against a server that wants to keep us busy. */
const MIN_ITERATIONS = 4096;
const MAX_ITERATIONS = 1_000_000;

export class ScramError extends Error {}

export function scramFirst(user: string, nonce: string): ScramFirst {
  const bare = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`;
  return { message: `n,,${bare}`, bare, nonce };
}

export function scramFinal(first: ScramFirst, serverFirst: string, password: string): ScramFinal {
  const { r: nonce = '', s: salt = '', i: iterationsText = '' } = attributes(serverFirst);
  const iterations = Number(iterationsText);
  if (!nonce.startsWith(first.nonce) || nonce === first.nonce) throw new ScramError('the server does not answer our nonce');
  if (!(iterations >= MIN_ITERATIONS && iterations <= MAX_ITERATIONS)) throw new ScramError('an odd iteration count');
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), iterations, 32, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const withoutProof = `c=biws,r=${nonce}`;
  const authMessage = `${first.bare},${serverFirst},${withoutProof}`;
  const signature = hmac(createHash('sha256').update(clientKey).digest(), authMessage);
  const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)));
  return {
    message: `${withoutProof},p=${proof.toString('base64')}`,
    serverSignature: hmac(hmac(salted, 'Server Key'), authMessage),
  };
}

/** Throws unless the server proved that it knows the password too. */
export function checkServerSignature(final: ScramFinal, serverFinal: string): void {
  const given = Buffer.from(attributes(serverFinal)['v'] ?? '', 'base64');
  if (given.length !== final.serverSignature.length || !timingSafeEqual(given, final.serverSignature)) {
    throw new ScramError('the server does not know the password');
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function attributes(message: string): Partial<Record<string, string>> {
  return Object.fromEntries(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}
