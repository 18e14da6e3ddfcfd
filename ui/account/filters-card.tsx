/** Filters: what is done with new mail that fits. A list in the order in which they work, and a form for each. */
import { ActionIcon, Badge, Button, Card, Group, Skeleton, Stack, Switch, Text, Title, Tooltip } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconArrowDown, IconArrowUp, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../components/confirm-dialog.tsx';
import { FaultAlert } from '../components/fault-alert.tsx';
import { type Fault, faultOf } from '../lib/fault.ts';
import { type Mailbox, mailboxesQuery, specialOf } from '../lib/mailboxes.ts';
import { notifyDone } from '../lib/notify.ts';
import { FilterDialog } from './filter-dialog.tsx';
import { sentenceOf } from './filter-words.ts';
import { enableFilter, filtersQuery, type MailFilter, orderFilters, removeFilter } from './filters.ts';

export function FiltersCard({ user }: { user: string }): ReactElement {
  const { t } = useTranslation();
  const list = useQuery(filtersQuery(user));
  const mailboxes = useQuery(mailboxesQuery(user));
  const [editing, setEditing] = useState<MailFilter | 'new'>();
  const filters = list.data?.filters;
  const isFull = filters !== undefined && filters.length >= (list.data?.allowed ?? 0);
  return (
    <Card component="section">
      <Group justify="space-between" align="flex-start" mb="md">
        <div>
          <Title order={2}>{t('filters.title')}</Title>
          <Text c="dimmed" size="sm">
            {t('filters.lead')}
          </Text>
        </div>
        <Button
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => setEditing('new')}
          disabled={filters === undefined || isFull}
        >
          {t('filters.add')}
        </Button>
      </Group>
      {filters === undefined ? (
        list.error === null ? (
          <Skeleton height={120} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={list.error} onRetry={() => void list.refetch()} />
        )
      ) : filters.length === 0 ? (
        <Text size="sm">{t('filters.none')}</Text>
      ) : (
        <FilterRows user={user} filters={filters} mailboxes={mailboxes.data ?? []} onEdit={setEditing} />
      )}
      {isFull && filters.length > 0 && (
        <Text size="sm" c="dimmed" mt="sm">
          {t('filters.full', { count: filters.length })}
        </Text>
      )}
      {editing !== undefined && (
        <FilterDialog
          user={user}
          filter={editing === 'new' ? undefined : editing}
          mailboxes={mailboxes.data ?? []}
          onClose={() => setEditing(undefined)}
        />
      )}
    </Card>
  );
}

interface RowsProps {
  readonly user: string;
  readonly filters: readonly MailFilter[];
  readonly mailboxes: readonly Mailbox[];
  readonly onEdit: (filter: MailFilter) => void;
}

function FilterRows({ user, filters, mailboxes, onEdit }: RowsProps): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [removing, setRemoving] = useState<MailFilter>();
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: filtersQuery(user).queryKey });
  const change = useMutation<void, Fault, () => Promise<void>>({
    mutationFn: (deed) => deed(),
    onSettled: refresh,
  });
  const nameOf = (id: string): string => {
    const found = mailboxes.find((mailbox) => mailbox.id === id);
    const special = found === undefined ? undefined : specialOf(found);
    return special === undefined ? (found?.path ?? '?') : t(`mailbox.${special}`);
  };
  const titleOf = (filter: MailFilter): string => (filter.name === '' ? sentenceOf(t, filter, nameOf).condition : filter.name);
  const move = (at: number, by: number): void => {
    const order = filters.map(({ id }) => id);
    const [id = ''] = order.splice(at, 1);
    order.splice(at + by, 0, id);
    change.mutate(() => orderFilters(user, order));
  };
  return (
    <Stack gap="xs">
      {change.error !== null && <FaultAlert fault={faultOf(change.error)} title={t('people.notSaved')} />}
      <Stack component="ol" gap={0} p={0} m={0} style={{ listStyle: 'none' }}>
        {filters.map((filter, at) => {
          const { condition, deed } = sentenceOf(t, filter, nameOf);
          const title = titleOf(filter);
          return (
            <Group
              component="li"
              key={filter.id}
              wrap="nowrap"
              py="sm"
              style={{ borderTop: at === 0 ? undefined : '1px solid var(--mallard-line)' }}
            >
              <Switch
                checked={!filter.disabled}
                onChange={(event) => {
                  const enabled = event.currentTarget.checked;
                  change.mutate(() => enableFilter(user, filter.id, enabled));
                }}
                aria-label={t('filters.enabled', { name: title })}
              />
              <div style={{ flex: 1, minWidth: 0 }}>
                <Group gap="xs">
                  <Text fw={600} size="sm">
                    {title}
                  </Text>
                  {filter.disabled && <Badge color="gray">{t('filters.off')}</Badge>}
                </Group>
                {filter.name !== '' && (
                  <Text size="sm" c="dimmed">
                    {condition}
                  </Text>
                )}
                <Text size="sm">→ {deed}</Text>
              </div>
              <Group gap={2} wrap="nowrap">
                <RowButton
                  label={t('filters.up', { name: title })}
                  icon={<IconArrowUp size={17} aria-hidden />}
                  disabled={at === 0 || change.isPending}
                  onClick={() => move(at, -1)}
                />
                <RowButton
                  label={t('filters.down', { name: title })}
                  icon={<IconArrowDown size={17} aria-hidden />}
                  disabled={at === filters.length - 1 || change.isPending}
                  onClick={() => move(at, 1)}
                />
                <RowButton
                  label={t('filters.edit', { name: title })}
                  icon={<IconPencil size={17} aria-hidden />}
                  onClick={() => onEdit(filter)}
                />
                <RowButton
                  label={t('filters.remove', { name: title })}
                  icon={<IconTrash size={17} aria-hidden />}
                  onClick={() => setRemoving(filter)}
                />
              </Group>
            </Group>
          );
        })}
      </Stack>
      <ConfirmDialog
        opened={removing !== undefined}
        title={t('filters.ask', { name: removing === undefined ? '' : titleOf(removing) })}
        confirmLabel={t('filters.removeIt')}
        danger
        busy={change.isPending}
        onConfirm={() => {
          if (removing === undefined) return;
          const { id } = removing;
          change.mutate(() => removeFilter(user, id), {
            onSuccess: () => {
              setRemoving(undefined);
              notifyDone(t('filters.removed'));
            },
          });
        }}
        onClose={() => setRemoving(undefined)}
      >
        {t('filters.effect')}
      </ConfirmDialog>
    </Stack>
  );
}

interface RowButtonProps {
  readonly label: string;
  readonly icon: ReactElement;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}

function RowButton({ label, icon, disabled = false, onClick }: RowButtonProps): ReactElement {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} disabled={disabled} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
