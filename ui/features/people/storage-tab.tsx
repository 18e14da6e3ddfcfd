/** What takes the space: the mailboxes with their sizes. */
import { Button, Card, Group, Progress, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconCalculator } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { QuotaBar } from '../../components/quota-bar.tsx';
import type { Fault } from '../../lib/fault.ts';
import { useFormats } from '../../lib/format.ts';
import { notifyDone } from '../../lib/notify.ts';
import { type Person, quotaOf } from '../../lib/people.ts';
import { mailboxesQuery, recountQuota } from './api.ts';

export function StorageTab({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const { bytes, number } = useFormats();
  const client = useQueryClient();
  const mailboxes = useQuery(mailboxesQuery(person.id));
  const recount = useMutation<{ storageUsed: number; previousStorageUsed: number }, Fault>({
    mutationFn: () => recountQuota(person.id),
    onSuccess: async ({ storageUsed, previousStorageUsed }) => {
      notifyDone(
        storageUsed === previousStorageUsed
          ? t('people.storage.counted', { used: bytes(storageUsed) })
          : t('people.storage.corrected', { used: bytes(storageUsed), before: bytes(previousStorageUsed) }),
      );
      await client.invalidateQueries({ queryKey: ['people'] });
    },
  });
  const sorted = [...(mailboxes.data ?? [])].sort((a, b) => (b.size ?? 0) - (a.size ?? 0));
  const most = Math.max(1, ...sorted.map(({ size }) => size ?? 0));
  return (
    <Card component="section">
      <Group justify="space-between" mb="md">
        <div>
          <Title order={2}>{t('people.tab.storage')}</Title>
          <Text c="dimmed" size="sm">
            {t('people.storage.lead')}
          </Text>
        </div>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconCalculator size={15} aria-hidden />}
          loading={recount.isPending}
          onClick={() => recount.mutate()}
        >
          {t('people.storage.recount')}
        </Button>
      </Group>
      <Stack gap="lg">
        {recount.error !== null && <FaultAlert fault={recount.error} title={t('people.storage.notCounted')} />}
        <QuotaBar {...quotaOf(person)} large />
        {mailboxes.data === undefined ? (
          mailboxes.error === null ? (
            <Skeleton height={160} role="status" aria-label={t('common.loading')} />
          ) : (
            <FaultAlert fault={mailboxes.error} onRetry={() => void mailboxes.refetch()} />
          )
        ) : (
          <Table verticalSpacing="xs" aria-label={t('people.storage.mailboxes')}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('people.storage.mailbox')}</Table.Th>
                <Table.Th ta="right">{t('people.storage.messages')}</Table.Th>
                <Table.Th w="40%">{t('people.storage.size')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {sorted.map((mailbox) => (
                <Table.Tr key={mailbox.id}>
                  <Table.Td>{mailbox.path}</Table.Td>
                  <Table.Td ta="right">{number(mailbox.total ?? 0)}</Table.Td>
                  <Table.Td>
                    <Group gap="sm" wrap="nowrap">
                      <Progress
                        flex={1}
                        value={((mailbox.size ?? 0) / most) * 100}
                        aria-label={`${mailbox.path}: ${bytes(mailbox.size ?? 0)}`}
                      />
                      <Text size="sm" w={74} ta="right">
                        {bytes(mailbox.size ?? 0)}
                      </Text>
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Stack>
    </Card>
  );
}
