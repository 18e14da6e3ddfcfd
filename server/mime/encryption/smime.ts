/**
 * S/MIME (RFC 8551): a content as CMS EnvelopedData (RFC 5652 §6) for the owner of a certificate. AES-256 in CBC mode and, with an RSA key, RSAES-PKCS1-v1_5, which every mail
 * program reads; with an elliptic-curve key ephemeral-static ECDH (RFC 5753).
 */
import { constants, createCipheriv, publicEncrypt, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { base64Lines, type Wrapping } from './envelope-fields.ts';

type EngineCrypto = ConstructorParameters<typeof import('pkijs').CryptoEngine>[0]['crypto'];
type ContentAlgorithm = Parameters<import('pkijs').EnvelopedData['encrypt']>[0];

const AES_256_CBC = '2.16.840.1.101.3.4.1.42';
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const DATA = '1.2.840.113549.1.7.1';
const ENVELOPED_DATA = '1.2.840.113549.1.7.3';
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** Why a certificate can't be used, in words for its owner; undefined: it can. Who issued it does not matter: it is the owner who gives it. */
export function problemOfCertificate(pem: string): string | undefined {
  try {
    const { publicKey } = new X509Certificate(pem);
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey;
    if (type === 'rsa') return (details?.modulusLength ?? 0) < 1_024 ? 'The certificate’s RSA key is too short' : undefined;
    if (type === 'ec' && CURVES.has(details?.namedCurve ?? '')) return undefined;
    return 'The certificate’s key can’t be used to encrypt mail: it must be an RSA key, or an elliptic-curve key on P-256, P-384 or P-521';
  } catch {
    return 'This is no certificate in PEM form';
  }
}

/** Throws when it can't be read. */
export function describeCertificate(pem: string): { name: string; address: string; fingerprint: string } {
  const { subject, subjectAltName, fingerprint256 } = new X509Certificate(pem);
  return {
    name: /^CN=(.+)$/m.exec(subject)?.[1] ?? '',
    address: /(?:^|, )email:([^,\s]+)/.exec(subjectAltName ?? '')?.[1] ?? /^emailAddress=(.+)$/m.exec(subject)?.[1] ?? '',
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** Throws when it can't be done. */
export async function encryptForCertificate(content: Buffer, pem: string): Promise<Wrapping> {
  const certificate = new X509Certificate(pem);
  const der =
    certificate.publicKey.asymmetricKeyType === 'rsa' ? await forRsa(content, certificate) : await forCurve(content, certificate);
  return {
    fields:
      'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\r\n' +
      'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="smime.p7m"\r\n',
    body: base64Lines(der),
  };
}

async function forRsa(content: Buffer, { raw, publicKey }: X509Certificate): Promise<Buffer> {
  const pki = await import('pkijs');
  const asn1 = await import('asn1js');
  const recipient = pki.Certificate.fromBER(raw);
  const [key, iv] = [randomBytes(32), randomBytes(16)];
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = Buffer.concat([cipher.update(content), cipher.final()]);
  const encryptedKey = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, key);
  const enveloped = new pki.EnvelopedData({
    version: 0,
    recipientInfos: [
      new pki.RecipientInfo({
        variant: 1,
        value: new pki.KeyTransRecipientInfo({
          version: 0,
          rid: new pki.IssuerAndSerialNumber({ issuer: recipient.issuer, serialNumber: recipient.serialNumber }),
          keyEncryptionAlgorithm: new pki.AlgorithmIdentifier({ algorithmId: RSA_ENCRYPTION, algorithmParams: new asn1.Null() }),
          encryptedKey: new asn1.OctetString({ valueHex: bufferOf(encryptedKey) }),
          recipientCertificate: recipient,
        }),
      }),
    ],
    encryptedContentInfo: new pki.EncryptedContentInfo({
      contentType: DATA,
      contentEncryptionAlgorithm: new pki.AlgorithmIdentifier({
        algorithmId: AES_256_CBC,
        algorithmParams: new asn1.OctetString({ valueHex: bufferOf(iv) }),
      }),
      encryptedContent: new asn1.OctetString({ valueHex: bufferOf(encrypted) }),
      disableSplit: true,
    }),
  });
  return contentInfo(pki, enveloped.toSchema());
}

async function forCurve(content: Buffer, { raw }: X509Certificate): Promise<Buffer> {
  const pki = await import('pkijs');
  const crypto = new pki.CryptoEngine({ name: 'node', crypto: webcrypto as unknown as EngineCrypto });
  const enveloped = new pki.EnvelopedData();
  enveloped.addRecipientByCertificate(pki.Certificate.fromBER(raw), {}, undefined, crypto);
  await enveloped.encrypt({ name: 'AES-CBC', length: 256 } as ContentAlgorithm, bufferOf(content), crypto);
  return contentInfo(pki, enveloped.toSchema());
}

function contentInfo(pki: typeof import('pkijs'), content: unknown): Buffer {
  return Buffer.from(new pki.ContentInfo({ contentType: ENVELOPED_DATA, content }).toSchema().toBER(false));
}

/** A copy of its own: the libraries take whole ArrayBuffers, and a Buffer is often a piece of one. */
function bufferOf(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
