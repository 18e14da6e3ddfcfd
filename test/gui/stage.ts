/**
 * A stage for the GUI: the real control server, settings, logs and metrics, over an appliance that is only played. So every state that a real one
 * reaches rarely (a database that gave up, ten thousand people, an empty log) can be looked at and tested in a moment.
 *
 *   npx node test/gui/stage.ts [PORT]     stays up and prints a sign-in link
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ControlServer } from '../../app/appliance/control/server.ts';
import type { CertificateInfo, ControlEvent, SelfTest, Service, Status } from '../../app/appliance/control/contract.ts';
import type { ControlSubject } from '../../app/appliance/control/subject.ts';
import { LogStore } from '../../app/appliance/logs/store.ts';
import { MetricsStore } from '../../app/appliance/metrics/store.ts';
import { builtGui } from '../../app/appliance/paths.ts';
import { listenerNames } from '../../app/appliance/settings/registry.ts';
import { Settings } from '../../app/appliance/settings/store.ts';
import { silentLogger } from '../../server/base/log.ts';
import { PlayedApi } from './played-api.ts';
import { playLog } from './play-log.ts';
import { playedBackups } from '../harness/played-backups.ts';

export interface StageOptions {
  readonly port?: number;
  /** How many people the played API has. */
  readonly people?: number;
  readonly gui?: string;
}

const mebibyte = 1024 * 1024;
const hour = 3_600_000;

export interface Stage {
  readonly url: string;
  readonly api: PlayedApi;
  readonly logs: LogStore;
  readonly settings: Settings;
  /** What was asked of the appliance: `restart mongod`. */
  readonly asked: readonly string[];
  signInUrl(): string;
  /** Changes the played status and tells the clients. */
  play(change: Partial<Status>): void;
  playService(name: string, change: Partial<Service>): void;
  status(): Status;
  close(): Promise<void>;
}

