/** The mail store as a worker runs it: opened, with its housekeeping behind it. */
import type { Logger } from './base/log.ts';
import { readAcmeRoots } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { warnOfQuota } from './delivery/quota-warnings.ts';
import { trainFromMoves } from './delivery/spam/junk-training.ts';
import { createLearning } from './delivery/spam/learning.ts';
import type { AcmeOrders } from './operations/acme-orders.ts';
import { type OpenedStore, createOperations } from './operations/create.ts';
import { createAuthority } from './tasks/acme/authority.ts';
import { type AcmeParts, startAcme } from './tasks/acme/orders.ts';
import { DEFAULT_SCHEDULE, startHousekeeping } from './tasks/housekeeping.ts';
import { startRetention } from './tasks/retention.ts';
import { startRounds } from './tasks/rounds.ts';

/** Throws a busy Fault while the database is away. */
export async function openStore(config: Config, log: Logger): Promise<OpenedStore> {
  const opened = await createOperations(config, log);
  const keepDeletedMs = (): number => Number(opened.settings.get('const:archive:time').value);
  const schedule = { ...DEFAULT_SCHEDULE, graceMs: config.store.expungeGraceMs, keepDeletedMs };
  const spamLog = log.with({ service: 'spam' });
  const housekeeping = startHousekeeping(opened.housekeeping, schedule, log.with({ service: 'housekeeping' }));
  const upkeepLog = log.with({ service: 'housekeeping' });
  const rounds = [
    startRounds('mail of deleted users removed', opened.accounts.deletion.purge, upkeepLog),
    startRounds('audits continued or removed', opened.audits.work, upkeepLog),
    startRounds('secrets sealed with the present key', opened.reseal, upkeepLog),
    startRounds('old entries of the administration’s log removed', opened.adminLog.trim, upkeepLog),
  ];
  opened.webhooks.start();
  const { learning } = config.spam;
  const taught = learning.enabled
    ? trainFromMoves({
        operations: opened.operations,
        learning: createLearning({ ...learning, words: opened.spam.words, log: spamLog }),
        emit: opened.webhooks.emit,
        log: spamLog,
      }).operations
    : opened.operations;
  const quota = warnOfQuota({
    operations: taught,
    users: opened.accounts.context.tables.users,
    emit: opened.webhooks.emit,
    hostname: config.hostname,
    log: log.with({ service: 'delivery' }),
  });
  const { operations } = quota;
  const acme = config.acme.enabled ? startAcme(acmeParts(config, opened.acme, log.with({ service: 'acme' }))) : undefined;
  const retention = startRetention(opened.retention, log.with({ service: 'housekeeping' }));
  return {
    ...opened,
    operations,
    close: async () => {
      quota.close();
      await Promise.all([...rounds.map((each) => each.stop()), housekeeping.stop(), retention.stop(), acme?.stop()]);
      await opened.close();
    },
  };
}

function acmeParts(config: Config, orders: AcmeOrders, log: Logger): AcmeParts {
  const { directory, email, timeoutMs } = config.acme;
  const authority = createAuthority({ directory, email, ca: readAcmeRoots(config), timeoutMs });
  return { config: config.acme, orders, authority, log };
}
