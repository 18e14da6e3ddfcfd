/**
 * An IMAP service in this process on the real store: real mongod and Valkey, real sockets, accounts of its own (any name, password `secret`) so that tests do not
 * pay for password hashing. Several "workers" share the database, each with its own views, as several processes would.
 */
import { randomBytes } from 'node:crypto';
import { deriveScramKeys } from '../../server/auth/scram.ts';
import { type Listener, listen } from '../../server/base/listener.ts';
import { type Logger, silentLogger } from '../../server/base/log.ts';
import type { TlsProvider } from '../../server/base/tls-contexts.ts';
import type { UserId } from '../../server/mail/ids.ts';
import type { Operations } from '../../server/operations/contract.ts';
import type { Account, AccountOperations, QuotaLimits } from '../../server/operations/contract-accounts.ts';
import { type Core, createCore } from '../../server/operations/core.ts';
import { ImapServer } from '../../server/protocol/imap/server.ts';
import type { ImapSettings } from '../../server/protocol/imap/settings.ts';
import { type Database, connectDatabase, newId } from '../../server/store/connect.ts';
import { ensureIndexes } from '../../server/store/indexes.ts';
import { type Beacons, createRedisBeacons } from '../../server/sync/beacons.ts';
import { sharedServers } from './servers.ts';

export type ImapTestOptions = {
  readonly workers?: number;
  readonly settings?: Partial<ImapSettings>;
  /** A user's own limit on connections; 0 = the settings'. */
  readonly connectionLimitOf?: (user: UserId) => Promise<number>;
  readonly tlsProvider?: TlsProvider;
  readonly tls?: 'starttls' | 'implicit';
  readonly log?: Logger;
};

export type ImapTestWorker = { readonly port: number; readonly ops: Operations; readonly server: ImapServer };

export type ImapTestService = {
  readonly workers: readonly ImapTestWorker[];
  readonly port: number;
  readonly ops: Operations;
  /** A user with the default mailboxes. */
  readonly createUser: (quotaBytes?: number) => Promise<{ readonly user: UserId; readonly name: string }>;
  readonly close: () => Promise<void>;
};

export const PASSWORD = 'secret';

export async function startImap(options: ImapTestOptions = {}): Promise<ImapTestService> {
  const { mongodbUri, redisUri } = await sharedServers();
  const log = options.log ?? silentLogger;
  const accounts = new Map<string, Account>();
  const workers: ImapTestWorker[] = [];
  const closers: (() => Promise<void>)[] = [];
  for (let i = 0; i < (options.workers ?? 1); i += 1) {
    const worker = await startWorker({ mongodbUri, redisUri, log, accounts, options });
    workers.push(worker);
    closers.push(worker.close);
  }
  const [first] = workers;
  if (first === undefined) throw new Error('no worker');
  return {
    workers,
    port: first.port,
    ops: first.ops,
    createUser: async (quotaBytes = 0) => {
      const user = newId() as UserId;
      const name = `u${randomBytes(5).toString('hex')}`;
      accounts.set(name, { user, username: name, address: `${name}@example.test`, quotaBytes });
      await first.ops.mailboxes.createDefaults(user);
      return { user, name };
    },
    close: async () => {
      for (const close of closers) await close();
    },
  };
}

type WorkerOptions = {
  readonly mongodbUri: string;
  readonly redisUri: string;
  readonly log: Logger;
  readonly accounts: Map<string, Account>;
  readonly options: ImapTestOptions;
};

async function startWorker(worker: WorkerOptions): Promise<ImapTestWorker & { readonly close: () => Promise<void> }> {
  const { log, accounts, options } = worker;
  const database: Database = await connectDatabase({ uri: worker.mongodbUri }, log);
  await ensureIndexes(database);
  const beacons: Beacons = createRedisBeacons(worker.redisUri, database.main.databaseName, log);
  const quotaOf = (user: UserId): QuotaLimits => {
    const account = [...accounts.values()].find((one) => one.user === user);
    return { bytes: account?.quotaBytes ?? 0, messages: account?.quotaMessages ?? 0 };
  };
  const core: Core = createCore({ database, beacons, log, quotaLimits: (user) => Promise.resolve(quotaOf(user)) });
  const ops: Operations = { ...core.operations, accounts: testAccounts(accounts) };
  const { settings = {}, connectionLimitOf = () => Promise.resolve(0) } = options;
  const server = new ImapServer({ ops, log, settings, connectionLimitOf });
  const listener: Listener = await listen({
    service: 'imap',
    host: '127.0.0.1',
    port: 0,
    tls: options.tls ?? (options.tlsProvider === undefined ? 'none' : 'starttls'),
    tlsProvider: options.tlsProvider,
    limits: { maxConnections: 20_000, maxConnectionsPerAddress: 20_000 },
    log,
    handler: server.handler,
  });
  return {
    port: listener.port,
    ops,
    server,
    close: async () => {
      await listener.close(200);
      await core.close();
      await beacons.close();
      await database.close();
    },
  };
}

function testAccounts(accounts: Map<string, Account>): AccountOperations {
  return {
    authenticate: async (username, password) => {
      const account = accounts.get(username);
      if (account === undefined || password !== PASSWORD) return { ok: false, reason: 'wrong', code: 'AUTHENTICATIONFAILED' };
      return { ok: true, account };
    },
    authenticateToken: async (token, username) => {
      const account = accounts.get(token.replace(/^token-/, ''));
      if (account === undefined || (username !== undefined && username !== account.username))
        return { ok: false, reason: 'token', code: 'AUTHENTICATIONFAILED' };
      return { ok: true, account };
    },
    startScram: async (username, hash) => {
      const account = accounts.get(username);
      const wrong = { ok: false, reason: 'wrong', code: 'AUTHENTICATIONFAILED' } as const;
      return {
        keys: await deriveScramKeys(hash, account === undefined ? 'nobody knows' : PASSWORD, 4096),
        finish: async (proofHolds) => (proofHolds && account !== undefined ? { ok: true, account } : wrong),
      };
    },
    resolveRecipient: async (name) => {
      const account = accounts.get(name);
      return account === undefined ? { kind: 'unknown' } : { kind: 'user', account, label: undefined, disabled: false };
    },
    accountByName: async (name) => accounts.get(name),
    setQuota: async (user, { bytes, messages }) => {
      for (const [name, account] of accounts)
        if (account.user === user) accounts.set(name, { ...account, quotaBytes: bytes, quotaMessages: messages });
    },
    account: async (user) => [...accounts.values()].find((account) => account.user === user),
  };
}
