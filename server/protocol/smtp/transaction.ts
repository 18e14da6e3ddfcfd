/**
 * One mail transaction: from an accepted MAIL to the end of its data. RSET, EHLO/HELO/LHLO, STARTTLS and the end of the data drop it whole
 * (RFC 5321 §4.1.1.5); a message that was being received gives its memory back then.
 */
import { randomBytes } from 'node:crypto';
import type { BodyType, EnvelopeRecipient } from '../../delivery/envelope.ts';
import type { Intake } from './intake.ts';
import type { SmtpReply } from './wire/reply.ts';

export type MailParameters = {
  /** Declared size in octets; 0 = not declared. */
  readonly sizeBytes: number;
  readonly body: BodyType;
  readonly smtpUtf8: boolean;
  readonly returnContent?: 'FULL' | 'HDRS';
  readonly envelopeId?: string;
  readonly requireTls: boolean;
};

export class Transaction {
  readonly id: string = randomBytes(9).toString('hex');
  #from: string;
  readonly parameters: MailParameters;
  readonly recipients: EnvelopeRecipient[] = [];
  readonly startedAtMs: number = Date.now();
  /** BDAT has begun: the message so far. */
  intake: Intake | undefined;
  /** A chunk failed: every further BDAT gets this until RSET (RFC 3030 §2). */
  failure: SmtpReply | undefined;

  constructor(from: string, parameters: MailParameters) {
    this.#from = from;
    this.parameters = parameters;
  }

  /** Reverse-path; empty for the null one. */
  get from(): string {
    return this.#from;
  }

  /** A device's own idea of its address is not what it sends as. */
  sendAs(address: string): void {
    this.#from = address;
  }

  drop(): void {
    this.intake?.discard();
    this.intake = undefined;
  }
}
