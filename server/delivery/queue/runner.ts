/**
 * Works through the queue: takes what is due, sends it, and writes down what became of it. Any number of workers run one each over the same queue.
 *
 * A crash at any point leaves the entry due again when its lease ends. Bounces are written under a key of their own before the entry is changed, so they are
 * neither lost nor sent twice. What may happen twice is a message whose final reply we never got: the SMTP standard's own gap.
 */
import { isFault } from '../../base/fault.ts';
import type { LeasedEntry, QueueAttempt, QueueStore } from '../../store/queue.ts';
import { composeNotice, wantingNotice, type NoticeKind } from './bounce.ts';
import { isExpired, retryDelayMs } from './schedule.ts';
import { OpenConnection, domainOf, sendEntry, type RecipientResult, type SendParts } from './send-entry.ts';

export type RunnerOptions = SendParts & {
  readonly queue: QueueStore;
  readonly now?: () => number;
  /** Told of each recipient's fate, for traces and webhooks. */
  readonly onResult?: (entry: LeasedEntry, result: RecipientResult, final: boolean) => void;
};

export type QueueRunner = {
  /** Something was enqueued here: look now. */
  readonly wake: () => void;
  /** Finishes what is being sent, up to the grace; takes nothing more. */
  readonly stop: (graceMs: number) => Promise<void>;
  /** Resolves when nothing is due and nothing is being sent; for tests. */
  readonly idle: () => Promise<void>;
};

const LEASE_MS = 15 * 60_000;
/** Entries of one destination that follow each other on one connection. */
const PER_CONNECTION = 100;
/** After our own error (the database away), how long to leave the queue alone. */
const TROUBLE_MS = 5_000;

