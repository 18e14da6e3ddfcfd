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
    };

const bad: ReadonlySet<Service['state']> = new Set(['failed', 'crashed', 'backoff']);

/** The most serious first. A service that somebody stopped on purpose is told, too: mail does not flow without it. */
export function attentionOf(status: Status): readonly Attention[] {
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
  return [...services, ...notices].sort((a, b) => (a.level === b.level ? 0 : a.level === 'error' ? -1 : 1));
}

export type Overall = 'working' | 'attention' | 'starting' | 'stopping' | 'down';

export function overallOf(status: Status, count: number): Overall {
  if (status.state === 'starting') return 'starting';
  if (status.state === 'stopping') return 'stopping';
  if (status.state === 'failed' || status.state === 'stopped') return 'down';
  return count > 0 ? 'attention' : 'working';
}
