/**
 * The appliance: one data directory brought to life. Puts together settings, logs, metrics, certificates, supervisor and control API; each of them
 * knows nothing of the others.
 *
 * Order up: lock, settings, logs, control API (so that a slow start can be watched), then databases and workers. Down: workers, databases, control
 * API, stores, lock. A stop works at any moment, also during the start.
 */
import path from 'node:path';
import { type Logger, createLogger } from '../../server/base/log.ts';
import type { OwnerLock } from '../../server/base/owner-lock.ts';
import { Announcer } from './announce/announcer.ts';
import { announcedServices } from './announce/services.ts';
import { BackupService } from './backup/service.ts';
import { CertificateKeeper } from './certificates/keeper.ts';
import { describeCertificate, type ServerCertificate } from './certificates/certificates.ts';
import { certificateNames } from './certificates/names.ts';
import { removeControlFile, writeControlFile } from './control/control-file.ts';
import type { CertificateInfo, ControlEvent, Finding, Notice, SelfTest, StartMode, Status } from './control/contract.ts';
import { ControlFault } from './control/fault.ts';
import { ControlServer } from './control/server.ts';
import type { ControlSubject, WorkerApi } from './control/subject.ts';
import { Jobs } from './jobs/jobs.ts';
import { parseLine } from './logs/line.ts';
import { LogStore } from './logs/store.ts';
import { lookAtQueue } from './metrics/queue-look.ts';
import { startSampler } from './metrics/sampler.ts';
import { MailNumbers } from './metrics/mail-numbers.ts';
import { MetricsStore } from './metrics/store.ts';
import { builtGui, type DataPaths, dataPaths, makeDataDirs } from './paths.ts';
import { examineRunning } from './preflight.ts';
import { connectableHost, fallbackOffset, hasIpv6, Ports, PortFault, probePort } from './ports.ts';
import { ensureSealingKeys } from './sealing-keys.ts';
import { ensureToken, newToken } from './secrets.ts';
import type { SettingName } from './settings/registry.ts';
import { openSettings } from './settings/open.ts';
import type { Changes, Settings } from './settings/store.ts';
import { ServiceCommands } from './service-commands.ts';
import { SettingsApplier } from './settings-applier.ts';
import { endpointEntries, reachableAs, serviceEntry } from './status.ts';
import type { ServiceStatus, Supervisor, SupervisorEvent } from './supervisor/contract.ts';
import { takeDataDirectory } from './supervisor/data-lock.ts';
import { createSupervisor } from './supervisor/supervisor.ts';
import { supervisorPlan } from './supervisor-plan.ts';
import { WorkerNotices } from './worker-notices.ts';
import { version } from './version.ts';
import { canSharePorts, serverName, workerConfig, workerCount, type WorkerSecrets } from './worker-config.ts';

export interface ApplianceOptions {
  readonly dataDir: string;
  /** `--set`: for this run only. */
  readonly overrides?: Changes;
  /** Another worker program, for tests. */
  readonly workerScript?: string;
}

const day = 86_400_000;
const maxNotices = 50;

