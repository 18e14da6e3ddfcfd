/** Password, and the passwords of single devices. */
import { Alert, Button, Card, Group, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconDeviceMobile, IconDice5 } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { DevicePasswordsCard } from '../../account/device-passwords-card.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { CopyValue } from '../../components/copy-value.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { useHas } from '../../lib/capabilities.ts';
import type { Fault } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import { displayName, makePassword, type Person, turnOffSecondFactor, updatePerson } from '../../lib/people.ts';
import { UseCard } from './use-card.tsx';

export function SignInTab({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const has = useHas();
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <UseCard person={person} />
      <PasswordCard person={person} />
      {has('DELETE /users/{user}/2fa') === true && (person.enabled2fa?.length ?? 0) > 0 && <SecondFactorCard person={person} />}
      {has('GET /users/{user}/asps') === true && (
        <DevicePasswordsCard
          user={person.id}
          connect={
            <Button
              variant="default"
              leftSection={<IconDeviceMobile size={16} aria-hidden />}
              renderRoot={(props) => <Link to="/connect" search={{ person: person.id }} {...props} />}
            >
              {t('nav.connect')}
            </Button>
          }
        />
      )}
    </SimpleGrid>
  );
}

function PasswordCard({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const [saved, setSaved] = useState<string>();
  const save = useMutation<void, Fault, string>({
    mutationFn: (wanted) => updatePerson(person.id, { password: wanted }),
    onSuccess: (_, wanted) => {
      setSaved(wanted);
      setPassword('');
      notifyDone(t('people.password.changed'));
    },
  });
  return (
    <Card component="section">
      <Title order={2}>{t('people.password.title')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('people.password.lead')}
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(password);
        }}
      >
        <Stack gap="md">
          {save.error !== null && <FaultAlert fault={save.error} title={t('people.password.notChanged')} />}
          {saved !== undefined && (
            <Alert title={t('people.password.changed')}>
              <Text size="sm" mb={6}>
                {t('people.password.handOver')}
              </Text>
              <CopyValue value={saved} label={t('people.field.password')} />
            </Alert>
          )}
          <Group align="flex-end" gap="xs">
            <TextInput
              flex={1}
              label={t('people.password.new')}
              styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              autoComplete="new-password"
              spellCheck={false}
            />
            <Button
              variant="default"
              leftSection={<IconDice5 size={16} aria-hidden />}
              onClick={() => setPassword(makePassword())}
            >
              {t('people.password.make')}
            </Button>
          </Group>
          <Group justify="flex-end">
            <Button type="submit" disabled={password.length < 8} loading={save.isPending}>
              {t('people.password.change')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

/** For who has lost the phone with the codes. */
function SecondFactorCard({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const turnOff = useMutation<void, Fault>({
    mutationFn: () => turnOffSecondFactor(person.id),
    onSuccess: async () => {
      setAsked(false);
      notifyDone(t('people.secondFactor.off'));
      await client.invalidateQueries({ queryKey: ['people'] });
    },
  });
  return (
    <Card component="section">
      <Title order={2}>{t('people.field.twoFactor')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('people.secondFactor.lead', { kinds: (person.enabled2fa ?? []).join(', ') })}
      </Text>
      {turnOff.error !== null && <FaultAlert fault={turnOff.error} title={t('people.notSaved')} />}
      <Group>
        <Button variant="default" onClick={() => setAsked(true)}>
          {t('people.secondFactor.turnOff')}
        </Button>
      </Group>
      <ConfirmDialog
        opened={asked}
        title={t('people.secondFactor.ask', { name: displayName(person) })}
        confirmLabel={t('people.secondFactor.turnOff')}
        danger
        busy={turnOff.isPending}
        onConfirm={() => turnOff.mutate()}
        onClose={() => setAsked(false)}
      >
        {t('people.secondFactor.effect')}
      </ConfirmDialog>
    </Card>
  );
}
