/** A worker's whole mail store: database, beacons, core and accounts joined, with housekeeping running behind them. */
import type { Logger } from '../base/log.ts';
import { createSealer } from '../base/sealing.ts';
import { readSealingKeys } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { SpecialUse } from '../mail/special-use.ts';
import { leaveContents } from '../store/contents.ts';
import { connectDatabase } from '../store/connect.ts';
import { ensureIndexes } from '../store/indexes.ts';
import { type LocalDomains, createLocalDomains } from '../store/local-domains.ts';
import { createAdminTables } from '../store/admin-tables.ts';
import { migrate } from '../store/migrations.ts';
import { type FlowTables, createFlowTables } from '../store/flow-tables.ts';
import { createSieveTables } from '../store/sieve-tables.ts';
import { createExternalTables } from '../store/external-tables.ts';
import { createQueueStore } from '../store/queue.ts';
import { checkSealingKey, reseal } from '../store/sealed-fields.ts';
import { type Secrets, createSecrets } from '../store/secrets.ts';
import { type RepliesSent, createRepliesSent } from '../store/replies-sent.ts';
import { type StsPolicyStore, createStsPolicyStore } from '../store/sts-policies.ts';
import { createTraceStore } from '../store/trace.ts';
import type { QueueStore } from '../store/types-queue.ts';
import type { TraceStore } from '../store/types-trace.ts';
import { type AdminLog, createAdminLog } from './admin-log.ts';
import { type Audits, createAudits } from './audits.ts';
import { type AcmeOrders, createAcmeOrders } from './acme-orders.ts';
import { type Certificates, createCertificates } from './certificates.ts';
import { type DomainAccess, createDomainAccess } from './domain-access.ts';
import { type DomainAliases, createDomainAliases } from './domain-aliases.ts';
import { type AccountDump, createAccountDump } from './account-dump.ts';
import { type SenderLists, createSenderLists } from './sender-lists.ts';
import { type Settings, createSettings } from './settings.ts';
import { type Webhooks, createWebhooks } from './webhooks.ts';
import { type SieveScripts, createSieveScripts } from './sieve-scripts.ts';
import { type ExternalAccounts, createExternalAccounts } from './external-accounts.ts';
import { type DkimKeys, createDkimKeys } from './dkim-keys.ts';
import { type Retention, createRetention } from './retention.ts';
import { type RuleBooks, createRuleBooks } from './rule-book.ts';
import { type GreylistStore, createGreylistStore } from '../store/greylist.ts';
import { type SpamWords, createSpamWords } from '../store/spam-words.ts';
import { createUsage } from '../store/usage.ts';
import type { Usage } from '../store/types-usage.ts';
import { createLocalBanBoard } from '../sync/ban-board.ts';
import { createRedisBanBoard } from '../sync/redis-ban-board.ts';
import { createLocalBeacons, createRedisBeacons } from '../sync/beacons.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { ALL_INDEXES } from '../store/all-indexes.ts';
import type { Operations } from './contract.ts';
import { type Core, createCore } from './core.ts';
import { DEFAULT_MAILBOX_LIMITS } from './mailboxes.ts';
import { type MailRecords, createMailRecords } from './mail-records.ts';
import { createMessageEncryption } from './message-encryption.ts';
import { type TrafficKind, createTraffic } from './traffic.ts';
import { type UserLimitReader, createUserLimits } from './user-limits.ts';

export type MailFlowStore = Pick<FlowTables, 'filters'> & {
  readonly dkim: DkimKeys;
  readonly books: RuleBooks;
  readonly repliesSent: RepliesSent;
  readonly trace: TraceStore;
  readonly stsPolicies: StsPolicyStore;
};

