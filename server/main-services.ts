/** Which service runs which protocol. Each entry is one function that starts it; the rest of the worker knows only names. */
import { Budget } from './base/budget.ts';
import { listen, type ConnectionHandler } from './base/listener.ts';
import { serviceKinds, type ServiceName } from './config/schema.ts';
import { createDelivery, type Delivery } from './delivery/deliver.ts';
import type { RunningService, ServiceContext, StartService } from './main-worker.ts';
import { createLmtpHandler } from './protocol/lmtp/handler.ts';
import { createPop3Handler } from './protocol/pop3/dispatcher.ts';

/** What several services of one worker use together. */
type Shared = { readonly memory: Budget; readonly delivery: Delivery };

/** The services of one worker. */
export function createServices(): Partial<Record<ServiceName, StartService>> {
  let shared: Shared | undefined;
  const sharedOf = ({ config, operations, log }: ServiceContext): Shared => {
    shared ??= {
      memory: new Budget(Math.max(config.store.maxInFlightBytes, config.store.maxMessageBytes)),
      delivery: createDelivery({ operations, config, log: log.with({ service: 'delivery' }) }),
    };
    return shared;
  };
  return {
    lmtp: onListener((context) => createLmtpHandler({ ...context, ...sharedOf(context) })),
    pop3: onListener((context) => createPop3Handler(context, context.log)),
    pop3s: onListener((context) => createPop3Handler(context, context.log)),
  };
}

/** A service on the shared accept loop. */
function onListener(createHandler: (context: ServiceContext) => ConnectionHandler): StartService {
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
      allowHalfOpen: true,
      log,
      handler: createHandler(context),
    });
  };
}
