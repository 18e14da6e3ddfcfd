/**
 * One attempt for one leased entry: sends it, writes down what became of each recipient, and tells the sender where that is due.
 *
 * A crash at any point leaves the entry due again when its lease ends. Notices are written under a key of their own before the entry is changed, so they are
 * neither lost nor sent twice. What may happen twice is a message whose final reply we never got: the SMTP standard's own gap.
 */
import type { Budget } from '../../base/budget.ts';
import { isFault } from '../../base/fault.ts';
import type { LeasedEntry, QueueAttempt } from '../../store/types-queue.ts';
import type { Dispatch } from '../dispatch.ts';
import { composeNotice, wantingNotice, type NoticeKind } from './bounce.ts';
import { catchEntry, deliverHere, type LocalParts } from './local-entry.ts';
import type { Queue } from './queue.ts';
import { sameForAll, type RecipientResult } from './results.ts';
import { isExpired, retryDelayMs } from './schedule.ts';
import { sendEntry, type SendParts } from './send-entry.ts';
import { isWebDestination, postEntry, type WebParts } from './web-entry.ts';

export type AttemptParts = SendParts &
  LocalParts &
  WebParts & {
    readonly queue: Queue;
    /** Memory for messages being sent. */
    readonly memory: Budget;
    readonly now: () => number;
    /** Sends the notices. */
    readonly dispatch: Dispatch;
    /** Told of each recipient's fate, for traces and webhooks. */
    readonly onResult?: (entry: LeasedEntry, result: RecipientResult, final: boolean) => void;
    /** What an administrator wants the first delays to be; empty = as the configuration says. */
    readonly retryDelaysMs?: () => readonly number[];
    /** Told when the last entry of a message is gone; twice, when two go at once. */
    readonly onComplete?: (entry: LeasedEntry) => void;
    /** Told of each notice to a sender. */
    readonly onNotice?: (entry: LeasedEntry, kind: NoticeKind, recipients: readonly string[]) => void;
  };

export type Attempts = {
  /** Answers why the destination's servers can't be reached, when that is so. */
  readonly run: (entry: LeasedEntry) => Promise<string | undefined>;
};

/** Our own trouble: soon again. */
const TROUBLE_MS = 5_000;
const MEMORY_WAIT_MS = 60_000;

