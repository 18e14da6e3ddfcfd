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

/** A sender whose mail is allowed or blocked. */
export type SenderRuleFields = {
  /** Id of a user; empty = for everybody. */
  readonly owner: string;
  /** Lower-case address, ASCII domain, IP address or network. */
  readonly sender: string;
  readonly action: 'allow' | 'block';
};

/** A setting that differs from its default. */
export type SettingFields = { readonly key: string; readonly value: string | number };
