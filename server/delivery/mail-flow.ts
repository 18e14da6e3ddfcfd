/**
 * Where accepted mail goes: from the world to users here and to forwards, from users to anywhere. A positive verdict means that every recipient's share is
 * durable, in a mailbox or in the queue.
 */
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/schema.ts';
import type { MailboxId } from '../mail/ids.ts';
import type { Operations, StoredContent } from '../operations/contract.ts';
import type { Account } from '../operations/contract-accounts.ts';
import type { NewEntry } from '../store/types-queue.ts';
import type { Delivery, DeliveryOutcome, LocalRecipient } from './deliver.ts';
import type { EnvelopeRecipient, Origin, RecipientTarget, SmtpEnvelope } from './envelope.ts';
import { createNetworks } from './networks.ts';
import type { SenderLists } from '../operations/sender-lists.ts';
import type { Dispatch } from './dispatch.ts';
import type { Expansion } from './expansion.ts';
import type { Forwarders } from './forwarders.ts';
import type { TraceSink } from './hooks.ts';
import type { Emit } from './mail-events.ts';
import { describeOutcome, type OutcomeText } from './outcome-reply.ts';
import { composeNotice, wantingNotice } from './queue/bounce.ts';
import type { NewEnvelope } from './queue/queue.ts';
import { completeSubmitted, type SubmittedMessage } from './submitted-message.ts';
import type { Lists } from './lists/lists.ts';
import { parseAddressList } from '../mime/addresses.ts';
import { fieldValue, findField, readHeaderFields } from '../mime/header-fields.ts';
import { overSendingLimit, type SendingLimits } from './sending-limits.ts';
import type { SentCopies } from './sent-copy.ts';
import { countReceived, deliveryFields, receivedField } from './trace-header.ts';

export type MailFlow = {
  readonly classify: Expansion['classify'];
  /** From the world. `prepend` are fields for the message's head, e.g. Authentication-Results. */
  readonly receive: (message: Buffer, envelope: SmtpEnvelope, origin: Origin) => Promise<OutcomeText>;
  /** Into the queue for all recipients: forwards to their ends, users here by another try. Durable when it resolves. */
  readonly passOn: (message: Buffer, envelope: SmtpEnvelope, origin: Origin) => Promise<void>;
  /** From a user, or from a device in a user's name. */
  readonly submit: (
    message: Buffer,
    envelope: SmtpEnvelope,
    origin: Origin,
    account: Account,
    options?: SubmitOptions,
  ) => Promise<OutcomeText>;
  /** Why this recipient takes nothing from there: lists of senders, and how much a user takes in an hour, which is counted here. */
  readonly unwelcome: (target: RecipientTarget, from: string, ip: string) => Promise<OutcomeText | undefined>;
  /** The installation's lists allow this IP address: it is not screened. */
  readonly trusts: (ip: string) => Promise<boolean>;
  /** Whether mail may be sent in this address's name by this user. */
  readonly owns: (account: Account, address: string) => Promise<boolean>;
};

export type Device = Config['smtp']['devices'][number];

/** `device`: it sends whatever it likes, as the user that it is registered for, within its own limit. */
export type SubmitOptions = { readonly device?: Device };

export type MailFlowParts = {
  readonly config: Config;
  readonly operations: Operations;
  readonly expansion: Expansion;
  readonly dispatch: Dispatch;
  readonly delivery: Delivery;
  readonly lists: Lists;
  readonly sentCopies: SentCopies;
  readonly log: Logger;
  readonly trace?: TraceSink;
  /** What users may send and get; without it there is no limit. */
  readonly limits?: SendingLimits;
  readonly senders?: Pick<SenderLists, 'judge'>;
  /** What forwarding addresses do besides. */
  readonly forwarders?: Forwarders;
  /** For web hooks. */
  readonly emit?: Emit;
};

const HOUR_MS = 3_600_000;

