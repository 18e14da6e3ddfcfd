/** What the runner needs to know of a service. One file under services/ makes one of these; the runner knows no service by name. */
import type { LineSource } from '../logs/line.ts';
import type { Endpoints, FailureKind, ServiceKind, ServiceName, WorkerNumbers } from './contract.ts';

export type ServiceDefinition = {
  readonly name: ServiceName;
  readonly kind: ServiceKind;
  readonly format: LineSource['format'];
  /** Everything before the spawn: find the program, choose a port, check the data. Throws StartFault. Repeated at each start. */
  readonly prepare: (context: PrepareContext) => Promise<Launch>;
};

export type PrepareContext = {
  /** What is being done, for the person who waits. */
  readonly progress: (text: string) => void;
  readonly notice: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Aborted when the start is called off. */
  readonly signal: AbortSignal;
};

export type Launch = ProcessLaunch | ExternalLaunch;

export type ProcessLaunch = {
  readonly external: false;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Written to its stdin. */
  readonly input?: string;
  /** Whether stdin stays open after that; its end tells the child that we are gone. */
  readonly lifeLine: boolean;
  /** Whether it reports on file descriptor 3 (one JSON object a line), and is ready when it says so. */
  readonly reports: boolean;
  readonly port?: number;
  readonly version?: string;
  /** One attempt to see it ready (and to finish what a first start needs). Rejects when not yet; with a StartFault when never. */
  readonly becomeReady?: (timeoutMs: number) => Promise<void>;
  /** One look at a ready service. */
  readonly probe?: (timeoutMs: number) => Promise<void>;
  /** Its own shutdown. Resolves when accepted; TERM follows when it rejects or the child does not end. */
  readonly shutdown?: (timeoutMs: number) => Promise<void>;
  /** Lets go of connections that the probes hold. */
  readonly release?: () => void;
  /** Sees more in the last lines than an exit code. */
  readonly explain?: (end: ProcessEnd) => Promise<Explanation | undefined>;
};

export type ExternalLaunch = {
  readonly external: true;
  /** Host and port, without secrets. */
  readonly address: string;
  readonly probe: (timeoutMs: number) => Promise<void>;
};

export type ProcessEnd = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastLines: readonly string[];
  /** The last `failed` report on descriptor 3. */
  readonly report: WorkerFailure | undefined;
};

/** What a failure is, and whether trying again cannot help. */
export type Explanation = {
  readonly kind: FailureKind;
  readonly message: string;
  readonly remedy?: string;
  readonly final: boolean;
};

export type WorkerFailure = {
  readonly reason: string;
  readonly message?: string | undefined;
  readonly problems?: readonly string[] | undefined;
  readonly service?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly code?: string | undefined;
};

export type WorkerReport =
  | { readonly type: 'ready'; readonly endpoints: Endpoints }
  | ({ readonly type: 'failed' } & WorkerFailure)
  /** Optional heartbeat: once one has come, a silence is a hang. */
  | { readonly type: 'alive' }
  | ({ readonly type: 'numbers' } & WorkerNumbers);

/** The start cannot go on. */
export class StartFault extends Error {
  readonly explanation: Explanation;

  constructor(explanation: Explanation) {
    super(explanation.message);
    this.name = 'StartFault';
    this.explanation = explanation;
  }
}

/** What every program says when the disk is full. */
export function explainDiskFull(lines: readonly string[]): Explanation | undefined {
  if (!lines.some((line) => /No space left on device|ENOSPC|There is not enough space on the disk/i.test(line))) return undefined;
  return {
    kind: 'disk-full',
    message: 'The disk is full.',
    remedy: 'Free some space; it is tried again by itself.',
    final: false,
  };
}
