/**
 * The messages of a mailbox or of a search, only those drawn that are to be seen; the next page comes as the end comes near. One row has the Tab stop; arrows and
 * j/k go to the next. A row is a list item with a box to choose it and a button to open it.
 */
import { Checkbox, Loader, Skeleton, Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { IconArrowBackUp, IconArrowForwardUp, IconPaperclip, IconStarFilled } from '@tabler/icons-react';
import { type ReactElement, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { type Formats, useFormats } from '../../lib/format.ts';
import type { ListedMessage } from './api.ts';
import classes from './webmail.module.css';

const rowHeight = 82;
/** The next page is asked for when so few rows are left. */
const ahead = 30;

export const keyOf = ({ mailbox, id }: Pick<ListedMessage, 'mailbox' | 'id'>): string => `${mailbox} ${id}`;

interface MessageListProps {
  readonly messages: readonly ListedMessage[];
  readonly total: number;
  readonly openKey: string | undefined;
  readonly cursor: number;
  readonly chosen: ReadonlySet<string>;
  /** Sent mail shows whom it went to. */
  readonly outgoing: boolean;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly onMore: () => void;
  readonly onOpen: (message: ListedMessage, at: number) => void;
  readonly onChoose: (message: ListedMessage, chosen: boolean) => void;
  /** For the caller, who moves the cursor by keys. */
  readonly listRef: React.RefObject<HTMLDivElement | null>;
}

export function MessageList(props: MessageListProps): ReactElement {
  const { messages, total, openKey, cursor, chosen, outgoing, hasMore, isLoadingMore, onMore, onOpen, onChoose, listRef } = props;
  const { t } = useTranslation();
  const formats = useFormats();
  const wasFocused = useRef(false);
  const rows = useVirtualizer({
    count: messages.length,
    getScrollElement: () => listRef.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    getItemKey: (at) => {
      const message = messages[at];
      return message === undefined ? at : keyOf(message);
    },
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isLoadingMore && last >= messages.length - ahead) onMore();
  }, [hasMore, isLoadingMore, last, messages.length, onMore]);
  useEffect(() => {
    if (cursor < 0 || cursor >= messages.length) return;
    rows.scrollToIndex(cursor);
  }, [cursor, messages.length, rows]);
  useEffect(() => {
    // The focus goes with the cursor, but is not taken from elsewhere.
    const list = listRef.current;
    if (list === null || !wasFocused.current) return;
    list.querySelector<HTMLElement>(`[data-at="${cursor}"]`)?.focus({ preventScroll: true });
  }, [cursor, items, listRef]);

  return (
    <div
      ref={listRef}
      className={classes['list']}
      onFocus={() => {
        wasFocused.current = true;
      }}
      onBlur={(event) => {
        // A row that scrolls away takes the focus with it: that is not leaving.
        if (event.relatedTarget !== null) wasFocused.current = event.currentTarget.contains(event.relatedTarget);
      }}
      tabIndex={messages.length === 0 ? 0 : -1}
      role="group"
      aria-label={t('webmail.messages')}
    >
      <ul className={classes['rows']} style={{ height: rows.getTotalSize() }}>
        {items.map(({ index, start, key }) => {
          const message = messages[index];
          if (message === undefined) return null;
          const people = outgoing ? message.to : message.from === undefined ? [] : [message.from];
          const who = people.map(({ name, address }) => (name === '' ? address : name)).join(', ') || t('webmail.nobody');
          const when = shortTime(formats, message.idate);
          const states = [
            ...(message.seen ? [] : [t('webmail.state.unseen')]),
            ...(message.flagged ? [t('webmail.state.flagged')] : []),
            ...(message.answered ? [t('webmail.state.answered')] : []),
            ...(message.attachments ? [t('webmail.state.attachments')] : []),
          ];
          const subject = message.subject === '' ? t('webmail.noSubject') : message.subject;
          const isOpen = keyOf(message) === openKey;
          return (
            <li
              key={key}
              className={classes['row']}
              style={{ height: rowHeight, transform: `translateY(${start}px)` }}
              aria-setsize={total}
              aria-posinset={index + 1}
              {...(isOpen ? { 'data-open': true } : {})}
              {...(message.seen ? {} : { 'data-unseen': true })}
            >
              <Checkbox
                size="xs"
                mt={3}
                tabIndex={index === cursor ? 0 : -1}
                checked={chosen.has(keyOf(message))}
                onChange={(event) => onChoose(message, event.currentTarget.checked)}
                aria-label={t('webmail.choose', { subject })}
              />
              <UnstyledButton
                className={classes['message'] ?? ''}
                data-at={index}
                tabIndex={index === cursor ? 0 : -1}
                aria-current={isOpen ? 'true' : undefined}
                onClick={() => onOpen(message, index)}
              >
                {states.length > 0 && <VisuallyHidden>{`${states.join(', ')}: `}</VisuallyHidden>}
                <span className={classes['line']}>
                  {!message.seen && <span className={classes['dot']} aria-hidden />}
                  <Text span size="sm" className={classes['who'] ?? ''}>
                    {who}
                  </Text>
                  {message.answered && <IconArrowBackUp size={15} aria-hidden />}
                  {message.forwarded && <IconArrowForwardUp size={15} aria-hidden />}
                  {message.attachments && <IconPaperclip size={15} aria-hidden />}
                  {message.flagged && <IconStarFilled size={14} color="#c77700" aria-hidden />}
                  <Text span size="xs" c="dimmed">
                    {when}
                  </Text>
                </span>
                <Text span size="sm" className={classes['subject'] ?? ''} display="block">
                  {subject}
                </Text>
                <Text span size="sm" c="dimmed" className={classes['intro'] ?? ''} display="block">
                  {message.intro}
                </Text>
              </UnstyledButton>
            </li>
          );
        })}
      </ul>
      {isLoadingMore && (
        <Text size="sm" c="dimmed" p="sm" ta="center" role="status">
          <Loader size="xs" mr={8} />
          {t('common.loading')}
        </Text>
      )}
    </div>
  );
}

export function ListSkeleton(): ReactElement {
  const { t } = useTranslation();
  return (
    <div style={{ padding: 12 }} role="status" aria-label={t('common.loading')}>
      {[0, 1, 2, 3, 4].map((at) => (
        <Skeleton key={at} height={rowHeight - 16} mb={16} />
      ))}
    </div>
  );
}

/** Today the time, else the day: enough to find something by. */
function shortTime({ time, date }: Formats, at: string): string {
  const when = new Date(at);
  return when.toDateString() === new Date().toDateString() ? time(when).replace(/:\d\d(?=\D*$)/, '') : date(when);
}
