/**
 * DANE for SMTP (RFC 7672): a host whose TLSA records DNSSEC vouches for must be spoken to by TLS, with a certificate that a record names. Who can't show one gets
 * no mail; certificate authorities have no say.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { parseTlsa, type SecureDns, type TlsaRecord } from './secure-dns.ts';

export type HostDane =
  /** No records, or none that DNSSEC vouches for. */
  | { readonly kind: 'none' }
  /** TLS is a must; `records` empty = whatever the certificate (RFC 7672 §2.2: none of them is usable). */
  | { readonly kind: 'required'; readonly records: readonly TlsaRecord[] }
  /** It can't be known: the host must not be used now (RFC 7672 §2.1.2). */
  | { readonly kind: 'unknown'; readonly reason: string };

export type Dane = {
  /** Whether DNSSEC vouches for the domain's MX records. Without, whoever forges them names a host of their own. */
  readonly isSecure: (domain: string) => Promise<boolean>;
  readonly of: (host: string, port: number) => Promise<HostDane>;
};

export function createDane(dns: SecureDns): Dane {
  return {
    isSecure: async (domain) => {
      try {
        return (await dns.query(domain, 'MX')).secure;
      } catch {
        // The ordinary look-up fails as well then, and says so.
        return false;
      }
    },
    of: async (host, port) => {
      try {
        const { secure, records } = await dns.query(`_${port}._tcp.${host}`, 'TLSA');
        if (!secure || records.length === 0) return { kind: 'none' };
        const usable = records.map(parseTlsa).filter((record) => record !== undefined && isUsable(record));
        return { kind: 'required', records: usable as TlsaRecord[] };
      } catch (error) {
        return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

/** RFC 7672 §3.1: DANE-TA(2) and DANE-EE(3); the others mean certificate authorities. */
function isUsable({ usage, selector, matching }: TlsaRecord): boolean {
  return (usage === 2 || usage === 3) && selector <= 1 && matching <= 2;
}

/** Whether a record names the certificate that was shown, or one that vouches for it. `chain`: leaf first, DER. */
export function matchesDane(records: readonly TlsaRecord[], chain: readonly Buffer[], host: string, now: Date): boolean {
  const [leaf, ...issuers] = chain.map((der) => new X509Certificate(der));
  if (leaf === undefined) return false;
  // RFC 7672 §3.1.1: with DANE-EE neither names nor dates count.
  if (records.some((record) => record.usage === 3 && names(record, leaf))) return true;
  if (leaf.checkHost(host) === undefined) return false;
  const anchors = records.filter(({ usage }) => usage === 2);
  let current = leaf;
  for (const certificate of [leaf, ...issuers]) {
    if (certificate !== leaf) {
      if (!current.checkIssued(certificate) || !current.verify(certificate.publicKey) || !certificate.ca) return false;
      current = certificate;
    }
    if (now < new Date(certificate.validFrom) || now > new Date(certificate.validTo)) return false;
    if (anchors.some((record) => names(record, certificate))) return true;
  }
  return false;
}

function names({ selector, matching, data }: TlsaRecord, certificate: X509Certificate): boolean {
  const bytes = selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' });
  if (matching === 0) return bytes.equals(data);
  return createHash(matching === 1 ? 'sha256' : 'sha512')
    .update(bytes)
    .digest()
    .equals(data);
}
