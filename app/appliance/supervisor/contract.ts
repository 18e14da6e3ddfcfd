/**
 * What the rest of the appliance knows of the supervisor. Types only.
 *
 * The supervisor owns the children: it resolves their programs, starts them in order (database, cache, workers), proves them ready by their own
 * protocol, restarts them with growing pauses, and stops them in reverse. It keeps no settings and no log: it is told what to run, and its
 * children's output goes line by line to `onLine`.
 */
import type { LineSource } from '../logs/line.ts';

/** `crashed` is passed through on the way to `backoff` (another try follows at `retryAt`) or `failed` (a person must decide). */
export type ServiceState = 'stopped' | 'starting' | 'ready' | 'stopping' | 'crashed' | 'backoff' | 'failed';

export type ServiceKind = 'mongod' | 'valkey' | 'worker';

/** `mongod`, `valkey`, `worker-1` … `worker-N`. */
export type ServiceName = 'mongod' | 'valkey' | `worker-${number}`;

/** Why a service is not ready. Kinds for the program, words for the person. */
export type FailureKind =
  /** It ended by itself. */
  | 'exited'
  /** It runs but did not become ready before its deadline, or stopped answering. */
  | 'not-ready'
  /** Its program could not be run. */
  | 'spawn'
  /** No usable program was found. */
  | 'no-program'
  | 'port-in-use'
  /** The data directory was written by a version that this one cannot open. */
  | 'data-version'
  /** The service does not accept its settings. */
  | 'config'
  /** The disk is full. */
  | 'disk-full'
  /** An external server does not answer. */
  | 'unreachable';

export type Failure = {
  readonly kind: FailureKind;
  /** One sentence that says what happened, with names and numbers. */
  readonly message: string;
  /** What the person can do, when something is known. */
  readonly remedy?: string;
  /** The last lines it wrote, oldest first, as they were written. */
  readonly lastLines: readonly string[];
  readonly exitCode?: number;
  readonly signal?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
};

export type Tls = 'none' | 'starttls' | 'implicit';
/** Where a worker listens, as it reported: `imap`, `imaps`, `lmtp`, `api`, … */
export type Endpoints = Readonly<Record<string, { readonly host: string; readonly port: number; readonly tls: Tls }>>;

export type ServiceStatus = {
  readonly name: ServiceName;
  readonly kind: ServiceKind;
  readonly state: ServiceState;
  /** It is run by somebody else; here it is only probed. */
  readonly external: boolean;
  readonly pid?: number;
  readonly port?: number;
  readonly version?: string;
  /** Resident memory, sampled. */
  readonly rssBytes?: number;
  /** When it entered this state, in milliseconds since 1970. */
  readonly since: number;
  /** Restarts after crashes since the supervisor began. */
  readonly restarts: number;
  /** What is being done (starting: "downloading … 40 %"). */
  readonly progress?: string;
  /** States crashed, backoff and failed: why. Kept while starting again, gone when ready. */
  readonly failure?: Failure;
  /** State backoff: when it is tried again, in milliseconds since 1970. */
  readonly retryAt?: number;
  /** Workers that are ready. */
  readonly endpoints?: Endpoints;
  /** Workers that run. */
  readonly numbers?: WorkerNumbers;
};

/** What a worker counts: mail since its start, clients now by listener. */
export type WorkerNumbers = {
  readonly received: number;
  readonly sent: number;
  readonly clients: Readonly<Record<string, number>>;
};

export type SupervisorEvent =
  | { readonly type: 'state'; readonly previous: ServiceState; readonly service: ServiceStatus }
  /** Progress text, memory or endpoints changed; the state did not. */
  | { readonly type: 'changed'; readonly service: ServiceStatus }
  | {
      readonly type: 'notice';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly service?: ServiceName;
    };

/** The whole: the worst of its services that matters. `degraded`: at least one is not ready although it should be. */
export type SupervisorState = 'stopped' | 'starting' | 'running' | 'degraded' | 'stopping' | 'failed';

/** The databases as a worker reaches them. The URIs carry passwords. An empty `redisUri`: there is none. */
export type DatabaseUris = { readonly mongodbUri: string; readonly redisUri: string };

export type WorkerContext = DatabaseUris & {
  /** From 1. */
  readonly index: number;
  /**
   * Where workers listen or listened since the supervisor began. A port that was "any free one" must stay what it became, for the second worker
   * that shares it and for a restarted one whose clients come back.
   */
  readonly endpoints: Endpoints;
};

