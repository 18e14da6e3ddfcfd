/** Special-use attributes (RFC 6154, RFC 8457) and the mailboxes every new user gets. */

export const SPECIAL_USES = [
  '\\All',
  '\\Archive',
  '\\Drafts',
  '\\Flagged',
  '\\Important',
  '\\Junk',
  '\\Sent',
  '\\Trash',
] as const;
export type SpecialUse = (typeof SPECIAL_USES)[number];

/**
 * What CREATE … (USE (…)) may ask for. \All, \Flagged and \Important name virtual mailboxes, which this server does not have; asking for them is
 * answered NO [USEATTR] (RFC 6154 §3).
 */
export const CREATABLE_SPECIAL_USES: readonly SpecialUse[] = ['\\Archive', '\\Drafts', '\\Junk', '\\Sent', '\\Trash'];

const BY_KEY: ReadonlyMap<string, SpecialUse> = new Map(SPECIAL_USES.map((use) => [use.toLowerCase(), use]));

/** Canonical spelling, any case in; undefined when it is no special-use attribute. */
export function parseSpecialUse(text: string): SpecialUse | undefined {
  return BY_KEY.get(text.toLowerCase());
}

export type DefaultMailbox = { readonly path: string; readonly specialUse: SpecialUse | undefined; readonly subscribed: boolean };

export const DEFAULT_MAILBOXES: readonly DefaultMailbox[] = [
  { path: 'INBOX', specialUse: undefined, subscribed: true },
  { path: 'Sent', specialUse: '\\Sent', subscribed: true },
  { path: 'Drafts', specialUse: '\\Drafts', subscribed: true },
  { path: 'Junk', specialUse: '\\Junk', subscribed: true },
  { path: 'Trash', specialUse: '\\Trash', subscribed: true },
  { path: 'Archive', specialUse: '\\Archive', subscribed: true },
];
