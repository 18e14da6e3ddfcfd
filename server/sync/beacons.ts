/**
 * Beacons: "something of this user changed, up to here". They carry no data, may be lost or repeated, and only say when to read the journal.
 * One Redis channel per user; a worker subscribes to the users somebody here cares about.
 */
import { Redis } from 'ioredis';
import type { Logger } from '../base/log.ts';
import type { MailboxId, Modseq, UserId } from '../mail/ids.ts';

export type Beacon =
  | { readonly kind: 'mailbox'; readonly user: UserId; readonly mailbox: MailboxId; readonly modseq: Modseq }
  | { readonly kind: 'mailboxes'; readonly user: UserId }
  | { readonly kind: 'access'; readonly user: UserId; readonly reason: string };

export type BeaconListener = (beacon: Beacon) => void;

export type Beacons = {
  /** Tells every worker, this one's listeners included. Never fails and never waits: without Redis the others poll. */
  readonly publish: (beacon: Beacon) => void;
  readonly subscribe: (user: UserId, listener: BeaconListener) => () => void;
  /** False while Redis is away: whoever depends on beacons must poll. */
  readonly connected: () => boolean;
  /** Called each time the connection is back: beacons may have been missed. */
  readonly onReconnect: (listener: () => void) => void;
  readonly close: () => Promise<void>;
};

/** How many beacons may wait for Redis before the newest are dropped (they would only say "poll", which happens anyway). */
const MAX_PENDING = 10_000;

/** Beacons within this process only: one worker alone, or tests. */
export function createLocalBeacons(): Beacons {
  const local = createFanOut();
  return {
    publish: (beacon) => local.emit(beacon),
    subscribe: (user, listener) => local.add(user, listener),
    connected: () => true,
    onReconnect: () => {},
    close: () => Promise.resolve(),
  };
}

/** `prefix` keeps installations that share a Redis apart. */
export function createRedisBeacons(uri: string, prefix: string, log: Logger): Beacons {
  const options = {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt: number): number => Math.min(100 * 2 ** Math.min(attempt, 6), 3_000),
  };
  const publisher = new Redis(uri, options);
  const subscriber = new Redis(uri, { ...options, autoResubscribe: true });
  const local = createFanOut();
  const origin = `${process.pid}-${Date.now().toString(36)}-${Math.floor(Math.random() * 2 ** 32).toString(36)}`;
  const reconnectListeners: (() => void)[] = [];
  let pending = 0;
  let wasReady = false;
  let away = false;

  const channelOf = (user: UserId): string => `${prefix}:user:${user}`;
  const ready = (): boolean => publisher.status === 'ready' && subscriber.status === 'ready';

  for (const client of [publisher, subscriber]) {
    client.on('error', (error: Error) => {
      if (!away) log.warn('Redis is away: changes made by other workers are noticed by polling', { error });
      away = true;
    });
    client.on('ready', () => {
      if (!ready()) return;
      if (away) log.info('Redis is back');
      away = false;
      // Subscriptions made while it was away were refused; ask for all of them again.
      const channels = local.users().map(channelOf);
      const subscribed = channels.length === 0 ? Promise.resolve() : subscriber.subscribe(...channels).then(() => {});
      subscribed
        .then(() => {
          if (wasReady) for (const listener of reconnectListeners) listener();
          wasReady = true;
        })
        .catch((error: unknown) => log.warn('Redis subscription failed', { error }));
    });
    client.connect().catch(() => {}); // reported by 'error'; the retry strategy goes on
  }

  subscriber.on('message', (_channel: string, text: string) => {
    const message = decode(text);
    if (message !== undefined && message.origin !== origin) local.emit(message.beacon);
  });

  return {
    publish: (beacon) => {
      local.emit(beacon);
      if (publisher.status !== 'ready' || pending >= MAX_PENDING) return;
      pending += 1;
      publisher
        .publish(channelOf(beacon.user), JSON.stringify({ origin, ...beacon }))
        .catch((error: unknown) => log.debug('beacon lost', { error }))
        .finally(() => {
          pending -= 1;
        });
    },
    subscribe: (user, listener) => {
      const remove = local.add(user, listener);
      if (local.count(user) === 1 && subscriber.status === 'ready') {
        subscriber.subscribe(channelOf(user)).catch((error: unknown) => log.debug('Redis subscription failed', { error }));
      }
      return () => {
        remove();
        if (local.count(user) === 0 && subscriber.status === 'ready') {
          subscriber.unsubscribe(channelOf(user)).catch((error: unknown) => log.debug('Redis unsubscription failed', { error }));
        }
      };
    },
    connected: ready,
    onReconnect: (listener) => void reconnectListeners.push(listener),
    close: () => {
      publisher.disconnect();
      subscriber.disconnect();
      return Promise.resolve();
    },
  };
}

type FanOut = {
  readonly emit: BeaconListener;
  readonly add: (user: UserId, listener: BeaconListener) => () => void;
  readonly count: (user: UserId) => number;
  readonly users: () => UserId[];
};

function createFanOut(): FanOut {
  const byUser = new Map<UserId, Set<BeaconListener>>();
  return {
    emit: (beacon) => {
      for (const listener of byUser.get(beacon.user) ?? []) listener(beacon);
    },
    add: (user, listener) => {
      const own: BeaconListener = (beacon) => listener(beacon);
      const listeners = byUser.get(user) ?? new Set();
      byUser.set(user, listeners.add(own));
      return () => {
        listeners.delete(own);
        if (listeners.size === 0 && byUser.get(user) === listeners) byUser.delete(user);
      };
    },
    count: (user) => byUser.get(user)?.size ?? 0,
    users: () => [...byUser.keys()],
  };
}

/** A message from Redis; anything that is not a beacon of ours is ignored. */
function decode(text: string): { origin: string; beacon: Beacon } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { origin, ...beacon } = value as { origin?: unknown; kind?: unknown; user?: unknown };
  if (typeof origin !== 'string' || typeof beacon.user !== 'string' || typeof beacon.kind !== 'string') return undefined;
  return { origin, beacon: beacon as unknown as Beacon };
}
