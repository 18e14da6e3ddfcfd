/** What waits to be sent, why, and what can be done about it. */
import {
  ActionIcon,
  Alert,
  Badge,
  Button,
  Group,
  Menu,
  Paper,
  Skeleton,
  Stack,
  Table,
  Text,
  VisuallyHidden,
} from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconCircleCheck, IconDots, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { useFaultWords } from '../../lib/fault-words.ts';
import { useFormats } from '../../lib/format.ts';
import { notifyDone, notifyFailed } from '../../lib/notify.ts';
import { actOnEntry, pauseQueue, type QueueDeed, type QueueEntry, queueQuery, queueStatusQuery } from './api.ts';

const knownModes = ['direct', 'relay', 'catch', 'paused'] as const;
type KnownMode = (typeof knownModes)[number];

export function QueueTab(): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const words = useFaultWords();
  const status = useQuery(queueStatusQuery);
  const queue = useInfiniteQuery(queueQuery(''));
  const entries = queue.data?.pages.flatMap((page) => page.results) ?? [];
  const [removing, setRemoving] = useState<QueueEntry>();
  const change = useMutation<void, Fault, { done: string; run: () => Promise<void> }>({
    mutationFn: ({ run }) => run(),
    onSuccess: (_, { done }) => {
      setRemoving(undefined);
      notifyDone(done);
    },
    onError: (fault) => notifyFailed(words(fault).what, fault.message || words(fault).advice),
    onSettled: () => client.invalidateQueries({ queryKey: ['mail'] }),
  });
  const act = (entry: QueueEntry, deed: QueueDeed): void =>
    change.mutate({ done: t(`mail.queue.did.${deed}`), run: () => actOnEntry(entry.id, deed) });
  const paused = status.data?.paused;
  const mode = status.data?.mode;

  return (
    <Stack gap="md">
      {status.data !== undefined && (
        <Group justify="space-between">
          <Text c="dimmed" size="sm">
            {[
              t('mail.queue.counts', { queued: status.data.queued, held: status.data.held }),
              ...((knownModes as readonly string[]).includes(mode ?? '') ? [t(`mail.mode.${mode as KnownMode}`)] : []),
            ].join(' · ')}
          </Text>
          <Button
            size="xs"
            variant="default"
            loading={change.isPending}
            leftSection={
              paused === undefined ? <IconPlayerPause size={14} aria-hidden /> : <IconPlayerPlay size={14} aria-hidden />
            }
            onClick={() =>
              change.mutate({
                done: t(paused === undefined ? 'mail.queue.nowPaused' : 'mail.queue.nowResumed'),
                run: () => pauseQueue(paused === undefined),
              })
            }
          >
            {t(paused === undefined ? 'mail.queue.pause' : 'mail.queue.resume')}
          </Button>
        </Group>
      )}
      {paused !== undefined && (
        <Alert color="orange" title={t('mail.queue.isPaused')}>
          <Text size="sm">
            {paused.reason} <RelativeTime at={paused.since} />
          </Text>
        </Alert>
      )}
      {(status.data?.resting ?? []).map((resting) => (
        <Alert key={resting.destination} color="orange" title={t('mail.queue.resting', { destination: resting.destination })}>
          <Text size="sm">
            {resting.reason} · {t('mail.queue.next')} <RelativeTime at={resting.until} />
          </Text>
        </Alert>
      ))}
      {queue.data === undefined ? (
        queue.error === null ? (
          <Skeleton height={200} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={faultOf(queue.error)} title={t('mail.queue.notLoaded')} onRetry={() => void queue.refetch()} />
        )
      ) : entries.length === 0 ? (
        <Empty icon={IconCircleCheck} title={t('mail.queue.emptyTitle')}>
          {t('mail.queue.emptyLead')}
        </Empty>
      ) : (
        <Paper withBorder style={{ overflowX: 'auto' }}>
          <Table verticalSpacing="sm" horizontalSpacing="md" aria-label={t('mail.tab.queue')}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('mail.queue.column.message')}</Table.Th>
                <Table.Th>{t('mail.queue.column.to')}</Table.Th>
                <Table.Th>{t('mail.queue.column.state')}</Table.Th>
                <Table.Th>{t('mail.queue.column.next')}</Table.Th>
                <Table.Th>
                  <VisuallyHidden>{t('people.actions')}</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {entries.map((entry) => (
                <EntryRow
                  key={entry.id}
                  entry={entry}
                  onAct={(deed) => (deed === 'remove' ? setRemoving(entry) : act(entry, deed))}
                />
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
      {queue.hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={queue.isFetchingNextPage} onClick={() => void queue.fetchNextPage()}>
            {t('mail.older')}
          </Button>
        </Group>
      )}
      <ConfirmDialog
        opened={removing !== undefined}
        title={t('mail.queue.ask')}
        confirmLabel={t('mail.queue.deed.remove')}
        danger
        busy={change.isPending}
        onConfirm={() => removing !== undefined && act(removing, 'remove')}
        onClose={() => setRemoving(undefined)}
      >
        {t('mail.queue.effect')}
      </ConfirmDialog>
    </Stack>
  );
}

function EntryRow({ entry, onAct }: { entry: QueueEntry; onAct: (deed: QueueDeed) => void }): ReactElement {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const deeds: readonly QueueDeed[] =
    entry.state === 'held' ? ['release', 'return', 'remove'] : ['retry', 'hold', 'return', 'remove'];
  return (
    <Table.Tr>
      <Table.Td maw={300}>
        <Text fw={600} size="sm" truncate>
          {entry.subject || t('mail.trace.noSubject')}
        </Text>
        <Text size="sm" c="dimmed" truncate>
          {`${entry.from || t('mail.trace.noSender')} · ${bytes(entry.size)}`}
        </Text>
      </Table.Td>
      <Table.Td maw={240}>
        <Text size="sm" truncate>
          {entry.recipients.join(', ')}
        </Text>
      </Table.Td>
      <Table.Td maw={280}>
        <Badge variant="light" color={entry.state === 'held' ? 'orange' : 'blue'}>
          {t(`mail.queue.state.${entry.state}`)}
        </Badge>
        {entry.last !== undefined && (
          <Text size="xs" c="dimmed" mt={4} lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
            {[entry.last.server, entry.last.text].filter((part) => part !== '').join(': ')}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Text size="sm">{entry.state === 'held' ? '' : <RelativeTime at={entry.next} />}</Text>
        <Text size="xs" c="dimmed">
          {t('mail.queue.attempts', { count: entry.attempts })}
        </Text>
      </Table.Td>
      <Table.Td ta="right">
        <Menu position="bottom-end" withArrow>
          <Menu.Target>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`${t('people.actions')}: ${entry.subject || entry.recipients.join(', ')}`}
            >
              <IconDots size={17} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {deeds.map((deed) => (
              <Menu.Item key={deed} {...(deed === 'remove' ? { color: 'red' } : {})} onClick={() => onAct(deed)}>
                {t(`mail.queue.deed.${deed}`)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}
