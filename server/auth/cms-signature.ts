/** A signature around a file (CMS SignedData, RFC 5652 §5), with the signer's certificate chain inside: what devices ask of a configuration profile. */
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';

/** PEM texts. `cert` begins with the leaf; further certificates, there or in `ca`, are the chain. */
export type Signer = {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string | undefined;
  readonly passphrase?: string | undefined;
};

type EngineCrypto = ConstructorParameters<typeof import('pkijs').CryptoEngine>[0]['crypto'];

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const DATA = '1.2.840.113549.1.7.1';
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const ATTRIBUTES = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
};
const HASH = 'SHA-256';

/** The DER form. The content is inside as it is, in one piece. Throws when key or certificates can't be used. */
export async function signCms(
  content: Buffer,
  { cert, key, ca = '', passphrase }: Signer,
  now: Date = new Date(),
): Promise<Buffer> {
  const pki = await import('pkijs');
  const asn1 = await import('asn1js');
  const engine = new pki.CryptoEngine({ name: 'node', crypto: webcrypto as unknown as EngineCrypto });
  const chain = (`${cert}\n${ca}`.match(PEM_CERTIFICATE) ?? []).map((pem) =>
    pki.Certificate.fromBER(new X509Certificate(pem).raw),
  );
  const [leaf] = chain;
  if (leaf === undefined) throw new Error('there is no certificate to sign with');
  const octets = new Uint8Array(content).buffer;
  const digest = await webcrypto.subtle.digest(HASH, octets);
  const attribute = (type: string, value: unknown) => new pki.Attribute({ type, values: [value] });
  const signed = new pki.SignedData({
    version: 1,
    encapContentInfo: new pki.EncapsulatedContentInfo({ eContentType: DATA }),
    signerInfos: [
      new pki.SignerInfo({
        version: 1,
        sid: new pki.IssuerAndSerialNumber({ issuer: leaf.issuer, serialNumber: leaf.serialNumber }),
        signedAttrs: new pki.SignedAndUnsignedAttributes({
          type: 0,
          attributes: [
            attribute(ATTRIBUTES.contentType, new asn1.ObjectIdentifier({ value: DATA })),
            attribute(ATTRIBUTES.signingTime, new asn1.UTCTime({ valueDate: now })),
            attribute(ATTRIBUTES.messageDigest, new asn1.OctetString({ valueHex: digest })),
          ],
        }),
      }),
    ],
    certificates: chain,
  });
  // Set apart: the constructor would cut it into pieces.
  signed.encapContentInfo.eContent = new asn1.OctetString({ valueHex: octets });
  await signed.sign(await importKey(key, passphrase), 0, HASH, octets, engine);
  return Buffer.from(new pki.ContentInfo({ contentType: SIGNED_DATA, content: signed.toSchema(true) }).toSchema().toBER(false));
}

async function importKey(pem: string, passphrase: string | undefined): Promise<webcrypto.CryptoKey> {
  const key = createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const curves: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
  const namedCurve = curves[details?.namedCurve ?? ''];
  if (type !== 'rsa' && (type !== 'ec' || namedCurve === undefined))
    throw new Error(`a key of the kind ${type ?? 'unknown'} can't sign here`);
  const algorithm = type === 'rsa' ? { name: 'RSASSA-PKCS1-v1_5', hash: HASH } : { name: 'ECDSA', namedCurve: namedCurve! };
  return webcrypto.subtle.importKey('pkcs8', new Uint8Array(key.export({ type: 'pkcs8', format: 'der' })), algorithm, false, [
    'sign',
  ]);
}
