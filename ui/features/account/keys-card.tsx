/** Security keys and passkeys as a second factor. */
import { ActionIcon, Button, Card, Group, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconFingerprint, IconTrash } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { meQuery } from '../../lib/me.ts';
import { notifyDone } from '../../lib/notify.ts';
import { hasPasskeys, type Passkey, registerPasskey, removePasskey } from '../../lib/passkeys.ts';
import type { Person } from '../../lib/people.ts';
import { passkeysQuery } from './api.ts';
import { RecoveryCodes } from './recovery-codes.tsx';

export function KeysCard({ me }: { me: Person }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const keys = useQuery(passkeysQuery);
  const [name, setName] = useState('');
  const [removing, setRemoving] = useState<Passkey>();
  const [recovery, setRecovery] = useState<readonly string[]>();
  const refresh = (): Promise<unknown> =>
    Promise.all([
      client.invalidateQueries({ queryKey: passkeysQuery.queryKey }),
      client.refetchQueries({ queryKey: meQuery.queryKey, exact: true }),
    ]);
  const add = useMutation({
    mutationFn: () => registerPasskey(me.id, name.trim()),
    onSuccess: async (codes) => {
      setRecovery(codes);
      setName('');
      notifyDone(t('me.keys.added'));
      await refresh();
    },
  });
  const remove = useMutation<void, Fault, Passkey>({
    mutationFn: ({ id }) => removePasskey(me.id, id),
    onSuccess: async () => {
      setRemoving(undefined);
      notifyDone(t('me.keys.removed'));
      await refresh();
    },
  });
  return (
    <Card component="section">
      <Title order={2}>{t('me.keys.title')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('me.keys.lead')}
      </Text>
      <Stack gap="sm">
        {[add.error, remove.error].map((error) =>
          error === null ? null : <FaultAlert key={error.message} fault={faultOf(error)} title={t('people.notSaved')} />,
        )}
        {recovery !== undefined && <RecoveryCodes codes={recovery} address={me.address ?? me.username} />}
        {keys.data === undefined ? (
          keys.error === null ? (
            <Skeleton height={40} role="status" aria-label={t('common.loading')} />
          ) : (
            <FaultAlert fault={keys.error} onRetry={() => void keys.refetch()} />
          )
        ) : keys.data.length === 0 ? (
          <Text size="sm">{t('me.keys.none')}</Text>
        ) : (
          keys.data.map((key) => (
            <Group key={key.id} justify="space-between">
              <Group gap="xs">
                <IconFingerprint size={18} aria-hidden />
                <Text size="sm" fw={500}>
                  {key.description}
                </Text>
              </Group>
              <ActionIcon
                variant="subtle"
                color="red"
                aria-label={t('me.keys.remove', { name: key.description })}
                onClick={() => setRemoving(key)}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Group>
          ))
        )}
        {hasPasskeys() ? (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              add.mutate();
            }}
          >
            <Group align="flex-end" gap="xs">
              <TextInput
                flex={1}
                label={t('me.keys.name')}
                placeholder={t('me.keys.nameExample')}
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
                maxLength={100}
              />
              <Button type="submit" variant="default" loading={add.isPending} disabled={name.trim() === ''}>
                {t('me.keys.add')}
              </Button>
            </Group>
          </form>
        ) : (
          <Text size="sm" c="dimmed">
            {t('me.keys.notHere')}
          </Text>
        )}
      </Stack>
      <ConfirmDialog
        opened={removing !== undefined}
        title={t('me.keys.ask', { name: removing?.description ?? '' })}
        confirmLabel={t('people.device.remove')}
        danger
        busy={remove.isPending}
        onConfirm={() => removing !== undefined && remove.mutate(removing)}
        onClose={() => setRemoving(undefined)}
      >
        {t('me.keys.effect')}
      </ConfirmDialog>
    </Card>
  );
}
