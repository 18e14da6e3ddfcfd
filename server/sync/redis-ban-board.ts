/**
 * The board of wrong passwords that all workers share, in Redis. Each worker keeps the bans in memory as well and hears of changes by a channel, so that asking costs nothing.
 * While Redis is away the worker counts by itself; what it banned meanwhile is shared when Redis is back.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Logger } from '../base/log.ts';
import { type Ban, type BanBoard, MAX_MEMBERS, createLocalBanBoard } from './ban-board.ts';

/** Whoever waits for a sign-in does not wait longer for Redis (ms). */
const COMMAND_MS = 500;

/** One step, so that a set never stays without its end. */
const COUNT = `
local size = redis.call('SCARD', KEYS[1])
if size < tonumber(ARGV[3]) then
  redis.call('SADD', KEYS[1], ARGV[1])
  size = redis.call('SCARD', KEYS[1])
end
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return size`;

export function createRedisBanBoard(uri: string, prefix: string, log: Logger, now: () => number = Date.now): BanBoard {
  const options = {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt: number): number => Math.min(100 * 2 ** Math.min(attempt, 6), 3_000),
  };
  const client = new Redis(uri, { ...options, commandTimeout: COMMAND_MS });
  const subscriber = new Redis(uri, { ...options, autoResubscribe: true });
  const local = createLocalBanBoard(now);
  const table = `${prefix}:bans`;
  const channel = `${prefix}:bans:changed`;
  /** Made while Redis was away. */
  const unshared = new Map<string, Ban>();
  let closed = false;

  /** What Redis says, or what this worker knows when it says nothing. */
  const shared = async <T>(ask: () => Promise<T>, alone: () => Promise<T>): Promise<T> => {
    if (client.status !== 'ready') return alone();
    try {
      return await ask();
    } catch (error) {
      log.debug('wrong passwords are counted by this worker alone', { error });
      return alone();
    }
  };

  const share = async (ban: Ban): Promise<void> => {
    await client.hset(table, ban.key, encode(ban));
    await client.publish(channel, JSON.stringify({ ban: encode(ban) }));
  };

  const load = async (): Promise<void> => {
    for (const ban of unshared.values()) if (ban.until.getTime() > now()) await share(ban);
    unshared.clear();
    await client.setnx(`${table}:key`, randomBytes(32).toString('base64'));
    local.useKey(Buffer.from((await client.get(`${table}:key`)) ?? '', 'base64'));
    const bans: Ban[] = [];
    const gone: string[] = [];
    for (const [name, text] of Object.entries(await client.hgetall(table))) {
      const ban = decode(text);
      if (ban === undefined || ban.until.getTime() <= now()) gone.push(name);
      else bans.push(ban);
    }
    if (gone.length > 0) await client.hdel(table, ...gone);
    local.replace(bans);
  };

  const heard = (text: string): void => {
    const change = parse(text) as { readonly ban?: unknown; readonly unban?: unknown } | undefined;
    if (typeof change?.ban === 'string') {
      const ban = decode(change.ban);
      if (ban !== undefined) void local.ban(ban);
    } else if (typeof change?.unban === 'string') void local.unban(change.unban);
  };

  for (const each of [client, subscriber]) {
    // The beacons tell that Redis is away; the same twice is noise.
    each.on('error', (error: Error) => log.debug('Redis is away: bans are this worker’s own', { error }));
    each.on('ready', () => {
      if (client.status !== 'ready' || subscriber.status !== 'ready') return;
      // Heard first, read then: nothing falls between.
      subscriber
        .subscribe(channel)
        .then(load)
        .catch((error: unknown) => closed || log.warn('bans could not be read', { error }));
    });
    each.connect().catch(() => {}); // reported by 'error'; the retry strategy goes on
  }
  subscriber.on('message', (_channel: string, text: string) => heard(text));

  return {
    ...local,
    count: (name, member, windowMs) =>
      shared(
        async () => Number(await client.eval(COUNT, 1, `${table}:count:${name}`, member, windowMs, MAX_MEMBERS)),
        () => local.count(name, member, windowMs),
      ),
    forget: async (name) => {
      await local.forget(name);
      await shared(
        async () => void (await client.del(`${table}:count:${name}`)),
        () => Promise.resolve(),
      );
    },
    remember: async (fact, forMs) => {
      await local.remember(fact, forMs);
      await shared(
        async () => void (await client.set(`${table}:fact:${fact}`, '1', 'PX', forMs)),
        () => Promise.resolve(),
      );
    },
    remembers: async (fact) =>
      (await local.remembers(fact)) ||
      shared(
        async () => (await client.exists(`${table}:fact:${fact}`)) > 0,
        () => Promise.resolve(false),
      ),
    ban: async (ban) => {
      await local.ban(ban);
      await shared(
        () => share(ban),
        () => Promise.resolve(void unshared.set(ban.key, ban)),
      );
    },
    unban: async (key) => {
      const here = await local.unban(key);
      unshared.delete(key);
      return shared(
        async () => {
          const removed = await client.hdel(table, key);
          await client.publish(channel, JSON.stringify({ unban: key }));
          return removed > 0 || here;
        },
        () => Promise.resolve(here),
      );
    },
    close: () => {
      closed = true;
      client.disconnect();
      subscriber.disconnect();
      return Promise.resolve();
    },
  };
}

function encode({ key, reason, since, until }: Ban): string {
  return JSON.stringify({ key, reason, since: since.getTime(), until: until.getTime() });
}

/** Undefined for what is no ban of ours. */
function decode(text: string): Ban | undefined {
  const value = parse(text) as Partial<Record<keyof Ban, unknown>> | undefined;
  const { key, reason, since, until } = value ?? {};
  if (typeof key !== 'string' || typeof reason !== 'string' || typeof since !== 'number' || typeof until !== 'number')
    return undefined;
  return { key, reason, since: new Date(since), until: new Date(until) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
