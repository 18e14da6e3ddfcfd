/** The state of the mail server as the tray, the menu and the tooltip show it: one icon, one sentence. Pure. */
import type { Status } from '../../appliance/control/contract.ts';
import type { LinkState } from './appliance-link.ts';
import type { Words } from './words.ts';

export type TrayIcon = 'running' | 'starting' | 'problem' | 'stopped';

export interface ServerState {
  readonly icon: TrayIcon;
  readonly sentence: string;
  /** What the start/stop entry of the menus does; undefined while neither makes sense. */
  readonly offer: 'start' | 'stop' | undefined;
  readonly paused: boolean;
  /** Pausing needs an appliance that answers. */
  readonly canPause: boolean;
}

/** @param paused whether incoming mail is paused by the person */
export function serverState(link: LinkState, paused: boolean, words: Words): ServerState {
  const none = { paused: false, canPause: false };
  if (link.phase === 'failed') return { icon: 'problem', sentence: words.failed, offer: 'start', ...none };
  if (link.phase === 'stopped') return { icon: 'stopped', sentence: words.stopped, offer: 'start', ...none };
  if (link.phase === 'stopping') return { icon: 'starting', sentence: words.stopping, offer: undefined, ...none };
  const { status } = link;
  if (status === undefined) return { icon: 'starting', sentence: words.starting, offer: undefined, ...none };
  return { ...ofStatus(status, paused, words), paused, canPause: status.state === 'running' || status.state === 'degraded' };
}

function ofStatus(status: Status, paused: boolean, words: Words): Pick<ServerState, 'icon' | 'sentence' | 'offer'> {
  const { services } = status;
  const ready = services.filter((service) => service.state === 'ready').length;
  switch (status.state) {
    case 'running':
      return { icon: 'running', sentence: paused ? words.runningPaused : words.running, offer: 'stop' };
    case 'starting':
      return {
        icon: 'starting',
        sentence:
          services.length === 0 ? words.starting : words.startingStep(Math.min(ready + 1, services.length), services.length),
        offer: undefined,
      };
    case 'stopping':
      return { icon: 'starting', sentence: words.stopping, offer: undefined };
    case 'stopped':
      return { icon: 'stopped', sentence: words.stopped, offer: 'start' };
    default: {
      const down = services.filter((service) => service.state !== 'ready' && service.state !== 'stopped');
      const stopped = services.filter((service) => service.state === 'stopped');
      const names = (down.length > 0 ? down : stopped).map((service) => service.name).join(', ');
      return { icon: 'problem', sentence: words.degraded(names), offer: ready === 0 ? 'start' : 'stop' };
    }
  }
}
