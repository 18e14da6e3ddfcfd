/**
 * Where accepted mail goes: from the world to users here and to forwards, from users to anywhere. A positive verdict means that every recipient's share is
 * durable, in a mailbox or in the queue.
 */
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/schema.ts';
import { parseAddress } from '../mail/address.ts';
import type { Account, Operations } from '../operations/contract.ts';
import type { LocalDomains } from '../store/local-domains.ts';
import type { NewEntry, QueueEnvelope, QueueRecipient, QueueStore } from '../store/queue.ts';
import type { Delivery, DeliveryOutcome, LocalRecipient } from './deliver.ts';
import type { EnvelopeRecipient, Origin, RecipientTarget, SmtpEnvelope } from './envelope.ts';
import type { TraceSink } from './hooks.ts';
import { describeOutcome, type OutcomeText } from './outcome-reply.ts';
import { completeSubmitted, type SubmittedMessage } from './submitted-message.ts';
import type { SentCopies } from './sent-copy.ts';
import { countReceived, deliveryFields, receivedField } from './trace-header.ts';

export type MailFlow = {
  /** What a recipient is: ours, elsewhere, or nobody. `remote` says only that the domain is not ours. */
  readonly classify: (address: string) => Promise<RecipientTarget | { readonly kind: 'unknown' } | { readonly kind: 'disabled' }>;
  /** From the world. `prepend` are fields for the message's head, e.g. Authentication-Results. */
  readonly receive: (message: Buffer, envelope: SmtpEnvelope, origin: Origin) => Promise<OutcomeText>;
  /** From a user. */
  readonly submit: (message: Buffer, envelope: SmtpEnvelope, origin: Origin, account: Account) => Promise<OutcomeText>;
  /** Whether mail may be sent in this address's name by this user. */
  readonly owns: (account: Account, address: string) => Promise<boolean>;
};

export type MailFlowParts = {
  readonly config: Config;
  readonly operations: Operations;
  readonly localDomains: LocalDomains;
  readonly queue: QueueStore;
  readonly delivery: Delivery;
  readonly sentCopies: SentCopies;
  /** Tells the queue's runner. */
  readonly wake: () => void;
  readonly log: Logger;
  readonly trace?: TraceSink;
};

/** Forwards to forwards, at most so deep; what is deeper is a loop. */
const MAX_FORWARD_DEPTH = 5;

