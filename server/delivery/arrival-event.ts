/** The first step of a message's trace: who handed it in, from where and how, and what people know it by. */
import type { Origin, SmtpEnvelope } from './envelope.ts';
import type { TraceEvent } from './hooks.ts';
import { identityOf } from './message-identity.ts';

/** Characters of a subject that are kept. */
const MAX_SUBJECT = 250;

export function arrivalEvent(
  kind: 'accepted' | 'refused',
  raw: Buffer,
  envelope: SmtpEnvelope,
  origin: Origin,
  more: { readonly [field: string]: unknown } = {},
): TraceEvent {
  const { messageId, subject } = identityOf(raw);
  return {
    kind,
    transaction: origin.transactionId,
    atMs: origin.receivedAtMs,
    ip: origin.remoteAddress,
    hello: origin.hello,
    protocol: origin.protocol,
    tls: origin.tls?.protocol,
    from: envelope.from,
    to: envelope.recipients.map(({ address }) => address),
    ...(messageId === '' ? {} : { messageId }),
    ...(subject === '' ? {} : { subject: subject.slice(0, MAX_SUBJECT) }),
    ...more,
  };
}
