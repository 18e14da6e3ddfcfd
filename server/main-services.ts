/** Which service runs which protocol. Each entry is one function that starts it; the rest of the worker knows only names. */
import { createApiHandler } from './api/server.ts';
import { Budget } from './base/budget.ts';
import { listen, type ConnectionHandler } from './base/listener.ts';
import { serviceKinds, type Config } from './config/schema.ts';
import { createMailFlow } from './delivery/mail-flow.ts';
import { createMailServices } from './delivery/mail-services.ts';
import { rememberRecipients } from './delivery/recent-recipients.ts';
import { createSentCopies } from './delivery/sent-copy.ts';
import type { Assembly, RunningService, ServiceContext, StartService } from './main-worker.ts';
import { ImapServer } from './protocol/imap/server.ts';
import type { ImapSettings } from './protocol/imap/settings.ts';
import { startRounds } from './tasks/rounds.ts';
import { createLmtpHandler } from './protocol/lmtp/handler.ts';
import { createManageSieveHandler } from './protocol/managesieve/dispatcher.ts';
import { createPop3Handler } from './protocol/pop3/dispatcher.ts';
import { createDeviceHandler, createIncomingHandler, createSubmissionHandler } from './protocol/smtp/handlers.ts';

const DKIM_ROUND_MS = 10 * 60_000;

/** The services of one worker, and the queue behind them. */
export function assemble({ config, operations, store, log }: Omit<ServiceContext, 'name'>): Assembly {
  const memory = new Budget(Math.max(config.store.maxInFlightBytes, config.store.maxMessageBytes));
  const resolveRecipient = rememberRecipients(operations.accounts.resolveRecipient);
  const forDelivery = { ...operations, accounts: { ...operations.accounts, resolveRecipient } };
  const mail = createMailServices({ config, store: { ...store, operations: forDelivery }, log });
  const { delivery, forwarders, outgoing, checks, screen, trace } = mail;
  const sentCopies = createSentCopies({ operations, log: log.with({ service: 'submission' }) });
  const { expansion, dispatch, lists } = outgoing;
  const flow = createMailFlow({
    config,
    operations: forDelivery,
    expansion,
    dispatch,
    delivery,
    lists,
    sentCopies,
    log: log.with({ service: 'delivery' }),
    trace,
    limits: { of: store.userLimits.of, usage: store.usage },
    senders: store.senders,
    emit: store.webhooks.emit,
    forwarders,
  });
  const imap = new ImapServer({
    ops: operations,
    log,
    settings: imapSettings(config),
    connectionLimitOf: async (user) => (await store.userLimits.of(user)).imapMaxConnections,
    maxInFlightBytes: config.store.maxInFlightBytes,
  });
  const imapService = onListener(() => imap.handler, false);
  const pop3Service = onListener((context) =>
    createPop3Handler({ config, operations, limitsOf: store.userLimits.of, usage: store.usage }, context.log),
  );
  const rounds: ReturnType<typeof startRounds>[] = [];
  const maxRecipients = (): number => Number(store.settings.get('const:max:rcpt_to').value);
  const submissionService = onListener((context) => createSubmissionHandler({ ...context, flow, memory, maxRecipients, trace }));
  return {
    services: {
      imap: imapService,
      imaps: imapService,
      pop3: pop3Service,
      pop3s: pop3Service,
      lmtp: onListener((context) => createLmtpHandler({ ...context, operations: forDelivery, delivery, flow, memory, trace })),
      smtp: onListener((context) => createIncomingHandler({ ...context, flow, memory, maxRecipients, checks, screen, trace })),
      devices: onListener((context) => createDeviceHandler({ ...context, flow, memory, maxRecipients, trace })),
      submission: submissionService,
      submissions: submissionService,
      managesieve: onListener((context) =>
        createManageSieveHandler(
          { config, operations, scripts: store.sieve, changed: ({ user }) => store.flow.books.forget(user) },
          context.log,
        ),
      ),
      api: onListener((context) =>
        createApiHandler({
          ...context,
          outgoing,
          wakeFetching: mail.wakeFetching,
          ownCertificate: () => context.tls.defaultCertificate,
        }),
      ),
    },
    start: () => {
      mail.start();
      const queueLog = log.with({ service: 'queue' });
      rounds.push(startRounds('DKIM keys rotated', mail.rotateDkim, queueLog, DKIM_ROUND_MS));
      rounds.push(startRounds('posts returned that no moderator looked at', mail.expirePosts, queueLog));
    },
    counts: () => trace.counts(),
    stop: async (graceMs) => {
      sentCopies.close();
      await Promise.all(rounds.map((each) => each.stop()));
      await mail.stop(graceMs);
    },
  };
}

function imapSettings(config: Config): Partial<ImapSettings> {
  return {
    hostname: config.hostname,
    ...config.imap,
    maxMessageBytes: config.store.maxMessageBytes,
    failureDelayMs: config.auth.failureDelayMs,
    maxFailuresPerConnection: config.auth.maxFailuresPerConnection,
    allowPlaintext: config.auth.allowPlaintext,
  };
}

/** A service on the shared accept loop. `allowHalfOpen`: its sessions answer what a client sent before it closed its side. */
function onListener(createHandler: (context: ServiceContext) => ConnectionHandler, allowHalfOpen = true): StartService {
  return async (context): Promise<RunningService> => {
    const { name, config, tls, log } = context;
    const settings = config.services[name];
    return listen({
      service: name,
      host: settings.host,
      port: settings.port,
      tls: serviceKinds[name].tls,
      tlsProvider: tls,
      limits: settings,
      reusePort: config.reusePort,
      allowHalfOpen,
      log,
      handler: createHandler(context),
    });
  };
}
