/**
 * The appliance's event stream. The browser's EventSource gives up on an HTTP error, so reconnecting is done here, with growing pauses; the
 * appliance sends its whole present state first, so nothing is missed by that.
 */
import type { QueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { eventSchema, type ControlEvent } from '../../app/appliance/control/contract.ts';
import { sessionQuery, settingsQuery, statusQuery } from './queries.ts';
import { withQuery } from './request.ts';

export type LinkState = 'connecting' | 'open' | 'lost';

export interface EventsOptions {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly onEvent: (event: ControlEvent) => void;
  readonly onState?: (state: LinkState) => void;
}

const firstPauseMs = 500;
const longestPauseMs = 10_000;

/** @returns the function that ends it */
export function followEvents(options: EventsOptions): () => void {
  let source: EventSource | undefined;
  let timer: number | undefined;
  let pauseMs = firstPauseMs;
  let ended = false;
  const open = (): void => {
    source = new EventSource(withQuery('/control/events', options.query));
    source.addEventListener('open', () => {
      pauseMs = firstPauseMs;
      options.onState?.('open');
    });
    source.addEventListener('error', () => {
      source?.close();
      if (ended) return;
      options.onState?.('lost');
      timer = window.setTimeout(open, pauseMs);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    });
    for (const type of ['status', 'notice', 'settings', 'log'] as const) {
      source.addEventListener(type, (message: MessageEvent<string>) => {
        const event = tryEvent(message.data);
        if (event !== undefined) options.onEvent(event);
      });
    }
  };
  options.onState?.('connecting');
  open();
  return () => {
    ended = true;
    window.clearTimeout(timer);
    source?.close();
  };
}

function tryEvent(data: string): ControlEvent | undefined {
  try {
    const result = eventSchema.safeParse(JSON.parse(data));
    return result.success ? result.data : undefined;
  } catch {
    // Not JSON: a newer appliance's event that this page does not know.
    return undefined;
  }
}

let linkState: LinkState = 'connecting';
const linkListeners = new Set<() => void>();

function setLinkState(state: LinkState): void {
  linkState = state;
  for (const listener of linkListeners) listener();
}

/** Whether the page hears the appliance. */
export function useLinkState(): LinkState {
  return useSyncExternalStore(
    (listener) => {
      linkListeners.add(listener);
      return () => linkListeners.delete(listener);
    },
    () => linkState,
  );
}

/** Keeps the shared queries at the appliance's present state. Mounted once, while signed in. */
export function useLiveState(client: QueryClient): void {
  useEffect(
    () =>
      followEvents({
        onEvent: (event) => {
          if (event.type === 'status') client.setQueryData(statusQuery.queryKey, event.status);
          if (event.type === 'settings') void client.invalidateQueries({ queryKey: settingsQuery.queryKey });
          if (event.type === 'notice') void client.invalidateQueries({ queryKey: statusQuery.queryKey });
        },
        onState: (state) => {
          // After a restart the session may be gone; asking tells.
          if (state === 'open' && linkState === 'lost') {
            void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
            void client.invalidateQueries();
          }
          setLinkState(state);
        },
      }),
    [client],
  );
}