export type BundledMongod = {
  readonly mode: 'bundled';
  /** A program set by a person. */
  readonly binary?: string;
  /** Overrides the rule (a quarter of the memory, within 256 MB and 1 GB). */
  readonly cacheBytes?: number;
};
export type BundledValkey = { readonly mode: 'bundled'; readonly binary?: string; readonly maxMemoryBytes?: number };
/** No such server: beacons stay inside the one worker. */
export type NoServer = { readonly mode: 'none' };
export type External = { readonly mode: 'external'; readonly uri: string };

/** What to run. Read again at every start of a service, so that a restart takes new settings. */
export type SupervisorPlan = {
  readonly mongod: BundledMongod | External;
  readonly valkey: BundledValkey | External | NoServer;
  readonly workers: number;
};

export type SupervisorOptions = {
  readonly paths: {
    /** Pid files. */
    readonly run: string;
    readonly secrets: string;
    readonly mongo: string;
    readonly redis: string;
  };
  readonly plan: () => SupervisorPlan;
  /** The whole configuration of a worker, to be sent as JSON on its stdin. */
  readonly workerConfig: (context: WorkerContext) => unknown;
  /** A line that a child wrote. Must not throw and should be quick. */
  readonly onLine: (text: string, source: LineSource) => void;
  /** Called with each secret that the supervisor made or read, so that the log can mask it. */
  readonly onSecret?: (secret: string) => void;
  readonly limits?: Partial<SupervisorLimits>;
  /** The worker's script; default server/main.ts. For tests. */
  readonly workerScript?: string;
};

export type SupervisorLimits = {
  /** First pause after a crash; doubles up to the longest. Default 1 s and 60 s. */
  readonly backoffFirstMs: number;
  readonly backoffLongestMs: number;
  /** This many crashes within the window: failed. Default 5 in 10 min. */
  readonly crashesToFail: number;
  readonly crashWindowMs: number;
  /** Until ready. mongod may have to recover its journal: default 5 min for it, 30 s for Valkey, 60 s for a worker. */
  readonly startTimeoutMs: Readonly<Record<ServiceKind, number>>;
  /** Until TERM turns into KILL. Default 60 s for mongod, 10 s for Valkey, 30 s for a worker. */
  readonly stopTimeoutMs: Readonly<Record<ServiceKind, number>>;
  /** Between probes of a ready service, and how many in a row must fail before it is restarted. Default 10 s, 6. */
  readonly probeEveryMs: number;
  readonly probeFailuresToRestart: number;
  readonly sampleMemoryEveryMs: number;
  /** Lines kept per child for the reason of a failure. Default 50. */
  readonly keptLines: number;
  /** A longer line is cut into pieces of this size. Default 64 KiB. */
  readonly maxLineBytes: number;
};

export type Supervisor = {
  readonly state: SupervisorState;
  status(): readonly ServiceStatus[];
  /** Where workers listen; empty until one is ready. */
  endpoints(): Endpoints;
  /** For tools that go to the databases themselves (backup). Undefined until both are known. */
  databases(): DatabaseUris | undefined;
  /**
   * Starts all in order. Resolves when every service is ready; rejects with SupervisorError when one has failed (backoff is waited through), and
   * leaves the others as they are.
   */
  start(): Promise<void>;
  /** Stops all in reverse order, also while starting. Resolves when no child is left. Never rejects. */
  stop(): Promise<void>;
  /** One service; also leads it out of `failed`. What depends on it is not touched: workers reconnect by themselves. */
  startService(name: ServiceName): Promise<void>;
  stopService(name: ServiceName): Promise<void>;
  restartService(name: ServiceName): Promise<void>;
  /** A command to every running worker, on its stdin: `{type:'certificate', …}`. */
  sendToWorkers(command: { readonly type: string; readonly [field: string]: unknown }): void;
  /** Starts or stops workers until there are this many. */
  setWorkers(count: number): Promise<void>;
  /** Returns the function that ends the subscription. A listener that throws is told on and ignored. */
  subscribe(listener: (event: SupervisorEvent) => void): () => void;
};

/** How the function is imported: `import { createSupervisor } from './supervisor.ts'`. */
export type CreateSupervisor = (options: SupervisorOptions) => Supervisor;

/*
 * Also for the appliance:
 *   data-lock.ts     takeDataDirectory(lockPath): OwnerLock, or throws DataDirectoryInUseError (its message names the pid)
 *   port-holder.ts   findPortHolder(port): Promise<PortHolder | undefined>   which process holds a TCP port
 *   supervisor.ts    SupervisorError: { service: ServiceName; failure: Failure }
 */
