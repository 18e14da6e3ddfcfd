/**
 * Certificates by server name (SNI), kept in the database so that every worker serves them. The key is checked against the certificate before it is stored. Handshakes look
 * names up through a small cache: a change is served everywhere within seconds.
 */
import { X509Certificate, createHash, createPrivateKey } from 'node:crypto';
import { LruCache } from '../base/lru.ts';
import { parseDomain } from '../mail/address.ts';
import type { Records, Stored } from '../store/records.ts';
import type { CertificateFields } from '../store/types-certificates.ts';
import type { Page, PageRequest } from '../store/types-page.ts';
import { InvalidInput, Refusal } from './refusal.ts';

/** Never with the key. */
export type CertificateView = Omit<Stored<CertificateFields>, 'privateKey' | 'names'>;

export type NewCertificate = {
  readonly servername: string;
  readonly privateKey: string;
  /** May hold its intermediates as well. */
  readonly cert: string;
  readonly ca?: readonly string[] | undefined;
  readonly description?: string | undefined;
};

export type ServedCertificate = { readonly cert: string; readonly key: string; readonly ca: string | undefined };

export type Certificates = {
  readonly page: (query: string | undefined, request: PageRequest) => Promise<Page<CertificateView>>;
  /** Refusal CertNotFound. */
  readonly get: (id: string) => Promise<CertificateView>;
  readonly resolve: (servername: string) => Promise<string>;
  /** Makes or replaces the one of this name. */
  readonly put: (certificate: NewCertificate) => Promise<CertificateView>;
  readonly remove: (id: string) => Promise<void>;
  /**
   * For handshakes: what `make` makes of the certificate that serves a name (ASCII form); kept until the certificate is another one. Undefined: none does, or the database
   * is away, and then the server's own certificate is better than no answer.
   */
  readonly served: <T extends object>(servername: string, make: (certificate: ServedCertificate) => T) => Promise<T | undefined>;
};

const FRESH_MS = 5_000;
const MAX_NAMES = 2_000;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

type Known = { readonly fingerprint: string; readonly made: object | undefined; readonly atMs: number };

export function createCertificates(records: Records<CertificateFields>, now: () => number = Date.now): Certificates {
  const known = new LruCache<string, Known>(MAX_NAMES);
  const missing = (): never => {
    throw new Refusal('CertNotFound', 'This certificate does not exist');
  };

  const find = async (name: string): Promise<Stored<CertificateFields> | undefined> => {
    const wildcard = `*${name.slice(Math.max(0, name.indexOf('.')))}`;
    const found = await records.find({ names: { in: [name, wildcard] } }, { sort: { id: -1 }, limit: 20 });
    return found.find((one) => one.servername === name) ?? found.find((one) => one.names.includes(name)) ?? found[0];
  };

  return {
    page: async (query, request) => {
      const page = await records.page(query === undefined ? {} : { servername: { contains: query } }, {
        ...request,
        sortBy: 'servername',
      });
      return { ...page, results: page.results.map(viewOf) };
    },
    get: async (id) => viewOf((await records.get(id)) ?? missing()),
    resolve: async (servername) => {
      const name = nameOf(servername);
      return (name === undefined ? undefined : await records.findOne({ servername: name }))?.id ?? missing();
    },
    put: async (input) => {
      const servername = nameOf(input.servername);
      if (servername === undefined) throw new InvalidInput('servername', 'This can not be a server name');
      const set = { ...readPair(input), servername, description: input.description ?? '' };
      const stored = await records.upsert(
        { servername },
        { set: { ...set, names: [...new Set([servername, ...set.altNames])] } },
      );
      known.clear();
      return viewOf(stored);
    },
    remove: async (id) => {
      if ((await records.delete({ id })) === 0) missing();
      known.clear();
    },
    served: async <T extends object>(servername: string, make: (certificate: ServedCertificate) => T) => {
      const name = servername.toLowerCase();
      const before = known.get(name);
      if (before !== undefined && now() - before.atMs < FRESH_MS) return before.made as T | undefined;
      try {
        const found = await find(name);
        const same = found !== undefined && before?.fingerprint === found.fingerprint;
        const made = found === undefined ? undefined : same ? before?.made : make(servedOf(found));
        known.set(name, { fingerprint: found?.fingerprint ?? '', made, atMs: now() });
        return made as T | undefined;
      } catch {
        // A handshake is no place to tell of a database that is away: others do.
        return before?.made as T | undefined;
      }
    },
  };
}

function nameOf(text: string): string | undefined {
  const wildcard = text.trim().startsWith('*.');
  const parsed = parseDomain(text.trim().slice(wildcard ? 2 : 0));
  return parsed.ok ? `${wildcard ? '*.' : ''}${parsed.value.ascii}` : undefined;
}

/** Refusal InputValidationError, by field, for anything that could not serve a handshake. */
function readPair(input: NewCertificate): Omit<CertificateFields, 'servername' | 'description' | 'names'> {
  const [leaf = '', ...chain] = input.cert.match(PEM_CERTIFICATE) ?? [];
  const certificate = tryCertificate(leaf);
  if (certificate === undefined) throw new InvalidInput('cert', 'This is no certificate in PEM form');
  const key = tryKey(input.privateKey);
  if (key === undefined) throw new InvalidInput('privateKey', 'This is no private key in PEM form, without a passphrase');
  if (!certificate.checkPrivateKey(key)) throw new InvalidInput('privateKey', 'The key does not belong to the certificate');
  const ca = [...chain, ...(input.ca ?? []).flatMap((text) => text.match(PEM_CERTIFICATE) ?? [text])];
  for (const text of ca)
    if (tryCertificate(text) === undefined) throw new InvalidInput('ca', 'This is no certificate in PEM form');
  return {
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: leaf,
    ca,
    altNames: altNamesOf(certificate),
    fingerprint: certificate.fingerprint256.toLowerCase(),
    expires: new Date(certificate.validTo),
  };
}

function tryCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function tryKey(pem: string): ReturnType<typeof createPrivateKey> | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function altNamesOf(certificate: X509Certificate): string[] {
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice(4)] : []));
  const common = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  const all = names.length === 0 && common !== undefined ? [common] : names;
  return [...new Set(all.map((name) => name.toLowerCase()))].slice(0, 1_000);
}

function servedOf({ cert, privateKey, ca }: CertificateFields): ServedCertificate {
  return { cert, key: privateKey, ca: ca.length === 0 ? undefined : ca.join('\n') };
}

function keyFingerprint(pem: string): string {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return createHash('sha256')
    .update(der)
    .digest('hex')
    .replace(/..(?=.)/g, '$&:');
}

function viewOf({ privateKey, names, ...view }: Stored<CertificateFields>): CertificateView {
  void names;
  // The interface names a certificate by its key: SHA-256 of the key's DER form. In the record it stands for the certificate itself, which is renewed under the same key.
  return { ...view, fingerprint: keyFingerprint(privateKey) };
}
