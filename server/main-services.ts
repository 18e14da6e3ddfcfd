/** Which service runs which protocol. Each entry is one function that starts it; the rest of the worker knows only names. */
import { listen, type ConnectionHandler } from './base/listener.ts';
import { serviceKinds, type ServiceName } from './config/schema.ts';
import type { RunningService, ServiceContext, StartService } from './main-worker.ts';

/** A service on the shared accept loop. */
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

export const services: Partial<Record<ServiceName, StartService>> = {};
void onListener;
