/** The passwords of single devices: which there are, when they were used, and removing one. */
import { Badge, Button, Card, Group, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconTrash } from '@tabler/icons-react';
import { type ReactElement, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../components/confirm-dialog.tsx';
import { FaultAlert } from '../components/fault-alert.tsx';
import { RelativeTime } from '../components/relative-time.tsx';
import { type AppPassword, appPasswordsQuery, lastUseOf, removeAppPassword } from '../lib/app-passwords.ts';
import type { Fault } from '../lib/fault.ts';
import { notifyDone } from '../lib/notify.ts';

export interface DevicePasswordsCardProps {
  readonly user: string;
  /** The way to where a device is connected. */
  readonly connect: ReactNode;
}

export function DevicePasswordsCard({ user, connect }: DevicePasswordsCardProps): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const passwords = useQuery(appPasswordsQuery(user));
  const [removing, setRemoving] = useState<AppPassword>();
  const remove = useMutation<void, Fault, AppPassword>({
    mutationFn: ({ id }) => removeAppPassword(user, id),
    onSuccess: async (_, { description }) => {
      setRemoving(undefined);
      notifyDone(t('people.device.removed', { name: description }));
      await client.invalidateQueries({ queryKey: appPasswordsQuery(user).queryKey });
    },
  });
  return (
    <Card component="section">
      <Title order={2}>{t('people.device.title')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('people.device.lead')}
      </Text>
      <Stack gap="md">
        {remove.error !== null && <FaultAlert fault={remove.error} title={t('people.device.notRemoved')} />}
        {passwords.data === undefined ? (
          passwords.error === null ? (
            <Skeleton height={80} role="status" aria-label={t('common.loading')} />
          ) : (
            <FaultAlert fault={passwords.error} onRetry={() => void passwords.refetch()} />
          )
        ) : passwords.data.length === 0 ? (
          <Text size="sm">{t('people.device.none')}</Text>
        ) : (
          <Table verticalSpacing="xs" aria-label={t('people.device.title')}>
            <Table.Tbody>
              {passwords.data.map((entry) => {
                const used = lastUseOf(entry);
                return (
                  <Table.Tr key={entry.id}>
                    <Table.Td>
                      <Text fw={500}>{entry.description}</Text>
                      <Text size="sm" c="dimmed">
                        {used === undefined ? (
                          t('people.device.unused')
                        ) : (
                          <>
                            {t('people.device.used')} <RelativeTime at={used} />
                          </>
                        )}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Group gap={4}>
                        {entry.scopes.map((scope) => (
                          <Badge key={scope} color="gray" variant="light">
                            {scope === '*' ? t('people.device.everything') : scope.toUpperCase()}
                          </Badge>
                        ))}
                      </Group>
                    </Table.Td>
                    <Table.Td ta="right">
                      <Button
                        size="xs"
                        variant="subtle"
                        color="red"
                        leftSection={<IconTrash size={15} aria-hidden />}
                        onClick={() => setRemoving(entry)}
                        aria-label={`${t('people.device.remove')}: ${entry.description}`}
                      >
                        {t('people.device.remove')}
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        )}
        <Group>{connect}</Group>
      </Stack>
      <ConfirmDialog
        opened={removing !== undefined}
        title={t('people.device.ask', { name: removing?.description ?? '' })}
        confirmLabel={t('people.device.remove')}
        danger
        busy={remove.isPending}
        onConfirm={() => removing !== undefined && remove.mutate(removing)}
        onClose={() => setRemoving(undefined)}
      >
        {t('people.device.effect')}
      </ConfirmDialog>
    </Card>
  );
}
