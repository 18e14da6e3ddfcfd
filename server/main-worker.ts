/**
 * One worker: waits for the mail store, starts the enabled services, keeps certificates fresh, and stops everything in reverse order. Knows no protocol:
 * `main-services.ts` has the table of them. Nothing here reads the command line or the environment.
 */
import { isFault } from './base/fault.ts';
import type { Logger } from './base/log.ts';
import { TlsContexts, type Certificate } from './base/tls-contexts.ts';
import { readCertificate } from './config/load.ts';
import { serviceKinds, type Config, type ServiceName } from './config/schema.ts';
import type { Operations } from './operations/contract.ts';
import type { OpenedStore } from './operations/create.ts';

/** What each service is started with. */
export type ServiceContext = {
  readonly name: ServiceName;
  readonly config: Config;
  readonly operations: Operations;
  /** What administration uses beyond `operations`. */
  readonly store: OpenedStore;
  readonly tls: TlsContexts;
  readonly log: Logger;
};

/** A started service. `close` stops accepting, says goodbye, waits up to the grace, and resolves when nothing is left. */
export type RunningService = {
  readonly host: string;
  readonly port: number;
  readonly tls: 'none' | 'starttls' | 'implicit';
  readonly close: (graceMs: number) => Promise<void>;
  /** Clients that are connected now. */
  readonly connections?: () => number;
};

export type StartService = (context: ServiceContext) => Promise<RunningService>;

export type Endpoint = { readonly host: string; readonly port: number; readonly tls: 'none' | 'starttls' | 'implicit' };

export type MailCounts = { readonly received: number; readonly sent: number };
/** What a worker has to tell of itself from time to time. */
export type WorkerNumbers = MailCounts & { readonly clients: Readonly<Record<string, number>> };

/** What a worker runs: services by name, and what goes on behind them. */
export type Assembly = {
  readonly services: Partial<Record<ServiceName, StartService>>;
  /** Starts what works without being asked (the queue), after the services listen. */
  readonly start: () => void;
  /** Messages since the start. */
  readonly counts: () => MailCounts;
  /** After the services have ended. */
  readonly stop: (graceMs: number) => Promise<void>;
};

export type WorkerParts = {
  /** Throws a busy Fault while the databases are away: it is tried again. */
  readonly createOperations: (config: Config, log: Logger) => Promise<OpenedStore>;
  /** Called when the store is open. */
  readonly assemble: (base: Omit<ServiceContext, 'name'>) => Assembly;
  /** Delay before the next try to reach the databases; grows to ten times as much. */
  readonly retryMs?: number;
};

export type Worker = {
  readonly endpoints: Readonly<Partial<Record<ServiceName, Endpoint>>>;
  /** Serves the next handshakes with this certificate. Throws when it can't be used; the former one then stays. */
  readonly setCertificate: (certificate: Certificate) => void;
  /** Reads the certificate files again. */
  readonly reloadCertificate: () => void;
  readonly numbers: () => WorkerNumbers;
  readonly stop: () => Promise<void>;
};

/** The start was given up because a stop was asked for. */
export class StartAborted extends Error {}

/** Starts a worker; on any fault everything already started is stopped again. Throws ConfigFault, ListenFault, StartAborted. */
export async function startWorker(config: Config, parts: WorkerParts, log: Logger, signal?: AbortSignal): Promise<Worker> {
  const tls = new TlsContexts({ minVersion: config.tls.minVersion });
  const certificate = readCertificate(config);
  if (certificate !== undefined) tls.setDefault(certificate);
  const names = (Object.keys(config.services) as ServiceName[]).filter((name) => shouldRun(name, config, tls, log));
  const open = await waitForOperations(config, parts, log, signal);
  tls.setLoader((name) => open.certificates.served(name, (found) => tls.create(found)), config.hostname);
  const base = { config, operations: open.operations, store: open, tls, log };
  const assembly = parts.assemble(base);
  const running: { name: ServiceName; service: RunningService }[] = [];
  const stop = async (): Promise<void> => {
    // Together, so that one slow client doesn't eat another service's grace.
    await Promise.all(running.map(({ service }) => service.close(config.drainTimeoutMs)));
    await assembly.stop(config.drainTimeoutMs);
    await open.close();
  };
  try {
    for (const name of names) {
      const start = assembly.services[name];
      if (start === undefined) {
        log.warn('this build does not have the service', { service: name });
        continue;
      }
      if (signal?.aborted === true) throw new StartAborted('stopped while starting');
      const service = await start({
        name,
        config,
        operations: open.operations,
        store: open,
        tls,
        log: log.with({ service: name }),
      });
      running.push({ name, service });
      log.info('listening', { service: name, host: service.host, port: service.port, tls: service.tls });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  assembly.start();
  const endpoints = Object.fromEntries(
    running.map(({ name, service }) => [name, { host: service.host, port: service.port, tls: effectiveTls(service, tls) }]),
  );
  return {
    endpoints,
    setCertificate: (next) => {
      tls.setDefault(next);
      log.info('certificate replaced');
    },
    reloadCertificate: () => {
      const next = readCertificate(config);
      if (next === undefined) return;
      tls.setDefault(next);
      log.info('certificate read again');
    },
    numbers: () => ({
      ...assembly.counts(),
      clients: Object.fromEntries(running.map(({ name, service }) => [name, service.connections?.() ?? 0])),
    }),
    stop,
  };
}

/** STARTTLS is offered only when there is a certificate. */
function effectiveTls(service: RunningService, tls: TlsContexts): Endpoint['tls'] {
  return service.tls === 'starttls' && !tls.available() ? 'none' : service.tls;
}

function shouldRun(name: ServiceName, config: Config, tls: TlsContexts, log: Logger): boolean {
  const { enabled } = config.services[name];
  if (serviceKinds[name].tls !== 'implicit') return enabled !== false;
  if (enabled === false) return false;
  if (tls.available()) return true;
  // Without a certificate there is nothing to serve: an error only for who asked for it.
  const message = 'not started: no certificate is configured (tls.cert, tls.key)';
  if (enabled === true) log.error(message, { service: name });
  else log.info(message, { service: name });
  return false;
}

async function waitForOperations(config: Config, parts: WorkerParts, log: Logger, signal?: AbortSignal): Promise<OpenedStore> {
  const first = parts.retryMs ?? 500;
  for (let attempt = 1, delayMs = first; ; attempt += 1, delayMs = Math.min(delayMs * 2, first * 10)) {
    if (signal?.aborted === true) throw new StartAborted('stopped while waiting for the database');
    try {
      return await parts.createOperations(config, log);
    } catch (error) {
      if (!isFault(error) || error.kind !== 'busy') throw error;
      const cause = error.cause instanceof Error ? error.cause.message : error.message;
      log.warn('waiting for the database', { attempt, retryInMs: delayMs, reason: cause });
      await pause(delayMs, signal);
    }
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}
