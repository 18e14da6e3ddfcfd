/**
 * Announces services by multicast DNS (RFC 6762), so that mail programs and phones on the LAN find this server without anybody typing its address. One change at a
 * time; what is wanted meanwhile is the next change. A network that cannot be announced on is a warning in the log: nobody's mail waits for it.
 */
import { hostname } from 'node:os';
import type { Logger } from '../../../server/base/log.ts';
import { announcedHost } from '../certificates/names.ts';
import type { AnnouncedService } from './services.ts';

/** What speaks multicast DNS. */
export interface Responder {
  readonly publish: (services: readonly AnnouncedService[]) => Promise<void>;
  /** Says goodbye and closes its sockets. */
  readonly close: () => Promise<void>;
}

export interface AnnouncerOptions {
  readonly log: Logger;
  /** Called when there is something to announce, not before. */
  readonly open?: () => Promise<Responder>;
}

export class Announcer {
  readonly #log: Logger;
  readonly #open: () => Promise<Responder>;
  #responder: Responder | undefined;
  #wanted = '[]';
  #announced = '[]';
  #running: Promise<void> | undefined;

  constructor({ log, open = () => openResponder(log) }: AnnouncerOptions) {
    this.#log = log;
    this.#open = open;
  }

  /** Makes the network know these services and no others. Returns at once. */
  update(services: readonly AnnouncedService[]): void {
    this.#wanted = JSON.stringify(services);
    if (this.#wanted !== this.#announced) this.#running ??= this.#work();
  }

  /** Takes everything back. */
  async close(): Promise<void> {
    this.update([]);
    await this.#running;
  }

  async #work(): Promise<void> {
    while (this.#wanted !== this.#announced) {
      const wanted = this.#wanted;
      // What failed is not tried in a circle: the next change tries again.
      this.#announced = wanted;
      try {
        await this.#announce(JSON.parse(wanted) as AnnouncedService[]);
      } catch (error) {
        this.#log.warn('this server cannot be announced on the network', { error });
        await this.#shut().catch(() => undefined);
      }
    }
    this.#running = undefined;
  }

  /** A responder's services cannot be changed: each set has one of its own. */
  async #announce(services: readonly AnnouncedService[]): Promise<void> {
    await this.#shut();
    if (services.length === 0) return;
    this.#responder = await this.#open();
    await this.#responder.publish(services);
    this.#log.info('announced on the network', { services: services.map(({ type, port }) => `${type} ${port}`).join(', ') });
  }

  async #shut(): Promise<void> {
    const responder = this.#responder;
    this.#responder = undefined;
    await responder?.close();
  }
}

/** Loaded when it is wanted: who announces nothing has no sockets and no library. */
async function openResponder(log: Logger): Promise<Responder> {
  const { default: ciao } = await import('@homebridge/ciao');
  const responder = ciao.getResponder();
  const name = `Mallard (${hostname().split('.')[0] ?? ''})`;
  return {
    publish: async (services) => {
      const all = services.map(({ type, port, txt }) =>
        responder.createService({
          name,
          type,
          port,
          hostname: announcedHost(hostname(), type).replace(/\.local$/, ''),
          // Never empty: the responder takes the echo of its own empty record for somebody else's.
          txt: { txtvers: '1', ...txt },
        }),
      );
      // Somebody else on the network has the name already: the responder takes another by itself.
      const renamed = (taken: string): void => log.info('announced by another name', { taken });
      for (const service of all) service.on('name-change', renamed).on('hostname-change', renamed);
      await Promise.all(all.map((service) => service.advertise()));
    },
    close: () => responder.shutdown(),
  };
}
