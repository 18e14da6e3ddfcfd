/**
 * Keeps the server certificate good while the appliance runs: looks twice a day for its age, and every minute whether the computer has a new name
 * or LAN address, and tells when there is another certificate.
 */
import type { Logger } from '../../../server/base/log.ts';
import { discardCertificate, ensureCertificate, type ServerCertificate } from './certificates.ts';
import { certificateNames } from './names.ts';

export interface KeeperOptions {
  readonly folder: string;
  /** Names from the settings. */
  readonly names: () => readonly string[];
  readonly log: Logger;
  readonly onRenewed: (certificate: ServerCertificate) => void;
}

const lookEveryMs = 60_000;
const renewEveryMs = 12 * 3_600_000;

export class CertificateKeeper {
  readonly #options: KeeperOptions;
  #current: ServerCertificate | undefined;
  #names = '';
  #checkedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get current(): ServerCertificate | undefined {
    return this.#current;
  }

  /** The first certificate; then the looking begins. */
  async start(): Promise<ServerCertificate> {
    const certificate = await this.#ensure();
    this.#timer = setInterval(() => this.check(), lookEveryMs).unref();
    return certificate;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** A new certificate whatever the age of the present one. Rejects when none can be made; the present one stays then. */
  async renew(): Promise<void> {
    const made = this.#checking.then(async () => {
      await discardCertificate(this.#options.folder);
      this.#options.onRenewed(await this.#ensure());
    });
    this.#checking = made.catch(() => {});
    await made;
  }

  /** Takes what lies in the folder now, put there by somebody else. */
  async reload(): Promise<void> {
    await this.#checking;
    const certificate = await this.#ensure();
    this.#options.onRenewed(certificate);
  }

  /** Looks now, after the look that is going on. A failure is logged and the former certificate stays. */
  check(): void {
    this.#checking = this.#checking.then(async () => {
      const due = Date.now() - this.#checkedAt > renewEveryMs;
      if (!due && JSON.stringify(certificateNames(this.#options.names())) === this.#names) return;
      try {
        const former = this.#current;
        const certificate = await this.#ensure();
        if (certificate.chain !== former?.chain) this.#options.onRenewed(certificate);
      } catch (error) {
        this.#options.log.error('the certificate could not be renewed; the former one stays', { error });
      }
    });
  }

  async #ensure(): Promise<ServerCertificate> {
    const names = certificateNames(this.#options.names());
    this.#checkedAt = Date.now();
    this.#names = JSON.stringify(names);
    this.#current = await ensureCertificate(this.#options.folder, names);
    return this.#current;
  }
}