export function createAttempts(parts: AttemptParts): Attempts {
  const { config, queue, log, now } = parts;
  const { outbound } = config;

  async function run(entry: LeasedEntry): Promise<string | undefined> {
    const heartbeat = setInterval(() => {
      queue.renew(entry, new Date(now() + outbound.leaseMs)).then(
        (held) => {
          if (!held) log.warn('another worker took an entry over that this one was sending', { entry: entry.id });
        },
        (error: unknown) => log.warn('lease not renewed', { entry: entry.id, error }),
      );
    }, outbound.leaseMs / 3);
    heartbeat.unref();
    if (!(await parts.memory.take(entry.sizeBytes, MEMORY_WAIT_MS))) {
      clearInterval(heartbeat);
      await postpone(entry, 'too much mail is being sent at a time');
      return undefined;
    }
    try {
      return await attempt(entry);
    } finally {
      parts.memory.giveBack(entry.sizeBytes);
      clearInterval(heartbeat);
    }
  }

  async function attempt(entry: LeasedEntry): Promise<string | undefined> {
    let body: Buffer;
    let results: readonly RecipientResult[] | 'held';
    try {
      body = await queue.readBody(entry);
      results = await resultsFor(entry, body);
    } catch (error) {
      if (isFault(error, 'NONEXISTENT')) {
        // Must not happen; a person has to look at it, and the sender's copy may still be somewhere.
        log.error('the message of a queue entry is gone', { entry: entry.id, transaction: entry.transactionId });
        await queue.setState(entry.id, 'held');
        return undefined;
      }
      if (!isFault(error) || error.kind !== 'busy') log.error('sending failed', { entry: entry.id, error });
      await postpone(entry, error instanceof Error ? error.message : String(error));
      return undefined;
    }
    if (results === 'held') {
      const last = { at: new Date(now()), server: '', text: 'Waits for a moderator' };
      if (!(await queue.holdForModerator(entry, last)))
        log.warn('not held: another worker took the entry over', { entry: entry.id });
      return undefined;
    }
    await conclude(entry, body, results);
    return results.find(({ unreachable, kind }) => unreachable === true && kind === 'temporary')?.text;
  }

  function resultsFor(entry: LeasedEntry, body: Buffer): Promise<readonly RecipientResult[] | 'held'> {
    const { giveUp } = entry;
    if (giveUp !== undefined)
      return Promise.resolve(sameForAll(entry.recipients, { kind: 'permanent', status: '5.0.0', text: giveUp, server: '' }));
    if (entry.destination === 'local') return deliverHere(entry, body, parts);
    if (outbound.mode === 'catch') return catchEntry(entry, body, parts);
    if (isWebDestination(entry.destination)) return postEntry(entry, body, parts);
    return sendEntry(entry, body, parts);
  }

  /** Our own trouble: the destination is not to blame. */
  async function postpone(entry: LeasedEntry, reason: string): Promise<void> {
    await queue.defer(entry, {
      recipients: entry.recipients,
      next: new Date(now() + TROUBLE_MS * (1 + parts.random())),
      last: { at: new Date(now()), server: '', text: `internal: ${reason}` },
      delayTold: entry.delayTold,
      countAttempt: false,
    });
  }

  async function conclude(entry: LeasedEntry, body: Buffer, results: readonly RecipientResult[]): Promise<void> {
    const expired = isExpired(outbound, entry.created.getTime(), now());
    const failed = results.filter(({ kind }) => kind === 'permanent' || (kind === 'temporary' && expired));
    const left = expired ? [] : results.filter(({ kind }) => kind === 'temporary');
    for (const result of results) {
      const final = !left.includes(result);
      logResult(entry, result, final);
      parts.onResult?.(entry, result, final);
    }
    const of = (kind: RecipientResult['kind']): readonly RecipientResult[] => results.filter((result) => result.kind === kind);
    await notify(entry, body, 'failed', failed);
    await notify(entry, body, 'delivered', of('delivered'));
    const toldByUs = of('relayed').filter(({ passedOn }) => passedOn !== true);
    await notify(entry, body, 'relayed', toldByUs);
    if (left.length === 0) {
      await queue.finish(entry);
      if (parts.onComplete !== undefined && (await queue.find({ message: entry.message, limit: 1 })).length === 0)
        parts.onComplete(entry);
      return;
    }
    const attemptNumber = entry.attempts + 1;
    const schedule = { ...outbound, delaysMs: parts.retryDelaysMs?.() ?? [] };
    const tellDelay = !entry.delayTold && now() - entry.created.getTime() >= outbound.warnAfterMs;
    if (tellDelay) await notify(entry, body, 'delayed', left);
    const [sample] = left;
    const last: QueueAttempt = { at: new Date(now()), server: sample?.server ?? '', text: sample?.text ?? '' };
    const endMs = entry.created.getTime() + outbound.retryForMs;
    // The last try is made at the very end, never later.
    const nextMs = Math.min(now() + retryDelayMs(schedule, attemptNumber, parts.random()), Math.max(endMs, now() + 1_000));
    const kept = await queue.defer(entry, {
      recipients: left.map(({ recipient }) => recipient),
      next: new Date(nextMs),
      last,
      delayTold: entry.delayTold || tellDelay,
      countAttempt: true,
    });
    if (!kept) log.warn('the outcome of an attempt is not kept: the entry was taken over or removed', { entry: entry.id });
  }

  async function notify(
    entry: LeasedEntry,
    original: Buffer,
    kind: NoticeKind,
    results: readonly RecipientResult[],
  ): Promise<void> {
    if (entry.from === '') return;
    const recipients = wantingNotice(kind, results);
    if (recipients.length === 0) return;
    const { message, smtpUtf8 } = composeNotice({
      kind,
      envelope: entry,
      recipients,
      original,
      hostname: config.hostname,
      now: new Date(now()),
      arrived: entry.created,
      ...(kind === 'delayed' ? { until: new Date(entry.created.getTime() + outbound.retryForMs) } : {}),
    });
    const { repeated } = await parts.dispatch.sendTo(
      {
        from: '',
        transactionId: `${entry.transactionId}-${kind}`,
        body: '8BITMIME',
        smtpUtf8,
        requireTls: false,
        messageId: '',
        subject: kind,
      },
      [entry.from],
      message,
      { now: new Date(now()), key: `${entry.id}:${entry.attempts}:${kind}` },
    );
    if (!repeated)
      parts.onNotice?.(
        entry,
        kind,
        recipients.map(({ recipient }) => recipient.address),
      );
  }

  function logResult(entry: LeasedEntry, result: RecipientResult, final: boolean): void {
    const fields = {
      transaction: entry.transactionId,
      entry: entry.id,
      from: entry.from,
      to: result.recipient.address,
      server: result.server,
      status: result.status,
      text: result.text,
      attempt: entry.attempts + 1,
    };
    if (result.kind === 'delivered' || result.kind === 'relayed') log.info('sent', fields);
    else if (final) log.warn('returned to the sender', fields);
    else log.info('deferred', fields);
  }

  return { run };
}
