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
  | {
      readonly kind: 'metadata';
      readonly user: UserId;
      readonly mailbox?: MailboxId | undefined;
      readonly reader?: UserId | undefined;
      readonly entries: readonly string[];
    }
  | {
      readonly kind: 'access';
      readonly user: UserId;
      readonly reason: string;
      /** Which sessions it concerns; `operations/contract.ts`. */
      readonly only?: { readonly appPassword?: string; readonly scopes?: readonly string[]; readonly token?: string };
    };

export type BeaconListener = (beacon: Beacon) => void;

export type Beacons = {
  /** Tells every worker, this one's listeners included. Never fails and never waits: without Redis the others poll. */
  readonly publish: (beacon: Beacon) => void;
  /** `active` is called once beacons of other workers arrive from now on: what they changed before may have gone unheard. Not called while Redis is away. */
  readonly subscribe: (user: UserId, listener: BeaconListener, active?: () => void) => () => void;
  /** False while Redis is away: whoever depends on beacons must poll. */
  readonly connected: () => boolean;
  /**
   * True when no other worker has shown itself: then nothing happens that this one does not know, and there is nothing to read. Every worker says hello when it reaches Redis
   * and those that are there answer; one that has not reached Redis yet, or has ever heard of another, is not alone.
   */
  readonly alone: () => boolean;
  /** Called when beacons may have been missed: the connection is back, or another worker has come. */
  readonly onReconnect: (listener: () => void) => void;
  readonly close: () => Promise<void>;
};

/** How many beacons may wait for Redis before the newest are dropped (they would only say "poll", which happens anyway). */
const MAX_PENDING = 10_000;
/** How long the other workers get to answer a hello (ms). */
const ANSWER_MS = 2_000;

/** Beacons within this process only: one worker alone, or tests. */
export function createLocalBeacons(): Beacons {
  const local = createFanOut();
  return {
    publish: (beacon) => local.emit(beacon),
    subscribe: (user, listener) => local.add(user, listener),
    connected: () => true,
    alone: () => false,
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
  /** Subscriptions that Redis has not confirmed yet. */
  const subscribing = new Map<UserId, Promise<unknown>>();
  let away = false;
  let peers = false;
  let answersBy = Number.POSITIVE_INFINITY;
  const workers = `${prefix}:workers`;
  const missed = (): void => {
    for (const listener of reconnectListeners) listener();
  };
  const greet = (kind: 'hello' | 'here'): void => {
    publisher.publish(workers, JSON.stringify({ origin, kind })).catch((error: unknown) => log.debug('greeting lost', { error }));
  };

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
      subscriber
        .subscribe(workers, ...local.users().map(channelOf))
        .then(() => {
          greet('hello');
          answersBy = Date.now() + ANSWER_MS;
          // At the first time, too: mailboxes may have been opened before the connection was there.
          missed();
        })
        .catch((error: unknown) => log.warn('Redis subscription failed', { error }));
    });
    client.connect().catch(() => {}); // reported by 'error'; the retry strategy goes on
  }

  const onGreeting = (text: string): void => {
    const greeting = decodeGreeting(text);
    if (greeting === undefined || greeting.origin === origin) return;
    if (greeting.kind === 'hello') greet('here');
    if (peers) return;
    peers = true;
    missed();
  };

  subscriber.on('message', (channel: string, text: string) => {
    if (channel === workers) {
      onGreeting(text);
      return;
    }
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
    subscribe: (user, listener, active) => {
      const remove = local.add(user, listener);
      if (local.count(user) === 1 && subscriber.status === 'ready') {
        const confirmed = subscriber
          .subscribe(channelOf(user))
          .catch((error: unknown) => log.debug('Redis subscription failed', { error })) // the next 'ready' subscribes again
          .finally(() => {
            if (subscribing.get(user) === confirmed) subscribing.delete(user);
          });
        subscribing.set(user, confirmed);
      }
      if (active !== undefined) void subscribing.get(user)?.then(active);
      return () => {
        remove();
        if (local.count(user) === 0 && subscriber.status === 'ready') {
          subscriber.unsubscribe(channelOf(user)).catch((error: unknown) => log.debug('Redis unsubscription failed', { error }));
        }
      };
    },
    connected: ready,
    alone: () => !peers && ready() && Date.now() > answersBy,
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

function decodeGreeting(text: string): { origin: string; kind: string } | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { origin, kind } = value as { origin?: unknown; kind?: unknown };
  return typeof origin === 'string' && typeof kind === 'string' ? { origin, kind } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A message from Redis; anything that is not a beacon of ours is ignored. */
function decode(text: string): { origin: string; beacon: Beacon } | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { origin, ...beacon } = value as { origin?: unknown; kind?: unknown; user?: unknown };
  if (typeof origin !== 'string' || typeof beacon.user !== 'string' || typeof beacon.kind !== 'string') return undefined;
  return { origin, beacon: beacon as unknown as Beacon };
}
