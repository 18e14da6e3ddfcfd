/** The accounts that a person has elsewhere: how fetching goes, and what can be done about it. */
import { Alert, Badge, Button, Card, Group, Menu, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconChevronDown, IconMailDown, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { useFaultWords } from '../../lib/fault-words.ts';
import type { Fault } from '../../lib/fault.ts';
import { notifyDone, notifyFailed } from '../../lib/notify.ts';
import type { Person } from '../../lib/people.ts';
import { type ExternalAccount, externalQuery, fetchExternal, isBusy, removeExternal } from './external-api.ts';
import { ExternalDialog } from './external-dialog.tsx';

const colors = { off: 'gray', waiting: 'green', fetching: 'blue', failing: 'red' } as const;
const nameOf = ({ username, host }: ExternalAccount): string => (username.includes('@') ? username : `${username} (${host})`);

export function ExternalTab({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const accounts = useQuery(externalQuery(person.id));
  const [editing, setEditing] = useState<ExternalAccount | 'new'>();
  const [removing, setRemoving] = useState<ExternalAccount>();
  const remove = useMutation<void, Fault, ExternalAccount>({
    mutationFn: ({ id }) => removeExternal(person.id, id),
    onSuccess: async (_, account) => {
      setRemoving(undefined);
      notifyDone(t('external.removed', { account: nameOf(account) }));
      await client.invalidateQueries({ queryKey: ['people', 'external'] });
    },
  });
  return (
    <Card component="section">
      <Group justify="space-between" mb="md" align="flex-start">
        <div>
          <Title order={2}>{t('people.tab.external')}</Title>
          <Text c="dimmed" size="sm">
            {t('external.lead')}
          </Text>
        </div>
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('new')}>
          {t('external.add')}
        </Button>
      </Group>
      {accounts.data === undefined ? (
        accounts.error === null ? (
          <Skeleton height={140} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={accounts.error} onRetry={() => void accounts.refetch()} />
        )
      ) : accounts.data.length === 0 ? (
        <Empty icon={IconMailDown} title={t('external.emptyTitle')}>
          {t('external.emptyLead')}
        </Empty>
      ) : (
        <Stack gap="sm">
          {accounts.data.map((account) => (
            <AccountCard
              key={account.id}
              person={person}
              account={account}
              onChange={() => setEditing(account)}
              onRemove={() => setRemoving(account)}
            />
          ))}
        </Stack>
      )}
      {editing !== undefined && (
        <ExternalDialog
          person={person}
          title={editing === 'new' ? t('external.addTitle') : t('external.changeTitle', { account: nameOf(editing) })}
          account={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(undefined)}
        />
      )}
      <ConfirmDialog
        opened={removing !== undefined}
        title={t('external.ask', { account: removing === undefined ? '' : nameOf(removing) })}
        confirmLabel={t('external.remove')}
        danger
        busy={remove.isPending}
        onConfirm={() => removing !== undefined && remove.mutate(removing)}
        onClose={() => setRemoving(undefined)}
      >
        {t('external.effect')}
      </ConfirmDialog>
    </Card>
  );
}

function AccountCard({
  person,
  account,
  onChange,
  onRemove,
}: {
  person: Person;
  account: ExternalAccount;
  onChange: () => void;
  onRemove: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const words = useFaultWords();
  const name = nameOf(account);
  const busy = isBusy(account);
  const state = busy ? 'fetching' : account.state;
  const fetchNow = useMutation<void, Fault>({
    mutationFn: () => fetchExternal(person.id, account.id),
    onSuccess: async () => {
      notifyDone(t('external.asked', { account: name }));
      await client.invalidateQueries({ queryKey: ['people', 'external'] });
    },
    onError: (fault) => notifyFailed(t('external.notAsked'), `${words(fault).what} ${words(fault).advice}`),
  });
  return (
    <Card withBorder component="article" aria-label={name} padding="sm">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <div>
          <Group gap="sm">
            <Text fw={600}>{name}</Text>
            <Badge variant="light" color={colors[state]}>
              {t(`external.state.${state}`)}
            </Badge>
          </Group>
          <Text size="sm" c="dimmed">
            {account.kind.toUpperCase()} · {account.host}:{account.port} · {t(`external.keepMode.${account.keep}`)}
          </Text>
          <Text size="sm">
            {account.lastSuccess === null ? (
              t('external.never')
            ) : (
              <>
                {t('external.last')} <RelativeTime at={account.lastSuccess} /> ·{' '}
                {t('external.fetched', { count: account.fetched })}
              </>
            )}
          </Text>
        </div>
        <Group gap="xs" wrap="nowrap">
          <Button
            size="xs"
            variant="default"
            leftSection={<IconMailDown size={15} aria-hidden />}
            loading={fetchNow.isPending}
            disabled={!account.enabled || busy}
            onClick={() => fetchNow.mutate()}
          >
            {t('external.fetchNow')}
          </Button>
          <Menu position="bottom-end" withArrow>
            <Menu.Target>
              <Button size="xs" variant="default" px={8} aria-label={t('external.actions', { account: name })}>
                <IconChevronDown size={15} aria-hidden />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={onChange}>
                {t('external.change')}
              </Menu.Item>
              <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={onRemove}>
                {t('external.remove')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      </Group>
      {account.lastError !== null && (
        <Alert color="red" mt="xs" title={t(`external.failure.${account.lastError.code}`)}>
          <Text size="sm">{account.lastError.text}</Text>
          <Text size="sm" c="dimmed">
            <RelativeTime at={account.lastError.at} /> · {t('external.retry')}
          </Text>
        </Alert>
      )}
      {account.lastRefusal !== null && (
        <Text size="sm" c="dimmed" mt="xs">
          {t('external.refused', { count: account.refused })} {account.lastRefusal.text}
        </Text>
      )}
    </Card>
  );
}
