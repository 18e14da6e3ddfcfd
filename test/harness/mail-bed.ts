/**
 * A worker's mail flow without its protocols, on real databases: store, accounts, delivery, queue and runner, with a clock and a DNS that the test sets. For
 * tests of what happens between "accepted" and "delivered".
 */
import { silentLogger, type Logger } from '../../server/base/log.ts';
import { resolveConfig } from '../../server/config/load.ts';
import type { Config, PartialConfig } from '../../server/config/schema.ts';
import type { Delivery } from '../../server/delivery/deliver.ts';
import { createMailServices, type MailServices } from '../../server/delivery/mail-services.ts';
import type { Outgoing } from '../../server/delivery/outgoing.ts';
import type { Dane } from '../../server/delivery/queue/dane.ts';
import type { Dns } from '../../server/delivery/queue/destinations.ts';
import type { QueueRunner } from '../../server/delivery/queue/runner.ts';
import type { StsPolicies } from '../../server/delivery/queue/sts.ts';
import type { UserId } from '../../server/mail/ids.ts';
import { UidSet } from '../../server/mail/uid-set.ts';
import { createOperations, type OpenedStore } from '../../server/operations/create.ts';
import { sharedServers } from './servers.ts';

export type MailBed = {
  readonly store: OpenedStore;
  readonly config: Config;
  readonly delivery: Delivery;
  readonly outgoing: Outgoing;
  readonly mail: MailServices;
  /** Milliseconds; the queue's clock. */
  readonly clock: { ms: number };
  /** Hosts by domain, in order of preference; a missing domain is NXDOMAIN. */
  readonly mx: Record<string, readonly string[]>;
  /** Addresses by host. */
  readonly hosts: Record<string, readonly string[]>;
  readonly addUser: (address: string, more?: object) => Promise<UserId>;
  /** The raw messages in a mailbox, oldest first. */
  readonly texts: (user: UserId, path?: string) => Promise<string[]>;
  readonly runner: () => QueueRunner;
  /** Waits until nothing that is due is left, with the clock moved on first. */
  readonly pass: (ms?: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

export type MailBedOptions = {
  readonly config?: PartialConfig;
  readonly log?: Logger;
  readonly sts?: StsPolicies;
  readonly dane?: Dane;
};

export async function openMailBed(options: MailBedOptions = {}): Promise<MailBed> {
  const { mongodbUri, redisUri } = await sharedServers();
  const { config: settings } = options;
  const config = resolveConfig({
    hostname: 'mail.test',
    ...settings,
    mongo: { uri: mongodbUri },
    redis: { uri: redisUri },
    outbound: { connectTimeoutMs: 2_000, ...settings?.outbound },
  });
  const log = options.log ?? silentLogger;
  const store = await createOperations(config, log);
  const { operations } = store;
  const clock = { ms: Date.now() };
  const mx: Record<string, readonly string[]> = {};
  const hosts: Record<string, readonly string[]> = {};
  const mail = createMailServices({
    config,
    store,
    log,
    now: () => clock.ms,
    random: () => 0.5,
    dns: dnsOf(mx, hosts),
    sts: options.sts ?? { of: async () => undefined },
    ...(options.dane === undefined ? {} : { dane: options.dane }),
  });
  const { delivery, outgoing } = mail;
  mail.start();
  const runner = (): QueueRunner => {
    const running = outgoing.runner();
    if (running === undefined) throw new Error('the runner is not started');
    return running;
  };
  return {
    store,
    config,
    delivery,
    outgoing,
    mail,
    clock,
    mx,
    hosts,
    runner,
    addUser: (address, more = {}) =>
      store.accounts.users.create({ username: address, address, password: 'correct horse battery', ...more }),
    texts: async (user, path = 'INBOX') => {
      const mailbox = await operations.mailboxes.findByPath(user, path);
      if (mailbox === undefined) return [];
      const texts: string[] = [];
      for await (const batch of operations.reads.metadata(user, mailbox.id, UidSet.range(1, mailbox.uidNext))) {
        for (const { content } of batch) {
          const open = await operations.contents.open(content);
          texts.push((await open.readAll(0, open.sizeBytes)).toString());
        }
      }
      return texts;
    },
    pass: async (ms = 0) => {
      clock.ms += ms;
      runner().wake();
      await runner().idle();
    },
    close: async () => {
      await mail.stop(1_000);
      await store.close();
    },
  };
}

function dnsOf(mx: Record<string, readonly string[]>, hosts: Record<string, readonly string[]>): Dns {
  const absent = (): Error => Object.assign(new Error('absent'), { code: 'ENOTFOUND' });
  const addresses = async (name: string, six: boolean): Promise<readonly string[]> => {
    const found = (hosts[name] ?? []).filter((address) => address.includes(':') === six);
    if (found.length === 0) throw absent();
    return found;
  };
  return {
    resolveMx: async (name) => {
      const names = mx[name];
      if (names === undefined) throw absent();
      return names.map((exchange, priority) => ({ priority, exchange }));
    },
    resolve4: (name) => addresses(name, false),
    resolve6: (name) => addresses(name, true),
  };
}
