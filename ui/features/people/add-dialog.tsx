/** A new person: name, address, password, quota. Afterwards the password is shown once, to hand over, and the way to connect a device. */
import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconDeviceMobile, IconDice5 } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyValue } from '../../components/copy-value.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { quotaBytes, QuotaField, type QuotaValue } from '../../components/quota-field.tsx';
import { announce } from '../../lib/announce.tsx';
import type { Fault } from '../../lib/fault.ts';
import { createPerson, makePassword, type NewPerson } from '../../lib/people.ts';

const addressPattern = /^[^@\s]+@[^@\s]+$/;

export function AddDialog({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>{t('people.add')}</Text>} size="md">
      <AddBody onClose={onClose} />
    </Modal>
  );
}

function AddBody({ onClose }: { onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [address, setAddress] = useState('');
  const [password, setPassword] = useState(makePassword);
  const [quota, setQuota] = useState<QuotaValue>({ limited: true, text: '5 GB' });
  const [tried, setTried] = useState(false);
  const create = useMutation<string, Fault, NewPerson>({
    mutationFn: createPerson,
    onSuccess: () => {
      announce(t('people.added', { name: name || address }));
      return client.invalidateQueries({ queryKey: ['people'] });
    },
  });
  const wrong = {
    address: !addressPattern.test(address.trim()) ? t('people.wrongAddress') : undefined,
    password: password.length < 8 ? t('people.shortPassword') : undefined,
  };
  const bytes = quotaBytes(quota);
  const submit = (): void => {
    setTried(true);
    if (wrong.address !== undefined || wrong.password !== undefined || bytes === undefined) return;
    create.mutate({ name: name.trim(), address: address.trim(), password, quota: bytes });
  };

  if (create.isSuccess)
    return <Added id={create.data} name={name} address={address.trim()} password={password} onClose={onClose} />;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack gap="md">
        {create.error !== null && <FaultAlert fault={create.error} title={t('people.notAdded')} />}
        <TextInput
          label={t('people.field.name')}
          placeholder="Anna Berg"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
        <TextInput
          label={t('people.field.address')}
          description={t('people.field.addressHelp')}
          placeholder="anna@example.org"
          type="email"
          required
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
          error={tried ? (wrong.address ?? create.error?.fields['address']) : undefined}
          autoComplete="off"
          spellCheck={false}
        />
        <Group align="flex-end" gap="xs">
          <TextInput
            flex={1}
            label={t('people.field.password')}
            description={t('people.field.passwordHelp')}
            required
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={tried ? (wrong.password ?? create.error?.fields['password']) : undefined}
            autoComplete="off"
            spellCheck={false}
          />
          <Button variant="default" leftSection={<IconDice5 size={16} aria-hidden />} onClick={() => setPassword(makePassword())}>
            {t('people.another')}
          </Button>
        </Group>
        <QuotaField value={quota} onChange={setQuota} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {t('people.add')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Added(props: { id: string; name: string; address: string; password: string; onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  return (
    <Stack gap="md">
      <Alert title={t('people.added', { name: props.name || props.address })}>{t('people.addedLead')}</Alert>
      <Stack gap={6}>
        <Text size="sm" fw={500}>
          {t('people.field.address')}
        </Text>
        <CopyValue value={props.address} label={t('people.field.address')} />
        <Text size="sm" fw={500} mt={4}>
          {t('people.field.password')}
        </Text>
        <CopyValue value={props.password} label={t('people.field.password')} />
      </Stack>
      <Group justify="flex-end">
        <Button variant="default" onClick={props.onClose}>
          {t('common.done')}
        </Button>
        <Button
          leftSection={<IconDeviceMobile size={16} aria-hidden />}
          renderRoot={(root) => <Link to="/connect" search={{ person: props.id }} {...root} />}
        >
          {t('nav.connect')}
        </Button>
      </Group>
    </Stack>
  );
}
