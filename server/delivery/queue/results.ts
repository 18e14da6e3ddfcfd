/** What became of the recipients of one attempt. */
import type { QueueRecipient } from '../../store/types-queue.ts';

export type RecipientResult = {
  readonly recipient: QueueRecipient;
  /** `delivered`: into a mailbox here; `relayed`: another server took it. */
  readonly kind: 'delivered' | 'relayed' | 'temporary' | 'permanent';
  /** RFC 3463 status, e.g. `5.1.1`. */
  readonly status: string;
  /** The remote's words, or ours. */
  readonly text: string;
  /** Who said it, e.g. `mx.example.test [192.0.2.1]`; empty for ourselves. */
  readonly server: string;
  /** Protocol and cipher of the connection, when it was encrypted. */
  readonly tls?: string;
  /** The next server takes the sender's wish for notices over (RFC 3461 §5.2.2). */
  readonly passedOn?: boolean;
  /** It was about reaching the servers, not about the message: the destination is better left alone for a while. */
  readonly unreachable?: boolean;
};

/** The same for all. */
export function sameForAll(
  recipients: readonly QueueRecipient[],
  result: Omit<RecipientResult, 'recipient'>,
): readonly RecipientResult[] {
  return recipients.map((recipient) => ({ recipient, ...result }));
}

/** The enhanced status code in a reply, if it has one of the right class. */
export function statusOf(text: string, code: number): string {
  const digit = code >= 500 ? '5' : '4';
  const found = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1];
  return found !== undefined && found.startsWith(digit) ? found : `${digit}.0.0`;
}
