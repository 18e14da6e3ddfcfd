/**
 * The lines that the log screen shows: a page of the newest, older ones on demand, and new ones as they come. Bounded: while new lines come in, the
 * oldest of more than `maxLines` are let go (they can be loaded again).
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type LogEntry, routes } from '../../../app/appliance/control/contract.ts';
import { control } from '../../lib/control.ts';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { followEvents } from '../../lib/live.ts';

/** As the query parameters of the control API. */
export interface LogFilterText {
  readonly level?: string | undefined;
  readonly service?: string | undefined;
  readonly user?: string | undefined;
  readonly connection?: string | undefined;
  readonly text?: string | undefined;
}

export interface LogLines {
  /** Oldest first. */
  readonly lines: readonly LogEntry[];
  readonly state: 'loading' | 'ready' | 'failed';
  readonly fault: Fault | undefined;
  readonly hasOlder: boolean;
  readonly loadingOlder: boolean;
  readonly loadOlder: () => void;
  readonly reload: () => void;
}

const pageSize = 300;
const maxLines = 5000;

export function useLogLines(filter: LogFilterText): LogLines {
  const [lines, setLines] = useState<readonly LogEntry[]>([]);
  const [state, setState] = useState<LogLines['state']>('loading');
  const [fault, setFault] = useState<Fault>();
  const [older, setOlder] = useState<number>();
  const [loadingOlder, setLoadingOlder] = useState(false);
  const [round, setRound] = useState(0);
  const { level, service, user, connection, text } = filter;
  const current = useRef(0);

  useEffect(() => {
    const turn = ++current.current;
    const query = { level, service, user, connection, text };
    const abort = new AbortController();
    // Lines that come before the first page is here wait for it.
    let early: LogEntry[] | undefined = [];
    setLines([]);
    setState('loading');
    setFault(undefined);
    setOlder(undefined);
    const end = followEvents({
      query: { ...query, logs: '1' },
      onEvent: (event) => {
        if (event.type !== 'log') return;
        if (early === undefined) setLines((former) => joined(former, event.lines));
        else early.push(...event.lines);
      },
    });
    control(routes.logs, { query: { ...query, limit: pageSize }, signal: abort.signal })
      .then((page) => {
        if (turn !== current.current) return;
        setLines(joined([...page.lines].reverse(), early ?? []));
        early = undefined;
        setOlder(page.next);
        setState('ready');
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        setFault(faultOf(error));
        setState('failed');
      });
    return () => {
      end();
      abort.abort();
    };
  }, [level, service, user, connection, text, round]);

  const loadOlder = useCallback(() => {
    if (older === undefined || loadingOlder) return;
    const turn = current.current;
    setLoadingOlder(true);
    control(routes.logs, { query: { level, service, user, connection, text, limit: pageSize, before: older } })
      .then((page) => {
        if (turn !== current.current) return;
        setLines((former) => [...[...page.lines].reverse(), ...former]);
        setOlder(page.next);
      })
      .catch((error: unknown) => setFault(faultOf(error)))
      .finally(() => setLoadingOlder(false));
  }, [older, loadingOlder, level, service, user, connection, text]);

  return {
    lines,
    state,
    fault,
    hasOlder: older !== undefined,
    loadingOlder,
    loadOlder,
    reload: useCallback(() => setRound((value) => value + 1), []),
  };
}

/** Appends what is newer than the last line: after a reconnect the same lines may come again. */
export function joined(former: readonly LogEntry[], fresh: readonly LogEntry[]): readonly LogEntry[] {
  const last = former.at(-1)?.id ?? -1;
  const news = fresh.filter(({ id }) => id > last);
  return news.length === 0 ? former : [...former, ...news].slice(-maxLines);
}
