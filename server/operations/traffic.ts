/**
 * What users fetch and store by IMAP in a day, against their limits. Octets are counted in memory and written down every few seconds, so that a FETCH waits for no
 * counter; a crash forgets some seconds of them. A limit holds when it was set for the user or by the administrator for all: the interface's defaults are shown, and
 * would keep somebody who moves in with a big mailbox waiting for days.
 */
import type { Logger } from '../base/log.ts';
import type { UserId } from '../mail/ids.ts';
import type { Usage } from '../store/types-usage.ts';

export const TRAFFIC_KINDS = ['imapUpload', 'imapDownload'] as const;
export type TrafficKind = (typeof TRAFFIC_KINDS)[number];

export type Traffic = {
  /** Whether more may go today. What other workers counted is known within seconds. */
  readonly allows: (user: UserId, kind: TrafficKind) => Promise<boolean>;
  readonly count: (user: UserId, kind: TrafficKind, bytes: number) => void;
  /** In the day that runs now, with what this worker has not written down yet. */
  readonly used: (user: UserId, kind: TrafficKind) => Promise<number>;
  /** Writes down what was counted. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type TrafficParts = {
  readonly usage: Pick<Usage, 'add' | 'used'>;
  /** Octets a day; 0 = no limit. */
  readonly limitOf: (user: UserId, kind: TrafficKind) => Promise<number>;
  readonly log: Logger;
  readonly flushMs?: number;
};

const DAY_MS = 24 * 3_600_000;
const FLUSH_MS = 2_000;

export function createTraffic({ usage, limitOf, log, flushMs = FLUSH_MS }: TrafficParts): Traffic {
  const waiting = new Map<string, { readonly user: UserId; readonly kind: TrafficKind; bytes: number }>();
  /** What the counters held when they were read last; bounded by the users of this moment, for it is emptied with each flush. */
  const read = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();

  const flush = (): Promise<void> => {
    flushing = flushing.then(async () => {
      const batch = [...waiting.values()];
      waiting.clear();
      read.clear();
      for (const { user, kind, bytes } of batch) {
        try {
          await usage.add(user, kind, bytes, DAY_MS);
        } catch (error) {
          // A counter is no reason to keep anybody from the mail.
          log.warn('transferred octets were not counted', { error, user, kind, bytes });
        }
      }
    });
    return flushing;
  };
  const used: Traffic['used'] = async (user, kind) => {
    const key = `${kind}:${user}`;
    const known = read.get(key) ?? (await usage.used(user, kind, DAY_MS));
    read.set(key, known);
    start();
    return known + (waiting.get(key)?.bytes ?? 0);
  };
  function start(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush();
    }, flushMs).unref();
  }

  return {
    used,
    allows: async (user, kind) => {
      const limit = await limitOf(user, kind);
      return limit === 0 || (await used(user, kind)) < limit;
    },
    count: (user, kind, bytes) => {
      if (bytes <= 0) return;
      const key = `${kind}:${user}`;
      const entry = waiting.get(key) ?? { user, kind, bytes: 0 };
      entry.bytes += bytes;
      waiting.set(key, entry);
      start();
    },
    flush,
    close: () => {
      clearTimeout(timer);
      return flush();
    },
  };
}