export function startQueueRunner(options: RunnerOptions): QueueRunner {
  const { config, queue, log } = options;
  const now = options.now ?? Date.now;
  const active = new Map<string, number>();
  const running = new Set<Promise<void>>();
  let total = 0;
  let stopped = false;
  let looking = false;
  let lookAgain = false;
  let timer: NodeJS.Timeout | undefined;
  let idleWaiters: (() => void)[] = [];

  const settle = (): void => {
    if (total > 0 || looking) return;
    for (const resolve of idleWaiters) resolve();
    idleWaiters = [];
  };

  const later = (ms: number): void => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(wake, Math.max(0, ms));
    timer.unref();
  };

  function wake(): void {
    if (stopped) return;
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    look()
      .then(
        (waitMs) => later(waitMs),
        (error: unknown) => {
          log.warn('the queue can’t be read', { error });
          later(TROUBLE_MS);
        },
      )
      .finally(() => {
        looking = false;
        if (lookAgain) {
          lookAgain = false;
          wake();
        } else settle();
      });
  }

  /** Takes all that is due and may be taken now; answers when to look again. */
  async function look(): Promise<number> {
    if (config.outbound.mode === 'paused') return config.outbound.pollMs;
    while (!stopped && total < config.outbound.maxConcurrent) {
      const exclude = [...active]
        .filter(([, count]) => count >= config.outbound.maxPerDestination)
        .map(([destination]) => destination);
      const entry = await queue.lease({ now: new Date(now()), leaseMs: LEASE_MS, exclude });
      if (entry === undefined) {
        const due = await queue.nextDue();
        return Math.min(
          config.outbound.pollMs,
          due === undefined ? Number.POSITIVE_INFINITY : Math.max(50, due.getTime() - now()),
        );
      }
      start(entry);
    }
    return config.outbound.pollMs;
  }

  function start(entry: LeasedEntry): void {
    const { destination } = entry;
    total += 1;
    active.set(destination, (active.get(destination) ?? 0) + 1);
    const work = workOn(entry)
      .catch((error: unknown) => log.error('queue entry failed', { entry: entry.id, transaction: entry.transactionId, error }))
      .finally(() => {
        running.delete(work);
        total -= 1;
        const left = (active.get(destination) ?? 1) - 1;
        if (left > 0) active.set(destination, left);
        else active.delete(destination);
        wake();
      });
    running.add(work);
  }

  /** The entry, and then others of the same destination on the same connection. */
  async function workOn(first: LeasedEntry): Promise<void> {
    const open = new OpenConnection();
    try {
      let entry: LeasedEntry | undefined = first;
      for (let count = 0; entry !== undefined && count < PER_CONNECTION; count += 1) {
        await attempt(entry, open);
        if (stopped || open.client?.usable !== true) return;
        entry = await queue.lease({ now: new Date(now()), leaseMs: LEASE_MS, only: first.destination });
      }
      if (entry !== undefined) await attempt(entry, open);
    } finally {
      open.close();
    }
  }

  async function attempt(entry: LeasedEntry, open: OpenConnection): Promise<void> {
    const heartbeat = setInterval(() => {
      queue
        .renew(entry, new Date(now() + LEASE_MS))
        .catch((error: unknown) => log.warn('lease not renewed', { entry: entry.id, error }));
    }, LEASE_MS / 3);
    heartbeat.unref();
    try {
      const body = await queue.readBody(entry.message);
      let results: readonly RecipientResult[];
      try {
        results = await sendEntry(entry, body, options, open);
      } catch (error) {
        if (!isFault(error) || error.kind !== 'busy') log.error('sending failed', { entry: entry.id, error });
        await postpone(entry, error);
        return;
      }
      await conclude(entry, body, results);
    } finally {
      clearInterval(heartbeat);
    }
  }

  /** Our own trouble: the destination is not to blame. */
  async function postpone(entry: LeasedEntry, error: unknown): Promise<void> {
    const text = error instanceof Error ? error.message : String(error);
    await queue.defer(entry, {
      recipients: entry.recipients,
      next: new Date(now() + TROUBLE_MS * (1 + options.random())),
      last: { at: new Date(now()), server: '', text: `internal: ${text}` },
      delayTold: entry.delayTold,
      countAttempt: false,
    });
  }

  async function conclude(entry: LeasedEntry, body: Buffer, results: readonly RecipientResult[]): Promise<void> {
    const expired = isExpired(config.outbound, entry.created.getTime(), now());
    const failed = results.filter(({ kind }) => kind === 'permanent' || (kind === 'temporary' && expired));
    const left = expired ? [] : results.filter(({ kind }) => kind === 'temporary');
    for (const result of results) {
      const final = !left.includes(result);
      logResult(entry, result, final);
      options.onResult?.(entry, result, final);
    }
    await notify(entry, body, 'failed', failed);
    await notify(
      entry,
      body,
      'delivered',
      results.filter(({ kind }) => kind === 'delivered'),
    );
    await notify(
      entry,
      body,
      'relayed',
      results.filter(({ kind }) => kind === 'relayed'),
    );
    if (left.length === 0) {
      await queue.finish(entry);
      return;
    }
    const attempts = entry.attempts + 1;
    const tellDelay = !entry.delayTold && now() - entry.created.getTime() >= config.outbound.warnAfterMs;
    if (tellDelay) await notify(entry, body, 'delayed', left);
    const [sample] = left;
    const last: QueueAttempt = { at: new Date(now()), server: sample?.server ?? '', text: sample?.text ?? '' };
    const endMs = entry.created.getTime() + config.outbound.retryForMs;
    await queue.defer(entry, {
      recipients: left.map(({ recipient }) => recipient),
      next: new Date(Math.min(now() + retryDelayMs(config.outbound, attempts, options.random()), Math.max(endMs, now() + 1_000))),
      last,
      delayTold: entry.delayTold || tellDelay,
      countAttempt: true,
    });
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
      ...(kind === 'delayed' ? { until: new Date(entry.created.getTime() + config.outbound.retryForMs) } : {}),
    });
    const here = await options.operations.accounts.resolveRecipient(entry.from);
    const destination = here.kind === 'unknown' ? domainOf(entry.from) : 'local';
    await queue.enqueue(
      {
        from: '',
        transactionId: `${entry.transactionId}-${kind}`,
        body: '8BITMIME',
        smtpUtf8,
        requireTls: false,
        sizeBytes: message.length,
        messageId: '',
        subject: kind,
      },
      [{ destination, recipients: [{ address: entry.from }] }],
      message,
      { now: new Date(now()), key: `${entry.id}:${entry.attempts}:${kind}` },
    );
    lookAgain = true;
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

  wake();
  return {
    wake,
    stop: async (graceMs) => {
      stopped = true;
      clearTimeout(timer);
      const grace = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
      await Promise.race([Promise.allSettled(running), grace]);
    },
    idle: () =>
      total === 0 && !looking
        ? Promise.resolve()
        : new Promise((resolve) => {
            idleWaiters.push(resolve);
          }),
  };
}
