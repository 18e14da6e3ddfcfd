/** Delivery, queue, rules, checks, signatures and trace of a worker, put together. */
import { Resolver } from 'node:dns/promises';
import { Budget } from '../base/budget.ts';
import { parseDelays } from '../operations/settings.ts';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/schema.ts';
import type { UserId } from '../mail/ids.ts';
import { accountOf, isClosed } from '../operations/accounts-context.ts';
import type { OpenedStore } from '../operations/create.ts';
import type { LeasedEntry } from '../store/types-queue.ts';
import { createChecks, type CheckResolver } from './checks.ts';
import { createDelivery, type Delivery } from './deliver.ts';
import { createSigner } from './dkim.ts';
import { createDkimRotation } from './dkim-rotation.ts';
import { startFetchRunner, type FetchRunner } from './fetch/runner.ts';
import { emitComplete, emitResult, withEvents } from './mail-events.ts';
import { createOutgoing, type Outgoing, type OutgoingParts } from './outgoing.ts';
import type { NoticeKind } from './queue/bounce.ts';
import type { RecipientResult } from './queue/results.ts';
import { createForwarders, type Forwarders } from './forwarders.ts';
import { createForwarding } from './forwarding.ts';
import type { IncomingChecks } from './hooks.ts';
import { createDane } from './queue/dane.ts';
import { createSecureDns } from './queue/secure-dns.ts';
import { createStsPolicies } from './queue/sts.ts';
import { createRules } from './rules.ts';
import { createSpamFilters } from './spam/assemble.ts';
import { combineChecks } from './spam/combine.ts';
import type { Screen } from './spam/screen.ts';
import { createTrace, type Trace } from './trace.ts';

export type MailServicesParts = {
  readonly config: Config;
  readonly store: OpenedStore;
  readonly log: Logger;
} & Pick<OutgoingParts, 'dns' | 'now' | 'random' | 'sts' | 'dane'>;

export type MailServices = {
  readonly delivery: Delivery;
  readonly forwarders: Forwarders;
  /** Returns posts that wait for a moderator too long; answers how many. */
  readonly expirePosts: () => Promise<number>;
  /** One round; answers how many keys changed. */
  readonly rotateDkim: () => Promise<number>;
  readonly outgoing: Outgoing;
  /** All judges of mail from the world as one. */
  readonly checks: IncomingChecks;
  readonly screen: Screen;
  readonly trace: Trace;
  /** An account elsewhere may be due. */
  readonly wakeFetching: () => void;
  /** Begins to send and to fetch. */
  readonly start: () => void;
  readonly stop: (graceMs: number) => Promise<void>;
};

