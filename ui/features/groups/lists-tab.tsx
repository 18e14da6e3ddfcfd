/** Distribution lists: which there are, who may write to them, and making one. */
import {
  ActionIcon,
  Badge,
  Button,
  Card,
  Group,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
  Tooltip,
  VisuallyHidden,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { IconPencil, IconPlus, IconSearch, IconTrash, IconUsersGroup } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import { type ListedList, listsQuery, removeList } from './api.ts';
import { ListDialog } from './list-dialog.tsx';

export function ListsTab(): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [text, setText] = useState('');
  const [searched] = useDebouncedValue(text.trim(), 200);
  const [editing, setEditing] = useState<{ readonly id: string | undefined }>();
  const [removing, setRemoving] = useState<ListedList>();
  const lists = useInfiniteQuery(listsQuery(searched));
  const entries = lists.data?.pages.flatMap(({ results }) => results);
  const remove = useMutation<void, Fault, ListedList>({
    mutationFn: ({ id }) => removeList(id),
    onSuccess: async (_, { address }) => {
      setRemoving(undefined);
      notifyDone(t('groups.list.removed', { address }));
      await client.invalidateQueries({ queryKey: ['groups'] });
    },
  });
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing({ id: undefined })}>
      {t('groups.list.add')}
    </Button>
  );
  return (
    <>
      {entries === undefined ? (
        lists.error === null ? (
          <Skeleton height={200} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={faultOf(lists.error)} onRetry={() => void lists.refetch()} />
        )
      ) : entries.length === 0 && searched === '' ? (
        <Empty icon={IconUsersGroup} title={t('groups.list.emptyTitle')} action={add}>
          {t('groups.list.emptyLead')}
        </Empty>
      ) : (
        <Card>
          <Group justify="space-between" mb="md">
            <TextInput
              type="search"
              aria-label={t('groups.list.search')}
              placeholder={t('groups.list.search')}
              leftSection={<IconSearch size={16} aria-hidden />}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
            {add}
          </Group>
          {remove.error !== null && <FaultAlert fault={remove.error} title={t('groups.notRemoved')} />}
          <Table.ScrollContainer minWidth={560}>
            <Table verticalSpacing="sm" aria-label={t('groups.tab.lists')}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('people.field.address')}</Table.Th>
                  <Table.Th>{t('groups.list.members')}</Table.Th>
                  <Table.Th>{t('groups.list.posting')}</Table.Th>
                  <Table.Th>
                    <VisuallyHidden>{t('people.actions')}</VisuallyHidden>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {entries.map((entry) => (
                  <Table.Tr key={entry.id}>
                    <Table.Td>
                      <Text fw={600} size="sm">
                        {entry.address}
                      </Text>
                      <Text size="sm" c="dimmed">
                        {entry.name}
                      </Text>
                    </Table.Td>
                    <Table.Td>{t('groups.list.count', { count: entry.members })}</Table.Td>
                    <Table.Td>
                      <Group gap={6}>
                        {t(`groups.posting.${entry.posting}`)}
                        {entry.moderated && <Badge variant="light">{t('groups.list.moderated')}</Badge>}
                      </Group>
                    </Table.Td>
                    <Table.Td>
                      <Group gap={2} justify="flex-end" wrap="nowrap">
                        <Act
                          label={t('groups.list.edit', { address: entry.address })}
                          icon={<IconPencil size={17} aria-hidden />}
                          onClick={() => setEditing({ id: entry.id })}
                        />
                        <Act
                          label={t('groups.list.remove', { address: entry.address })}
                          icon={<IconTrash size={17} aria-hidden />}
                          onClick={() => setRemoving(entry)}
                        />
                      </Group>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          <Stack gap="xs" mt="sm" align="flex-start">
            {entries.length === 0 && <Text size="sm">{t('groups.list.nothing', { text: searched })}</Text>}
            {lists.hasNextPage && (
              <Button variant="default" loading={lists.isFetchingNextPage} onClick={() => void lists.fetchNextPage()}>
                {t('groups.more')}
              </Button>
            )}
          </Stack>
        </Card>
      )}
      {editing !== undefined && <ListDialog id={editing.id} onClose={() => setEditing(undefined)} />}
      <ConfirmDialog
        opened={removing !== undefined}
        title={t('groups.list.ask', { address: removing?.address ?? '' })}
        confirmLabel={t('people.bulk.remove')}
        danger
        busy={remove.isPending}
        onConfirm={() => removing !== undefined && remove.mutate(removing)}
        onClose={() => setRemoving(undefined)}
      >
        {t('groups.list.effect')}
      </ConfirmDialog>
    </>
  );
}

function Act({ label, icon, onClick }: { label: string; icon: ReactElement; onClick: () => void }): ReactElement {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
