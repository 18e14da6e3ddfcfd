/** What workers log that an administrator should know at once: a line with a known `event` becomes a notice, the same one not again for an hour. */
import type { LogLine } from './logs/line.ts';

export type WorkerNotice = { readonly level: 'warn' | 'error'; readonly message: string };

const REPEAT_MS = 3_600_000;
const MAX_REMEMBERED = 1_000;

const NOTICES: Readonly<Record<string, (fields: Readonly<Record<string, unknown>>) => WorkerNotice>> = {
  'sending-limit': ({ username, device, what, limit }) => ({
    level: 'error',
    message: `${text(device) === '' ? text(username) : `The device ${text(device)}`} has reached the limit of ${text(limit)} ${text(what)}. If that was not meant, the password may be stolen: change it, and look at the queue.`,
  }),
  quota: ({ username, percent, level }) => ({
    level: 'warn',
    message:
      level === 100
        ? `The mailbox of ${text(username)} is full: mail for it is refused.`
        : `The mailbox of ${text(username)} is ${text(percent)} % full.`,
  }),
};

export class WorkerNotices {
  readonly #told = new Map<string, number>();

  /** Undefined = nothing new to tell. */
  of({ fields, at }: LogLine): WorkerNotice | undefined {
    const event = fields?.['event'];
    const make = typeof event === 'string' && Object.hasOwn(NOTICES, event) ? NOTICES[event] : undefined;
    if (fields === undefined || make === undefined) return undefined;
    const key = `${String(event)} ${text(fields['username'])} ${text(fields['device'])} ${text(fields['level'])}`;
    if (at - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS) return undefined;
    this.#told.delete(key);
    this.#told.set(key, at);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MAX_REMEMBERED) break;
      this.#told.delete(oldest);
    }
    return make(fields);
  }
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 200) : '';
}
