/**
 * The mail server worker as a real process in tests: `server/main.ts` spawned as the appliance spawns it, on free loopback ports, killed when the test process ends.
 *
 *   const worker = await startWorker({ mongodbUri, redisUri });
 *   const user = await createUser(worker, 'ann@example.test');
 *   await worker.kill('SIGKILL'); await worker.start();        // the same ports again
 */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { silentLogger } from '../../server/base/log.ts';
import { resolveConfig } from '../../server/config/load.ts';
import type { PartialConfig, ServiceName } from '../../server/config/schema.ts';
import { type OpenedStore, createOperations } from '../../server/operations/create.ts';
import { freePort } from './free-port.ts';

export type WorkerOptions = {
  /** With the database's name. */
  readonly mongodbUri: string;
  readonly redisUri: string;
  /** Services to run; default imap, lmtp. */
  readonly services?: readonly ServiceName[];
  readonly config?: PartialConfig;
  /** Arguments to Node itself, such as `--cpu-prof`. */
  readonly nodeArgs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly startTimeoutMs?: number;
};

export type WorkerEndpoint = { readonly host: string; readonly port: number; readonly tls: string };

export type TestWorker = {
  readonly mongodbUri: string;
  readonly redisUri: string;
  readonly endpoints: Readonly<Partial<Record<ServiceName, WorkerEndpoint>>>;
  /** The port of a service that runs; throws for another. */
  readonly port: (service: ServiceName) => number;
  readonly pid: number;
  readonly isRunning: boolean;
  /** Its last log lines (JSON). */
  readonly log: readonly string[];
  /** Milliseconds from spawn to ready, of the last start. */
  readonly startMs: number;
  /** SIGKILL by default; waits until it is gone, except for SIGSTOP and SIGCONT. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
  /** Starts it again after `kill` or `stop`, on the same ports. */
  readonly start: () => Promise<void>;
  /** Ends it as the appliance does, by closing its stdin. */
  readonly stop: () => Promise<void>;
};

const root = path.resolve(import.meta.dirname, '../..');
const MAX_LOG_LINES = 400;
const STOP_TIMEOUT_MS = 30_000;
const allServices: readonly ServiceName[] = [
  'imap',
  'imaps',
  'pop3',
  'pop3s',
  'lmtp',
  'smtp',
  'submission',
  'submissions',
  'managesieve',
  'api',
];

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function startWorker(options: WorkerOptions): Promise<TestWorker> {
  const { mongodbUri, redisUri, services = ['imap', 'lmtp'] } = options;
  // Fixed from the start, so that clients find the worker again after it was killed.
  const ports = new Map<ServiceName, number>();
  const process_ = new WorkerProcess(options, () => configOf(options, ports));
  for (let attempt = 1; ; attempt += 1) {
    for (const name of services) ports.set(name, await freePort());
    try {
      await process_.start();
      break;
    } catch (error) {
      // Somebody took one of the ports meanwhile.
      if (attempt === 5 || !(error instanceof Error && error.message.includes('EADDRINUSE'))) throw error;
    }
  }
  return {
    mongodbUri,
    redisUri,
    get endpoints() {
      return process_.endpoints;
    },
    port: (service) => {
      const endpoint = process_.endpoints[service];
      if (endpoint === undefined) throw new Error(`the worker has no ${service}`);
      return endpoint.port;
    },
    get pid() {
      return process_.pid;
    },
    get isRunning() {
      return process_.isRunning;
    },
    get log() {
      return process_.log;
    },
    get startMs() {
      return process_.startMs;
    },
    kill: (signal = 'SIGKILL') => process_.kill(signal),
    start: () => process_.start(),
    stop: () => process_.stop(),
  };
}

function configOf(options: WorkerOptions, ports: ReadonlyMap<ServiceName, number>): PartialConfig {
  const { config = {} } = options;
  const services = Object.fromEntries(
    allServices.map((name) => {
      const port = ports.get(name);
      const own = config.services?.[name] ?? {};
      return [name, port === undefined ? { ...own, enabled: false } : { host: '127.0.0.1', port, ...own, enabled: true }];
    }),
  );
  return {
    hostname: 'mail.example.test',
    log: { level: 'warn' },
    ...config,
    mongo: { uri: options.mongodbUri, ...config.mongo },
    redis: { uri: options.redisUri, ...config.redis },
    services,
  };
}

class WorkerProcess {
  readonly #options: WorkerOptions;
  readonly #config: () => PartialConfig;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #log: string[] = [];
  endpoints: Partial<Record<ServiceName, WorkerEndpoint>> = {};
  startMs = 0;

