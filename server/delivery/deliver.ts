/**
 * Final delivery: one message to local recipients. The content is stored once, whoever and however many get it (but for those who have it encrypted); then every user gets one placement, however
 * many of the recipients are that user. A recipient's `delivered` means durable.
 */
import { Budget } from '../base/budget.ts';
import { isFault } from '../base/fault.ts';
import { LruCache } from '../base/lru.ts';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/schema.ts';
import type { MailboxId, MessageId, UserId } from '../mail/ids.ts';
import type { AppendResult, MailboxInfo, Operations, StoredContent } from '../operations/contract.ts';
import type { Account } from '../operations/contract-accounts.ts';
import type { Origin, SmtpEnvelope } from './envelope.ts';
import type { SenderLists, SenderVerdict } from '../operations/sender-lists.ts';
import type { DeliveryRules, Placement, RuleDecision, TraceSink } from './hooks.ts';
import type { Learning, SpamOpinion } from './spam/learning.ts';
import { parseAddressList } from '../mime/addresses.ts';
import { fieldValue, findField, readHeaderFields } from '../mime/header-fields.ts';
import { countReceived } from './trace-header.ts';

/** A recipient that is a user here. */
export type LocalRecipient = {
  readonly address: string;
  readonly account: Account;
  readonly label: string | undefined;
  /** How it is to be placed, where it did not come by SMTP. */
  readonly placing?: Placing;
};

export type Placing = {
  /** Where it goes when no rule says otherwise. */
  readonly mailbox?: MailboxId;
  readonly internalDateMs?: number;
  /** A repeated delivery under this key places nothing more (`MessageOperations.append`). */
  readonly once?: string;
};

export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly mailbox: MailboxId; readonly message: MessageId | undefined }
  /** It is in the queue, durably, on its way to somebody else. */
  | { readonly kind: 'passed-on' }
  /** A rule of the user took the message and kept it nowhere. */
  | { readonly kind: 'discarded' }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'over-quota' }
  | { readonly kind: 'loop' }
  | { readonly kind: 'too-big' }
  /** Nothing was changed for this recipient; it may work later. */
  | { readonly kind: 'unavailable'; readonly cause: unknown };

export type Delivery = {
  /** One outcome per recipient, in their order. `raw` carries its trace fields already. Never throws. */
  readonly deliver: (
    raw: Buffer,
    recipients: readonly LocalRecipient[],
    origin: Origin,
    envelope: SmtpEnvelope,
  ) => Promise<readonly DeliveryOutcome[]>;
};

export type DeliveryOptions = {
  readonly operations: Operations;
  readonly config: Config;
  readonly log: Logger;
  readonly rules?: DeliveryRules;
  readonly trace?: TraceSink;
  /** The learning filter: reads a message once, then has an opinion for each user. */
  readonly opinions?: Learning['open'];
  /** Whose mail a user wants, and whose not. */
  readonly senders?: Pick<SenderLists, 'judge'>;
};

/** Users of one message that are appended to at a time. */
const USERS_AT_ONCE = 16;
const INBOXES_KNOWN = 10_000;
const MAX_HEADER_BYTES = 256 * 1024;
const MAX_AUTHORS = 20;
/** A place among those being stored is waited for this long. */
const PLACE_WAIT_MS = 30_000;

