/** A new password of one's own. The old one is asked for: a window that was left open is not enough. All sessions end by it, this one too. */
import { Button, Card, Group, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { meQuery, signInUser, signOutUser } from '../../lib/me.ts';
import { notifyDone } from '../../lib/notify.ts';
import { changeOwnPassword, type Person } from '../../lib/people.ts';

const shortest = 8;

export function OwnPasswordCard({ me }: { me: Person }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [old, setOld] = useState('');
  const [wanted, setWanted] = useState('');
  const [again, setAgain] = useState('');
  const change = useMutation<void, Fault>({
    mutationFn: async () => {
      await changeOwnPassword(old, wanted);
      // The session has ended with the old password. Without a second factor the new one opens the next at once.
      await signOutUser();
      await signInUser({ username: me.username, password: wanted, keep: false });
    },
    onSuccess: async () => {
      notifyDone(t('people.password.changed'));
      for (const clear of [setOld, setWanted, setAgain]) clear('');
      await client.refetchQueries({ queryKey: meQuery.queryKey });
    },
  });
  const differs = again !== '' && again !== wanted;
  const visibilityToggleButtonProps = { 'aria-label': t('me.signIn.showPassword'), tabIndex: 0 };
  return (
    <Card component="section">
      <Title order={2}>{t('people.password.title')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('me.password.lead')}
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <Stack gap="sm">
          {change.error !== null && (
            <FaultAlert
              fault={faultOf(change.error)}
              title={t('people.password.notChanged')}
              {...(change.error.code === 'AuthFailed' ? { advice: t('me.password.oldWrong') } : {})}
            />
          )}
          <input type="text" autoComplete="username" value={me.username} readOnly hidden aria-hidden />
          <PasswordInput
            label={t('me.password.old')}
            value={old}
            onChange={(event) => setOld(event.currentTarget.value)}
            autoComplete="current-password"
            visibilityToggleButtonProps={visibilityToggleButtonProps}
          />
          <PasswordInput
            label={t('people.password.new')}
            description={t('people.shortPassword')}
            value={wanted}
            onChange={(event) => setWanted(event.currentTarget.value)}
            autoComplete="new-password"
            visibilityToggleButtonProps={visibilityToggleButtonProps}
          />
          <PasswordInput
            label={t('me.password.again')}
            value={again}
            onChange={(event) => setAgain(event.currentTarget.value)}
            autoComplete="new-password"
            error={differs ? t('me.password.differs') : undefined}
            visibilityToggleButtonProps={visibilityToggleButtonProps}
          />
          <Group justify="flex-end">
            <Button
              type="submit"
              loading={change.isPending}
              disabled={old === '' || wanted.length < shortest || again !== wanted}
            >
              {t('people.password.change')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
