/**
 * What a user's own rules do to a message that arrives: filters, forwards, autoreply, and last the Sieve script.
 *
 * Forwards are in the queue before the message is placed: a crash in between makes one twice, not none. Replies are sent afterwards and may be lost.
 */
import { createHash } from 'node:crypto';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/schema.ts';
import type { MailboxId, UserId } from '../mail/ids.ts';
import { analyzeMessage } from '../mime/analyze.ts';
import { encryptMessage } from '../mime/encryption/encrypt.ts';
import type { AnalyzedMessage } from '../mime/types.ts';
import type { Operations } from '../operations/contract.ts';
import type { RuleBook, RuleBooks } from '../operations/rule-book.ts';
import type { SieveScripts } from '../operations/sieve-scripts.ts';
import type { Vacation } from '../sieve/result.ts';
import type { RepliesSent } from '../store/replies-sent.ts';
import type { AutoreplyFields, ForwardTarget } from '../store/types-accounts.ts';
import type { Usage } from '../store/types-usage.ts';
import { composeReply, whyNoReply, withoutLabel, type AutoreplyInput } from './autoreply.ts';
import type { Dispatch } from './dispatch.ts';
import { applyFilters, factsOf, type FilterOutcome } from './filters.ts';
import type { DeliveryRules, RuleDecision, RuleInput, TraceSink } from './hooks.ts';
import { createSieveRules } from './sieve.ts';
import { vacationReply } from './sieve-vacation.ts';
import { headerEnd } from './trace-header.ts';

export type RuleParts = {
  readonly config: Config;
  readonly operations: Operations;
  readonly books: RuleBooks;
  /** All addresses of a user, lower case. */
  readonly addressesOf: (user: UserId) => Promise<readonly string[]>;
  readonly repliesSent: RepliesSent;
  readonly usage: Usage;
  readonly forwardsPerDay: () => number;
  /** How long nobody gets a second automatic reply. RFC 3834 §2 leaves it to us; RFC 5230 §4.1 has seven days as a usual one. */
  readonly replyPeriodMs: () => number;
  readonly scripts: SieveScripts;
  /** Late, because what sends also delivers. */
  readonly dispatch: () => Dispatch;
  readonly trace?: TraceSink;
  readonly log: Logger;
  readonly now?: () => number;
};

const DAY_MS = 86_400_000;

