/** What people and programs add to messages, and the files that wait to be attached. */

export type MessageReference = {
  readonly mailbox: string;
  readonly id: number;
  readonly action: 'reply' | 'replyAll' | 'forward';
  readonly attachments?: boolean | readonly string[] | undefined;
};

/** A note on one content in one user's mailboxes: it stays with the message when that is moved, and with its copies. */
export type MessageNoteFields = {
  readonly user: string;
  readonly content: string;
  readonly metaData?: Readonly<Record<string, unknown>>;
  /** What a draft answers or forwards. */
  readonly reference?: MessageReference;
  /** Stored files that become attachments when a draft is sent. */
  readonly files?: readonly string[];
  readonly expires?: Date | null;
  /** SMTP envelope that it came or left with. */
  readonly envelope?: { readonly from: string; readonly rcpt: readonly { readonly value: string; readonly formatted: string }[] };
  readonly outbound?: readonly { readonly queueId: string; readonly queued: Date; readonly recipients: readonly string[] }[];
  readonly forwardTargets?: readonly { readonly seq: string; readonly type: string; readonly value: string }[];
};

/** A stored file: its bytes are in chunks beside it. */
export type FileFields = {
  readonly user: string;
  readonly filename: string | null;
  readonly contentType: string | null;
  readonly cid?: string;
  readonly size: number;
  readonly md5: string;
};

/** A message that was deleted and is still there until the sweeper takes it. */
export type ArchivedMessage = {
  readonly id: string;
  readonly mailbox: string;
  readonly uid: number;
  readonly content: string;
  readonly thread: string;
  readonly flags: readonly string[];
  readonly internalDateMs: number;
  readonly sizeBytes: number;
  readonly deletedAt: Date;
  readonly bodyStructure: Buffer;
};
