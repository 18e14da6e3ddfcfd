/** A message encrypted for the one who may read it: by an OpenPGP public key (armored) or an X.509 certificate (PEM), whichever was given. */
import { contentOf, isEncrypted, wrap } from './envelope-fields.ts';
import { describePublicKey, encryptForPublicKey, problemOfPublicKey } from './openpgp.ts';
import { describeCertificate, encryptForCertificate, problemOfCertificate } from './smime.ts';

/** Why this can't be used to encrypt, in words for its owner; undefined: it can. */
export async function problemOfKey(key: string): Promise<string | undefined> {
  return isCertificate(key) ? problemOfCertificate(key) : problemOfPublicKey(key);
}

/** As it is where it is encrypted already. Throws when the key can't be used. */
export async function encryptMessage(raw: Buffer, key: string): Promise<Buffer> {
  if (isEncrypted(raw)) return raw;
  const content = contentOf(raw);
  return wrap(raw, isCertificate(key) ? await encryptForCertificate(content, key) : await encryptForPublicKey(content, key));
}

/** What a person recognises a key by. */
export type KeyDescription = { readonly name: string; readonly address: string /** Hex. */; readonly fingerprint: string };

/** Undefined: there is no key, or it can't be read. */
export async function describeKey(key: string): Promise<KeyDescription | undefined> {
  if (key === '') return undefined;
  try {
    return isCertificate(key) ? describeCertificate(key) : await describePublicKey(key);
  } catch {
    // Its problem is told when it is given; here is nothing to describe.
    return undefined;
  }
}

function isCertificate(key: string): boolean {
  return key.trimStart().startsWith('-----BEGIN CERTIFICATE-----');
}
