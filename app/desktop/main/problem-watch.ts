/**
 * Which problems deserve a notification: a new one, once; not each blip. A service that is down is reported when it has given up, or has not come
 * back for a while; the same problem not again for a longer while; and when everything works again after a report, that is said once. Pure: fed
 * with states and the time, gives texts.
 */
import type { Notice, Status } from '../../appliance/control/contract.ts';
import type { Words } from './words.ts';

export interface ProblemLimits {
  /** How long a service may be down before it is a problem. */
  readonly patienceMs: number;
  /** The same problem is not reported again within this time. */
  readonly repeatMs: number;
}
const defaults: ProblemLimits = { patienceMs: 30_000, repeatMs: 30 * 60_000 };
const maxRemembered = 100;

export class ProblemWatch {
  readonly #words: Words;
  readonly #limits: ProblemLimits;
  /** Since when a service is down. */
  readonly #downSince = new Map<string, number>();
  readonly #reportedAt = new Map<string, number>();
  /** Services whose trouble was reported and is not over. */
  readonly #open = new Set<string>();

  constructor(words: Words, limits: Partial<ProblemLimits> = {}) {
    this.#words = words;
    this.#limits = { ...defaults, ...limits };
  }

  /** @returns what to tell the person. Call it with each new state, and now and then with the last one. */
  look(status: Status, now: number): string[] {
    const texts: string[] = [];
    for (const { name, state, failure, progress } of status.services) {
      // Stopped and stopping are somebody's wish; a first start may download for long and says so.
      const down =
        state === 'failed' || state === 'crashed' || state === 'backoff' || (state === 'starting' && failure !== undefined);
      if (!down) {
        if (state === 'ready' || state === 'stopped') {
          this.#downSince.delete(name);
          if (this.#open.delete(name) && this.#open.size === 0 && state === 'ready') texts.push(this.#words.problemGone);
        }
        continue;
      }
      const since = this.#downSince.get(name) ?? now;
      this.#downSince.set(name, since);
      if (state !== 'failed' && now - since < this.#limits.patienceMs) continue;
      const reason = failure?.message ?? progress ?? state;
      if (this.#mayReport(name, now)) texts.push(this.#words.serviceFailed(name, reason));
      this.#open.add(name);
    }
    return texts;
  }

  /** @returns the text to tell, or undefined */
  notice(notice: Notice, now: number): string | undefined {
    return notice.level === 'error' && this.#mayReport(`notice ${notice.message}`, now) ? notice.message : undefined;
  }

  #mayReport(key: string, now: number): boolean {
    const before = this.#reportedAt.get(key);
    if (before !== undefined && now - before < this.#limits.repeatMs) return false;
    this.#reportedAt.delete(key);
    this.#reportedAt.set(key, now);
    for (const oldest of this.#reportedAt.keys()) {
      if (this.#reportedAt.size <= maxRemembered) break;
      this.#reportedAt.delete(oldest);
    }
    return true;
  }
}