export function createDelivery(options: DeliveryOptions): Delivery {
  const { operations, config, log } = options;
  const places = new Budget(config.delivery.maxConcurrent);
  // INBOX can't be deleted and keeps its id through RENAME: what was learnt stays true.
  const inboxes = new LruCache<UserId, MailboxId>(INBOXES_KNOWN);

  async function deliver(
    raw: Buffer,
    recipients: readonly LocalRecipient[],
    origin: Origin,
    envelope: SmtpEnvelope,
  ): Promise<readonly DeliveryOutcome[]> {
    if (recipients.length === 0) return [];
    if (countReceived(raw) > config.delivery.maxReceivedFields) return recipients.map(() => ({ kind: 'loop' }));
    if (!(await places.take(1, PLACE_WAIT_MS))) {
      return recipients.map(() => ({ kind: 'unavailable', cause: new Error('too many deliveries at a time') }));
    }
    try {
      return await place(raw, recipients, origin, envelope);
    } finally {
      places.giveBack(1);
    }
  }

  async function place(
    raw: Buffer,
    recipients: readonly LocalRecipient[],
    origin: Origin,
    envelope: SmtpEnvelope,
  ): Promise<readonly DeliveryOutcome[]> {
    const users = onePerUser(recipients);
    const plain = once(() => operations.contents.store(raw));
    try {
      // Before anybody's rules run: a message that can't be stored is refused as a whole. What everybody encrypts must not be stored as it is.
      if (await someStoreItPlain([...users.keys()])) await plain();
    } catch (error) {
      return recipients.map(() => failure(error));
    }
    const outcomes = new Map<UserId, DeliveryOutcome>();
    // Mail among users here is not judged.
    const opinionOf = fromTheWorld(origin) ? options.opinions?.(raw) : undefined;
    const waiting = [...users.values()];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        outcomes.set(next.account.user, await appendFor(next, raw, plain, origin, envelope, opinionOf));
      }
    };
    await Promise.all(Array.from({ length: Math.min(USERS_AT_ONCE, waiting.length) }, work));
    return recipients.map(({ account }) => outcomes.get(account.user) ?? failure(new Error('not delivered')));
  }

  async function appendFor(
    recipient: LocalRecipient,
    raw: Buffer,
    plain: () => Promise<StoredContent>,
    whence: Origin,
    envelope: SmtpEnvelope,
    opinionOf: ReturnType<Learning['open']> | undefined,
  ): Promise<DeliveryOutcome> {
    const { account, address, label } = recipient;
    const fields = { user: account.user, transaction: whence.transactionId, from: envelope.from, to: address };
    const tell = (outcome: string, more: object = {}): void =>
      options.trace?.record({ kind: 'delivered', atMs: Date.now(), ...fields, outcome, ...more });
    try {
      const spam = await opinionOf?.(account.user);
      if (spam?.isSpam === true) tellSpam(spam, fields);
      const listed = fromTheWorld(whence) ? await options.senders?.judge(account.user, sendersOf(raw, envelope)) : undefined;
      const origin = judged(whence, spam?.isSpam === true, listed);
      if (listed !== undefined)
        options.trace?.record({ kind: 'rule', atMs: Date.now(), ...fields, rule: 'sender list', text: listed });
      const input = { account, address, label, raw, envelope, origin };
      const decision = (await options.rules?.decide(spam === undefined ? input : { ...input, spam })) ?? {};
      if (decision.reject !== undefined) {
        log.info('delivery refused by a rule', fields);
        tell('rejected', { text: decision.reject });
        return { kind: 'rejected', reason: decision.reject };
      }
      if (decision.discard === true) {
        log.info(decision.redirected === true ? 'redirected by a rule' : 'discarded by a rule', fields);
        tell(decision.redirected === true ? 'redirected' : 'discarded');
        await runAfter(decision, fields);
        return { kind: 'discarded' };
      }
      const result = await placeAll(recipient, raw, plain, origin, decision);
      log.info('delivered', { ...fields, mailbox: result.mailbox, uid: result.uids[0], sizeBytes: raw.length });
      tell('delivered', { mailbox: result.mailbox, message: result.ids[0] });
      await runAfter(decision, fields);
      return { kind: 'delivered', mailbox: result.mailbox, message: result.ids[0] };
    } catch (error) {
      const outcome = failure(error);
      if (outcome.kind === 'unavailable') log.error('delivery failed', { ...fields, error });
      else log.info('delivery refused', { ...fields, reason: outcome.kind });
      tell(outcome.kind);
      return outcome;
    }
  }

  /** Every copy that was decided on; answers where the first one is. */
  async function placeAll(
    recipient: LocalRecipient,
    raw: Buffer,
    plain: () => Promise<StoredContent>,
    origin: Origin,
    { placements, mailbox, flags = [] }: RuleDecision,
  ): Promise<AppendResult> {
    const { user } = recipient.account;
    const { once: key, internalDateMs = origin.receivedAtMs } = recipient.placing ?? {};
    const [first = { mailbox, flags }, ...more] = placements ?? [];
    const put = async (copy: Placement, suffix: string): Promise<AppendResult> => {
      const bytes = copy.raw ?? raw;
      const store = copy.raw === undefined ? plain : () => operations.contents.store(bytes);
      const into = async (chosen: MailboxId): Promise<AppendResult> => {
        const stored = await operations.contents.storeFor(user, chosen, bytes, store);
        const options = key === undefined ? {} : { once: `${key}${suffix}` };
        return operations.messages.append(user, chosen, [{ stored, flags: copy.flags, internalDateMs }], options);
      };
      return append(recipient, into, copy.mailbox ?? (await quarantineOf(origin, recipient.account)));
    };
    const result = await put(first, '');
    for (const [index, copy] of more.entries()) await put(copy, `:${index + 1}`);
    return result;
  }

  function tellSpam({ score, by, reasons }: SpamOpinion, fields: { readonly transaction: string }): void {
    log.info('judged as spam', { ...fields, score, by });
    const words = reasons.map(({ word, probability }) => `${word} ${probability.toFixed(2)}`);
    options.trace?.record({ kind: 'rule', atMs: Date.now(), ...fields, rule: 'learning filter', score, by, words });
  }

  /** The message is safe by now: what follows from it may fail alone. */
  async function runAfter(decision: RuleDecision, fields: object): Promise<void> {
    try {
      await decision.after?.();
    } catch (error) {
      log.error('what follows a delivery failed', { ...fields, error });
    }
  }

  /** Junk, when the checks doubt the message and the user's rules did not say where it goes. */
  async function quarantineOf(origin: Origin, account: Account): Promise<MailboxId | undefined> {
    if (origin.quarantine !== true) return undefined;
    return (await operations.mailboxes.findBySpecialUse(account.user, '\\Junk'))?.id;
  }

  async function someStoreItPlain(users: readonly UserId[]): Promise<boolean> {
    for (const user of users) if (!(await operations.contents.encrypts(user))) return true;
    return false;
  }

  async function append(
    recipient: LocalRecipient,
    into: (mailbox: MailboxId) => Promise<AppendResult>,
    chosen: MailboxId | undefined,
  ): Promise<AppendResult> {
    const { user } = recipient.account;
    const named = chosen ?? recipient.placing?.mailbox ?? (await labelMailbox(recipient));
    if (named !== undefined) {
      try {
        return await into(named);
      } catch (error) {
        // Deleted this moment: INBOX is always there.
        if (!isFault(error, 'NONEXISTENT')) throw error;
      }
    }
    return into(await inboxOf(user));
  }

  /** The mailbox that the address's label names, where the user has one. */
  async function labelMailbox({ account, label }: LocalRecipient): Promise<MailboxId | undefined> {
    if (label === undefined || label === '' || config.delivery.labelToMailbox !== 'existing') return undefined;
    return (await operations.mailboxes.list(account.user)).find((mailbox) => isNamed(mailbox, label))?.id;
  }

  async function inboxOf(user: UserId): Promise<MailboxId> {
    const known = inboxes.get(user);
    if (known !== undefined) return known;
    const inbox = await operations.mailboxes.findByPath(user, 'INBOX');
    if (inbox === undefined) throw new Error(`user ${user} has no INBOX`);
    inboxes.set(user, inbox.id);
    return inbox.id;
  }

  return { deliver };
}

