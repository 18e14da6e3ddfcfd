/** What needs a person, worked out from the status. Pure, so that every case can be tested. */
import type { Service, Status } from '../../../app/appliance/control/contract.ts';

export type Attention =
  | { readonly kind: 'service'; readonly level: 'error' | 'warn'; readonly key: string; readonly service: Service }
  | {
      readonly kind: 'notice';
      readonly level: 'error' | 'warn';
      readonly key: string;
      readonly message: string;
      readonly at: string;
    }
  | {
      readonly kind: 'watched';
      readonly level: 'error' | 'warn';
      readonly key: string;
      readonly what: WatchedKind;
      readonly value: string | number;
    };

/** Each has its words and its button. */
export type WatchedKind = 'certificate' | 'diskLow' | 'diskDays' | 'queueStuck' | 'queuePaused' | 'bans' | 'openWithoutPassword';

/** What is watched beside services; undefined: not known. */
export interface Watched {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly certificateEnds?: string | undefined;
  readonly disk?: { readonly freeBytes: number; readonly totalBytes: number } | undefined;
  readonly diskDays?: number | undefined;
  readonly queueOldest?: string | undefined;
  readonly queuePaused?: string | undefined;
  readonly bans?: number | undefined;
  readonly openWithoutPassword?: boolean | undefined;
}

const hour = 3_600_000;
const gibibyte = 1024 ** 3;
/** It is renewed by itself 30 days before; later than this something is wrong. */
const certificateDays = 14;
const stuckMs = 4 * hour;
const soonDays = 21;

const bad: ReadonlySet<Service['state']> = new Set(['failed', 'crashed', 'backoff']);

/** The most serious first. A service that somebody stopped on purpose is told, too: mail does not flow without it. */
export function attentionOf(status: Status, watched?: Watched): readonly Attention[] {
  const services = status.services
    .filter((service) => bad.has(service.state) || service.state === 'stopped')
    .map(
      (service): Attention => ({
        kind: 'service',
        level: service.state === 'failed' ? 'error' : 'warn',
        key: service.name,
        service,
      }),
    );
  const notices = status.notices.flatMap((notice): Attention[] =>
    notice.level === 'info'
      ? []
      : [{ kind: 'notice', level: notice.level, key: `${notice.at} ${notice.message}`, message: notice.message, at: notice.at }],
  );
  return [...services, ...(watched === undefined ? [] : watchedOf(watched)), ...notices].sort((a, b) =>
    a.level === b.level ? 0 : a.level === 'error' ? -1 : 1,
  );
}

function watchedOf(watched: Watched): Attention[] {
  const { now, certificateEnds, disk, diskDays, queueOldest, queuePaused, bans, openWithoutPassword } = watched;
  const found: [WatchedKind, 'error' | 'warn', string | number][] = [];
  if (certificateEnds !== undefined) {
    const left = new Date(certificateEnds).getTime() - now;
    if (left < certificateDays * 24 * hour) found.push(['certificate', left < 0 ? 'error' : 'warn', certificateEnds]);
  }
  if (disk !== undefined && disk.freeBytes < 5 * gibibyte)
    found.push(['diskLow', disk.freeBytes < gibibyte ? 'error' : 'warn', disk.freeBytes]);
  else if (diskDays !== undefined && diskDays < soonDays) found.push(['diskDays', 'warn', diskDays]);
  if (queuePaused !== undefined) found.push(['queuePaused', 'warn', queuePaused]);
  else if (queueOldest !== undefined && now - new Date(queueOldest).getTime() > stuckMs)
    found.push(['queueStuck', 'warn', queueOldest]);
  if (openWithoutPassword === true) found.push(['openWithoutPassword', 'warn', '']);
  if (bans !== undefined && bans > 0) found.push(['bans', 'warn', bans]);
  return found.map(([what, level, value]) => ({ kind: 'watched', key: what, what, level, value }));
}

export type Overall = 'working' | 'attention' | 'starting' | 'stopping' | 'down';

export function overallOf(status: Status, count: number): Overall {
  if (status.state === 'starting') return 'starting';
  if (status.state === 'stopping') return 'stopping';
  if (status.state === 'failed' || status.state === 'stopped') return 'down';
  return count > 0 ? 'attention' : 'working';
}
