/**
 * The key of a backup folder. A random data key seals all files; it lies in `mallard-backups.json`, wrapped twice: by the passphrase (scrypt) and by a recovery key that is
 * shown once, to be printed. Either opens the backups; without both nobody does.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, randomUUID, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { BackupFault } from './fault.ts';

export const KEY_FILE = 'mallard-backups.json';
export const FORMAT = 'mallard-backup';
/** Of the folder's form. A higher one in a folder means that a newer Mallard wrote it. */
export const FORMAT_VERSION = 1;

const SCRYPT = { N: 1 << 17, r: 8, p: 1 } as const;
const MAX_SCRYPT_BYTES = 512 << 20;
/** Letters that nobody takes for another one. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const RECOVERY_BYTES = 20;
export const MIN_PASSPHRASE_CHARS = 8;

const wrapSchema = z.object({ nonce: z.base64(), sealed: z.base64() });
export const keyFileSchema = z.object({
  format: z.literal(FORMAT),
  version: z.int(),
  id: z.uuid(),
  createdAt: z.iso.datetime(),
  passphrase: wrapSchema.extend({
    salt: z.base64(),
    N: z
      .int()
      .min(2)
      .max(1 << 22),
    r: z.int().min(1).max(32),
    p: z.int().min(1).max(16),
  }),
  recovery: wrapSchema.extend({ salt: z.base64() }),
});
export type KeyFile = z.infer<typeof keyFileSchema>;

/** What opens a folder: a passphrase or recovery key that a person gave, or the data key that this computer keeps. */
export type Unlock = { readonly secret: string } | { readonly dataKey: Buffer };

export type NewKeys = { readonly file: KeyFile; readonly dataKey: Buffer; readonly recoveryKey: string };

/** Fault `refused` for a passphrase that is too short. */
export async function createKeys(passphrase: string): Promise<NewKeys> {
  const dataKey = randomBytes(32);
  const recovery = randomBytes(RECOVERY_BYTES);
  const recoverySalt = randomBytes(16);
  return {
    dataKey,
    recoveryKey: writeRecoveryKey(recovery),
    file: {
      format: FORMAT,
      version: FORMAT_VERSION,
      id: randomUUID(),
      createdAt: new Date().toISOString(),
      passphrase: await wrapByPassphrase(dataKey, passphrase),
      recovery: { salt: recoverySalt.toString('base64'), ...wrap(dataKey, recoveryWrapKey(recovery, recoverySalt)) },
    },
  };
}

/** The same data key under another passphrase: nothing has to be written anew. */
export async function changePassphrase(file: KeyFile, dataKey: Buffer, passphrase: string): Promise<KeyFile> {
  return { ...file, passphrase: await wrapByPassphrase(dataKey, passphrase) };
}

/** Fault `wrong-key`. Takes half a second for a passphrase, on purpose. */
export async function unlock(file: KeyFile, by: Unlock): Promise<Buffer> {
  if ('dataKey' in by) return by.dataKey;
  const recovery = readRecoveryKey(by.secret);
  if (recovery !== undefined) {
    const found = unwrap(file.recovery, recoveryWrapKey(recovery, Buffer.from(file.recovery.salt, 'base64')));
    if (found !== undefined) return found;
  }
  const { salt, N, r, p } = file.passphrase;
  if (128 * N * r > MAX_SCRYPT_BYTES)
    throw new BackupFault('damaged', 'The key file asks for more memory than any backup needs.');
  const found = unwrap(file.passphrase, await derive(by.secret, Buffer.from(salt, 'base64'), { N, r, p }));
  if (found === undefined)
    throw new BackupFault('wrong-key', 'Neither the passphrase nor the recovery key of this backup folder is that.');
  return found;
}

/** Says that whoever wrote the text had the data key. */
export function signature(dataKey: Buffer, text: string): string {
  return createHmac('sha256', Buffer.from(hkdfSync('sha256', dataKey, '', 'mallard backup manifest', 32)))
    .update(text)
    .digest('hex');
}

/** `ABCDE-FGHJK-…`: 160 bits in groups of five. */
export function writeRecoveryKey(bytes: Uint8Array): string {
  let bits = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (let left = (bytes.length * 8) / 5; left > 0; left -= 1) {
    text = (ALPHABET[Number(bits & 31n)] ?? '') + text;
    bits >>= 5n;
  }
  return text.match(/.{1,5}/g)?.join('-') ?? text;
}

/** As people type it: small letters, O for 0, I and L for 1, any gaps. Undefined when it is none. */
export function readRecoveryKey(text: string): Buffer | undefined {
  const letters = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  if (letters.length !== (RECOVERY_BYTES * 8) / 5) return undefined;
  let bits = 0n;
  for (const letter of letters) {
    const value = ALPHABET.indexOf(letter);
    if (value === -1) return undefined;
    bits = (bits << 5n) | BigInt(value);
  }
  return Buffer.from(bits.toString(16).padStart(RECOVERY_BYTES * 2, '0'), 'hex');
}

async function wrapByPassphrase(dataKey: Buffer, passphrase: string): Promise<KeyFile['passphrase']> {
  if (Array.from(passphrase).length < MIN_PASSPHRASE_CHARS)
    throw new BackupFault('refused', `A passphrase needs ${MIN_PASSPHRASE_CHARS} characters or more.`);
  const salt = randomBytes(16);
  return { salt: salt.toString('base64'), ...SCRYPT, ...wrap(dataKey, await derive(passphrase, salt, SCRYPT)) };
}

async function derive(passphrase: string, salt: Buffer, cost: { N: number; r: number; p: number }): Promise<Buffer> {
  const work = promisify<string, Buffer, number, object, Buffer>(scrypt);
  return work(passphrase.normalize('NFC'), salt, 32, { ...cost, maxmem: 2 * 128 * cost.N * cost.r });
}

function recoveryWrapKey(recovery: Buffer, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', recovery, salt, 'mallard recovery key', 32));
}

function wrap(dataKey: Buffer, by: Buffer): z.infer<typeof wrapSchema> {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', by, nonce);
  const sealed = Buffer.concat([cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
  return { nonce: nonce.toString('base64'), sealed: sealed.toString('base64') };
}

function unwrap(wrapped: z.infer<typeof wrapSchema>, by: Buffer): Buffer | undefined {
  const sealed = Buffer.from(wrapped.sealed, 'base64');
  const nonce = Buffer.from(wrapped.nonce, 'base64');
  if (nonce.length !== 12 || sealed.length !== 48) throw new BackupFault('damaged', `${KEY_FILE} is damaged.`);
  const decipher = createDecipheriv('aes-256-gcm', by, nonce);
  decipher.setAuthTag(sealed.subarray(32));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, 32)), decipher.final()]);
  } catch {
    // The tag does not fit: it is another key.
    return undefined;
  }
}
