/** What takes space: what people have against what lies on the disk, and who has most. */
import { Card, Group, Progress, SimpleGrid, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { useFormats } from '../../lib/format.ts';
import { storageQuery } from './api.ts';

export function StorageCard(): ReactElement {
  const { t } = useTranslation();
  const { bytes, number, percent } = useFormats();
  const { data, error, refetch } = useQuery(storageQuery);
  if (data === undefined) {
    return error === null ? (
      <Skeleton height={180} radius="md" role="status" aria-label={t('common.loading')} />
    ) : (
      <FaultAlert fault={error} title={t('backups.storage.notLoaded')} onRetry={() => void refetch()} />
    );
  }
  const onDisk = data.mainDiskBytes + data.blobDiskBytes + data.indexDiskBytes;
  const saved = data.messageBytes > 0 ? Math.max(0, 1 - onDisk / data.messageBytes) : 0;
  const most = Math.max(1, ...data.people.map((each) => each.bytes));
  const facts: readonly (readonly [string, string, string])[] = [
    [t('backups.storage.messages'), bytes(data.messageBytes), t('backups.storage.count', { messages: number(data.messages) })],
    [t('backups.storage.onDisk'), bytes(onDisk), t('backups.storage.saved', { percent: percent(saved) })],
    [
      t('backups.storage.shared'),
      number(Math.max(0, data.messages - data.contents)),
      t('backups.storage.sharedLead', { blobs: number(data.blobs) }),
    ],
    [
      t('backups.storage.free'),
      data.freeBytes === undefined ? '–' : bytes(data.freeBytes),
      data.diskBytes === undefined ? '' : t('backups.storage.ofDisk', { size: bytes(data.diskBytes) }),
    ],
  ];
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }} spacing="md">
        {facts.map(([title, value, lead]) => (
          <Card key={title} withBorder radius="md">
            <Text size="sm" c="dimmed">
              {title}
            </Text>
            <Text fz={26} fw={650}>
              {value}
            </Text>
            <Text size="sm" c="dimmed">
              {lead}
            </Text>
          </Card>
        ))}
      </SimpleGrid>
      {data.people.length > 0 && (
        <Card withBorder radius="md">
          <Title order={3} mb="xs">
            {t('backups.storage.top')}
          </Title>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('backups.storage.person')}</Table.Th>
                <Table.Th>{t('backups.storage.messages')}</Table.Th>
                <Table.Th>{t('backups.storage.size')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.people.slice(0, 10).map((person) => (
                <Table.Tr key={person.user}>
                  <Table.Td>{person.username}</Table.Td>
                  <Table.Td>{number(person.messages)}</Table.Td>
                  <Table.Td>
                    <Group gap="sm" wrap="nowrap">
                      <Text size="sm" miw={72}>
                        {bytes(person.bytes)}
                      </Text>
                      <Progress
                        value={(100 * person.bytes) / most}
                        flex={1}
                        aria-label={`${person.username}: ${bytes(person.bytes)}`}
                      />
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Card>
      )}
    </Stack>
  );
}
