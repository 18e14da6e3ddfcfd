/**
 * LMTP (RFC 2033): local delivery for Haraka, Postfix and others in front, on the SMTP skeleton. Every accepted recipient gets its own reply after the data,
 * and a positive one means that the message is durably in that user's mailbox.
 */
import type { Budget } from '../../base/budget.ts';
import type { ConnectionHandler } from '../../base/listener.ts';
import type { Logger } from '../../base/log.ts';
import type { Config } from '../../config/schema.ts';
import { arrivalEvent } from '../../delivery/arrival-event.ts';
import type { Delivery, DeliveryOutcome, LocalRecipient } from '../../delivery/deliver.ts';
import type { Origin, SmtpEnvelope } from '../../delivery/envelope.ts';
import type { TraceSink } from '../../delivery/hooks.ts';
import type { MailFlow } from '../../delivery/mail-flow.ts';
import { describeOutcome } from '../../delivery/outcome-reply.ts';
import { deliveryFields, receivedField } from '../../delivery/trace-header.ts';
import type { Operations } from '../../operations/contract.ts';
import { createSmtpHandler } from '../smtp/dispatcher.ts';
import type { RecipientDecision, SmtpProfile } from '../smtp/profile.ts';
import { originOf, envelopeOf } from '../smtp/origin.ts';
import type { SmtpReply } from '../smtp/wire/reply.ts';
import { reply } from '../smtp/wire/reply.ts';

export type LmtpDependencies = {
  readonly config: Config;
  readonly operations: Operations;
  readonly delivery: Delivery;
  /** Carries mail for forwarding addresses on; without it they are nobody here. */
  readonly flow?: Pick<MailFlow, 'passOn'>;
  readonly trace?: TraceSink | undefined;
  /** Memory for messages in flight, shared by every service of the worker. */
  readonly memory: Budget;
  readonly log: Logger;
  /** Wait for memory before a message is put off; default 30 s. */
  readonly memoryWaitMs?: number;
};

export function createLmtpHandler(dependencies: LmtpDependencies): ConnectionHandler {
  const { config, operations, memory, log } = dependencies;
  const limits = {
    maxMessageBytes: config.store.maxMessageBytes,
    maxRecipients: config.smtp.maxRecipients,
    maxErrors: config.smtp.maxErrors,
    maxAuthFailures: config.auth.maxFailuresPerConnection,
    memoryWaitMs: dependencies.memoryWaitMs ?? 30_000,
  };
  return createSmtpHandler({ profile: lmtpProfile(dependencies), config, operations, limits, memory }, log);
}

function lmtpProfile({ config, operations, delivery, flow, trace }: LmtpDependencies): SmtpProfile {
  return {
    service: 'lmtp',
    protocol: 'LMTP',
    hello: ['LHLO'],
    perRecipientReplies: true,
    // Mail ends here.
    offersRequireTls: false,
    requiresAuth: false,
    requiresSmtpUtf8Declared: false,
    mechanisms: () => [],
    // Binary bodies are stored as they come; BDAT brings them.
    extensions: ['BINARYMIME'],
    onSender: () => Promise.resolve(undefined),
    onRecipient: async (_session, _transaction, request): Promise<RecipientDecision> => {
      const found = await operations.accounts.resolveRecipient(request.address);
      if (found.kind === 'user' && found.disabled) return { refused: reply(550, '5.2.1', 'The mailbox is disabled') };
      if ((found.kind === 'forward' || found.kind === 'list') && flow !== undefined)
        return { accepted: { ...request, target: found } };
      if (found.kind !== 'user') return { refused: reply(550, '5.1.1', 'No such user here') };
      return { accepted: { ...request, target: { kind: 'local', account: found.account, label: found.label } } };
    },
    onMessage: async (session, transaction, join): Promise<readonly SmtpReply[]> => {
      const origin: Origin = originOf(session, transaction);
      const envelope: SmtpEnvelope = envelopeOf(transaction);
      const head = deliveryFields(envelope) + receivedField(origin, envelope, config.hostname);
      const message = join(Buffer.from(head));
      trace?.record(arrivalEvent('accepted', message, envelope, origin));
      const [outcomes, forwarded] = await Promise.all([
        delivery.deliver(message, localRecipients(envelope), origin, envelope),
        forward(flow, message.subarray(Buffer.byteLength(deliveryFields(envelope))), envelope, origin),
      ]);
      const local = outcomes.values();
      return envelope.recipients.map(({ target }) => {
        const outcome = target.kind === 'local' ? local.next().value : forwarded;
        const { code, enhanced, text } = describeOutcome(outcome ?? { kind: 'unavailable', cause: undefined }, {
          transactionId: transaction.id,
          quotaFailure: config.delivery.quotaFailure,
        });
        return reply(code, enhanced, text);
      });
    },
  };
}

/** What is for forwarding addresses goes into the queue, without the fields of final delivery. Undefined = nothing is. */
async function forward(
  flow: LmtpDependencies['flow'],
  message: Buffer,
  envelope: SmtpEnvelope,
  origin: Origin,
): Promise<DeliveryOutcome | undefined> {
  const recipients = envelope.recipients.filter(({ target }) => target.kind !== 'local');
  if (recipients.length === 0) return undefined;
  try {
    await flow?.passOn(message, { ...envelope, recipients }, origin);
    return { kind: 'passed-on' };
  } catch (cause) {
    return { kind: 'unavailable', cause };
  }
}

function localRecipients(envelope: SmtpEnvelope): readonly LocalRecipient[] {
  return envelope.recipients.flatMap(({ address, target }) =>
    target.kind === 'local' ? [{ address, account: target.account, label: target.label }] : [],
  );
}