export function createRules(parts: RuleParts): DeliveryRules {
  const { operations, books, trace, log, now = Date.now } = parts;
  // The users of one message are asked about it one after the other.
  const analyzed = new WeakMap<Buffer, AnalyzedMessage>();
  const analysisOf = (raw: Buffer): AnalyzedMessage => {
    const known = analyzed.get(raw) ?? analyzeMessage(raw);
    analyzed.set(raw, known);
    return known;
  };

  const sieve = createSieveRules({
    config: parts.config,
    operations,
    scripts: parts.scripts,
    ...(trace === undefined ? {} : { trace }),
    log,
    now,
    redirect: async (input, message, address, key) =>
      forward(input, message, [{ type: 'mail', value: address }], await books.of(input.account.user), key),
    answer,
  });

  async function decide(input: RuleInput): Promise<RuleDecision> {
    const { account, raw, origin } = input;
    const book = await books.of(account.user);
    if (book.filters.length === 0 && book.targets.length === 0 && book.autoreply === undefined && book.script === undefined)
      return {};
    const message = analysisOf(raw);
    const outcome = applyFilters(book.filters, factsOf(message, input.spam?.score));
    tell(input, outcome);
    if (outcome.reject !== undefined && !outcome.discard) return { reject: oneLine(outcome.reject) };
    const spam = outcome.spam ?? origin.quarantine === true;
    const forwards = spam ? outcome.targets : distinct([...book.targets, ...outcome.targets]);
    if (forwards.length > 0) await forward(input, message, forwards, book);
    if (outcome.discard) return { discard: true };
    const mailbox = await mailboxFor(account.user, outcome, spam);
    const { autoreply } = book;
    const decision = {
      flags: outcome.flags,
      ...(mailbox === undefined ? {} : { mailbox }),
      ...(autoreply === undefined || spam ? {} : { after: () => reply(input, message, book) }),
    };
    const { script } = book;
    return script === undefined || !parts.config.sieve.enabled
      ? decision
      : sieve.apply(script, input, message, { ...decision, spam });
  }

  function tell({ account, origin }: RuleInput, { fitting, ...outcome }: FilterOutcome): void {
    if (fitting.length === 0) return;
    const names = fitting.map(({ name, id }) => (name === '' ? id : name));
    const { discard, reject, spam, mailbox, flags } = outcome;
    const targets = outcome.targets.map(({ value }) => value.replace(/\/\/[^/@]*@/, '//'));
    trace?.record({
      kind: 'rule',
      transaction: origin.transactionId,
      atMs: now(),
      account: account.user,
      filters: names,
      flags,
      targets,
      ...(discard ? { discard } : {}),
      ...(reject === undefined ? {} : { reject }),
      ...(spam === undefined ? {} : { spam }),
      ...(mailbox === undefined ? {} : { mailbox }),
    });
  }

  /** A mailbox that is gone is no reason to lose mail. */
  async function mailboxFor(user: UserId, outcome: FilterOutcome, spam: boolean): Promise<MailboxId | undefined> {
    const { mailbox } = outcome;
    if (mailbox !== undefined) {
      const found = await operations.mailboxes.get(user, mailbox as MailboxId);
      if (found !== undefined && !found.noSelect) return found.id;
    }
    if (spam) return (await operations.mailboxes.findBySpecialUse(user, '\\Junk'))?.id;
    // Said to be no spam: then the checks' doubt does not count.
    return outcome.spam === false ? operations.mailboxes.inboxOf(user) : undefined;
  }

  /** Durable when it answers true. `key` tells several forwards of one message apart. */
  async function forward(
    input: RuleInput,
    message: AnalyzedMessage,
    targets: readonly ForwardTarget[],
    book: RuleBook,
    key = '',
  ): Promise<boolean> {
    const { account, address, raw, envelope, origin } = input;
    const { user } = account;
    if (hasBeenHere(raw, address)) {
      log.warn('not forwarded: the message has been here before', { user, transaction: origin.transactionId });
      return false;
    }
    const limit = book.forwardsPerDay > 0 ? book.forwardsPerDay : parts.forwardsPerDay();
    if (!(await parts.usage.take(user, 'forwards', targets.length, limit, DAY_MS))) {
      log.warn('not forwarded: the limit of the day is reached', { user, limit });
      trace?.record({
        kind: 'rule',
        transaction: origin.transactionId,
        atMs: now(),
        account: user,
        text: 'Not forwarded: limit of the day',
      });
      return false;
    }
    const plain = withoutReturnPath(raw);
    const sent = book.encryptForwardedWith === undefined ? plain : await encryptMessage(plain, book.encryptForwardedWith);
    await parts.dispatch().forwardFor(
      withoutLabel(address),
      {
        from: envelope.from,
        transactionId: origin.transactionId,
        body: envelope.body,
        smtpUtf8: envelope.smtpUtf8,
        requireTls: envelope.requireTls ?? false,
        messageId: message.messageId ?? '',
        subject: message.subject.slice(0, 250),
        user,
      },
      targets.map(({ value }) => value),
      sent,
      { now: new Date(now()), key: `forward:${origin.transactionId}:${user}${key}` },
    );
    return true;
  }

  async function reply(input: RuleInput, message: AnalyzedMessage, { autoreply, name }: RuleBook): Promise<void> {
    if (autoreply === undefined) return;
    const { envelope } = input;
    const question = await questionOf(input, message, autoreply);
    if (!(await mayAnswer(input, question, envelope.from, parts.replyPeriodMs()))) return;
    await sendAnswer(input, await composeReply({ ...question, name, hostname: parts.config.hostname }), autoreply.subject ?? '');
  }

  /** What a Sieve script answers: the same rules, with its own text, period and handle (RFC 5230). */
  async function answer(input: RuleInput, message: AnalyzedMessage, vacation: Vacation): Promise<void> {
    const { name } = await books.of(input.account.user);
    const subject = vacation.subject === undefined ? {} : { subject: vacation.subject };
    const known = await questionOf(input, message, { status: true, text: vacation.text, ...subject });
    const question = {
      ...known,
      ownAddresses: [...known.ownAddresses, ...vacation.addresses.map((address) => address.toLowerCase())],
    };
    const who = `${input.envelope.from} ${createHash('sha256').update(vacation.handle).digest('hex').slice(0, 32)}`;
    if (!(await mayAnswer(input, question, who, vacation.periodMs))) return;
    const bytes = await vacationReply({ ...question, name, hostname: parts.config.hostname }, vacation, known.ownAddresses);
    await sendAnswer(input, bytes, vacation.subject ?? '');
  }

  async function questionOf(
    { account, raw, envelope, address }: RuleInput,
    message: AnalyzedMessage,
    autoreply: AutoreplyFields,
  ): Promise<AutoreplyInput> {
    const recipient = withoutLabel(address);
    const ownAddresses = [...(await parts.addressesOf(account.user)), recipient.toLowerCase()];
    return { raw, message, sender: envelope.from, recipient, ownAddresses, autoreply, nowMs: now() };
  }

  async function mayAnswer({ account }: RuleInput, question: AutoreplyInput, who: string, periodMs: number): Promise<boolean> {
    const reason = whyNoReply(question);
    if (reason !== undefined) {
      log.debug('no autoreply', { user: account.user, reason });
      return false;
    }
    return parts.repliesSent.claim(account.user, who, new Date(question.nowMs), periodMs);
  }

  async function sendAnswer({ account, envelope, origin, address }: RuleInput, bytes: Buffer, subject: string): Promise<void> {
    const smtpUtf8 = /[^\u0000-\u007f]/.test(envelope.from + withoutLabel(address));
    await parts.dispatch().sendTo(
      {
        from: '',
        transactionId: `${origin.transactionId}-reply`,
        body: '8BITMIME',
        smtpUtf8,
        requireTls: false,
        messageId: '',
        subject,
      },
      [envelope.from],
      bytes,
      { now: new Date(now()) },
    );
    trace?.record({
      kind: 'rule',
      transaction: origin.transactionId,
      atMs: now(),
      account: account.user,
      text: `Autoreply to ${envelope.from}`,
    });
  }

  return { decide };
}

function distinct(targets: readonly ForwardTarget[]): readonly ForwardTarget[] {
  return [...new Map(targets.map((target) => [target.value, target])).values()];
}

/** The address stands in a Delivered-To that an earlier delivery wrote; the first one is of this delivery. */
function hasBeenHere(raw: Buffer, address: string): boolean {
  const header = raw.toString('latin1', 0, Math.min(headerEnd(raw), 256 * 1024));
  const wanted = Buffer.from(address).toString('latin1').toLowerCase();
  const found = [...header.matchAll(/^delivered-to:[ \t]*(.*?)\r?$/gim)].map(([, value = '']) => value.trim().toLowerCase());
  return found.slice(1).includes(wanted) || (found[0] === wanted && !/^(?:return-path:[^\n]*\n)?delivered-to:/i.test(header));
}

/** What only a final delivery may carry (RFC 5321 §4.4). */
function withoutReturnPath(raw: Buffer): Buffer {
  if (!/^return-path:/i.test(raw.toString('latin1', 0, 12))) return raw;
  return raw.subarray(raw.indexOf(10) + 1);
}

function oneLine(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
    .slice(0, 400);
}
