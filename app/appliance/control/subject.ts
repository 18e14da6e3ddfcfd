/** What the control API needs of the appliance. */
import type { BackupService } from '../backup/service.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { LogStore } from '../logs/store.ts';
import type { MetricsStore } from '../metrics/store.ts';
import type { Settings } from '../settings/store.ts';
import type { CertificateInfo, ControlEvent, Finding, SelfTest, StartMode, Status } from './contract.ts';

/** The worker's HTTP API as this computer reaches it. */
export interface WorkerApi {
  readonly host: string;
  readonly port: number;
  readonly token: string;
}

export interface ControlSubject {
  readonly settings: Settings;
  readonly logs: LogStore;
  readonly metrics: MetricsStore;
  readonly jobs: Pick<Jobs, 'list' | 'get' | 'cancel'>;
  readonly backups: Pick<BackupService, keyof BackupService>;
  status(): Status;
  /** The three resolve when it is done. @throws ControlFault for a name that is no service, and for a service that does not come up */
  startService(name: string): Promise<void>;
  stopService(name: string): Promise<void>;
  restartService(name: string): Promise<void>;
  /** Undefined while no worker is ready. */
  workerApi(): WorkerApi | undefined;
  /** Looks at the machine, the data directory and the services. Takes some tenths of a second. */
  preflight(network: boolean): readonly Finding[] | Promise<readonly Finding[]>;
  /** @throws ControlFault when the listener is not there, or no account could be made for the test */
  testListener(name: string): Promise<SelfTest>;
  /** A zip for somebody who helps; nothing of anybody's mail. */
  supportBundle(): Promise<Buffer>;
  startMode(): Promise<StartMode>;
  /** @throws ControlFault for what needs an administrator */
  setStartMode(mode: StartMode['mode']): Promise<void>;
  /** Undefined until it is made. */
  certificate(): CertificateInfo | undefined;
  /** Makes a new one at once. */
  renewCertificate(): Promise<void>;
  /** Begins the stop of everything; returns at once. */
  shutdown(): void;
  subscribe(listener: (event: ControlEvent) => void): () => void;
}
