/** Everything that outgoing mail needs, put together for a worker: the queue, what feeds it, and the runner that empties it. */
import { Budget } from '../base/budget.ts';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/schema.ts';
import type { Operations } from '../operations/contract.ts';
import type { LocalDomains } from '../store/local-domains.ts';
import type { Secrets } from '../store/secrets.ts';
import type { QueueStore } from '../store/types-queue.ts';
import type { Usage } from '../store/types-usage.ts';
import type { UserId } from '../mail/ids.ts';
import type { Delivery } from './deliver.ts';
import { createDispatch, type Dispatch } from './dispatch.ts';
import { createExpansion, type Expansion } from './expansion.ts';
import type { TraceSink } from './hooks.ts';
import { createLists, type Lists } from './lists/lists.ts';
import { Connections, DEFAULT_CONNECTION_LIMITS } from './queue/connections.ts';
import { createResolver, type Dns } from './queue/destinations.ts';
import { createQueue, type Queue } from './queue/queue.ts';
import { startQueueRunner, type QueueRunner, type RunnerOptions } from './queue/runner.ts';

export type OutgoingParts = {
  readonly config: Config;
  readonly operations: Operations;
  readonly store: {
    readonly queue: QueueStore;
    readonly localDomains: LocalDomains;
    readonly secrets: Secrets;
    readonly usage: Usage;
  };
  readonly delivery: Delivery;
  /** All addresses of a user. */
  readonly addressesOf: (user: UserId) => Promise<readonly string[]>;
  readonly trace?: TraceSink;
  readonly log: Logger;
  readonly dns?: Dns;
  readonly now?: () => number;
  readonly random?: () => number;
} & Pick<RunnerOptions, 'beforeSending' | 'onResult' | 'onNotice' | 'onComplete' | 'retryDelaysMs' | 'sts' | 'dane'>;

export type Outgoing = {
  readonly expansion: Expansion;
  readonly dispatch: Dispatch;
  readonly queue: Queue;
  readonly lists: Lists;
  readonly start: () => void;
  readonly stop: (graceMs: number) => Promise<void>;
  /** Undefined until it is started. */
  readonly runner: () => QueueRunner | undefined;
};

export function createOutgoing(parts: OutgoingParts): Outgoing {
  const { config, operations, store, delivery, log, now = Date.now, random = Math.random } = parts;
  const { outbound } = config;
  let runner: QueueRunner | undefined;
  const srsSecret = (): Promise<Buffer> => store.secrets.get('srs');
  const queue = createQueue(store.queue, operations.contents);
  const expansion = createExpansion({ operations, localDomains: store.localDomains, log, srsSecret, now });
  const wake = (): void => runner?.wake();
  const dispatch = createDispatch({ expansion, queue, contents: operations.contents, srsSecret, wake });
  const lists = createLists({
    operations,
    addressesOf: parts.addressesOf,
    queue,
    secret: () => store.secrets.get('lists'),
    dispatch: () => dispatch,
    wake,
    ...(parts.trace === undefined ? {} : { trace: parts.trace }),
    log,
    now,
  });
  return {
    expansion,
    dispatch,
    queue,
    lists,
    start: () => {
      runner ??= startQueueRunner({
        config,
        operations,
        delivery,
        queue,
        dispatch,
        lists,
        takeTurn: (destination) => store.usage.take(`to ${destination}`, 'sent', 1, outbound.maxPerMinute, 60_000),
        webSecret: () => store.secrets.get('webhooks'),
        log,
        now,
        random,
        dns: parts.dns ?? createResolver(outbound.dnsServers),
        memory: new Budget(Math.max(outbound.maxInFlightBytes, config.store.maxMessageBytes)),
        connections: new Connections({ ...DEFAULT_CONNECTION_LIMITS, perWay: outbound.maxPerDestination }),
        ...(parts.beforeSending === undefined ? {} : { beforeSending: parts.beforeSending }),
        ...(parts.sts === undefined ? {} : { sts: parts.sts }),
        ...(parts.dane === undefined ? {} : { dane: parts.dane }),
        ...(parts.onResult === undefined ? {} : { onResult: parts.onResult }),
        ...(parts.retryDelaysMs === undefined ? {} : { retryDelaysMs: parts.retryDelaysMs }),
        ...(parts.onComplete === undefined ? {} : { onComplete: parts.onComplete }),
        ...(parts.onNotice === undefined ? {} : { onNotice: parts.onNotice }),
      });
    },
    stop: async (graceMs) => runner?.stop(graceMs),
    runner: () => runner,
  };
}
