/** Who has signed in to this account, from where and how; and the button that ends all of it. */
import { Badge, Button, Card, Group, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { IconLogout } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { type Person, signOutPerson } from '../../lib/people.ts';
import { signInsQuery } from './api.ts';

export function SignInsCard({ me }: { me: Person }): ReactElement {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const list = useInfiniteQuery(signInsQuery);
  const entries = list.data?.pages.flatMap(({ results }) => results);
  const end = useMutation<void, Fault>({
    mutationFn: () => signOutPerson(me.id),
    // Loaded anew, the page holds nothing of whoever was here.
    onSuccess: () => window.location.assign('/me'),
  });
  return (
    <Card component="section">
      <Group justify="space-between" align="flex-start" mb="md">
        <div>
          <Title order={2}>{t('me.signIns.title')}</Title>
          <Text c="dimmed" size="sm">
            {t('me.signIns.lead')}
          </Text>
        </div>
        <Button variant="default" leftSection={<IconLogout size={16} aria-hidden />} onClick={() => setAsked(true)}>
          {t('people.signOutEverywhere')}
        </Button>
      </Group>
      {end.error !== null && <FaultAlert fault={end.error} title={t('people.notSaved')} />}
      {entries === undefined ? (
        list.error === null ? (
          <Skeleton height={160} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={faultOf(list.error)} onRetry={() => void list.refetch()} />
        )
      ) : entries.length === 0 ? (
        <Text size="sm">{t('people.activity.emptyLead')}</Text>
      ) : (
        <Stack gap="sm">
          <Table.ScrollContainer minWidth={520}>
            <Table verticalSpacing="xs" aria-label={t('me.signIns.title')}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('people.activity.when')}</Table.Th>
                  <Table.Th>{t('people.activity.result')}</Table.Th>
                  <Table.Th>{t('people.activity.by')}</Table.Th>
                  <Table.Th>{t('people.activity.from')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {entries.map((entry) => (
                  <Table.Tr key={entry.id}>
                    <Table.Td>
                      <RelativeTime at={entry.last ?? entry.created} />
                      {(entry.events ?? 1) > 1 && (
                        <Text size="xs" c="dimmed">
                          {t('people.activity.times', { count: entry.events ?? 1 })}
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td>
                      <Badge variant="light" color={entry.result === 'success' ? 'mallard' : 'orange'}>
                        {t(entry.result === 'success' ? 'people.activity.success' : 'people.activity.refused')}
                      </Badge>
                    </Table.Td>
                    <Table.Td>
                      {entry.protocol ?? ''}
                      {typeof entry.aname === 'string' && entry.aname !== '' && (
                        <Text size="xs" c="dimmed">
                          {entry.aname}
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td>{entry.ip ?? ''}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          {list.hasNextPage && (
            <Group>
              <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                {t('people.activity.older')}
              </Button>
            </Group>
          )}
        </Stack>
      )}
      <ConfirmDialog
        opened={asked}
        title={t('me.signIns.ask')}
        confirmLabel={t('people.signOutEverywhere')}
        busy={end.isPending}
        onConfirm={() => end.mutate()}
        onClose={() => setAsked(false)}
      >
        {t('me.signIns.effect')}
      </ConfirmDialog>
    </Card>
  );
}
