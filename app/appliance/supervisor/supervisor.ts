/**
 * The supervisor: which services there are, in which order they start and stop, and what one's change means for the others. How a single service
 * lives is in service.ts; what each service is, in services/.
 */
import type {
  DatabaseUris,
  Endpoints,
  Failure,
  ServiceName,
  ServiceStatus,
  Supervisor,
  SupervisorEvent,
  SupervisorLimits,
  SupervisorOptions,
  SupervisorState,
} from './contract.ts';
import { databaseSecrets, type DatabaseSecrets } from './database-secrets.ts';
import type { ServiceDefinition } from './definition.ts';
import { startGuard, type Guard } from './guard.ts';
import { defaultLimits } from './limits.ts';
import { endOrphan, listPidFiles, pidFileOf } from './pid-file.ts';
import { ManagedService, type ServiceHost } from './service.ts';
import { prepareExternal } from './services/external.ts';
import { prepareMongod } from './services/mongod.ts';
import { prepareValkey } from './services/valkey.ts';
import { defaultWorkerScript, prepareWorker } from './services/worker.ts';

/** A service failed for good, or was stopped while its start was waited for (then without a failure). */
export class SupervisorError extends Error {
  readonly service: ServiceName;
  readonly failure: Failure | undefined;

  constructor(service: ServiceName, failure: Failure | undefined) {
    super(failure === undefined ? `${service} was stopped while it was starting` : `${service}: ${failure.message}`);
    this.name = 'SupervisorError';
    this.service = service;
    this.failure = failure;
  }
}

/** In the order of a start. */
const databases = ['mongod', 'valkey'] as const;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  return new ServiceSupervisor(options);
}

class ServiceSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #limits: SupervisorLimits;
  readonly #listeners = new Set<(event: SupervisorEvent) => void>();
  readonly #services = new Map<ServiceName, ManagedService>();
  readonly #host: ServiceHost;
  #guard: Guard | undefined;
  #secrets: DatabaseSecrets | undefined;
  #mongodbUri: string | undefined;
  #redisUri: string | undefined;
  /** Where workers have listened; kept so that a port chosen once stays. */
  #endpoints: Endpoints = {};
  /** The databases as the running workers know them. */
  #workersKnow: string | undefined;
  #wanted = false;
  #busy: 'starting' | 'stopping' | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    const guard = (): Guard => {
      const graceSeconds = Math.max(...Object.values(this.#limits.stopTimeoutMs)) / 1000;
      this.#guard ??= startGuard({ graceSeconds: Math.ceil(graceSeconds) });
      return this.#guard;
    };
    this.#host = {
      limits: this.#limits,
      runDir: options.paths.run,
      guard: {
        add: (pid) => guard().add(pid),
        drop: (pid) => guard().drop(pid),
        release: () => guard().release(),
        pid: undefined,
      },
      onLine: options.onLine,
      emit: (event) => this.#emit(event),
    };
    this.#add(this.#mongodDefinition());
    if (options.plan().valkey.mode === 'none') this.#redisUri = '';
    else this.#add(this.#valkeyDefinition());
    this.#addWorkers(options.plan().workers);
  }

  get state(): SupervisorState {
    if (this.#busy !== undefined) return this.#busy;
    const states = this.status().map((service) => service.state);
    if (states.every((state) => state === 'stopped')) return 'stopped';
    if (states.every((state) => state === 'ready')) return 'running';
    // Without its database nothing is served; without one of the rest something is.
    const database = this.#services.get('mongod')?.status.state;
    return database === 'failed' || states.every((state) => state === 'failed' || state === 'stopped') ? 'failed' : 'degraded';
  }

  status(): readonly ServiceStatus[] {
    return [...this.#services.values()].map((service) => service.status);
  }

  endpoints(): Endpoints {
    const ready = this.status().find((service) => service.kind === 'worker' && service.endpoints !== undefined);
    return ready?.endpoints ?? {};
  }

  databases(): DatabaseUris | undefined {
    if (this.#mongodbUri === undefined || this.#redisUri === undefined) return undefined;
    return { mongodbUri: this.#mongodbUri, redisUri: this.#redisUri };
  }

  async start(): Promise<void> {
    await this.#stopped;
    this.#wanted = true;
    this.#busy = 'starting';
    try {
      await this.#endOrphans();
      for (const name of databases) if (this.#services.has(name)) await this.#startOne(name);
      const [first, ...others] = this.#workers();
      // The first decides where all listen.
      if (first !== undefined) await this.#startOne(first.definition.name);
      await Promise.all(others.map((worker) => this.#startOne(worker.definition.name)));
    } finally {
      if (this.#busy === 'starting') this.#busy = undefined;
    }
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#stopAll().finally(() => {
      this.#stopped = undefined;
    });
    await this.#stopped;
  }

  async startService(name: ServiceName): Promise<void> {
    await this.#startOne(name, true);
  }

  async stopService(name: ServiceName): Promise<void> {
    const service = this.#expect(name);
    service.stop();
    await service.until(({ state }) => state === 'stopped');
  }

  async restartService(name: ServiceName): Promise<void> {
    await this.stopService(name);
    await this.startService(name);
  }

  sendToWorkers(command: { readonly type: string; readonly [field: string]: unknown }): void {
    const line = JSON.stringify(command);
    for (const worker of this.#workers()) if (worker.status.state === 'ready') worker.say(line);
  }

  async setWorkers(count: number): Promise<void> {
    const surplus = this.#workers().slice(count);
    this.#addWorkers(count);
    await Promise.all(surplus.map((worker) => this.stopService(worker.definition.name)));
    for (const worker of surplus) this.#services.delete(worker.definition.name);
    if (!this.#wanted) return;
    const idle = this.#workers().filter((worker) => worker.status.state === 'stopped');
    await Promise.all(idle.map((worker) => this.#startOne(worker.definition.name)));
  }

  subscribe(listener: (event: SupervisorEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #stopAll(): Promise<void> {
    this.#wanted = false;
    this.#busy = 'stopping';
    try {
      await Promise.all(this.#workers().map((worker) => this.stopService(worker.definition.name)));
      for (const name of [...databases].reverse()) if (this.#services.has(name)) await this.stopService(name);
      this.#guard?.release();
      this.#guard = undefined;
    } finally {
      this.#busy = undefined;
    }
  }

  async #startOne(name: ServiceName, byPerson = false): Promise<void> {
    const service = this.#expect(name);
    if (!this.#wanted && !byPerson) throw new SupervisorError(name, undefined);
    if (service.status.state === 'stopping') await service.until(({ state }) => state === 'stopped');
    service.start();
    const { state, failure } = await service.until((status) => ['ready', 'failed', 'stopped'].includes(status.state));
    if (state !== 'ready') throw new SupervisorError(name, failure);
  }

  /** Children of an appliance that was killed, in the order of a proper stop. */
  async #endOrphans(): Promise<void> {
    const { run } = this.#options.paths;
    const names = listPidFiles(run);
    const rank = (name: string): number => (name === 'mongod' ? 2 : name === 'valkey' ? 1 : 0);
    for (const level of [0, 1, 2]) {
      const group = names.filter((name) => rank(name) === level);
      const kind = level === 2 ? 'mongod' : level === 1 ? 'valkey' : 'worker';
      await Promise.all(
        group.map(async (name) => {
          const fate = await endOrphan(pidFileOf(run, name), this.#limits.stopTimeoutMs[kind]);
          if (fate === 'none') return;
          const how = fate === 'ended' ? 'was ended' : 'had to be killed';
          this.#emit({
            type: 'notice',
            level: 'warn',
            message: `${name} was left running by an earlier Mallard that was killed; it ${how}`,
          });
        }),
      );
    }
  }

  #expect(name: ServiceName): ManagedService {
    const service = this.#services.get(name);
    if (service === undefined)
      throw new RangeError(`there is no service ${name}; there are ${[...this.#services.keys()].join(', ')}`);
    return service;
  }

  #workers(): ManagedService[] {
    return [...this.#services.values()].filter((service) => service.definition.kind === 'worker');
  }

  #add(definition: ServiceDefinition): void {
    this.#services.set(definition.name, new ManagedService(definition, this.#host));
  }

  #addWorkers(count: number): void {
    for (let index = this.#workers().length + 1; index <= count; index += 1) this.#add(this.#workerDefinition(index));
  }

  #mongodDefinition(): ServiceDefinition {
    const { paths, plan } = this.#options;
    return {
      name: 'mongod',
      kind: 'mongod',
      format: 'mongod',
      prepare: async (context) => {
        const { mongod } = plan();
        const onUri = (uri: string): void => {
          this.#mongodbUri = uri;
        };
        if (mongod.mode === 'external') {
          onUri(mongod.uri);
          return prepareExternal(mongod.uri);
        }
        const bundled = { dbPath: paths.mongo, runDir: paths.run, secrets: this.#databaseSecrets(), plan: () => mongod, onUri };
        return await prepareMongod(bundled, context);
      },
    };
  }

  #valkeyDefinition(): ServiceDefinition {
    const { paths, plan } = this.#options;
    return {
      name: 'valkey',
      kind: 'valkey',
      format: 'redis',
      prepare: async (context) => {
        const { valkey } = plan();
        // Settled when the supervisor was made: the setting needs a restart of the appliance.
        if (valkey.mode === 'none') throw new Error('no cache server is planned');
        const onUri = (uri: string): void => {
          this.#redisUri = uri;
        };
        if (valkey.mode === 'external') {
          onUri(valkey.uri);
          return prepareExternal(valkey.uri);
        }
        const password = this.#databaseSecrets().valkey;
        return await prepareValkey({ directory: paths.redis, runDir: paths.run, password, plan: () => valkey, onUri }, context);
      },
    };
  }

  #workerDefinition(index: number): ServiceDefinition {
    const { workerConfig, workerScript = defaultWorkerScript } = this.#options;
    return {
      name: `worker-${index}`,
      kind: 'worker',
      format: 'worker',
      prepare: () => {
        const uris = this.databases();
        if (uris === undefined) throw new Error('the databases have not been started yet');
        this.#workersKnow = JSON.stringify(uris);
        const context = () => ({ ...uris, index, endpoints: this.#endpoints });
        return Promise.resolve(prepareWorker({ script: workerScript, config: workerConfig, context }));
      },
    };
  }

  #databaseSecrets(): DatabaseSecrets {
    if (this.#secrets === undefined) {
      this.#secrets = databaseSecrets(this.#options.paths.secrets);
      for (const secret of Object.values(this.#secrets)) this.#options.onSecret?.(secret);
    }
    return this.#secrets;
  }

  #emit(event: SupervisorEvent): void {
    if (event.type === 'state') this.#react(event.service);
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        const message = `a listener failed: ${error instanceof Error ? error.message : String(error)}`;
        // Not through the listeners: the failing one would be called again.
        this.#options.onLine(message, { service: 'supervisor', format: 'text', stream: 'stderr' });
      }
    }
  }

  #react(service: ServiceStatus): void {
    if (service.state !== 'ready') return;
    if (service.kind === 'worker') {
      this.#endpoints = { ...this.#endpoints, ...service.endpoints };
      return;
    }
    // A database that had to move to another port: workers know the old address and nothing else would tell them.
    const uris = this.databases();
    if (this.#workersKnow === undefined || uris === undefined || this.#workersKnow === JSON.stringify(uris)) return;
    for (const worker of this.#workers()) {
      if (!['ready', 'starting'].includes(worker.status.state)) continue;
      void this.restartService(worker.definition.name).catch((error: unknown) => {
        this.#emit({ type: 'notice', level: 'error', message: String(error), service: worker.definition.name });
      });
    }
  }
}
