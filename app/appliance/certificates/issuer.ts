/**
 * Makes the local certificate authority and the server certificates that it signs.
 *
 * Runs as a process of its own for the moment it is needed (once a year), so that the ASN.1 libraries do not stay in the appliance's memory:
 * one JSON request on stdin, one JSON answer on stdout. Keys are EC P-256, which every mail client of the last ten years takes.
 */
import 'reflect-metadata';
import { randomBytes, X509Certificate as NodeCertificate, type webcrypto } from 'node:crypto';
import { text } from 'node:stream/consumers';
import * as x509 from '@peculiar/x509';
import { z } from 'zod';

const pem = z.object({ certificate: z.string(), key: z.string() });

export const requestSchema = z.discriminatedUnion('make', [
  z.object({ make: z.literal('authority'), name: z.string(), notBefore: z.number(), notAfter: z.number() }),
  z.object({
    make: z.literal('leaf'),
    authority: pem,
    dns: z.array(z.string()).min(1),
    ip: z.array(z.string()),
    notBefore: z.number(),
    notAfter: z.number(),
  }),
]);
export const answerSchema = pem;

export type IssueRequest = z.output<typeof requestSchema>;
/** PEM texts. */
export type Issued = z.output<typeof answerSchema>;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export async function issue(request: IssueRequest): Promise<Issued> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = request.make === 'authority' ? await makeAuthority(request, keys) : await makeLeaf(request, keys);
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { certificate: `${certificate.toString('pem')}\n`, key: wrap('PRIVATE KEY', key) };
}

async function makeAuthority(
  request: Extract<IssueRequest, { make: 'authority' }>,
  keys: webcrypto.CryptoKeyPair,
): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: [{ CN: [request.name] }, { O: ['Mallard'] }],
    notBefore: new Date(request.notBefore),
    notAfter: new Date(request.notAfter),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      // Signs leaves only: no authority below it.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}

async function makeLeaf(
  request: Extract<IssueRequest, { make: 'leaf' }>,
  keys: webcrypto.CryptoKeyPair,
): Promise<x509.X509Certificate> {
  const authority = new x509.X509Certificate(request.authority.certificate);
  const signingKey = await crypto.subtle.importKey('pkcs8', unwrap(request.authority.key), algorithm, false, ['sign']);
  const [first = 'localhost'] = request.dns;
  return x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    // CN is bounded to 64 characters (RFC 5280 appendix A.1); the names that count are in the extension.
    subject: [{ CN: [first.slice(0, 64)] }],
    issuer: authority.subjectName,
    notBefore: new Date(request.notBefore),
    notAfter: new Date(request.notAfter),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...request.dns.map((value) => ({ type: 'dns' as const, value })),
        ...request.ip.map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
}

/** Positive and unguessable (CA/Browser Forum baseline requirements §7.1). */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function wrap(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function unwrap(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64'));
}

if (import.meta.main) {
  const issued = await issue(requestSchema.parse(JSON.parse(await text(process.stdin))));
  // What another program cannot read is not an answer.
  if (new NodeCertificate(issued.certificate).subject === '') throw new Error('The certificate has no subject.');
  process.stdout.write(JSON.stringify(issued));
}
