/** People who were removed and can be brought back, mail and all, until their time is over. */
import { Button, Modal, Skeleton, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconArrowBackUp } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import type { Fault } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import { removedQuery, restorePerson, type RemovedPerson } from './api.ts';

export function RemovedDialog({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} size="lg" title={<Text fw={650}>{t('people.removed.title')}</Text>}>
      <Body />
    </Modal>
  );
}

function Body(): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const removed = useQuery(removedQuery);
  const restore = useMutation<void, Fault, RemovedPerson>({
    mutationFn: ({ id }) => restorePerson(id),
    onSuccess: (_, { name, username }) => notifyDone(t('people.did.restore', { name: name || username })),
    onSettled: () => client.invalidateQueries({ queryKey: ['people'] }),
  });
  if (removed.data === undefined)
    return removed.error === null ? (
      <Skeleton height={120} role="status" aria-label={t('common.loading')} />
    ) : (
      <FaultAlert fault={removed.error} onRetry={() => void removed.refetch()} />
    );
  if (removed.data.length === 0) return <Text size="sm">{t('people.removed.none')}</Text>;
  return (
    <>
      {restore.error !== null && <FaultAlert fault={restore.error} />}
      <Table verticalSpacing="xs" aria-label={t('people.removed.title')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('people.column.person')}</Table.Th>
            <Table.Th>{t('people.removed.when')}</Table.Th>
            <Table.Th>{t('people.removed.until')}</Table.Th>
            <Table.Th>{t('people.actions')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {removed.data.map((person) => (
            <Table.Tr key={person.id}>
              <Table.Td>
                {person.name || person.username}
                <Text size="sm" c="dimmed">
                  {person.address}
                </Text>
              </Table.Td>
              <Table.Td>
                <RelativeTime at={person.deleted} />
              </Table.Td>
              <Table.Td>
                <RelativeTime at={person.deleteAfter} />
              </Table.Td>
              <Table.Td>
                <Button
                  size="xs"
                  variant="default"
                  leftSection={<IconArrowBackUp size={14} aria-hidden />}
                  loading={restore.isPending && restore.variables.id === person.id}
                  onClick={() => restore.mutate(person)}
                >
                  {t('people.removed.restore')}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
