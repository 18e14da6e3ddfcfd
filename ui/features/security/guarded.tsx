/** Asks for the present password before something that guards the account changes. */
import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import type { Fault } from '../../lib/fault.ts';
import { accessQuery } from './api.ts';

export interface GuardedProps {
  readonly opened: boolean;
  readonly title: string;
  readonly confirmLabel: string;
  readonly run: (password: string) => Promise<void>;
  readonly onClose: () => void;
}

export function Guarded({ opened, title, onClose, ...rest }: GuardedProps): ReactElement {
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>{title}</Text>} centered>
      <Body {...rest} onClose={onClose} />
    </Modal>
  );
}

function Body({ confirmLabel, run, onClose }: Omit<GuardedProps, 'opened' | 'title'>): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [password, setPassword] = useState('');
  const go = useMutation<void, Fault>({
    mutationFn: () => run(password),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: accessQuery.queryKey });
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        go.mutate();
      }}
    >
      <Stack gap="md">
        {go.error !== null && <FaultAlert fault={go.error} />}
        <PasswordInput
          label={t('security.access.current')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': t('common.showPassword') }}
          data-autofocus
          required
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={go.isPending}>
            {confirmLabel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