/** What the API and tasks use beyond `Operations`. */
export type OpenedStore = {
  readonly operations: Operations;
  /** Users, addresses, tokens: administration. */
  readonly accounts: Accounts;
  readonly housekeeping: Core['housekeeping'];
  /** What the API keeps beside messages. */
  readonly records: MailRecords;
  readonly domains: { readonly aliases: DomainAliases; readonly access: DomainAccess };
  /** Whose mail is wanted, and whose is not. */
  readonly senders: SenderLists;
  /** What an administrator changes while the server runs. */
  readonly settings: Settings;
  /** Started by who runs them; without that events are only written down. */
  readonly webhooks: Webhooks;
  /** User records as a file. */
  readonly dump: AccountDump;
  /** By server name, besides the server's own. */
  readonly certificates: Certificates;
  /** Those of them that a public authority issues. */
  readonly acme: AcmeOrders;
  readonly audits: Audits;
  readonly adminLog: AdminLog;
  /** Mailboxes elsewhere, whose mail is fetched. */
  readonly external: ExternalAccounts;
  /** Users' Sieve scripts. */
  readonly sieve: SieveScripts;
  /** Outgoing mail. */
  readonly queue: QueueStore;
  readonly localDomains: LocalDomains;
  /** Counters for limits on what users send and get. */
  readonly usage: Usage;
  readonly userLimits: UserLimitReader;
  readonly secrets: Secrets;
  /** Brings stored secrets to the present sealing key; answers how many. */
  readonly reseal: () => Promise<number>;
  readonly retention: Retention;
  /** What the spam filters remember. */
  readonly spam: { readonly words: SpamWords; readonly greylist: GreylistStore };
  /** What happens to mail on its way: users' rules, keys for signing, and the trace. */
  readonly flow: MailFlowStore;
  /** Throws a busy Fault while the database is away. */
  readonly ping: () => Promise<void>;
  readonly redisConnected: () => boolean;
  readonly close: () => Promise<void>;
};

const TRANSFER_SETTINGS: Readonly<Record<TrafficKind, string>> = {
  imapUpload: 'const:max:imap:upload',
  imapDownload: 'const:max:imap:download',
};

