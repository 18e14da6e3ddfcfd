/**
 * The lines in a virtual list. It follows the newest line until somebody scrolls back; then it stands still, says so, and counts what came since.
 * Keyboard: the list is one stop; arrows, Page, Home and End move, Enter opens.
 */
import { Button, Group, Loader, Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  IconAlertTriangle,
  IconArrowDown,
  IconBug,
  IconCircleX,
  IconInfoCircle,
  IconPlayerPause,
  IconPlayerPlay,
  type Icon,
} from '@tabler/icons-react';
import { type KeyboardEvent, type ReactElement, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogEntry } from '../../../app/appliance/control/contract.ts';
import { announce } from '../../lib/announce.tsx';
import { useFormats } from '../../lib/format.ts';
import classes from './logs.module.css';
import type { LogLines } from './use-log-lines.ts';

const rowHeight = 28;
const icons: Readonly<Record<LogEntry['level'], Icon>> = {
  trace: IconBug,
  debug: IconBug,
  info: IconInfoCircle,
  warn: IconAlertTriangle,
  error: IconCircleX,
};

export function LogList({ log, onOpen }: { log: LogLines; onOpen: (line: LogEntry) => void }): ReactElement {
  const { t } = useTranslation();
  const { timeWithMs, dateTime } = useFormats();
  const scroller = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const [activeId, setActiveId] = useState<number>();
  const [pausedAt, setPausedAt] = useState(0);
  const { lines, hasOlder, loadingOlder, loadOlder } = log;
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => lines[index]?.id ?? index,
    estimateSize: () => rowHeight,
    overscan: 12,
  });

  const lastId = lines.at(-1)?.id;
  const firstId = lines[0]?.id;
  useLayoutEffect(() => {
    if (following && lines.length > 0) rows.scrollToIndex(lines.length - 1, { align: 'end' });
  }, [following, lastId, lines.length, rows]);

  // Older lines go in above: what was in sight stays where it is.
  const formerFirst = useRef(firstId);
  useLayoutEffect(() => {
    const former = formerFirst.current;
    formerFirst.current = firstId;
    if (former === undefined || firstId === undefined || firstId >= former) return;
    const added = lines.findIndex(({ id }) => id === former);
    const element = scroller.current;
    if (added > 0 && element !== null) element.scrollTop += added * rowHeight;
  }, [firstId, lines]);

  const pause = (): void => {
    if (!following) return;
    setFollowing(false);
    setPausedAt(lastId ?? 0);
  };
  const follow = (): void => {
    setFollowing(true);
    setActiveId(undefined);
  };
  const onScroll = (): void => {
    const element = scroller.current;
    if (element === null) return;
    const fromEnd = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (fromEnd > 2 * rowHeight) pause();
    else if (fromEnd < 4 && !following && activeId === undefined) follow();
    if (element.scrollTop < 200 && hasOlder && !loadingOlder && !following) loadOlder();
  };
  const activeIndex = activeId === undefined ? -1 : lines.findIndex(({ id }) => id === activeId);
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / rowHeight) - 1);
    const from = activeIndex === -1 ? lines.length - 1 : activeIndex;
    const moves: Record<string, number> = {
      ArrowUp: from - 1,
      ArrowDown: from + 1,
      PageUp: from - page,
      PageDown: from + page,
      Home: 0,
    };
    const move = moves[event.key];
    if (event.key === 'End') {
      event.preventDefault();
      follow();
    } else if (event.key === 'Enter' && activeIndex !== -1) {
      event.preventDefault();
      const line = lines[activeIndex];
      if (line !== undefined) onOpen(line);
    } else if (move !== undefined && lines.length > 0) {
      event.preventDefault();
      const to = Math.max(0, Math.min(lines.length - 1, move));
      pause();
      setActiveId(lines[to]?.id);
      rows.scrollToIndex(to);
    }
  };
  const news = following ? 0 : lines.filter(({ id }) => id > pausedAt).length;
  useEffect(() => {
    announce(t(following ? 'logs.live' : 'logs.paused'));
  }, [following, t]);

  return (
    <>
      <div
        ref={scroller}
        className={classes['scroller']}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        role="listbox"
        aria-label={t('logs.list')}
        aria-activedescendant={activeId === undefined ? undefined : `line-${activeId}`}
        tabIndex={0}
      >
        <div style={{ height: rows.getTotalSize(), position: 'relative' }} role="presentation">
          {rows.getVirtualItems().map(({ index, key, start }) => {
            const line = lines[index];
            if (line === undefined) return null;
            const IconOf = icons[line.level];
            return (
              <div
                key={key}
                id={`line-${line.id}`}
                role="option"
                aria-selected={line.id === activeId}
                aria-setsize={lines.length}
                aria-posinset={index + 1}
                className={classes['line']}
                data-level={line.level}
                style={{ transform: `translateY(${start}px)`, height: rowHeight }}
                onClick={() => {
                  setActiveId(line.id);
                  pause();
                  onOpen(line);
                }}
              >
                <time className={classes['time']} dateTime={new Date(line.at).toISOString()} title={dateTime(line.at)}>
                  {timeWithMs(line.at)}
                </time>
                <span className={classes['level']}>
                  <IconOf size={15} aria-hidden />
                  {t(`logs.level.${line.level}`)}
                </span>
                <span className={classes['service']}>{line.service}</span>
                <span className={classes['message']}>{line.message}</span>
                <span className={classes['who']}>{line.user ?? ''}</span>
              </div>
            );
          })}
        </div>
      </div>
      <Group className={classes['foot'] ?? ''} justify="space-between">
        <Group gap="sm">
          <Button
            size="xs"
            variant={following ? 'default' : 'filled'}
            leftSection={following ? <IconPlayerPause size={14} aria-hidden /> : <IconPlayerPlay size={14} aria-hidden />}
            onClick={following ? pause : follow}
          >
            {t(following ? 'logs.pause' : 'logs.resume')}
          </Button>
          <Text size="sm" fw={600}>
            {t(following ? 'logs.live' : 'logs.paused')}
          </Text>
          {loadingOlder && <Loader size="xs" aria-label={t('logs.older')} />}
          {!hasOlder && !following && (
            <Text size="xs" c="dimmed">
              {t('logs.beginning')}
            </Text>
          )}
        </Group>
        {news > 0 ? (
          <Button size="xs" variant="light" leftSection={<IconArrowDown size={14} aria-hidden />} onClick={follow}>
            {t('logs.newLines', { count: news })}
          </Button>
        ) : (
          <Text size="xs" c="dimmed" visibleFrom="sm">
            {t('logs.keys')}
          </Text>
        )}
      </Group>
    </>
  );
}