export class Appliance implements ControlSubject {
  readonly settings: Settings;
  readonly logs: LogStore;
  readonly metrics: MetricsStore;
  readonly log: Logger;
  readonly paths: DataPaths;
  readonly jobs: Jobs;
  readonly backups: BackupService;
  /** Resolves when everything has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
  readonly #lock: OwnerLock;
  readonly #supervisor: Supervisor;
  readonly #commands: ServiceCommands;
  readonly #ports: Ports;
  readonly #certificates: CertificateKeeper;
  readonly #control: ControlServer;
  readonly #applier: SettingsApplier;
  readonly #numbers: MailNumbers;
  readonly #announcer: Announcer;
  #guiPort: number | undefined;
  readonly #controlToken = newToken();
  readonly #apiToken: string;
  readonly #startedAt = Date.now();
  readonly #listeners = new Set<(event: ControlEvent) => void>();
  readonly #ends: (() => void)[] = [];
  readonly #notices: Notice[] = [];
  readonly #workerNotices = new WorkerNotices();
  readonly #resolveStopped: () => void;
  #stopping: Promise<void> | undefined;
  #statusTimer: NodeJS.Timeout | undefined;

  /** Takes the data directory. @throws DataDirectoryInUseError, SettingsFault */
  constructor(options: ApplianceOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopped = promise;
    this.#resolveStopped = resolve;
    this.paths = dataPaths(options.dataDir);
    makeDataDirs(this.paths);
    this.#lock = takeDataDirectory(this.paths.lock);
    try {
      this.settings = openSettings(this.paths, options.overrides);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.logs = new LogStore({
      file: this.paths.logs,
      limits: this.#logLimits(),
      level: this.settings.get('log.level'),
      onTrouble: (error) =>
        this.#notice('error', `The log cannot be written: ${error instanceof Error ? error.message : 'unknown'}`),
    });
    const source = { service: 'appliance', pid: process.pid, format: 'worker', stream: 'stdout' } as const;
    this.log = createLogger('debug', {}, (line) => this.logs.append(parseLine(line.trimEnd(), source, Date.now())));
    this.metrics = new MetricsStore({ file: this.paths.metrics, keepMs: this.settings.get('metrics.maxDays') * day });
    this.#apiToken = ensureToken(this.paths.secrets, 'api-token');
    for (const secret of [this.#controlToken, this.#apiToken]) this.logs.mask.know(secret);
    this.#ports = new Ports(this.settings);
    this.#certificates = new CertificateKeeper({
      folder: this.paths.certificates,
      names: () => [serverName(this.settings), ...this.settings.get('server.names')],
      log: this.log,
      onRenewed: (certificate) => this.#sendCertificate(certificate),
    });
    this.#supervisor = createSupervisor({
      paths: this.paths,
      plan: () => supervisorPlan(this.settings),
      workerConfig: (context) => workerConfig(this.settings, this.#ports, this.#workerSecrets(), context),
      onLine: (text, from) => {
        const line = parseLine(text, from, Date.now());
        this.logs.append(line);
        const notice = from.format === 'worker' ? this.#workerNotices.of(line) : undefined;
        if (notice !== undefined) this.#notice(notice.level, notice.message);
      },
      onSecret: (secret) => this.logs.mask.know(secret),
      ...(options.workerScript === undefined ? {} : { workerScript: options.workerScript }),
    });
    this.#commands = new ServiceCommands(this.#supervisor, () => this.#stopping !== undefined);
    this.jobs = new Jobs({
      onChange: (job) => this.#send({ type: 'job', job }),
      onLine: (line, pid = 0) =>
        this.logs.append(parseLine(line, { service: 'job', pid, format: 'worker', stream: 'stdout' }, Date.now())),
    });
    this.backups = new BackupService({
      paths: this.paths,
      settings: this.settings,
      jobs: this.jobs,
      log: this.log,
      workerConfig: () => this.#jobConfig(),
      stopWorkers: () => this.#commands.eachWorker((name) => this.#supervisor.stopService(name)),
      startWorkers: () => this.#commands.eachWorker((name) => this.#supervisor.startService(name)),
      reloadCertificate: () => this.#certificates.reload(),
      notice: (level, message) => this.#notice(level, message),
    });
    this.#numbers = new MailNumbers({
      workers: () => this.#supervisor.status().filter(({ kind }) => kind === 'worker'),
      folder: this.paths.root,
    });
    this.#control = new ControlServer(this, {
      token: this.#controlToken,
      userSessionsFile: path.join(this.paths.secrets, 'user-sessions.json'),
      sessionsFile: path.join(this.paths.secrets, 'sessions.json'),
      accountFile: this.paths.adminAccount,
      gui: builtGui,
      log: this.log,
      hosts: () => this.#reachableNames(),
      authority: () => this.#certificates.current?.authority,
    });
    this.#announcer = new Announcer({ log: this.log });
    this.#applier = new SettingsApplier({
      settings: this.settings,
      notice: (level, message) => this.#notice(level, message),
      restartWorkers: () => this.#commands.restartWorkers((state) => state !== 'stopped'),
      setWorkers: (count) => this.#supervisor.setWorkers(count),
      choosePorts: () => this.#choosePorts(),
      checkCertificate: () => this.#certificates.check(),
      moveGui: () => this.#control.moveTo(this.#guiAddress()),
      setLogs: () => {
        this.logs.setLevel(this.settings.get('log.level'));
        this.logs.setLimits(this.#logLimits());
        this.metrics.setKeep(this.settings.get('metrics.maxDays') * day);
      },
    });
  }

  /**
   * Starts everything. Resolves when all services are ready.
   * @throws PortFault, SupervisorError; what did start goes on until `stop`
   */
  async start(): Promise<void> {
    this.log.info('starting', { version, dataDir: this.paths.root });
    for (const { name, reason } of this.settings.rejected)
      this.#notice('warn', `The stored setting ${name} is not used: ${reason}`);
    this.#watch();
    await this.#listen();
    if (workerCount(this.settings) < this.settings.get('workers')) {
      this.#notice(
        'warn',
        canSharePorts
          ? 'Without Redis workers cannot hear of each other: one worker runs, whatever the setting "workers" says.'
          : 'This system cannot share ports among processes: one worker runs, whatever the setting "workers" says.',
      );
    }
    await this.#choosePorts();
    // Kept from the last time it costs a moment, the first time half a second. Workers cannot start without it.
    const certificate = await this.#certificates.start();
    this.#control.useCertificate({ cert: certificate.chain, key: certificate.key });
    await this.#supervisor.start();
    this.backups.start();
    this.log.info('ready', { ms: Date.now() - this.#startedAt });
  }

  /** Stops everything in order. Never rejects. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends the workers at once: they hold nothing, so only clients notice. The databases still shut down in their own time. */
  hurry(): void {
    for (const { kind, pid } of this.#supervisor.status()) {
      if (kind === 'worker' && pid !== undefined) killIfThere(pid);
    }
  }

  /** A link that signs a browser in, once. */
  signInUrl(): string {
    return this.#control.signInUrl();
  }

  status(): Status {
    const { state } = this.#supervisor;
    const api = this.workerApi();
    const disk = this.#numbers.disk();
    const begun = this.#stopping === undefined && state === 'stopped' ? 'starting' : state;
    return {
      state: this.#stopping === undefined ? begun : 'stopping',
      version,
      dataDir: this.paths.root,
      gui: this.#control.url,
      api: api === undefined ? null : `http://${bracketed(api.host)}:${api.port}`,
      services: this.#supervisor.status().map(serviceEntry),
      endpoints: endpointEntries(this.#supervisor.endpoints()),
      clients: this.#numbers.clients(),
      ...(disk === undefined ? {} : { disk }),
      reachableAs: reachableAs([this.settings.get('server.hostname'), ...this.settings.get('server.names')]),
      pid: process.pid,
      rssBytes: process.memoryUsage.rss(),
      since: new Date(this.#startedAt).toISOString(),
      notices: [...this.#notices],
    };
  }

  workerApi(): WorkerApi | undefined {
    const api = this.#supervisor.endpoints()['api'];
    return api === undefined ? undefined : { host: connectableHost(api.host), port: api.port, token: this.#apiToken };
  }

  async testListener(name: string): Promise<SelfTest> {
    const [endpoint, api] = [this.#supervisor.endpoints()[name], this.workerApi()];
    if (endpoint === undefined || api === undefined) throw new ControlFault(409, 'Unavailable', `${name} does not listen now.`);
    const { testListener } = await import('./self-test/self-test.ts');
    const both = endpoint.host === 'any' || endpoint.host === 'localhost';
    const hosts = both ? ['127.0.0.1', ...(hasIpv6() ? ['::1'] : [])] : [connectableHost(endpoint.host)];
    return testListener({ name, endpoint, api, hosts });
  }

  async supportBundle(): Promise<Buffer> {
    const { makeSupportBundle } = await import('./support/bundle.ts');
    const { settings, logs, metrics } = this;
    return makeSupportBundle({ settings, logs, metrics, status: this.status(), findings: await this.preflight() });
  }

  async startMode(): Promise<StartMode> {
    return (await import('./service/start-mode.ts')).startMode(this.paths.root);
  }

  async setStartMode(mode: StartMode['mode']): Promise<void> {
    await (await import('./service/start-mode.ts')).setStartMode(this.paths.root, mode);
  }

  certificate(): CertificateInfo | undefined {
    const { current } = this.#certificates;
    return current === undefined ? undefined : describeCertificate(current);
  }

  renewCertificate(): Promise<void> {
    return this.#certificates.renew();
  }

  startService(name: string): Promise<void> {
    return this.#commands.run(name, (service) => this.#supervisor.startService(service));
  }

  stopService(name: string): Promise<void> {
    return this.#commands.run(name, (service) => this.#supervisor.stopService(service));
  }

  restartService(name: string): Promise<void> {
    if (name === 'worker') return this.#commands.restartWorkers(() => true);
    return this.#commands.run(name, (service) => this.#supervisor.restartService(service));
  }

  async preflight(network = false): Promise<readonly Finding[]> {
    return examineRunning(this.paths, this.settings, this.status(), network);
  }

  shutdown(): void {
    this.log.info('asked to stop');
    // After the answer to whoever asked has left.
    setTimeout(() => void this.stop(), 50);
  }

  subscribe(listener: (event: ControlEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #stop(): Promise<void> {
    this.log.info('stopping');
    this.#sendStatus();
    for (const end of this.#ends.splice(0)) end();
    this.#certificates.stop();
    // The network is told first, so that nobody comes to a closed door.
    await this.#announcer.close();
    this.backups.stop();
    await this.jobs.stop();
    // A restart of workers that is under way ends by the supervisor's stop.
    const applied = this.#applier.close();
    await this.#supervisor.stop();
    await applied;
    this.log.info('stopped');
    clearTimeout(this.#statusTimer);
    this.#listeners.clear();
    removeControlFile(this.paths.control);
    await this.#control.close();
    this.logs.close();
    this.metrics.close();
    this.settings.close();
    this.#lock.release();
    this.#resolveStopped();
  }

  #watch(): void {
    this.#ends.push(
      this.#supervisor.subscribe((event) => this.#onSupervisor(event)),
      lookAtQueue(
        () => this.workerApi(),
        (queued) => {
          this.#numbers.queued = queued;
        },
      ),
      this.settings.onChange((changed) => this.#onSettings(changed)),
      startSampler({
        store: this.metrics,
        processes: () => this.#processes(),
        more: () => this.#numbers.sample(),
        onTrouble: (error) => this.log.warn('a sample for the plots could not be taken', { error }),
      }),
    );
  }

  /** The control API on its port. A default port that is taken gives way: to standard + 10000, then to any. */
  async #listen(): Promise<void> {
    const asked = this.settings.get('gui.port');
    const host = this.settings.get('gui.host');
    const address = this.#guiAddress();
    const isDefault = this.settings.origin('gui.port') === 'default';
    const candidates = isDefault ? [asked, asked + fallbackOffset, 0] : [asked];
    for (const port of candidates) {
      if (port !== 0 && (await probePort(host, port)) !== undefined) continue;
      const actual = await this.#control.listen(port, address);
      this.#guiPort = actual;
      if (isDefault && actual !== asked) this.#notice('info', `gui: port ${actual} instead of ${asked}, which is in use`);
      writeControlFile(this.paths.control, { url: this.#control.url, token: this.#controlToken, pid: process.pid });
      return;
    }
    throw new PortFault(
      'gui',
      asked,
      `The GUI cannot listen on port ${asked}. Choose another: mallard config set gui.port 0 (any free one)`,
    );
  }

  /** Undefined: every address. */
  #guiAddress(): string | undefined {
    const host = this.settings.get('gui.host');
    return ['any', '0.0.0.0', '::'].includes(host) ? undefined : connectableHost(host);
  }

  async #choosePorts(): Promise<void> {
    for (const note of await this.#ports.choose(workerCount(this.settings) > 1)) this.#notice('info', note);
  }

  /** As a worker would be configured, for a job on the database; undefined while there is none. */
  #jobConfig(): unknown {
    const uris = this.#supervisor.databases();
    if (uris === undefined || this.#certificates.current === undefined) return undefined;
    return workerConfig(this.settings, this.#ports, this.#workerSecrets(), { ...uris, index: 0, endpoints: {} });
  }

  #send(event: ControlEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #workerSecrets(): WorkerSecrets {
    const certificate = this.#certificates.current;
    if (certificate === undefined) throw new Error('the certificate is not made yet');
    return { apiToken: this.#apiToken, certificate, sealingKeys: ensureSealingKeys(this.paths.secrets) };
  }

  #sendCertificate(certificate: ServerCertificate): void {
    this.log.info('there is a new certificate', { until: new Date(certificate.notAfter).toISOString() });
    this.#control.useCertificate({ cert: certificate.chain, key: certificate.key });
    this.#supervisor.sendToWorkers({ type: 'certificate', cert: certificate.chain, key: certificate.key });
  }

  #onSupervisor(event: SupervisorEvent): void {
    if (event.type === 'notice') this.#notice(event.level, event.message);
    if (event.type === 'state') {
      this.#logState(event.service);
      this.#announce();
    }
    this.#sendStatus();
  }

  #logState(service: ServiceStatus): void {
    const { failure } = service;
    const level = service.state === 'failed' || service.state === 'crashed' ? 'error' : 'info';
    this.log[level](`${service.name} is ${service.state}`, {
      childPid: service.pid,
      ...(failure === undefined ? {} : { reason: failure.message, remedy: failure.remedy }),
    });
  }

  #onSettings(changed: readonly SettingName[]): void {
    this.log.info('settings changed', { names: changed.join(', ') });
    this.#send({ type: 'settings', changed: [...changed] });
    this.#applier.apply(changed);
    this.#announce();
  }

  /** Tells the network what is here now. */
  #announce(): void {
    if (this.#stopping !== undefined) return;
    this.#announcer.update(announcedServices(this.settings, this.#supervisor.endpoints(), this.#guiPort));
  }

  #notice(level: Notice['level'], message: string): void {
    const notice = { level, message, at: new Date().toISOString() };
    this.#notices.push(notice);
    if (this.#notices.length > maxNotices) this.#notices.shift();
    this.log[level](message);
    this.#send({ type: 'notice', notice });
  }

  /** Many changes of one moment become one event. */
  #sendStatus(): void {
    this.#statusTimer ??= setTimeout(() => {
      this.#statusTimer = undefined;
      if (this.#listeners.size === 0) return;
      const status = this.status();
      this.#send({ type: 'status', status });
    }, 50).unref();
  }

  #processes(): Map<string, number> {
    const children = this.#supervisor.status().flatMap(({ name, pid }) => (pid === undefined ? [] : ([[name, pid]] as const)));
    return new Map([['appliance', process.pid], ...children]);
  }

  #reachableNames(): ReadonlySet<string> {
    if (['localhost', '127.0.0.1', '::1'].includes(this.settings.get('gui.host'))) return new Set();
    const { dns, ip } = certificateNames([serverName(this.settings), ...this.settings.get('server.names')]);
    return new Set([...dns, ...ip, this.settings.get('gui.host').toLowerCase()]);
  }

  #logLimits(): { maxBytes: number; maxAgeMs: number } {
    return { maxBytes: this.settings.get('log.maxBytes'), maxAgeMs: this.settings.get('log.maxDays') * day };
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It went by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