/** Throws a busy Fault while the database is away; Redis may be away. */
export async function createOperations(config: Config, log: Logger): Promise<OpenedStore> {
  const sealer = createSealer(readSealingKeys(config));
  const database = await connectDatabase(
    { uri: config.mongo.uri, blobUri: config.mongo.blobUri, sealer },
    log.with({ service: 'store' }),
  );
  try {
    await checkSealingKey(database);
    await migrate(database, log);
    await ensureIndexes(database, ALL_INDEXES);
  } catch (error) {
    await database.close();
    throw error;
  }
  // One worker alone has nobody to tell.
  const beacons =
    config.redis.uri === ''
      ? createLocalBeacons()
      : createRedisBeacons(config.redis.uri, `mallard:${database.main.databaseName}`, log.with({ service: 'sync' }));
  const secrets = createSecrets(database);
  const external = createExternalAccounts(createExternalTables(database));
  const sieveTables = createSieveTables(database);
  const sieve = createSieveScripts(sieveTables);
  // Accounts need mailboxes and mail needs the accounts' quotas: the second half is filled in below.
  let accounts: Accounts | undefined;
  const core = createCore({
    database,
    beacons,
    log: log.with({ service: 'store' }),
    quotaLimits: async (user) => {
      const account = await accounts?.operations.account(user);
      return { bytes: account?.quotaBytes ?? 0, messages: account?.quotaMessages ?? 0 };
    },
    encryption: createMessageEncryption(async (user) => accounts?.context.tables.users.get(user), log.with({ service: 'store' })),
    contents: { maxMessageBytes: config.store.maxMessageBytes },
    mailboxes: {
      get maxMailboxes() {
        return accounts?.context.defaults.mailboxes ?? DEFAULT_MAILBOX_LIMITS.maxMailboxes;
      },
    },
  });
  const { mailboxes, quota } = core.operations;
  const records = createMailRecords(database, {
    mailboxes: (user) => mailboxes.list(user),
    applied: (user, mailbox, modseq) => core.materializer.ensure(user, mailbox, modseq),
  });
  const banBoard =
    config.redis.uri === ''
      ? createLocalBanBoard()
      : createRedisBanBoard(config.redis.uri, `mallard:${database.main.databaseName}`, log.with({ service: 'sync' }));
  accounts = createAccounts({
    banBoard,
    database,
    config,
    log: log.with({ service: 'accounts' }),
    mail: {
      createMailboxes: (user, names) => mailboxes.createDefaults(user, mailboxNames(names)),
      removeMail: async (user) => {
        await mailboxes.removeAll(user);
        await records.releaseAll(user);
        await external.removeAll(user);
        await sieve.removeAll(user);
      },
      usage: (user) => quota(user),
      accessChanged: (user, reason, only) =>
        beacons.publish({ kind: 'access', user, reason, ...(only === undefined ? {} : { only }) }),
    },
  });
  const flowTables = createFlowTables(database);
  const adminTables = createAdminTables(database);
  const domainAccess = createDomainAccess(adminTables.domainAccess);
  const webhooks = createWebhooks({
    hooks: adminTables.webhooks,
    deliveries: adminTables.webhookDeliveries,
    secret: () => secrets.get('webhooks'),
    log: log.with({ service: 'webhooks' }),
  });
  const certificates = createCertificates(adminTables.certificates);
  const settings = await createSettings(adminTables.settings, accounts.context.defaults, log.with({ service: 'settings' }));
  const usage = createUsage(database);
  const transferFor = (kind: TrafficKind): number => {
    const { value, custom } = settings.get(TRANSFER_SETTINGS[kind]);
    return custom ? Number(value) : 0;
  };
  const userLimits = createUserLimits(accounts.context.tables.users, accounts.context.defaults, transferFor);
  const traffic = createTraffic({
    usage,
    limitOf: async (user, kind) => (await userLimits.of(user))[kind],
    log: log.with({ service: 'accounts' }),
  });
  return {
    operations: { ...core.operations, accounts: accounts.operations, traffic },
    accounts,
    housekeeping: core.housekeeping,
    records,
    domains: {
      aliases: createDomainAliases(accounts.context.tables.domainAliases),
      access: domainAccess,
    },
    senders: createSenderLists({ rules: adminTables.senderRules, users: accounts.context.tables.users, access: domainAccess }),
    settings,
    certificates,
    acme: createAcmeOrders(adminTables, certificates),
    adminLog: createAdminLog(adminTables.adminLog, adminTables.adminLogAnchors, () =>
      Number(settings.get('const:adminlog:time').value),
    ),
    audits: createAudits({
      audits: adminTables.audits,
      copies: adminTables.auditMessages,
      mailboxes,
      reads: core.operations.reads,
      contents: core.operations.contents,
      feed: records.feed,
      leave: (contents) => leaveContents(database, contents),
      log: log.with({ service: 'audit' }),
    }),
    external,
    sieve,
    queue: createQueueStore(database),
    localDomains: createLocalDomains(database),
    usage,
    spam: { words: createSpamWords(database), greylist: createGreylistStore(database) },
    userLimits,
    secrets,
    reseal: () => reseal(database),
    retention: createRetention(database, core.operations.messages, {
      '\\Trash': config.delivery.trashMs,
      '\\Junk': config.delivery.junkMs,
    }),
    webhooks,
    dump: createAccountDump(accounts.context, {
      filters: flowTables.filters,
      sieveScripts: sieveTables.scripts,
      sieveStates: sieveTables.states,
    }),
    flow: {
      filters: flowTables.filters,
      dkim: createDkimKeys(flowTables.dkimKeys),
      books: createRuleBooks(accounts.context.tables, flowTables, sieve),
      repliesSent: createRepliesSent(database),
      trace: createTraceStore(database),
      stsPolicies: createStsPolicyStore(database),
    },
    ping: database.ping,
    redisConnected: beacons.connected,
    close: async () => {
      settings.close();
      await webhooks.stop();
      await core.close();
      await traffic.close();
      await banBoard.close();
      await beacons.close();
      await database.close();
    },
  };
}

type MailboxNames = { readonly sent?: string; readonly trash?: string; readonly junk?: string; readonly drafts?: string };

function mailboxNames(names: MailboxNames): Partial<Record<SpecialUse, string>> {
  return {
    ...(names.sent === undefined ? {} : { '\\Sent': names.sent }),
    ...(names.trash === undefined ? {} : { '\\Trash': names.trash }),
    ...(names.junk === undefined ? {} : { '\\Junk': names.junk }),
    ...(names.drafts === undefined ? {} : { '\\Drafts': names.drafts }),
  };
}