export function createMailFlow(parts: MailFlowParts): MailFlow {
  const { config, operations, localDomains, queue, delivery, sentCopies, wake, log } = parts;

  const classify: MailFlow['classify'] = async (address) => {
    const found = await operations.accounts.resolveRecipient(address);
    if (found.kind === 'user') {
      return found.disabled ? { kind: 'disabled' } : { kind: 'local', account: found.account, label: found.label };
    }
    if (found.kind === 'forward') return { kind: 'forward', targets: found.targets };
    const parsed = parseAddress(address);
    if (!parsed.ok) return { kind: 'unknown' };
    return (await localDomains.has(parsed.value.asciiDomain)) ? { kind: 'unknown' } : { kind: 'remote' };
  };

  const owns: MailFlow['owns'] = async (account, address) => {
    const found = await operations.accounts.resolveRecipient(address);
    return found.kind === 'user' && found.account.user === account.user;
  };

  const receive: MailFlow['receive'] = async (message, envelope, origin) => {
    if (countReceived(message) > config.delivery.maxReceivedFields) return describe({ kind: 'loop' }, origin);
    const local: LocalRecipient[] = [];
    const queued: EnvelopeRecipient[] = [];
    for (const recipient of envelope.recipients) {
      const { target } = recipient;
      if (target.kind === 'local') local.push({ address: recipient.address, account: target.account, label: target.label });
      else queued.push(recipient);
    }
    const entries = await entriesFor(queued);
    const outcomes =
      local.length === 0
        ? []
        : await delivery.deliver(Buffer.concat([Buffer.from(deliveryFields(envelope)), message]), local, origin, envelope);
    const failed = outcomes.findIndex(({ kind }) => !isTaken(kind));
    const someDelivered = outcomes.some(({ kind }) => isTaken(kind));
    // One reply must do for all. Who failed while others have the message goes on by the queue, which tries again or returns it.
    if (failed >= 0 && !someDelivered && entries.length === 0) return describe(worst(outcomes), origin);
    const retry = local.filter((_, index) => !isTaken(outcomes[index]?.kind));
    if (retry.length > 0) {
      const recipients = envelope.recipients.filter(({ address }) => retry.some((recipient) => recipient.address === address));
      entries.push({ destination: 'local', recipients: recipients.map(queueRecipient) });
    }
    if (entries.length > 0) {
      await queue.enqueue(queueEnvelope(envelope, origin, message.length), entries, message, {
        now: new Date(origin.receivedAtMs),
      });
      wake();
    }
    return describe({ kind: 'delivered' }, origin);
  };

  const submit: MailFlow['submit'] = async (message, envelope, origin, account) => {
    const completed = completeSubmitted(message, {
      hostname: config.hostname,
      nowMs: origin.receivedAtMs,
      defaultFrom: account.address === '' ? envelope.from : account.address,
    });
    const refusal = await refuseSender(completed, account);
    if (refusal !== undefined) return refusal;
    const raw = Buffer.concat([Buffer.from(receivedField(origin, envelope, config.hostname)), completed.raw]);
    if (countReceived(raw) > config.delivery.maxReceivedFields) return describe({ kind: 'loop' }, origin);
    // Sent first: a submission that is repeated after a crash finds the copy and makes no second one.
    if (config.smtp.saveSent) await sentCopies.save(account.user, completed.messageId, completed.raw);
    const entries = await entriesFor(envelope.recipients);
    const facts = { messageId: completed.messageId, subject: completed.subject.slice(0, 250), user: account.user };
    await queue.enqueue({ ...queueEnvelope(envelope, origin, raw.length), ...facts }, entries, raw, {
      now: new Date(origin.receivedAtMs),
    });
    tellQueued(origin, envelope, entries);
    log.info('submitted', {
      transaction: origin.transactionId,
      user: account.user,
      from: envelope.from,
      recipients: envelope.recipients.length,
      messageId: completed.messageId,
      sizeBytes: raw.length,
    });
    wake();
    return { code: 250, enhanced: '2.0.0', text: `Queued, id ${origin.transactionId}` };
  };

  function tellQueued(origin: Origin, envelope: SmtpEnvelope, entries: readonly NewEntry[]): void {
    const destinations = entries.map(({ destination, recipients }) => ({
      destination,
      recipients: recipients.map(({ address }) => address),
    }));
    parts.trace?.record({
      kind: 'queued',
      transaction: origin.transactionId,
      atMs: Date.now(),
      from: envelope.from,
      destinations,
    });
  }

  async function refuseSender(message: SubmittedMessage, account: Account): Promise<OutcomeText | undefined> {
    if (!config.smtp.fromOwnership) return undefined;
    for (const address of message.from) {
      if (await owns(account, address)) continue;
      log.info('sender refused', { user: account.user, from: address });
      return { code: 550, enhanced: '5.7.1', text: `${address} is not an address of ${account.username}` };
    }
    return undefined;
  }

  /** Queue entries by destination. Forwards are followed to their ends, each end once. */
  async function entriesFor(recipients: readonly EnvelopeRecipient[]): Promise<NewEntry[]> {
    const byDestination = new Map<string, Map<string, QueueRecipient>>();
    const add = (destination: string, recipient: QueueRecipient): void => {
      const known = byDestination.get(destination) ?? new Map<string, QueueRecipient>();
      byDestination.set(destination, known);
      if (!known.has(recipient.address)) known.set(recipient.address, recipient);
    };
    const follow = async (recipient: EnvelopeRecipient, depth: number): Promise<void> => {
      const { target, address } = recipient;
      if (target.kind === 'local') add('local', queueRecipient(recipient));
      else if (target.kind === 'remote') add(destinationOf(address), queueRecipient(recipient));
      else {
        if (depth >= MAX_FORWARD_DEPTH) {
          log.warn('forward in a loop', { address });
          return;
        }
        for (const next of target.targets) {
          const found = await classify(next);
          if (found.kind === 'unknown' || found.kind === 'disabled') log.warn('forward to nobody', { address, target: next });
          else await follow({ address: next, target: found }, depth + 1);
        }
      }
    };
    for (const recipient of recipients) await follow(recipient, 0);
    return [...byDestination].map(([destination, known]) => ({ destination, recipients: [...known.values()] }));
  }

  function describe(outcome: DeliveryOutcome | { kind: 'delivered' }, origin: Origin): OutcomeText {
    return describeOutcome(outcome as DeliveryOutcome, {
      transactionId: origin.transactionId,
      quotaFailure: config.delivery.quotaFailure,
    });
  }

  return { classify, owns, receive, submit };
}

function isTaken(kind: DeliveryOutcome['kind'] | undefined): boolean {
  return kind === 'delivered' || kind === 'discarded';
}

function worst(outcomes: readonly DeliveryOutcome[]): DeliveryOutcome {
  // A temporary failure may turn out well: then nobody must have been told otherwise.
  return outcomes.find(({ kind }) => kind === 'unavailable') ?? outcomes[0] ?? { kind: 'unavailable', cause: undefined };
}

function queueRecipient({ address, notify, originalRecipient }: EnvelopeRecipient): QueueRecipient {
  return {
    address,
    ...(notify === undefined ? {} : { notify }),
    ...(originalRecipient === undefined ? {} : { originalRecipient }),
  };
}

function queueEnvelope(envelope: SmtpEnvelope, origin: Origin, sizeBytes: number): QueueEnvelope {
  return {
    from: envelope.from,
    transactionId: origin.transactionId,
    body: envelope.body,
    smtpUtf8: envelope.smtpUtf8,
    requireTls: false,
    sizeBytes,
    messageId: '',
    subject: '',
    ...(envelope.returnContent === undefined ? {} : { returnContent: envelope.returnContent }),
    ...(envelope.envelopeId === undefined ? {} : { envelopeId: envelope.envelopeId }),
  };
}

function destinationOf(address: string): string {
  const parsed = parseAddress(address);
  return parsed.ok ? parsed.value.asciiDomain : address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
