/** Where the mailbox is used: each device or address that signed in lately, with the way to end it. */
import { Button, Card, Group, Skeleton, Table, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconLogout } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { appPasswordsQuery, removeAppPassword } from '../../lib/app-passwords.ts';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import { type Person, signOutPerson } from '../../lib/people.ts';
import { activityQuery } from './api.ts';
import { type Use, usesOf } from './uses.ts';

export function UseCard({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const activity = useInfiniteQuery(activityQuery(person.id));
  const uses = usesOf(activity.data?.pages.flatMap((page) => page.results) ?? []);
  const passwords = useQuery(appPasswordsQuery(person.id)).data;
  const nameOf = ({ device, asp }: Use): string =>
    passwords?.find(({ id }) => id === asp)?.description ??
    device ??
    t(asp === undefined ? 'people.uses.byPassword' : 'people.uses.gone');
  const end = useMutation<void, Fault, string | undefined>({
    mutationFn: (asp) => (asp === undefined ? signOutPerson(person.id) : removeAppPassword(person.id, asp)),
    onSuccess: async (_, asp) => {
      notifyDone(t(asp === undefined ? 'people.uses.endedAll' : 'people.uses.ended'));
      await client.invalidateQueries({ queryKey: ['people'] });
    },
  });
  return (
    <Card component="section" style={{ gridColumn: '1 / -1' }}>
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={2}>{t('people.uses.title')}</Title>
          <Text c="dimmed" size="sm" mb="md">
            {t('people.uses.lead')}
          </Text>
        </div>
        <Button
          variant="default"
          leftSection={<IconLogout size={16} aria-hidden />}
          loading={end.isPending && end.variables === undefined}
          onClick={() => end.mutate(undefined)}
        >
          {t('people.signOutEverywhere')}
        </Button>
      </Group>
      {end.error !== null && <FaultAlert fault={end.error} />}
      {activity.data === undefined ? (
        activity.error === null ? (
          <Skeleton height={90} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={faultOf(activity.error)} onRetry={() => void activity.refetch()} />
        )
      ) : uses.length === 0 ? (
        <Text size="sm">{t('people.uses.none')}</Text>
      ) : (
        <Table verticalSpacing="xs" aria-label={t('people.uses.title')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('people.uses.device')}</Table.Th>
              <Table.Th>{t('people.activity.by')}</Table.Th>
              <Table.Th>{t('people.activity.from')}</Table.Th>
              <Table.Th>{t('people.uses.last')}</Table.Th>
              <Table.Th>{t('people.actions')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {uses.map((use) => (
              <Table.Tr key={use.key}>
                <Table.Td>{nameOf(use)}</Table.Td>
                <Table.Td>{use.protocols.join(', ')}</Table.Td>
                <Table.Td>{use.ip ?? '–'}</Table.Td>
                <Table.Td>
                  <RelativeTime at={use.last} />
                </Table.Td>
                <Table.Td>
                  {use.asp !== undefined && passwords?.some(({ id }) => id === use.asp) === true && (
                    <Button
                      size="xs"
                      variant="default"
                      loading={end.isPending && end.variables === use.asp}
                      onClick={() => end.mutate(use.asp)}
                      aria-label={`${t('people.uses.end')}: ${nameOf(use)}`}
                    >
                      {t('people.uses.end')}
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Card>
  );
}
