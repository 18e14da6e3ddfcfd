/**
 * Sealing of secrets that are stored: AES-256-GCM with keys that are kept outside the database, so that a copy of the database alone opens nothing.
 *
 * A keyring is text, one entry a line: 32 octets in base64 (either alphabet), or `lost ID` for a key that nobody has any more. The first key seals, all of them open: that is
 * how keys are changed. A sealed value is `sealed:1:KEYID:` and base64url of nonce (12 octets), ciphertext and tag (16); its purpose is authenticated with it, so a value
 * can't be moved to another field. Values without that beginning are plain: they come from before there was a key, and are returned as they are.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

export type Sealer = {
  /** The key that seals; undefined: there is none, and nothing is sealed. */
  readonly keyId: string | undefined;
  /** A key that opens. */
  readonly knows: (keyId: string) => boolean;
  readonly isLost: (keyId: string) => boolean;
  /** `purpose` is the field that the value is for, such as `dkimKeys.privateKey`. */
  readonly seal: (plain: string, purpose: string) => string;
  /** Throws SealFault when the key is not here, or the value is not what was sealed. */
  readonly open: (stored: string, purpose: string) => string;
  /** Sealed with the key that seals now, or as good as that where there is no key. */
  readonly isCurrent: (stored: string) => boolean;
};

/** A value that can't be opened. The message names the key, never the value. */
export class SealFault extends Error {
  /** Its key was declared lost: the value is gone for good. */
  readonly lost: boolean;

  constructor(message: string, lost = false) {
    super(message);
    this.name = 'SealFault';
    this.lost = lost;
  }
}

export type Keyring = { readonly keys: readonly Buffer[]; readonly lost: ReadonlySet<string> };

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX = 'sealed:1:';
const MAX_KEYS = 100;

/** A fresh line for a keyring. */
export function newSealingKey(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}

/** Eight hex digits that tell a key without telling anything about it. */
export function sealingKeyId(key: Buffer): string {
  return createHash('sha256').update('mallard sealing key ').update(key).digest('hex').slice(0, 8);
}

/** Empty lines and lines that begin with `#` are nothing. Throws SealFault with the line's number. */
export function parseKeyring(text: string): Keyring {
  const keys: Buffer[] = [];
  const lost = new Set<string>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const gone = /^lost ([0-9a-f]{8})$/.exec(line)?.[1];
    if (gone !== undefined) lost.add(gone);
    else if (/^[A-Za-z0-9+/_-]{43}=?$/.test(line)) keys.push(Buffer.from(line, 'base64'));
    else throw new SealFault(`Line ${index + 1} of the sealing keys is neither 32 octets in base64 nor "lost ID".`);
  }
  if (keys.length > MAX_KEYS) throw new SealFault(`There are more than ${MAX_KEYS} sealing keys.`);
  return { keys, lost };
}

/** Without keys it seals nothing, and opens what is plain. */
export function createSealer({ keys, lost }: Keyring): Sealer {
  const byId = new Map(keys.map((key) => [sealingKeyId(key), key]));
  const [first] = keys;
  const keyId = first === undefined ? undefined : sealingKeyId(first);
  return {
    keyId,
    knows: (id) => byId.has(id),
    isLost: (id) => lost.has(id),
    isCurrent: (stored) => keyId === undefined || stored.startsWith(`${PREFIX}${keyId}:`),
    seal: (plain, purpose) => {
      if (first === undefined || keyId === undefined) return plain;
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first, nonce);
      cipher.setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${PREFIX}${keyId}:${sealed.toString('base64url')}`;
    },
    open: (stored, purpose) => {
      if (!isSealed(stored)) return stored;
      const id = stored.slice(PREFIX.length, PREFIX.length + 8);
      const key = byId.get(id);
      if (key === undefined)
        throw new SealFault(`A value of ${purpose} is sealed with the key ${id}, which is not here.`, lost.has(id));
      const bytes = Buffer.from(stored.slice(PREFIX.length + 9), 'base64url');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) throw damaged(purpose);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(purpose));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
      } catch {
        throw damaged(purpose);
      }
    },
  };
}

/** Seals nothing. */
export const openSealer: Sealer = createSealer({ keys: [], lost: new Set() });

export function isSealed(stored: string): boolean {
  return /^sealed:1:[0-9a-f]{8}:/.test(stored);
}

function damaged(purpose: string): SealFault {
  return new SealFault(`A sealed value of ${purpose} is damaged, or was sealed for something else.`);
}
