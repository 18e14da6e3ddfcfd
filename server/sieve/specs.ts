/** Which commands and tests there are, as data: their arguments, and the capability that a script must require for them. */

export type ValueKind = 'number' | 'string' | 'strings';

export type TagSpec = {
  /** Of tags with the same group only one may stand. */
  readonly group: string;
  readonly value?: ValueKind;
  readonly capability?: string;
};

export type Spec = {
  readonly capability?: string;
  readonly tags: Readonly<Record<string, TagSpec>>;
  readonly args: readonly ValueKind[];
  /** This many of the first, or last, arguments may be left out. */
  readonly optionalFirst?: true;
  readonly optionalLast?: true;
  readonly tests?: 'one' | 'many';
  readonly block?: true;
};

const match: Spec['tags'] = {
  is: { group: 'match' },
  contains: { group: 'match' },
  matches: { group: 'match' },
  count: { group: 'match', value: 'string', capability: 'relational' },
  value: { group: 'match', value: 'string', capability: 'relational' },
  comparator: { group: 'comparator', value: 'string' },
};
const addressPart: Spec['tags'] = {
  localpart: { group: 'part' },
  domain: { group: 'part' },
  all: { group: 'part' },
  user: { group: 'part', capability: 'subaddress' },
  detail: { group: 'part', capability: 'subaddress' },
};
const index: Spec['tags'] = {
  index: { group: 'index', value: 'number', capability: 'index' },
  last: { group: 'last', capability: 'index' },
};
const flags: Spec['tags'] = { flags: { group: 'flags', value: 'strings', capability: 'imap4flags' } };

export const TESTS: Readonly<Record<string, Spec>> = {
  true: { tags: {}, args: [] },
  false: { tags: {}, args: [] },
  not: { tags: {}, args: [], tests: 'one' },
  allof: { tags: {}, args: [], tests: 'many' },
  anyof: { tags: {}, args: [], tests: 'many' },
  address: { tags: { ...match, ...addressPart, ...index }, args: ['strings', 'strings'] },
  envelope: { capability: 'envelope', tags: { ...match, ...addressPart }, args: ['strings', 'strings'] },
  header: { tags: { ...match, ...index }, args: ['strings', 'strings'] },
  exists: { tags: {}, args: ['strings'] },
  size: { tags: { over: { group: 'size' }, under: { group: 'size' } }, args: ['number'] },
  string: { capability: 'variables', tags: match, args: ['strings', 'strings'] },
  hasflag: { capability: 'imap4flags', tags: match, args: ['strings', 'strings'], optionalFirst: true },
  body: {
    capability: 'body',
    tags: { ...match, raw: { group: 'body' }, text: { group: 'body' }, content: { group: 'body', value: 'strings' } },
    args: ['strings'],
  },
  date: {
    capability: 'date',
    tags: { ...match, ...index, zone: { group: 'zone', value: 'string' }, originalzone: { group: 'zone' } },
    args: ['string', 'string', 'strings'],
  },
  currentdate: { capability: 'date', tags: { ...match, zone: { group: 'zone', value: 'string' } }, args: ['string', 'strings'] },
  duplicate: {
    capability: 'duplicate',
    tags: {
      handle: { group: 'handle', value: 'string' },
      header: { group: 'id', value: 'string' },
      uniqueid: { group: 'id', value: 'string' },
      seconds: { group: 'seconds', value: 'number' },
      last: { group: 'last' },
    },
    args: [],
  },
  mailboxexists: { capability: 'mailbox', tags: {}, args: ['strings'] },
  environment: { capability: 'environment', tags: match, args: ['string', 'strings'] },
  spamtest: {
    capability: 'spamtest',
    tags: { ...match, percent: { group: 'percent', capability: 'spamtestplus' } },
    args: ['string'],
  },
};

export const COMMANDS: Readonly<Record<string, Spec>> = {
  require: { tags: {}, args: ['strings'] },
  if: { tags: {}, args: [], tests: 'one', block: true },
  elsif: { tags: {}, args: [], tests: 'one', block: true },
  else: { tags: {}, args: [], block: true },
  stop: { tags: {}, args: [] },
  keep: { tags: flags, args: [] },
  discard: { tags: {}, args: [] },
  fileinto: {
    capability: 'fileinto',
    tags: { ...flags, copy: { group: 'copy', capability: 'copy' }, create: { group: 'create', capability: 'mailbox' } },
    args: ['string'],
  },
  redirect: { tags: { copy: { group: 'copy', capability: 'copy' } }, args: ['string'] },
  reject: { capability: 'reject', tags: {}, args: ['string'] },
  ereject: { capability: 'ereject', tags: {}, args: ['string'] },
  vacation: {
    capability: 'vacation',
    tags: {
      days: { group: 'period', value: 'number' },
      seconds: { group: 'period', value: 'number', capability: 'vacation-seconds' },
      subject: { group: 'subject', value: 'string' },
      from: { group: 'from', value: 'string' },
      addresses: { group: 'addresses', value: 'strings' },
      mime: { group: 'mime' },
      handle: { group: 'handle', value: 'string' },
    },
    args: ['string'],
  },
  setflag: { capability: 'imap4flags', tags: {}, args: ['string', 'strings'], optionalFirst: true },
  addflag: { capability: 'imap4flags', tags: {}, args: ['string', 'strings'], optionalFirst: true },
  removeflag: { capability: 'imap4flags', tags: {}, args: ['string', 'strings'], optionalFirst: true },
  set: {
    capability: 'variables',
    tags: {
      lower: { group: 'case' },
      upper: { group: 'case' },
      lowerfirst: { group: 'first' },
      upperfirst: { group: 'first' },
      quotewildcard: { group: 'quote' },
      length: { group: 'length' },
    },
    args: ['string', 'string'],
  },
  addheader: { capability: 'editheader', tags: { last: { group: 'last' } }, args: ['string', 'string'] },
  deleteheader: {
    capability: 'editheader',
    tags: { ...match, index: { group: 'index', value: 'number' }, last: { group: 'last' } },
    args: ['string', 'strings'],
    optionalLast: true,
  },
};

/** What `require` may name; in the order in which they are listed to clients. */
export const CAPABILITIES: readonly string[] = [
  'fileinto',
  'reject',
  'ereject',
  'envelope',
  'encoded-character',
  'vacation',
  'vacation-seconds',
  'subaddress',
  'comparator-i;ascii-numeric',
  'comparator-i;unicode-casemap',
  'relational',
  'imap4flags',
  'copy',
  'variables',
  'body',
  'date',
  'index',
  'editheader',
  'duplicate',
  'mailbox',
  'environment',
  'spamtest',
  'spamtestplus',
];
/** Part of the language; naming them is allowed. */
export const BUILT_IN: ReadonlySet<string> = new Set(['comparator-i;octet', 'comparator-i;ascii-casemap']);
