/** A copy of somebody's mail for an audit, and its messages. */

export type AuditState = 'queued' | 'importing' | 'imported' | 'failed';

export type AuditFields = {
  readonly user: string;
  /** Messages that arrived from then on; null = from the beginning. */
  readonly start: Date | null;
  readonly end: Date | null;
  /** The copy goes after this. */
  readonly expires: Date;
  readonly status: AuditState;
  readonly copied: number;
  readonly failed: number;
  /** By mailbox: up to which modseq it has been looked at. What arrives later is copied from the journal. */
  readonly positions?: Readonly<Record<string, number>>;
  /** Whoever copies, until then. */
  readonly claimedUntil?: Date;
};

/** The content stays as long as this refers to it, whatever its owner deletes. */
export type AuditMessageFields = {
  readonly audit: string;
  readonly content: string;
  readonly mailbox: string;
  readonly path: string;
  readonly uid: number;
  readonly internalDate: Date;
  readonly sizeBytes: number;
};
