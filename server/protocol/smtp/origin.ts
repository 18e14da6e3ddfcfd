/** A finished transaction as delivery and queue want it. */
import type { Origin, SmtpEnvelope } from '../../delivery/envelope.ts';
import type { SmtpSession } from './session.ts';
import type { Transaction } from './transaction.ts';

export function envelopeOf(transaction: Transaction): SmtpEnvelope {
  const { body, smtpUtf8, returnContent, envelopeId, requireTls } = transaction.parameters;
  return {
    from: transaction.from,
    recipients: [...transaction.recipients],
    body,
    smtpUtf8,
    ...(requireTls ? { requireTls } : {}),
    ...(returnContent === undefined ? {} : { returnContent }),
    ...(envelopeId === undefined ? {} : { envelopeId }),
  };
}

export function originOf(session: SmtpSession, transaction: Transaction): Origin {
  return {
    transactionId: transaction.id,
    receivedAtMs: Date.now(),
    protocol: protocolType(session, transaction),
    hello: session.hello?.name ?? 'unknown',
    remoteAddress: session.connection.remoteAddress,
    tls: session.connection.tlsDetails,
    ...(session.account === undefined ? {} : { account: session.account }),
  };
}

/** RFC 3848; RFC 6531 §4.3 for the UTF8 forms. HELO is plain SMTP. */
function protocolType(session: SmtpSession, transaction: Transaction): string {
  const security = `${session.connection.secure ? 'S' : ''}${session.account === undefined ? '' : 'A'}`;
  const { protocol } = session.profile;
  if (transaction.parameters.smtpUtf8) return `UTF8${protocol === 'LMTP' ? 'LMTP' : 'SMTP'}${security}`;
  return session.hello?.verb === 'HELO' && security === '' ? 'SMTP' : `${protocol}${security}`;
}
