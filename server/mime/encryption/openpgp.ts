/** PGP/MIME (RFC 3156 §4): a content encrypted for the owner of an OpenPGP key. */
import type { PublicKey } from 'openpgp';
import { newBoundary, type Wrapping } from './envelope-fields.ts';

/** Clients of the interface bring old RSA keys of 1024 bits: weak, and better than nothing. */
const WEAKEST = { minRSABits: 1_024 } as const;

/** Why a key can't be used, in words for its owner; undefined: it can. */
export async function problemOfPublicKey(armored: string): Promise<string | undefined> {
  try {
    const key = await readPublicKey(armored);
    if (key.isPrivate()) return 'This is a private key: give the public one alone';
    const { config } = await import('openpgp');
    await key.getEncryptionKey(undefined, await usableDate(key), undefined, { ...config, ...WEAKEST });
    // Asked for as well: a revoked key has no such date.
    if (await key.isRevoked()) return 'This key is revoked';
    return undefined;
  } catch (error) {
    return `This OpenPGP key can’t be used to encrypt: ${error instanceof Error ? error.message : 'it is not readable'}`;
  }
}

/** A key that has ended since it was given still encrypts: its owner can read that, and everybody could read the alternative. Throws when it can't be done. */
export async function encryptForPublicKey(content: Buffer, armored: string): Promise<Wrapping> {
  const { createMessage, encrypt } = await import('openpgp');
  const key = await readPublicKey(armored);
  const message = await createMessage({ binary: new Uint8Array(content.buffer, content.byteOffset, content.length) });
  const sealed = await encrypt({ message, encryptionKeys: key, date: await usableDate(key), format: 'armored', config: WEAKEST });
  const boundary = newBoundary();
  const body = [
    'This is an OpenPGP/MIME encrypted message (RFC 3156).',
    `--${boundary}`,
    'Content-Type: application/pgp-encrypted',
    'Content-Description: PGP/MIME version identification',
    '',
    'Version: 1',
    '',
    `--${boundary}`,
    'Content-Type: application/octet-stream; name="encrypted.asc"',
    'Content-Description: OpenPGP encrypted message',
    'Content-Disposition: inline; filename="encrypted.asc"',
    '',
    sealed.replaceAll(/\r?\n/g, '\r\n').trimEnd(),
    '',
    `--${boundary}--`,
    '',
  ].join('\r\n');
  return {
    fields: `Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\r\n boundary="${boundary}"\r\n`,
    body: Buffer.from(body, 'latin1'),
  };
}

/** Throws when it can't be read. */
export async function describePublicKey(armored: string): Promise<{ name: string; address: string; fingerprint: string }> {
  const key = await readPublicKey(armored);
  const { user } = await key.getPrimaryUser(await usableDate(key));
  return { name: user.userID?.name ?? '', address: user.userID?.email ?? '', fingerprint: key.getFingerprint() };
}

async function readPublicKey(armored: string): Promise<PublicKey> {
  const { readKey } = await import('openpgp');
  return readKey({ armoredKey: armored, config: WEAKEST });
}

/** Now, or just before the key ended. */
async function usableDate(key: PublicKey): Promise<Date> {
  const end = await key.getExpirationTime();
  const now = new Date();
  return end instanceof Date && end < now ? new Date(end.getTime() - 1_000) : now;
}
