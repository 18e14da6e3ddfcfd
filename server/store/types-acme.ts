/** What is kept of a public authority: our account there, and what it asks us to show at the moment. */

export type AcmeAccountFields = {
  /** URL of the authority's directory. */
  readonly directory: string;
  /** PKCS #8, PEM. Empty until the first order. */
  readonly privateKey: string;
  /** Empty until the authority has given one. */
  readonly url: string;
  /** A worker orders until then. */
  readonly lease: Date;
};

export type AcmeChallengeFields = {
  readonly token: string;
  readonly keyAuthorization: string;
  readonly expires: Date;
};
