/** Codes of an app, passkeys and the recovery key. Each change asks for the password. */
import { Badge, Button, Card, Code, Group, Modal, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Access } from '../../../app/appliance/control/contract-access.ts';
import { routes } from '../../../app/appliance/control/contract.ts';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Qr } from '../../components/qr.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { SecretSheet } from '../../components/secret-sheet.tsx';
import { control } from '../../lib/control.ts';
import type { Fault } from '../../lib/fault.ts';
import { makePasskey } from '../../lib/passkey.ts';
import { accessQuery } from './api.ts';
import { Guarded } from './guarded.tsx';

export function CodesCard({ access }: { access: Access }): ReactElement {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<'on' | 'off' | 'codes'>();
  const [begun, setBegun] = useState<{ secret: string; uri: string }>();
  const [codes, setCodes] = useState<readonly string[]>();
  const run = async (current: string): Promise<void> => {
    if (asked === 'on') setBegun(await control(routes.beginTotp, { body: { current } }));
    else if (asked === 'off') await control(routes.turnOffTotp, { body: { current } });
    else setCodes((await control(routes.makeRecoveryCodes, { body: { current } })).recoveryCodes);
  };
  return (
    <Card component="section">
      <Group justify="space-between">
        <Title order={2}>{t('security.access.codes')}</Title>
        <Badge variant="light" color={access.totp ? 'mallard' : 'gray'}>
          {t(access.totp ? 'security.access.on' : 'security.access.off')}
        </Badge>
      </Group>
      <Text c="dimmed" size="sm" mb="md">
        {access.totp ? t('security.access.codesLeft', { count: access.recoveryCodesLeft }) : t('security.access.codesLead')}
      </Text>
      <Stack gap="md">
        {codes !== undefined && (
          <SecretSheet
            title={t('security.access.recoveryCodes')}
            lead={t('security.access.recoveryCodesLead')}
            fileName="mallard-recovery-codes.txt"
            lines={codes}
            onDone={() => setCodes(undefined)}
          />
        )}
        <Group gap="sm">
          {access.totp ? (
            <>
              <Button variant="default" onClick={() => setAsked('codes')}>
                {t('security.access.newCodes')}
              </Button>
              <Button variant="default" onClick={() => setAsked('off')}>
                {t('security.access.turnOff')}
              </Button>
            </>
          ) : (
            <Button disabled={!access.passwordSet} onClick={() => setAsked('on')}>
              {t('security.access.turnOn')}
            </Button>
          )}
        </Group>
      </Stack>
      <Guarded
        opened={asked !== undefined}
        title={t('security.access.codes')}
        confirmLabel={t('common.next')}
        run={run}
        onClose={() => setAsked(undefined)}
      />
      <Modal
        opened={begun !== undefined}
        onClose={() => setBegun(undefined)}
        title={<Text fw={650}>{t('security.access.codes')}</Text>}
        centered
      >
        {begun !== undefined && (
          <ConfirmCodes
            begun={begun}
            onDone={(made) => {
              setBegun(undefined);
              setCodes(made);
            }}
          />
        )}
      </Modal>
    </Card>
  );
}

