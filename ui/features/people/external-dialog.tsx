/** An account elsewhere: add it, or change it. */
import { Alert, Button, Group, Modal, NumberInput, PasswordInput, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import type { Fault } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import type { Person } from '../../lib/people.ts';
import { mailboxesQuery } from './api.ts';
import { type ExternalAccount, type ExternalSettings, saveExternal } from './external-api.ts';

const PORTS = { imap: { implicit: 993, starttls: 143, none: 143 }, pop3: { implicit: 995, starttls: 110, none: 110 } } as const;
const fresh: ExternalSettings = {
  kind: 'imap',
  host: '',
  port: 993,
  tls: 'implicit',
  verifyCertificate: true,
  username: '',
  password: '',
  folder: 'INBOX',
  mailbox: null,
  keep: 'leave',
  keepDays: 14,
  interval: 300,
  enabled: true,
};

export function ExternalDialog({
  person,
  title,
  account,
  onClose,
}: {
  person: Person;
  title: string;
  account: ExternalAccount | undefined;
  onClose: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [wanted, setWanted] = useState<ExternalSettings>(() => (account === undefined ? fresh : { ...account, password: '' }));
  const change = (changes: Partial<ExternalSettings>): void => setWanted((before) => ({ ...before, ...changes }));
  const save = useMutation<void, Fault>({
    mutationFn: () =>
      saveExternal(person.id, account?.id, {
        ...settingsOf(wanted),
        host: wanted.host.trim(),
        username: wanted.username.trim(),
      }),
    onSuccess: async () => {
      notifyDone(t('people.saved'));
      onClose();
      await client.invalidateQueries({ queryKey: ['people', 'external'] });
    },
  });
  /** The usual port goes along until somebody sets another. */
  const changeWay = (changes: Pick<Partial<ExternalSettings>, 'kind' | 'tls'>): void =>
    setWanted((before) => {
      const after = { ...before, ...changes };
      const usual = before.port === PORTS[before.kind][before.tls];
      return usual ? { ...after, port: PORTS[after.kind][after.tls] } : after;
    });
  const incomplete =
    wanted.host.trim() === '' || wanted.username.trim() === '' || (account === undefined && wanted.password === '');
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>{title}</Text>} size="lg">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!incomplete) save.mutate();
        }}
      >
        <Stack gap="md">
          {save.error !== null && <FaultAlert fault={save.error} title={t('people.notSaved')} />}
          <Group grow align="flex-start">
            <Select
              label={t('external.kind')}
              data={[
                { value: 'imap', label: 'IMAP' },
                { value: 'pop3', label: 'POP3' },
              ]}
              value={wanted.kind}
              allowDeselect={false}
              disabled={account !== undefined}
              onChange={(value) => changeWay({ kind: value === 'pop3' ? 'pop3' : 'imap' })}
            />
            <Select
              label={t('external.tls')}
              data={(['implicit', 'starttls', 'none'] as const).map((value) => ({
                value,
                label: t(`external.tlsMode.${value}`),
              }))}
              value={wanted.tls}
              allowDeselect={false}
              onChange={(value) => changeWay({ tls: (value ?? 'implicit') as ExternalSettings['tls'] })}
            />
          </Group>
          {wanted.tls === 'none' && (
            <Alert color="yellow" role="status">
              {t('external.plain')}
            </Alert>
          )}
          <Group grow align="flex-start">
            <TextInput
              label={t('external.host')}
              placeholder="imap.example.com"
              required
              value={wanted.host}
              error={save.error?.fields['host']}
              spellCheck={false}
              autoComplete="off"
              data-autofocus
              onChange={(event) => change({ host: event.currentTarget.value })}
            />
            <NumberInput
              label={t('external.port')}
              min={1}
              max={65_535}
              allowDecimal={false}
              value={wanted.port}
              onChange={(value) => change({ port: Number(value) })}
            />
          </Group>
          <Group grow align="flex-start">
            <TextInput
              label={t('external.username')}
              required
              value={wanted.username}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => change({ username: event.currentTarget.value })}
            />
            <PasswordInput
              label={t('external.password')}
              {...(account === undefined ? { required: true } : { description: t('external.passwordKept') })}
              value={wanted.password}
              autoComplete="new-password"
              onChange={(event) => change({ password: event.currentTarget.value })}
            />
          </Group>
          <Group grow align="flex-start">
            {wanted.kind === 'imap' && (
              <TextInput
                label={t('external.folder')}
                value={wanted.folder}
                onChange={(event) => change({ folder: event.currentTarget.value })}
              />
            )}
            <MailboxField person={person} value={wanted.mailbox} onChange={(mailbox) => change({ mailbox })} />
          </Group>
          <Group grow align="flex-start">
            <Select
              label={t('external.keep')}
              data={(['leave', 'delete', 'days'] as const).map((value) => ({ value, label: t(`external.keepMode.${value}`) }))}
              value={wanted.keep}
              allowDeselect={false}
              onChange={(value) => change({ keep: (value ?? 'leave') as ExternalSettings['keep'] })}
            />
            {wanted.keep === 'days' && (
              <NumberInput
                label={t('external.days')}
                min={1}
                max={3_650}
                allowDecimal={false}
                value={wanted.keepDays}
                onChange={(value) => change({ keepDays: Number(value) })}
              />
            )}
            <NumberInput
              label={t('external.every')}
              min={1}
              max={10_080}
              allowDecimal={false}
              value={Math.round(wanted.interval / 60)}
              onChange={(value) => change({ interval: Number(value) * 60 })}
            />
          </Group>
          <Group>
            <Switch
              label={t('external.enabled')}
              checked={wanted.enabled}
              onChange={(event) => change({ enabled: event.currentTarget.checked })}
            />
            {wanted.tls !== 'none' && (
              <Switch
                label={t('external.verify')}
                checked={wanted.verifyCertificate}
                onChange={(event) => change({ verifyCertificate: event.currentTarget.checked })}
              />
            )}
          </Group>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={incomplete}>
              {account === undefined ? t('external.add') : t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function MailboxField({
  person,
  value,
  onChange,
}: {
  person: Person;
  value: string | null;
  onChange: (value: string | null) => void;
}): ReactElement {
  const { t } = useTranslation();
  const mailboxes = useQuery(mailboxesQuery(person.id));
  const others = (mailboxes.data ?? []).filter(({ path }) => path !== 'INBOX');
  return (
    <Select
      label={t('external.into')}
      data={[{ value: '', label: 'INBOX' }, ...others.map(({ id, path }) => ({ value: id, label: path }))]}
      value={value ?? ''}
      allowDeselect={false}
      onChange={(chosen) => onChange(chosen === null || chosen === '' ? null : chosen)}
    />
  );
}

/** Without what only the server says. */
function settingsOf(wanted: ExternalSettings): ExternalSettings {
  const { kind, host, port, tls, verifyCertificate, username, password, folder, mailbox, keep, keepDays, interval, enabled } =
    wanted;
  return { kind, host, port, tls, verifyCertificate, username, password, folder, mailbox, keep, keepDays, interval, enabled };
}