export function createMailFlow(parts: MailFlowParts): MailFlow {
  const { config, operations, expansion, dispatch, delivery, lists, sentCopies, log } = parts;

  const owns: MailFlow['owns'] = async (account, address) => {
    const found = await operations.accounts.resolveRecipient(address);
    if (found.kind === 'user' && found.account.user === account.user) return true;
    const also = (await parts.limits?.of(account.user))?.alsoFrom ?? [];
    return also.some((pattern) => matchesPattern(pattern, address.toLowerCase()));
  };

  const exempt = createNetworks(config.smtp.checks.exempt);

  const unwelcome: MailFlow['unwelcome'] = async (target, from, ip) => {
    const user = target.kind === 'local' ? target.account.user : undefined;
    if ((await parts.senders?.judge(user, from === '' ? [] : [from], ip)) === 'block') {
      return { code: 550, enhanced: '5.7.1', text: `Mail from ${from === '' ? ip : from} is not taken here` };
    }
    if (target.kind === 'forward' && (await parts.forwarders?.mayForward(target)) === false) {
      return { code: 450, enhanced: '4.2.1', text: 'This address forwards too much mail now' };
    }
    const { limits } = parts;
    if (user === undefined || limits === undefined) return undefined;
    const { receivedPerHour, receivedIsOwn } = await limits.of(user);
    // A server in front of this one brings what it has taken already.
    if (receivedPerHour === 0 || (!receivedIsOwn && exempt(ip))) return undefined;
    if (await limits.usage.take(user, 'received', 1, receivedPerHour, HOUR_MS)) return undefined;
    return { code: 450, enhanced: '4.2.1', text: 'This user gets too much mail now' };
  };

  const trusts: MailFlow['trusts'] = async (ip) => (await parts.senders?.judge(undefined, [], ip)) === 'allow';

  const receive: MailFlow['receive'] = async (message, envelope, origin) => {
    if (countReceived(message) > config.delivery.maxReceivedFields) return describe({ kind: 'loop' }, origin);
    const closed = await closedList(envelope, authorsOf(message));
    if (closed !== undefined) return closed;
    const local: LocalRecipient[] = [];
    const queued: EnvelopeRecipient[] = [];
    for (const recipient of envelope.recipients) {
      const { target } = recipient;
      if (target.kind === 'local') local.push({ address: recipient.address, account: target.account, label: target.label });
      else queued.push(recipient);
    }
    const outcomes =
      local.length === 0
        ? []
        : await delivery.deliver(Buffer.concat([Buffer.from(deliveryFields(envelope)), message]), local, origin, envelope);
    const failed = outcomes.findIndex(({ kind }) => !isTaken(kind));
    const someDelivered = outcomes.some(({ kind }) => isTaken(kind));
    // One reply must do for all. Who failed while others have the message goes on by the queue, which tries again or returns it.
    if (failed >= 0 && !someDelivered && queued.length === 0) return describe(worst(outcomes), origin);
    const retry = local.filter((_, index) => !isTaken(outcomes[index]?.kind)).map(({ address }) => address);
    const rest = [...queued, ...envelope.recipients.filter(({ address }) => retry.includes(address))];
    if (rest.length > 0) await passOn(message, { ...envelope, recipients: rest }, origin);
    const served = envelope.recipients.filter(({ target, address }) => target.kind === 'local' && !retry.includes(address));
    await tellDelivered(message, { ...envelope, recipients: served }, origin);
    return describe({ kind: 'delivered' }, origin);
  };

  /** To senders that asked for it (RFC 3461 §5.2.3). The mail is delivered by now: a notice that can't be sent does not change that. */
  async function tellDelivered(message: Buffer, envelope: SmtpEnvelope, origin: Origin): Promise<void> {
    if (envelope.from === '') return;
    const status = { status: '2.1.5', text: '', server: '' };
    const wanting = wantingNotice(
      'delivered',
      envelope.recipients.map((recipient) => ({ recipient, ...status })),
    );
    if (wanting.length === 0) return;
    const at = new Date(origin.receivedAtMs);
    const facts = queueEnvelope(envelope, origin, { messageId: '', subject: '' });
    try {
      const notice = composeNotice({
        kind: 'delivered',
        envelope: { ...facts, sizeBytes: message.length },
        recipients: wanting,
        original: message,
        hostname: config.hostname,
        now: at,
        arrived: at,
      });
      const { returnContent: _ret, envelopeId: _id, ...plain } = facts;
      await dispatch.sendTo(
        { ...plain, from: '', body: '8BITMIME', smtpUtf8: notice.smtpUtf8 },
        [envelope.from],
        notice.message,
        {
          now: at,
          key: `${origin.transactionId}:delivered`,
        },
      );
    } catch (error) {
      log.warn('a notice of delivery could not be sent', { transaction: origin.transactionId, error });
    }
  }

  const passOn: MailFlow['passOn'] = async (message, envelope, origin) => {
    const queueFacts = queueEnvelope(envelope, origin, { messageId: '', subject: '' });
    const recipients = await expansion.expand(envelope.recipients);
    const { entries } = await dispatch.send(queueFacts, recipients, message, { now: new Date(origin.receivedAtMs) });
    tellQueued(origin, envelope, entries);
    await parts.forwarders?.reply(message, envelope, origin);
  };

  const submit: MailFlow['submit'] = async (message, envelope, origin, account, options = {}) => {
    const completed = completeSubmitted(message, {
      hostname: config.hostname,
      nowMs: origin.receivedAtMs,
      defaultFrom: account.address === '' ? envelope.from : account.address,
    });
    const refusal =
      (options.device === undefined ? await refuseSender(completed, account) : undefined) ??
      (await closedList(envelope, completed.from)) ??
      (await overLimit(envelope, origin, account, options));
    if (refusal !== undefined) return refusal;
    if (countReceived(completed.raw) >= config.delivery.maxReceivedFields) return describe({ kind: 'loop' }, origin);
    const stored = await operations.contents.store(completed.raw);
    // What leaves is not encrypted for the sender, the copy may be.
    const copyInto = (mailbox: MailboxId): Promise<StoredContent> =>
      operations.contents.storeFor(account.user, mailbox, completed.raw, () => Promise.resolve(stored));
    const saveSent = config.smtp.saveSent && options.device === undefined;
    // Sent before the queue: a submission that is repeated after a crash finds the copy and makes no second one.
    const [recipients] = await Promise.all([
      expansion.expand(envelope.recipients),
      saveSent ? sentCopies.save(account.user, completed.messageId, copyInto) : undefined,
    ]);
    const facts = { messageId: completed.messageId, subject: completed.subject.slice(0, 250), user: account.user };
    const head = Buffer.from(receivedField(origin, envelope, config.hostname));
    const { entries } = await dispatch.send(
      queueEnvelope(envelope, origin, facts),
      recipients,
      { stored, head },
      { now: new Date(origin.receivedAtMs) },
    );
    tellQueued(origin, envelope, entries, facts);
    await parts.forwarders?.reply(completed.raw, envelope, origin);
    log.info('submitted', {
      transaction: origin.transactionId,
      user: account.user,
      from: envelope.from,
      recipients: envelope.recipients.length,
      messageId: completed.messageId,
      sizeBytes: completed.raw.length,
    });
    return { code: 250, enhanced: '2.0.0', text: `Queued, id ${origin.transactionId}` };
  };

  function tellQueued(origin: Origin, envelope: SmtpEnvelope, entries: readonly NewEntry[], facts: object = {}): void {
    const destinations = entries.map(({ destination, recipients }) => ({
      destination,
      recipients: recipients.map(({ address }) => address),
    }));
    parts.trace?.record({
      kind: 'queued',
      transaction: origin.transactionId,
      atMs: Date.now(),
      from: envelope.from,
      ...facts,
      destinations,
    });
  }

  /** A stolen password must not send without end. Told as temporary: the client keeps the message. */
  async function overLimit(
    envelope: SmtpEnvelope,
    origin: Origin,
    account: Account,
    { device }: SubmitOptions,
  ): Promise<OutcomeText | undefined> {
    const { limits } = parts;
    if (limits === undefined) return undefined;
    const { user, username } = account;
    const met = await overSendingLimit(
      { ...limits, maxMessagesPerHour: config.smtp.maxMessagesPerHour, log, emit: parts.emit, trace: parts.trace },
      {
        user,
        username,
        recipients: envelope.recipients.length,
        ip: origin.remoteAddress,
        transaction: origin.transactionId,
        ...(device === undefined ? {} : { device }),
      },
    );
    return met === undefined
      ? undefined
      : { code: 452, enhanced: '4.7.1', text: `The limit of ${met} is reached: try again later` };
  }

  /** Where all recipients are lists that the sender may not write to, the sender is told at once; else the queue returns it for those. */
  async function closedList(envelope: SmtpEnvelope, authors: readonly string[]): Promise<OutcomeText | undefined> {
    const senders = [envelope.from, ...authors].filter((address) => address !== '');
    let why: string | undefined;
    for (const { target } of envelope.recipients) {
      if (target.kind !== 'list' || target.role !== 'post') return undefined;
      why = await lists.refusal(target.list, senders);
      if (why === undefined) return undefined;
    }
    return why === undefined ? undefined : { code: 550, enhanced: '5.7.1', text: why };
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

  function describe(outcome: DeliveryOutcome | { kind: 'delivered' }, origin: Origin): OutcomeText {
    return describeOutcome(outcome as DeliveryOutcome, {
      transactionId: origin.transactionId,
      quotaFailure: config.delivery.quotaFailure,
    });
  }

  return { classify: expansion.classify, owns, unwelcome, trusts, receive, passOn, submit };
}

const MAX_HEADER_BYTES = 256 * 1024;
const MAX_AUTHORS = 20;

function authorsOf(message: Buffer): readonly string[] {
  const from = findField(readHeaderFields(message, 0, message.length, MAX_HEADER_BYTES), 'from');
  return from === undefined ? [] : parseAddressList(fieldValue(message, from), MAX_AUTHORS).map(({ address }) => address);
}

/** `*@example.org` or a whole address. */
function matchesPattern(pattern: string, address: string): boolean {
  return pattern.startsWith('*@') ? address.endsWith(pattern.slice(1)) : pattern === address;
}

function isTaken(kind: DeliveryOutcome['kind'] | undefined): boolean {
  return kind === 'delivered' || kind === 'discarded';
}

function worst(outcomes: readonly DeliveryOutcome[]): DeliveryOutcome {
  // A temporary failure may turn out well: then nobody must have been told otherwise.
  return outcomes.find(({ kind }) => kind === 'unavailable') ?? outcomes[0] ?? { kind: 'unavailable', cause: undefined };
}

function queueEnvelope(
  envelope: SmtpEnvelope,
  origin: Origin,
  facts: { readonly messageId: string; readonly subject: string; readonly user?: string },
): NewEnvelope {
  return {
    from: envelope.from,
    transactionId: origin.transactionId,
    body: envelope.body,
    smtpUtf8: envelope.smtpUtf8,
    requireTls: envelope.requireTls ?? false,
    ...facts,
    ...(envelope.returnContent === undefined ? {} : { returnContent: envelope.returnContent }),
    ...(envelope.envelopeId === undefined ? {} : { envelopeId: envelope.envelopeId }),
  };
}