/** From is looked at as well as the envelope: people block whom they see. */
function sendersOf(raw: Buffer, envelope: SmtpEnvelope): readonly string[] {
  const from = findField(readHeaderFields(raw, 0, raw.length, MAX_HEADER_BYTES), 'from');
  const authors = from === undefined ? [] : parseAddressList(fieldValue(raw, from), MAX_AUTHORS);
  return [envelope.from, ...authors.map(({ address }) => address)].filter((address) => address !== '');
}

/** Into Junk or not: the user's lists stand above the filters' doubt, but wanted senders can be forged. */
function judged(origin: Origin, isSpam: boolean, listed: SenderVerdict): Origin {
  if (listed === 'block') return { ...origin, quarantine: true };
  if (listed === 'allow' && origin.forged !== true) return { ...origin, quarantine: false };
  return isSpam ? { ...origin, quarantine: true } : origin;
}

/** By SMTP or LMTP; what the queue delivers was sent by somebody here, or was judged before. */
function fromTheWorld(origin: Origin): boolean {
  return origin.account === undefined && origin.remoteAddress !== '';
}

/** Addresses are compared without regard to case, and `/` in a label is as good as the mailbox separator. */
function isNamed(mailbox: MailboxInfo, label: string): boolean {
  return !mailbox.noSelect && mailbox.path.toLowerCase() === label.normalize('NFC').toLowerCase();
}

/** The first recipient of each user; one without a label wins, for INBOX is where everything is found. */
function onePerUser(recipients: readonly LocalRecipient[]): Map<UserId, LocalRecipient> {
  const users = new Map<UserId, LocalRecipient>();
  for (const recipient of recipients) {
    const known = users.get(recipient.account.user);
    if (known === undefined || (known.label !== undefined && recipient.label === undefined)) {
      users.set(recipient.account.user, recipient);
    }
  }
  return users;
}

/** The first call decides for all. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}

function failure(error: unknown): DeliveryOutcome {
  if (isFault(error, 'OVERQUOTA')) return { kind: 'over-quota' };
  if (isFault(error, 'TOOBIG')) return { kind: 'too-big' };
  return { kind: 'unavailable', cause: error };
}
