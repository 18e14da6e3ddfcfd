/** A mailbox elsewhere as fetching sees it, whatever the protocol. */
import type { TlsDetails } from '../../base/connection.ts';
import type { ExternalAccountFields } from '../../store/types-external.ts';

export type SourceMessage = {
  /** As it is remembered: for ever the same message within `Source.generation`. IMAP: UIDs in ten digits, so that their order is that of text. */
  readonly uid: string;
  /** As the server says; 0 = unknown. */
  readonly sizeBytes: number;
};

export type FetchedBytes = {
  readonly raw: Buffer;
  /** When the message came to the mailbox there, where that is known. */
  readonly receivedAt?: Date;
};

export type Source = {
  readonly address: string;
  readonly tls: TlsDetails | undefined;
  /** What changes when the server gives its messages new UIDs: UIDVALIDITY, or empty (POP3). */
  readonly generation: string;
  /** UIDs only grow (IMAP): after the newest that is known, none can be new. */
  readonly ordered: boolean;
  /** In the order in which they came; those after `uid` where the order says so. */
  readonly list: (after: string | undefined) => Promise<readonly SourceMessage[]>;
  /** Undefined: it is gone. Throws when it has more octets than that. */
  readonly read: (uid: string, maxBytes: number) => Promise<FetchedBytes | undefined>;
  /** Those that are gone already are no fault. Durable there only after `close`. */
  readonly remove: (uids: readonly string[]) => Promise<void>;
  /** Ends in order. Throws when what was removed may still be there. */
  readonly close: () => Promise<void>;
  /** Gives the connection up. Never throws. */
  readonly abort: () => void;
};

export type SourceOptions = Pick<
  ExternalAccountFields,
  'kind' | 'host' | 'port' | 'tls' | 'verifyCertificate' | 'username' | 'folder'
> & {
  readonly password: string;
  /** Where `host` is; the certificate is still checked for the name. */
  readonly address: string;
  /** For a connection, and for each answer (ms). */
  readonly timeoutMs: number;
};

export type OpenSource = (options: SourceOptions) => Promise<Source>;
