/** What a forwarding address does besides passing mail on: it has a limit of its own a day, and may answer. */
import type { Logger } from '../base/log.ts';
import type { UserId } from '../mail/ids.ts';
import { analyzeMessage } from '../mime/analyze.ts';
import type { RepliesSent } from '../store/replies-sent.ts';
import type { Usage } from '../store/types-usage.ts';
import { composeReply, whyNoReply, withoutLabel } from './autoreply.ts';
import type { Dispatch } from './dispatch.ts';
import type { Origin, RecipientTarget, SmtpEnvelope } from './envelope.ts';
import type { TraceSink } from './hooks.ts';

type Forward = Extract<RecipientTarget, { kind: 'forward' }>;

export type Forwarders = {
  /** Whether one more message may go to all its targets today; counts it. */
  readonly mayForward: (target: Forward) => Promise<boolean>;
  /** Answers for the addresses that do so. Never throws: the mail is on its way by now. */
  readonly reply: (message: Buffer, envelope: SmtpEnvelope, origin: Origin) => Promise<void>;
};

export type ForwarderParts = {
  readonly hostname: string;
  readonly perDay: () => number;
  readonly replyPeriodMs: () => number;
  readonly repliesSent: RepliesSent;
  readonly usage: Usage;
  readonly dispatch: Dispatch;
  readonly trace?: TraceSink;
  readonly log: Logger;
};

const DAY_MS = 86_400_000;

export function createForwarders(parts: ForwarderParts): Forwarders {
  const { repliesSent, usage, log } = parts;

  async function answer(
    message: Buffer,
    { from }: SmtpEnvelope,
    origin: Origin,
    address: string,
    target: Forward,
  ): Promise<void> {
    const { forwarder } = target;
    const { autoreply } = forwarder ?? {};
    if (forwarder === undefined || autoreply?.status !== true) return;
    const recipient = withoutLabel(address);
    const question = {
      raw: message,
      message: analyzeMessage(message),
      sender: from,
      recipient,
      ownAddresses: [recipient.toLowerCase(), forwarder.address.toLowerCase()],
      autoreply,
      nowMs: origin.receivedAtMs,
    };
    const reason = whyNoReply(question);
    if (reason !== undefined) {
      log.debug('no autoreply', { address, reason });
      return;
    }
    const now = new Date(origin.receivedAtMs);
    if (!(await repliesSent.claim(forwarder.id as UserId, from, now, parts.replyPeriodMs()))) return;
    const reply = await composeReply({ ...question, name: forwarder.name, hostname: parts.hostname });
    await parts.dispatch.sendTo(
      {
        from: '',
        transactionId: `${origin.transactionId}-reply`,
        body: '8BITMIME',
        smtpUtf8: /[^\u0000-\u007f]/.test(from + recipient),
        requireTls: false,
        messageId: '',
        subject: autoreply.subject ?? '',
      },
      [from],
      reply,
      { now },
    );
    const text = `Autoreply of ${address} to ${from}`;
    parts.trace?.record({ kind: 'rule', transaction: origin.transactionId, atMs: Date.now(), text });
  }

  return {
    mayForward: async ({ forwarder, targets }) => {
      if (forwarder === undefined || targets.length === 0) return true;
      const limit = forwarder.perDay > 0 ? forwarder.perDay : parts.perDay();
      return usage.take(forwarder.id, 'forwards', targets.length, limit, DAY_MS);
    },
    reply: async (message, envelope, origin) => {
      for (const { address, target } of envelope.recipients) {
        if (target.kind !== 'forward') continue;
        try {
          await answer(message, envelope, origin, address, target);
        } catch (error) {
          log.warn('no autoreply: it could not be sent', { address, error });
        }
      }
    },
  };
}