function ConfirmCodes({
  begun,
  onDone,
}: {
  begun: { secret: string; uri: string };
  onDone: (codes: readonly string[]) => void;
}): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [code, setCode] = useState('');
  const confirm = useMutation<{ recoveryCodes: string[] }, Fault>({
    mutationFn: () => control(routes.confirmTotp, { body: { code } }),
    onSuccess: async ({ recoveryCodes }) => {
      onDone(recoveryCodes);
      await client.invalidateQueries({ queryKey: accessQuery.queryKey });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <Stack gap="md">
        <Text size="sm">{t('security.access.scan')}</Text>
        <Group justify="center">
          <Qr text={begun.uri} label={t('security.access.qr')} />
        </Group>
        <Text size="sm">
          {t('security.access.orType')} <Code>{begun.secret.match(/.{1,4}/g)?.join(' ')}</Code>
        </Text>
        {confirm.error !== null && <FaultAlert fault={confirm.error} />}
        <TextInput
          label={t('security.access.codeNow')}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
        />
        <Button type="submit" loading={confirm.isPending}>
          {t('security.access.turnOn')}
        </Button>
      </Stack>
    </form>
  );
}

export function PasskeysCard({ access }: { access: Access }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const remove = useMutation<unknown, Fault, string>({
    mutationFn: (id) => control(routes.removePasskey, { name: id }),
    onSettled: () => client.invalidateQueries({ queryKey: accessQuery.queryKey }),
  });
  const add = async (current: string): Promise<void> => {
    const { options } = await control(routes.askPasskeyRegistration, { body: { current } });
    const response = await makePasskey(options);
    await control(routes.addPasskey, {
      body: { name: t('security.access.passkeyName', { n: access.passkeys.length + 1 }), response },
    });
  };
  return (
    <Card component="section">
      <Title order={2}>{t('security.access.passkeys')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('security.access.passkeysLead')}
      </Text>
      {remove.error !== null && <FaultAlert fault={remove.error} />}
      {access.passkeys.length > 0 && (
        <Table mb="md" aria-label={t('security.access.passkeys')}>
          <Table.Tbody>
            {access.passkeys.map((passkey) => (
              <Table.Tr key={passkey.id}>
                <Table.Td>
                  {passkey.name}
                  <Text size="xs" c="dimmed">
                    {passkey.host}
                  </Text>
                </Table.Td>
                <Table.Td>
                  {passkey.lastUsedAt === null ? t('security.access.neverUsed') : <RelativeTime at={passkey.lastUsedAt} />}
                </Table.Td>
                <Table.Td ta="end">
                  <Button size="xs" variant="default" onClick={() => remove.mutate(passkey.id)}>
                    {t('security.access.remove')}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Button disabled={!access.passwordSet || !access.passkeysPossible} onClick={() => setAsked(true)}>
        {t('security.access.addPasskey')}
      </Button>
      {!access.passkeysPossible && (
        <Text size="sm" mt="sm">
          {t('security.access.passkeysByName')}
        </Text>
      )}
      <Guarded
        opened={asked}
        title={t('security.access.addPasskey')}
        confirmLabel={t('common.next')}
        run={add}
        onClose={() => setAsked(false)}
      />
    </Card>
  );
}

export function RecoveryCard({ access }: { access: Access }): ReactElement {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const [key, setKey] = useState<string>();
  return (
    <Card component="section">
      <Title order={2}>{t('security.access.recoveryKey')}</Title>
      <Text c="dimmed" size="sm" mb="md">
        {t('security.access.recoveryKeyLead')}{' '}
        {access.recoveryKeyMadeAt !== null && (
          <>
            {t('security.access.recoveryKeyMade')} <RelativeTime at={access.recoveryKeyMadeAt} />
          </>
        )}
      </Text>
      <Stack gap="md" align="flex-start">
        {key !== undefined && (
          <SecretSheet
            title={t('security.access.recoveryKey')}
            lead={t('security.access.recoveryKeyPrint')}
            fileName="mallard-recovery-key.txt"
            lines={[key]}
            onDone={() => setKey(undefined)}
          />
        )}
        <Button variant="default" disabled={!access.passwordSet} onClick={() => setAsked(true)}>
          {t(access.recoveryKeyMadeAt === null ? 'security.access.makeKey' : 'security.access.newKey')}
        </Button>
      </Stack>
      <Guarded
        opened={asked}
        title={t('security.access.recoveryKey')}
        confirmLabel={t('security.access.makeKey')}
        run={async (current) => setKey((await control(routes.makeRecoveryKey, { body: { current } })).key)}
        onClose={() => setAsked(false)}
      />
    </Card>
  );
}
