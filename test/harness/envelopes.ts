/** Envelopes for tests of the queue. */
import type { NewEnvelope } from '../../server/delivery/queue/queue.ts';

export function envelopeFrom(from: string, more: Partial<NewEnvelope> = {}): NewEnvelope {
  return {
    from,
    transactionId: 'transaction1',
    body: '7BIT',
    smtpUtf8: false,
    requireTls: false,
    messageId: '<m@mail.test>',
    subject: 'Subject of it',
    ...more,
  };
}
