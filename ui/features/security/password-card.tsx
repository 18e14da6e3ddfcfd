/** The administrator's password: the first one, or another one. */
import { Button, Card, Group, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Access } from '../../../app/appliance/control/contract-access.ts';
import { routes } from '../../../app/appliance/control/contract.ts';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import { sessionQuery } from '../../lib/queries.ts';
import { accessQuery } from './api.ts';

export function PasswordCard({ access }: { access: Access }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const save = useMutation<unknown, Fault>({
    mutationFn: () => control(routes.changePassword, { body: { password, ...(access.passwordSet ? { current } : {}) } }),
    onSuccess: async () => {
      for (const clear of [setCurrent, setPassword, setAgain]) clear('');
      notifyDone(t('security.access.passwordChanged'));
      await Promise.all([accessQuery, sessionQuery].map(({ queryKey }) => client.invalidateQueries({ queryKey })));
    },
  });
  const differs = again !== '' && again !== password;
  const field = { visibilityToggleButtonProps: { 'aria-label': t('common.showPassword') }, required: true } as const;
  return (
    <Card component="section">
      <Title order={2}>{t('security.access.password')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {access.passwordChangedAt === null ? (
          t('security.access.noPassword')
        ) : (
          <>
            {t('security.access.changed')} <RelativeTime at={access.passwordChangedAt} />
          </>
        )}
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!differs) save.mutate();
        }}
      >
        <Stack gap="sm">
          {save.error !== null && <FaultAlert fault={save.error} />}
          {access.passwordSet && (
            <PasswordInput
              {...field}
              label={t('security.access.current')}
              value={current}
              onChange={(event) => setCurrent(event.currentTarget.value)}
              autoComplete="current-password"
            />
          )}
          <PasswordInput
            {...field}
            label={t('security.access.newPassword')}
            description={t('signIn.newPasswordHelp')}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="new-password"
          />
          <PasswordInput
            {...field}
            label={t('security.access.again')}
            value={again}
            onChange={(event) => setAgain(event.currentTarget.value)}
            error={differs ? t('security.access.differs') : undefined}
            autoComplete="new-password"
          />
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending} disabled={password === '' || again === ''}>
              {t(access.passwordSet ? 'security.access.change' : 'security.access.set')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