  constructor(options: WorkerOptions, config: () => PartialConfig) {
    this.#options = options;
    this.#config = config;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined || !this.isRunning) throw new Error('the worker does not run');
    return pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get log(): readonly string[] {
    return this.#log;
  }

  async start(): Promise<void> {
    if (this.isRunning) throw new Error('the worker already runs');
    const startedAt = performance.now();
    const args = [...(this.#options.nodeArgs ?? []), path.join(root, 'server/main.ts'), '--config', '-'];
    const child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#options.env },
    });
    this.#child = child;
    this.#log = [];
    running.add(child);
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        running.delete(child);
        resolve();
      });
    });
    for (const stream of [child.stdout, child.stderr]) this.#keepLines(stream);
    child.stdin?.on('error', () => {}); // gone already: its exit tells
    child.stdin?.write(`${JSON.stringify(this.#config())}\n`);
    const report = child.stdio[3] as Readable;
    this.endpoints = await this.#ready(child, report);
    this.startMs = performance.now() - startedAt;
    child.unref();
    for (const stream of child.stdio)
      if (stream !== null && stream !== undefined && 'unref' in stream) (stream as { unref(): void }).unref();
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    this.#child?.kill(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
    await this.#gone(signal);
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#child?.kill('SIGCONT');
    this.#child?.stdin?.end();
    await this.#gone('the end of its stdin');
  }

  async #gone(after: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#child?.kill('SIGKILL');
        reject(
          new Error(`the worker did not end within ${STOP_TIMEOUT_MS} ms after ${after}:\n${this.#log.slice(-20).join('\n')}`),
        );
      }, STOP_TIMEOUT_MS);
    });
    await Promise.race([this.#exited, late]).finally(() => clearTimeout(timer));
  }

  async #ready(child: ChildProcess, report: Readable): Promise<Partial<Record<ServiceName, WorkerEndpoint>>> {
    let text = '';
    return new Promise((resolve, reject) => {
      const fail = (reason: string): void => {
        clearTimeout(timer);
        child.kill('SIGKILL');
        reject(new Error(`the worker did not start: ${reason}\n${this.#log.slice(-20).join('\n')}`));
      };
      const timer = setTimeout(() => fail('it took too long'), this.#options.startTimeoutMs ?? 60_000);
      child.once('error', (error) => fail(error.message));
      // 'close' and not 'exit': by then its last log lines have come.
      child.once('close', (code) => fail(`it ended with ${code}`));
      report.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const end = text.indexOf('\n');
        if (end === -1) return;
        const message = JSON.parse(text.slice(0, end)) as { type: string; endpoints?: Record<string, WorkerEndpoint> };
        if (message.type !== 'ready') {
          fail(text);
          return;
        }
        clearTimeout(timer);
        resolve(message.endpoints ?? {});
      });
    });
  }

  #keepLines(stream: Readable | null): void {
    let partial = '';
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (partial + text).split('\n');
      partial = (lines.pop() ?? '').slice(-65_536);
      this.#log.push(...lines);
      if (this.#log.length > MAX_LOG_LINES) this.#log.splice(0, this.#log.length - MAX_LOG_LINES);
    });
  }
}

// ── The store beside the worker ─────────────────────────────────────────────────────────────────────────────────────────

const stores = new Map<string, Promise<OpenedStore>>();

/** The mail store that the worker serves, opened in the test's own process: to make users and to look behind the protocols. Closed by `closeStores`. */
export function storeOf(worker: Pick<TestWorker, 'mongodbUri' | 'redisUri'>): Promise<OpenedStore> {
  let store = stores.get(worker.mongodbUri);
  if (store === undefined) {
    const config = resolveConfig({ mongo: { uri: worker.mongodbUri }, redis: { uri: worker.redisUri } });
    store = createOperations(config, silentLogger);
    stores.set(worker.mongodbUri, store);
  }
  return store;
}

export async function closeStores(): Promise<void> {
  for (const store of stores.values()) await (await store).close();
  stores.clear();
}

export type TestUser = { readonly id: string; readonly username: string; readonly password: string };

let userCount = 0;

/** A user with a main address of the same name and the usual mailboxes. `quotaBytes` 0 = unlimited. */
export async function createUser(
  worker: Pick<TestWorker, 'mongodbUri' | 'redisUri'>,
  username = `user${(userCount += 1)}@example.test`,
  options: { readonly password?: string; readonly quotaBytes?: number } = {},
): Promise<TestUser> {
  const { password = 'correct horse battery', quotaBytes = 0 } = options;
  const store = await storeOf(worker);
  const id = await store.accounts.users.create({ username, address: username, password, quota: quotaBytes });
  return { id, username, password };
}
