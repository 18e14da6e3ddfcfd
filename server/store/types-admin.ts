/** Records of the administration that belong to no user. */

export type DomainAccessFields = {
  readonly tag: string;
  /** Lower case. */
  readonly tagKey: string;
  /** ASCII form. */
  readonly domain: string;
  readonly domainName: string;
  readonly action: 'allow' | 'block';
};

/** A setting that differs from its default. */
export type SettingFields = { readonly key: string; readonly value: string | number };