export async function raiseStage(options: StageOptions = {}): Promise<Stage> {
  const folder = mkdtempSync(path.join(tmpdir(), 'mallard-stage-'));
  const settings = new Settings({ file: path.join(folder, 'settings.sqlite'), overrides: new Map() });
  const logs = new LogStore({
    file: path.join(folder, 'logs.sqlite'),
    limits: { maxBytes: 1 << 30, maxAgeMs: 1e10 },
    flushMs: 20,
  });
  let clock = Date.now() - 24 * hour;
  const metrics = new MetricsStore({ file: path.join(folder, 'metrics.sqlite'), keepMs: 1e10, now: () => clock });
  const api = await PlayedApi.start(options.people ?? 34);
  const asked: string[] = [];
  const listeners = new Set<(event: ControlEvent) => void>();
  const since = new Date(Date.now() - 5 * hour).toISOString();
  let status: Status = {
    state: 'running',
    version: '0.1.0',
    dataDir: '/var/lib/mallard',
    gui: null,
    api: api.url,
    services: playedServices(since),
    endpoints: {},
    clients: { imap: 4, imaps: 11, submission: 1 },
    disk: { freeBytes: 41 * 1024 * mebibyte, totalBytes: 238 * 1024 * mebibyte },
    pid: 4100,
    rssBytes: 84 * mebibyte,
    since,
    notices: [],
  };
  for (; clock < Date.now() - hour; clock += 600_000) {
    const busy = Math.max(0.1, Math.sin(((clock / hour) % 24) / 4));
    metrics.record({
      'mail.in': 0.6 * busy,
      'mail.out': 0.2 * busy,
      'disk.free': (41 - (clock % hour) / hour) * 1024 * mebibyte,
    });
  }
  for (; clock < Date.now(); clock += 20_000) {
    const wave = Math.sin(clock / 400_000);
    metrics.record({
      'mail.in': clock % 60_000 < 20_000 ? 1 : 0,
      'mail.out': clock % 120_000 < 20_000 ? 1 : 0,
      'clients.imap': Math.round(3 + 2 * wave),
      'rss.mongod': (182 + 4 * wave) * mebibyte,
      'rss.valkey': 9.4 * mebibyte,
      'rss.worker-1': (96 + 9 * wave + (clock % 7)) * mebibyte,
      'rss.appliance': 84 * mebibyte,
      'cpu.mongod': 2 + wave,
      'cpu.valkey': 0.3,
      'cpu.worker-1': Math.max(0.4, 3 + 3 * wave + (clock % 11) / 5),
    });
  }
  const tell = (): void => {
    status = { ...status, endpoints: endpointsOf(settings, status) };
    for (const listener of listeners) listener({ type: 'status', status });
  };
  const play = (change: Partial<Status>): void => {
    status = { ...status, ...change };
    tell();
  };
  const playService = (name: string, change: Partial<Service>): void =>
    play({
      services: status.services.map((each) =>
        each.name === name ? { ...each, since: new Date().toISOString(), ...change } : each,
      ),
    });
  const act = async (what: string, name: string, state: Service['state']): Promise<void> => {
    asked.push(`${what} ${name}`);
    const names = name === 'worker' ? ['worker-1'] : [name];
    for (const each of names) playService(each, { state: state === 'stopped' ? 'stopping' : 'starting' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const each of names) {
      const calm = playedServices(since).find((service) => service.name === each);
      playService(each, { ...calm, state, since: new Date().toISOString() });
    }
  };
  const subject: ControlSubject = {
    settings,
    logs,
    metrics,
    ...playedBackups((job) => {
      for (const listener of listeners) listener({ type: 'job', job });
    }),
    status: () => status,
    startService: (name) => act('start', name, 'ready'),
    stopService: (name) => act('stop', name, 'stopped'),
    restartService: (name) => act('restart', name, 'ready'),
    workerApi: () => api.address,
    preflight: () => [
      { name: 'processor', state: 'ok', message: 'it has AVX, which MongoDB needs' },
      { name: 'memory', state: 'ok', message: '5.1 GB of 7.8 GB available' },
      {
        name: 'disk',
        state: 'warn',
        message: '4.2 GB free of 64 GB where the data is',
        remedy: 'Free some space soon, or move the data directory to another disk.',
      },
      { name: 'clock', state: 'ok', message: 'it goes right' },
      { name: 'ports', state: 'ok', message: 'imap 143, imaps 993, submission 587, submissions 465, smtp 25' },
    ],
    testListener: playedTest,
    supportBundle: async () => Buffer.from('PK'),
    startMode: async () => ({
      mode: 'manual',
      serviceKnown: true,
      install: ['mallard stop', 'sudo mallard service install'],
      remove: ['sudo mallard service remove'],
    }),
    setStartMode: async (mode) => void asked.push(`start mode ${mode}`),
    certificate: playedCertificate,
    renewCertificate: async () => void asked.push('renew certificate'),
    shutdown: () => void asked.push('shutdown'),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const server = new ControlServer(subject, {
    token: 'token-of-the-stage-0123456789',
    sessionsFile: path.join(folder, 'sessions.json'),
    userSessionsFile: path.join(folder, 'user-sessions.json'),
    accountFile: path.join(folder, 'administrator.json'),
    gui: options.gui ?? builtGui,
    log: silentLogger,
    hosts: () => new Set(),
    authority: () => 'CERTIFICATE',
  });
  await server.listen(options.port ?? 0, '127.0.0.1');
  const watch = settings.onChange((changed) => {
    for (const listener of listeners) listener({ type: 'settings', changed: [...changed] });
    playService('worker-1', { state: 'starting' });
    setTimeout(() => playService('worker-1', { state: 'ready' }), 400).unref();
  });
  tell();
  return {
    url: server.url,
    api,
    logs,
    settings,
    asked,
    signInUrl: () => server.signInUrl(),
    play,
    playService,
    status: () => status,
    close: async () => {
      watch();
      await server.close();
      await api.close();
      for (const store of [settings, logs, metrics]) store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function playedServices(since: string): Service[] {
  const common = { state: 'ready', since, restarts: 0, external: false } as const;
  return [
    { ...common, name: 'mongod', kind: 'mongod', pid: 4101, port: 40123, version: '6.0.5', rssBytes: 184 * mebibyte },
    { ...common, name: 'valkey', kind: 'valkey', pid: 4102, port: 40124, version: '9.1.2', rssBytes: 9 * mebibyte },
    { ...common, name: 'worker-1', kind: 'worker', pid: 4103, port: null, version: '0.1.0', rssBytes: 101 * mebibyte },
  ];
}

async function playedTest(name: string): Promise<SelfTest> {
  const steps = (['connect', 'greet', 'encrypt', 'signIn', 'signOut'] as const).map((what) => ({
    what,
    ok: true,
    said: 'OK',
    ms: 4,
  }));
  const port = name === 'imap' ? 143 : 993;
  const refused = [{ what: 'connect' as const, ok: false, said: 'connect ECONNREFUSED ::1:143', ms: 1 }];
  return {
    ok: false,
    runs: [
      { host: '127.0.0.1', port, ok: true, steps },
      { host: '::1', port, ok: false, steps: refused },
    ],
  };
}

function playedCertificate(): CertificateInfo {
  const fingerprint = Array.from({ length: 32 }, (_, i) => (i * 7 + 16).toString(16).toUpperCase().padStart(2, '0')).join(':');
  return {
    names: ['mail.example.org', 'desk.local', '192.168.1.10'],
    notBefore: new Date(Date.now() - 40 * 24 * hour).toISOString(),
    notAfter: new Date(Date.now() + 357 * 24 * hour).toISOString(),
    fingerprint,
    authority: { name: 'Mallard on desk', notAfter: new Date(Date.now() + 3600 * 24 * hour).toISOString(), fingerprint },
  };
}

function endpointsOf(settings: Settings, status: Status): Status['endpoints'] {
  if (!status.services.some((service) => service.kind === 'worker' && service.state === 'ready')) return {};
  return Object.fromEntries(
    listenerNames.flatMap((name) => {
      if (!settings.get(`${name}.enabled`)) return [];
      const tls = name === 'lmtp' || name === 'api' ? 'none' : name.endsWith('s') ? 'implicit' : 'starttls';
      return [[name, { host: '127.0.0.1', port: settings.get(`${name}.port`), tls }]] as const;
    }),
  );
}

if (process.argv[1] === import.meta.filename) {
  const stage = await raiseStage({ port: Number(process.argv[2] ?? 0), people: Number(process.argv[3] ?? 34) });
  playLog(stage.logs);
  process.stdout.write(`${stage.signInUrl()}\n`);
}
