/** Which service runs which protocol. Each entry is one function that starts it; the rest of the worker knows only names. */
import { Budget } from './base/budget.ts';
import { listen, type ConnectionHandler } from './base/listener.ts';
import { serviceKinds, type Config, type ServiceName } from './config/schema.ts';
import { createDelivery, type Delivery } from './delivery/deliver.ts';
import type { RunningService, ServiceContext, StartService } from './main-worker.ts';
import { ImapServer } from './protocol/imap/server.ts';
import type { ImapSettings } from './protocol/imap/settings.ts';
import { createLmtpHandler } from './protocol/lmtp/handler.ts';
import { createPop3Handler } from './protocol/pop3/dispatcher.ts';

/** What several services of one worker use together. */
type Shared = { readonly memory: Budget; readonly delivery: Delivery; readonly imap: ImapServer };

/** The services of one worker. */
export function createServices(): Partial<Record<ServiceName, StartService>> {
  let shared: Shared | undefined;
  const sharedOf = ({ config, operations, log }: ServiceContext): Shared => {
    shared ??= {
      memory: new Budget(Math.max(config.store.maxInFlightBytes, config.store.maxMessageBytes)),
      delivery: createDelivery({ operations, config, log: log.with({ service: 'delivery' }) }),
      imap: new ImapServer({
        ops: operations,
        log,
        settings: imapSettings(config),
        maxInFlightBytes: config.store.maxInFlightBytes,
      }),
    };
    return shared;
  };
  return {
    lmtp: onListener((context) => createLmtpHandler({ ...context, ...sharedOf(context) })),
    imap: onListener((context) => sharedOf(context).imap.handler, false),
    imaps: onListener((context) => sharedOf(context).imap.handler, false),
    pop3: onListener((context) => createPop3Handler(context, context.log)),
    pop3s: onListener((context) => createPop3Handler(context, context.log)),
  };
}

function imapSettings(config: Config): Partial<ImapSettings> {
  return {
    hostname: config.hostname,
    idleTimeoutMs: config.imap.idleTimeoutMs,
    preAuthTimeoutMs: config.imap.preAuthTimeoutMs,
    maxLineBytes: config.imap.maxLineBytes,
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
