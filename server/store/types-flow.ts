/** Records of the mail flow as values: filters, DKIM keys. Ids are 24 hex digits. */
import type { ForwardTarget } from './types-accounts.ts';

/** All that is given must fit; text is compared without regard to case, as a part. */
export type FilterQuery = {
  readonly from?: string;
  readonly to?: string;
  readonly subject?: string;
  readonly listId?: string;
  readonly text?: string;
  /** Has attachments, or has none. */
  readonly ha?: boolean;
  /** Octets: more than this; less than this when negative. */
  readonly size?: number;
  /** The spam score is at least this. */
  readonly minSpamScore?: number;
};

export type FilterAction = {
  readonly seen?: boolean;
  readonly flag?: boolean;
  readonly keyword?: string;
  /** Kept nowhere. */
  readonly delete?: boolean;
  /** Into Junk; false = never into Junk. */
  readonly spam?: boolean;
  readonly mailbox?: string;
  readonly targets?: readonly ForwardTarget[];
  /** Refused with these words. */
  readonly reject?: string;
  /** No filter after this one. */
  readonly stop?: boolean;
};

export type FilterFields = {
  readonly user: string;
  readonly name: string;
  readonly query: FilterQuery;
  readonly action: FilterAction;
  readonly disabled: boolean;
  /** Its place among the user's filters. Those that were never ordered come after, as they were made. */
  readonly place?: number;
  readonly metaData?: Readonly<Record<string, unknown>>;
};

export type DkimKeyState = 'active' | 'pending' | 'retired';

export type DkimKeyFields = {
  /** ASCII form. */
  readonly domain: string;
  readonly selector: string;
  readonly description: string;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  /** What stands in DNS: base64 of the SPKI (RSA) or of the raw key (Ed25519). */
  readonly publicKey: string;
  readonly kind: 'rsa' | 'ed25519';
  /** SHA-256 of the private key, hex. */
  readonly fingerprint: string;
  /** Absent = active. A pending key signs when DNS has it; a retired one signs no more, but its record must stay for mail on its way. */
  readonly state?: DkimKeyState;
  /** Keys that retire when this one becomes active. */
  readonly replaces?: readonly string[];
  /** Retired: from then on the record may go, and the key does. */
  readonly until?: Date;
  /** In use since then. */
  readonly activeSince?: Date;
};
