/** The addresses of a person: add, choose the main one, remove. */
import { ActionIcon, Badge, Button, Card, Group, Skeleton, Stack, Table, Text, TextInput, Title, Tooltip } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlus, IconStar, IconTrash } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import type { Fault } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import type { Person } from '../../lib/people.ts';
import { addAddress, addressesQuery, type AddressEntry, makeMainAddress, removeAddress } from './api.ts';

export function AddressesTab({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const addresses = useQuery(addressesQuery(person.id));
  const [wanted, setWanted] = useState('');
  const [removing, setRemoving] = useState<AddressEntry>();
  const change = useMutation<void, Fault, { done: string; run: () => Promise<void> }>({
    mutationFn: ({ run }) => run(),
    onSuccess: async (_, { done }) => {
      notifyDone(done);
      setRemoving(undefined);
      await client.invalidateQueries({ queryKey: ['people'] });
    },
  });
  const add = (): void =>
    change.mutate(
      { done: t('people.address.added', { address: wanted.trim() }), run: () => addAddress(person.id, wanted.trim()) },
      { onSuccess: () => setWanted('') },
    );
  return (
    <Card component="section">
      <Title order={2}>{t('people.tab.addresses')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('people.address.lead')}
      </Text>
      <Stack gap="md">
        {change.error !== null && <FaultAlert fault={change.error} title={t('people.notSaved')} />}
        {addresses.data === undefined ? (
          addresses.error === null ? (
            <Skeleton height={100} role="status" aria-label={t('common.loading')} />
          ) : (
            <FaultAlert fault={addresses.error} onRetry={() => void addresses.refetch()} />
          )
        ) : (
          <Table verticalSpacing="xs" aria-label={t('people.tab.addresses')}>
            <Table.Tbody>
              {addresses.data.map((entry) => (
                <Table.Tr key={entry.id}>
                  <Table.Td>
                    <Group gap="sm">
                      <Text fw={500}>{entry.address}</Text>
                      {entry.main === true && <Badge variant="light">{t('people.address.main')}</Badge>}
                    </Group>
                  </Table.Td>
                  <Table.Td w={100}>
                    {entry.main !== true && (
                      <Group gap={4} justify="flex-end" wrap="nowrap">
                        <Tooltip label={t('people.address.makeMain', { address: entry.address })}>
                          <ActionIcon
                            variant="subtle"
                            color="gray"
                            aria-label={t('people.address.makeMain', { address: entry.address })}
                            onClick={() =>
                              change.mutate({
                                done: t('people.address.isMain', { address: entry.address }),
                                run: () => makeMainAddress(person.id, entry.id),
                              })
                            }
                          >
                            <IconStar size={17} aria-hidden />
                          </ActionIcon>
                        </Tooltip>
                        <Tooltip label={t('people.address.remove', { address: entry.address })}>
                          <ActionIcon
                            variant="subtle"
                            color="red"
                            aria-label={t('people.address.remove', { address: entry.address })}
                            onClick={() => setRemoving(entry)}
                          >
                            <IconTrash size={17} aria-hidden />
                          </ActionIcon>
                        </Tooltip>
                      </Group>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            add();
          }}
        >
          <Group align="flex-end" gap="xs">
            <TextInput
              flex={1}
              maw={420}
              type="email"
              label={t('people.address.another')}
              placeholder="info@example.org"
              value={wanted}
              onChange={(event) => setWanted(event.currentTarget.value)}
              autoComplete="off"
              spellCheck={false}
            />
            <Button
              type="submit"
              variant="default"
              leftSection={<IconPlus size={16} aria-hidden />}
              loading={change.isPending}
              disabled={wanted.trim() === ''}
            >
              {t('people.address.add')}
            </Button>
          </Group>
        </form>
      </Stack>
      <ConfirmDialog
        opened={removing !== undefined}
        title={t('people.address.ask', { address: removing?.address ?? '' })}
        confirmLabel={t('people.bulk.remove')}
        danger
        busy={change.isPending}
        onConfirm={() =>
          removing !== undefined &&
          change.mutate({
            done: t('people.address.removed', { address: removing.address }),
            run: () => removeAddress(person.id, removing.id),
          })
        }
        onClose={() => setRemoving(undefined)}
      >
        {t('people.address.effect')}
      </ConfirmDialog>
    </Card>
  );
}
