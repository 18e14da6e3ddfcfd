/** A message's SMTP envelope and where it came from: what delivery, queue and trace know besides the bytes. */
import type { TlsDetails } from '../base/connection.ts';
import type { Account, DistributionList, Forwarder } from '../operations/contract-accounts.ts';

export type BodyType = '7BIT' | '8BITMIME' | 'BINARYMIME';

/** What the sender asked for about notifications (RFC 3461). */
export type Notify = 'NEVER' | readonly ('SUCCESS' | 'FAILURE' | 'DELAY')[];

/** Where a recipient's mail goes, decided when the recipient was named. */
export type RecipientTarget =
  | { readonly kind: 'local'; readonly account: Account; readonly label: string | undefined }
  /** Elsewhere: by the queue. */
  | { readonly kind: 'remote' }
  /** An address of ours that stands for others. */
  | { readonly kind: 'forward'; readonly targets: readonly string[]; readonly forwarder?: Forwarder }
  /** By the queue, which asks the list's rules first. */
  | { readonly kind: 'list'; readonly list: DistributionList; readonly role: 'post' | 'moderate' };

export type EnvelopeRecipient = {
  /** As the client wrote it, without angle brackets. */
  readonly address: string;
  readonly target: RecipientTarget;
  readonly notify?: Notify;
  /** Type and decoded address, e.g. `rfc822;user@example.test`. */
  readonly originalRecipient?: string;
};

export type SmtpEnvelope = {
  /** Empty for the null reverse-path. */
  readonly from: string;
  readonly recipients: readonly EnvelopeRecipient[];
  readonly body: BodyType;
  readonly smtpUtf8: boolean;
  readonly returnContent?: 'FULL' | 'HDRS';
  readonly envelopeId?: string;
  /** RFC 8689: never without encryption. */
  readonly requireTls?: boolean;
};

export type Origin = {
  /** In Received, logs, trace and the final 250. */
  readonly transactionId: string;
  readonly receivedAtMs: number;
  /** Protocol type for Received (RFC 3848, RFC 6531 §4.3): `ESMTPSA`, `UTF8LMTPS`, … */
  readonly protocol: string;
  /** What the client called itself. */
  readonly hello: string;
  readonly remoteAddress: string;
  readonly tls: TlsDetails | undefined;
  /** Of an authenticated sender. */
  readonly account?: Account;
  /** Checks say: into Junk. */
  readonly quarantine?: boolean;
  /** The author's domain says that it is not from there (DMARC): no list of wanted senders counts. */
  readonly forged?: boolean;
};
