/** Sign-ins and changes: when, from where, by which protocol. */
import { Badge, Button, Card, Group, Skeleton, Table, Text, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { IconHistory } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { faultOf } from '../../lib/fault.ts';
import type { Person } from '../../lib/people.ts';
import { activityQuery } from './api.ts';

const knownActions = [
  'authentication',
  'password change',
  'account created',
  'enable 2fa totp',
  'disable 2fa totp',
  'create asp',
  'delete asp',
] as const;
type KnownAction = (typeof knownActions)[number];

export function ActivityTab({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const activity = useInfiniteQuery(activityQuery(person.id));
  const events = activity.data?.pages.flatMap((page) => page.results) ?? [];
  const word = (action: string): string =>
    (knownActions as readonly string[]).includes(action) ? t(`people.activity.action.${action as KnownAction}`) : action;
  return (
    <Card component="section">
      <Title order={2}>{t('people.tab.activity')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('people.activity.lead')}
      </Text>
      {activity.data === undefined ? (
        activity.error === null ? (
          <Skeleton height={160} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={faultOf(activity.error)} onRetry={() => void activity.refetch()} />
        )
      ) : events.length === 0 ? (
        <Empty icon={IconHistory} title={t('people.activity.emptyTitle')}>
          {t('people.activity.emptyLead')}
        </Empty>
      ) : (
        <Table verticalSpacing="xs" aria-label={t('people.tab.activity')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('people.activity.what')}</Table.Th>
              <Table.Th>{t('people.activity.result')}</Table.Th>
              <Table.Th>{t('people.activity.by')}</Table.Th>
              <Table.Th>{t('people.activity.from')}</Table.Th>
              <Table.Th>{t('people.activity.when')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {events.map((event) => (
              <Table.Tr key={event.id}>
                <Table.Td>
                  {word(event.action)}
                  {(event.events ?? 1) > 1 && (
                    <Text span size="sm" c="dimmed">
                      {` · ${t('people.activity.times', { count: event.events ?? 1 })}`}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <Badge color={event.result === 'success' || event.result === undefined ? 'mallard' : 'red'} variant="light">
                    {event.result === 'success' || event.result === undefined
                      ? t('people.activity.success')
                      : t('people.activity.refused')}
                  </Badge>
                </Table.Td>
                <Table.Td>{event.protocol ?? ''}</Table.Td>
                <Table.Td>{event.ip ?? ''}</Table.Td>
                <Table.Td>
                  <RelativeTime at={event.last ?? event.created} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {activity.hasNextPage && (
        <Group justify="center" mt="md">
          <Button variant="default" loading={activity.isFetchingNextPage} onClick={() => void activity.fetchNextPage()}>
            {t('people.activity.older')}
          </Button>
        </Group>
      )}
    </Card>
  );
}