export function createMailServices(parts: MailServicesParts): MailServices {
  const { config, store, log, now = Date.now } = parts;
  const { operations, flow } = store;
  const { emit } = store.webhooks;
  const trace = createTrace({ store: flow.trace, keepMs: config.trace.keepMs, log: log.with({ service: 'trace' }) });
  const resolver = new Resolver({ timeout: 5_000, tries: 2 });
  if (config.outbound.dnsServers.length > 0) resolver.setServers(config.outbound.dnsServers);
  const resolve: CheckResolver = (name, type) => resolver.resolve(name, type) as Promise<string[] | string[][]>;
  const checks = createChecks({
    config,
    resolve,
    log: log.with({ service: 'checks' }),
  });
  const spam = createSpamFilters({ config, stores: store.spam, log: log.with({ service: 'spam' }) });
  const signer = createSigner(flow.dkim, log.with({ service: 'queue' }), now);
  const forwarding = createForwarding({
    keys: flow.dkim,
    resolve,
    localDomains: store.localDomains,
    hostname: config.hostname,
    log: log.with({ service: 'queue' }),
    now,
  });
  const rotateDkim = createDkimRotation({
    keys: flow.dkim,
    resolve,
    rotateMs: config.outbound.dkimRotateMs,
    emit,
    log: log.with({ service: 'queue' }),
    now,
  });
  const deliveryLog = log.with({ service: 'delivery' });
  const { addresses } = store.accounts.context.tables;
  const addressesOf = async (user: UserId): Promise<readonly string[]> =>
    (await addresses.find({ user }, { limit: 1_000 })).map(({ address }) => address.toLowerCase());
  const replyPeriodMs = (): number => Number(store.settings.get('const:autoreply:interval').value);
  const rules = createRules({
    config,
    operations,
    books: flow.books,
    addressesOf,
    repliesSent: flow.repliesSent,
    usage: store.usage,
    forwardsPerDay: () => store.accounts.context.defaults.forwards,
    replyPeriodMs,
    scripts: store.sieve,
    dispatch: () => outgoing.dispatch,
    trace,
    log: deliveryLog,
    now,
  });
  const delivery = createDelivery({
    operations,
    config,
    log: deliveryLog,
    rules,
    senders: store.senders,
    trace: withEvents(trace, emit),
    ...(spam.learning === undefined ? {} : { opinions: spam.learning.open }),
  });
  const outgoing: Outgoing = createOutgoing({
    config,
    operations,
    store,
    delivery,
    addressesOf,
    trace,
    log: log.with({ service: 'queue' }),
    beforeSending: async (entry, body) => {
      const { rewriteFrom, arcSeal } = config.outbound;
      const passed = rewriteFrom === 'never' ? { body, rewritten: false } : await forwarding.rewriteFrom(entry, body);
      const { body: signed, domain, warning } = await signer.sign(entry, passed.body);
      const { body: complete, sealedBy } = arcSeal ? await forwarding.seal(entry, signed) : { body: signed, sealedBy: undefined };
      if (entry.attempts === 0) {
        const fields = { queueId: entry.id, domain, warning, sealedBy, fromRewritten: passed.rewritten ? true : undefined };
        trace.record({ kind: 'signed', ...causeOf(entry.transactionId), atMs: now(), ...fields });
        emit({ type: 'mail.signed', user: entry.user, transaction: entry.transactionId, ...fields });
      }
      return complete;
    },
    onResult: (entry, result, final) => {
      tellAttempt(trace, entry, result, final, now());
      emitResult(emit, entry, result, final);
    },
    retryDelaysMs: () => parseDelays(String(store.settings.get('const:sender:defer_times').value)) ?? [],
    onComplete: (entry) => emitComplete(emit, entry),
    onNotice: (entry, kind, recipients) => tellNotice(trace, entry, kind, recipients, now()),
    now,
    sts: parts.sts ?? createStsPolicies({ store: flow.stsPolicies, resolve, log: log.with({ service: 'queue' }), now }),
    ...daneOf(parts, resolver.getServers()),
    ...(parts.dns === undefined ? {} : { dns: parts.dns }),
    ...(parts.random === undefined ? {} : { random: parts.random }),
  });
  let fetching: FetchRunner | undefined;
  const startFetching = (): void => {
    const fetchLog = log.with({ service: 'fetch' });
    const { users } = store.accounts.context.tables;
    fetching = startFetchRunner({
      config,
      operations,
      accounts: store.external,
      delivery,
      checks: combineChecks(spam.contentChecks, fetchLog),
      trace,
      log: fetchLog,
      memory: new Budget(config.fetch.maxInFlightBytes),
      now,
      accountOf: async (id) => {
        const user = await users.get(id);
        return user === undefined || isClosed(user) ? undefined : accountOf(user, store.accounts.context.defaults);
      },
    });
  };
  const forwarders = createForwarders({
    hostname: config.hostname,
    perDay: () => store.accounts.context.defaults.forwards,
    replyPeriodMs,
    repliesSent: flow.repliesSent,
    usage: store.usage,
    dispatch: outgoing.dispatch,
    trace,
    log: deliveryLog,
  });
  return {
    delivery,
    forwarders,
    rotateDkim,
    expirePosts: () =>
      outgoing.queue.expireModerated(
        new Date(now() - config.delivery.moderationMs),
        'No moderator has looked at the message',
        new Date(now()),
      ),
    outgoing,
    checks: combineChecks([checks, ...spam.checks], log.with({ service: 'checks' })),
    screen: spam.screen,
    trace,
    wakeFetching: () => fetching?.wake(),
    start: () => {
      outgoing.start();
      if (config.fetch.enabled) startFetching();
    },
    stop: async (graceMs) => {
      await Promise.all([outgoing.stop(graceMs), fetching?.stop(graceMs)]);
      await trace.close();
    },
  };
}

/** Where every resolver is one to be believed. */
function daneOf({ dane, config }: MailServicesParts, servers: readonly string[]): Pick<OutgoingParts, 'dane'> {
  if (dane !== undefined) return { dane };
  const { dnssec } = config.outbound;
  const local = servers.length > 0 && servers.every((server) => /^(?:127\.|\[?::1\]?(?::\d+)?$)/.test(server));
  return dnssec === 'trusted' || (dnssec === 'local' && local) ? { dane: createDane(createSecureDns(servers)) } : {};
}

/** Notices and replies are told with the message that caused them. */
function causeOf(transaction: string): { readonly transaction: string; readonly notice?: string } {
  const found = /^(.*?)-(failed|delayed|delivered|relayed|reply|moderation)$/.exec(transaction);
  return found === null ? { transaction } : { transaction: found[1] ?? transaction, notice: found[2] ?? '' };
}

function tellAttempt(trace: Trace, entry: LeasedEntry, result: RecipientResult, final: boolean, atMs: number): void {
  // What came of a delivery here is told by it.
  if (result.kind === 'delivered' && entry.destination === 'local') return;
  const { recipient, kind, status, text, server, tls } = result;
  trace.record({
    kind: 'attempt',
    ...causeOf(entry.transactionId),
    atMs,
    queueId: entry.id,
    to: recipient.address,
    outcome: kind === 'relayed' ? 'sent' : kind === 'delivered' ? 'delivered' : final ? 'failed' : 'deferred',
    status,
    text,
    server,
    security: tls,
    attempt: entry.attempts + 1,
  });
}

function tellNotice(trace: Trace, entry: LeasedEntry, notice: NoticeKind, about: readonly string[], atMs: number): void {
  trace.record({ kind: 'notice', ...causeOf(entry.transactionId), atMs, queueId: entry.id, notice, notified: entry.from, about });
}
