/** The mail protocols of the appliance: what can be reached from outside, derived from settings, endpoints and the workers' states. */
import type { Endpoint, SettingEntry, Status } from '../../app/appliance/control/contract.ts';
import type { ShownState } from '../components/state-badge.tsx';

export const listenerNames = [
  'imap',
  'imaps',
  'pop3',
  'pop3s',
  'submission',
  'submissions',
  'smtp',
  'lmtp',
  'managesieve',
  'api',
] as const;
export type ListenerName = (typeof listenerNames)[number];

/** Who can reach a listening address. */
export type Reach = 'here' | 'network' | 'address';

export interface Listener {
  readonly name: ListenerName;
  readonly enabled: boolean;
  readonly state: ShownState;
  readonly endpoint: Endpoint | undefined;
  readonly host: string;
  readonly reach: Reach;
  /** As it is set; the port in use may be another one when this is the default. */
  readonly wantedPort: number;
  readonly portIsDefault: boolean;
}

export function listenersOf(status: Status, settings: ReadonlyMap<string, SettingEntry>): Listener[] {
  const workers = status.services.filter((service) => service.kind === 'worker');
  const anyReady = workers.some((worker) => worker.state === 'ready');
  const anyFailed = workers.length > 0 && workers.every((worker) => worker.state === 'failed');
  return listenerNames.flatMap((name): Listener[] => {
    const enabled = settings.get(`${name}.enabled`)?.value;
    if (typeof enabled !== 'boolean') return [];
    const given = settings.get(`${name}.host`)?.value;
    const host = typeof given === 'string' ? given : 'any';
    const port = settings.get(`${name}.port`);
    const endpoint = status.endpoints[name];
    return [
      {
        name,
        enabled,
        state: stateOf(enabled, endpoint !== undefined, anyReady, anyFailed),
        endpoint,
        host,
        reach: reachOf(host),
        wantedPort: Number(port?.value ?? 0),
        portIsDefault: port?.origin === 'default',
      },
    ];
  });
}

function stateOf(enabled: boolean, listens: boolean, workerReady: boolean, workersFailed: boolean): ShownState {
  if (!enabled) return listens && workerReady ? 'stopping' : 'off';
  if (workersFailed) return 'failed';
  return listens && workerReady ? 'ready' : 'waiting';
}

export function reachOf(host: string): Reach {
  if (host === 'any' || host === '0.0.0.0' || host === '::') return 'network';
  return host === 'localhost' || host.startsWith('127.') || host === '::1' ? 'here' : 'address';
}
