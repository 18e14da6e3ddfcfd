/** A certificate for one server name, besides the server's own. */
export type CertificateFields = {
  /** ASCII form, lower case; may begin with `*.`. One certificate per name. */
  readonly servername: string;
  readonly description: string;
  /** PEM texts. */
  readonly privateKey: string;
  readonly cert: string;
  readonly ca: readonly string[];
  /** What the certificate itself says that it is for. */
  readonly altNames: readonly string[];
  /** `servername` and `altNames`: what handshakes look for. */
  readonly names: readonly string[];
  /** SHA-256 in hex, with colons. */
  readonly fingerprint: string;
  readonly expires: Date;
};
