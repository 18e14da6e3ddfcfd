/**
 * What the plots show beside processes: messages in and out since the sample before, clients, the queue, the disk. Workers count since their own start;
 * a worker that began anew counts from nothing.
 */
import { statfsSync } from 'node:fs';
import type { ServiceStatus } from '../supervisor/contract.ts';

export interface MailNumbersOptions {
  readonly workers: () => readonly ServiceStatus[];
  /** The data directory. */
  readonly folder: string;
}

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export class MailNumbers {
  readonly #options: MailNumbersOptions;
  #former = new Map<number, { received: number; sent: number }>();
  /** Set from outside, when it was asked of the API. */
  queued: number | undefined;

  constructor(options: MailNumbersOptions) {
    this.#options = options;
  }

  /** Of all workers together, by listener. */
  clients(): Record<string, number> {
    const clients: Record<string, number> = {};
    for (const { numbers } of this.#options.workers())
      for (const [name, count] of Object.entries(numbers?.clients ?? {})) clients[name] = (clients[name] ?? 0) + count;
    return clients;
  }

  /** Undefined where the system does not tell. */
  disk(): DiskSpace | undefined {
    try {
      const { bavail, blocks, bsize } = statfsSync(this.#options.folder);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch {
      return undefined;
    }
  }

  /** One sample for the store. */
  sample(): Record<string, number> {
    const now = new Map<number, { received: number; sent: number }>();
    const mail = { in: 0, out: 0 };
    for (const { pid, numbers } of this.#options.workers()) {
      if (pid === undefined || numbers === undefined) continue;
      const before = this.#former.get(pid) ?? { received: 0, sent: 0 };
      mail.in += Math.max(0, numbers.received - before.received);
      mail.out += Math.max(0, numbers.sent - before.sent);
      now.set(pid, numbers);
    }
    this.#former = now;
    const disk = this.disk();
    return {
      'mail.in': mail.in,
      'mail.out': mail.out,
      ...Object.fromEntries(Object.entries(this.clients()).map(([name, count]) => [`clients.${name}`, count])),
      ...(disk === undefined ? {} : { 'disk.free': disk.freeBytes }),
      ...(this.queued === undefined ? {} : { 'queue.waiting': this.queued }),
    };
  }
}
