/**
 * The certificates of a worker: one default and any number by server name (SNI). A client that names none gets the one of this server's name. Listeners ask at each handshake, so a renewed certificate serves the
 * next connection without a restart, while connections that are open keep what they have.
 */
import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';

/** PEM texts. `cert` holds the chain, leaf first; `ca` further intermediates. */
export type Certificate = {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string | undefined;
  readonly passphrase?: string | undefined;
};

/** What a listener needs to offer TLS. */
export type TlsProvider = {
  /** False until a default certificate is there: then STARTTLS is not offered and implicit TLS is refused. */
  readonly available: () => boolean;
  /** The context for a server name (lower case), or the default one. */
  readonly contextFor: (serverName: string | undefined) => SecureContext | Promise<SecureContext>;
};

export type TlsContextsOptions = { readonly minVersion?: SecureVersion; readonly ciphers?: string };

/** Finds a certificate that is not held here, e.g. in the database; undefined = the default serves. Its answers are the loader's to cache. */
export type CertificateLoader = (serverName: string) => Promise<SecureContext | undefined>;

export class TlsContexts implements TlsProvider {
  readonly #options: TlsContextsOptions;
  readonly #byName = new Map<string, SecureContext>();
  #default: SecureContext | undefined;
  #defaultPem: Certificate | undefined;
  #loader: CertificateLoader | undefined;
  #ownName = '';

  constructor(options: TlsContextsOptions = {}) {
    this.#options = options;
  }

  /** Throws OpenSSL's error for a key that does not fit or a PEM that can't be read; the former certificate then stays. */
  setDefault(certificate: Certificate): void {
    this.#default = this.create(certificate);
    this.#defaultPem = certificate;
  }

  /** For what else is signed in the server's name. */
  get defaultCertificate(): Certificate | undefined {
    return this.#defaultPem;
  }

  /** `serverName` may begin with `*.` for one label. */
  set(serverName: string, certificate: Certificate): void {
    this.#byName.set(serverName.toLowerCase(), this.create(certificate));
  }

  delete(serverName: string): void {
    this.#byName.delete(serverName.toLowerCase());
  }

  /** `ownName`: whose certificate serves clients that name none, where the loader has it. */
  setLoader(loader: CertificateLoader, ownName = ''): void {
    this.#loader = loader;
    this.#ownName = ownName.toLowerCase();
  }

  /** A context with this worker's protocol settings, for loaders. */
  create(certificate: Certificate): SecureContext {
    const { cert, key, ca, passphrase } = certificate;
    return createSecureContext({
      cert: ca === undefined ? cert : `${cert.trimEnd()}\n${ca}`,
      key,
      ...(passphrase === undefined ? {} : { passphrase }),
      minVersion: this.#options.minVersion ?? 'TLSv1.2',
      ...(this.#options.ciphers === undefined ? {} : { ciphers: this.#options.ciphers }),
      honorCipherOrder: true,
    });
  }

  available(): boolean {
    return this.#default !== undefined;
  }

  contextFor(serverName: string | undefined): SecureContext | Promise<SecureContext> {
    const fallback = this.#default;
    if (fallback === undefined) throw new Error('no certificate is configured');
    const name = serverName === undefined || serverName === '' ? this.#ownName : serverName.toLowerCase();
    if (name === '') return fallback;
    const held = this.#byName.get(name) ?? this.#byName.get(`*${name.slice(Math.max(0, name.indexOf('.')))}`);
    if (held !== undefined) return held;
    return this.#loader === undefined ? fallback : this.#loader(name).then((loaded) => loaded ?? fallback);
  }
}
